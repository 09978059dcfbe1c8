// Finds the tags of an update in a JSON message of the stream, by its bytes alone. Hot path: once per message.

import { TAG_CYCLE, TAG_DECIMALS } from './protocol.ts';
import { MessageKind, type TagReader, Tags } from './tags.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/**
 * Inside a JSON string a quote is escaped, so these bytes are never part of a symbol or an id. Skips are Horspool's
 * (R. N. Horspool, "Practical fast searching in strings", 1980): how far the pattern may move on a last byte.
 */
class Pattern {
  readonly bytes: Uint8Array;
  readonly skips: Uint8Array;

  constructor(text: string) {
    this.bytes = ascii(text);
    const last = this.bytes.length - 1;
    this.skips = new Uint8Array(256).fill(this.bytes.length);
    for (let i = 0; i < last; i++) this.skips[this.bytes[i]] = last - i;
  }
}

const AMOUNT = new Pattern('"amount":"');
const IS_SNAPSHOT = new Pattern('"isSnapshot":');

/** Offset just after the pattern, or −1. */
function after(bytes: Uint8Array, from: number, end: number, pattern: Pattern): number {
  const wanted = pattern.bytes;
  const { skips } = pattern;
  const last = wanted.length - 1;
  for (let at = from + last; at < end; at += skips[bytes[at]]) {
    let i = last;
    while (i >= 0 && bytes[at - last + i] === wanted[i]) i--;
    if (i < 0) return at + 1;
  }
  return -1;
}

const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_T = 0x74;

/** Where the first letters of a message's type stand: `{"type":"trade"`, `{"type":"book_change"`, `{"type":"book_snapshot"`. */
const AT_KEY = 2;
const AT_TYPE = 9;
const AT_SECOND_WORD = 14;
const LETTER_B = 0x62;
const LETTER_C = 0x63;
const LETTER_G = 0x67;

/** The tag whose decimal text begins at an offset; 0 for a quantity that is no tag. */
function tagAt(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== ZERO || bytes[from + 1] !== POINT) return 0;
  let tag = 0;
  let decimals = 0;
  for (let at = from + 2; at < end && bytes[at] !== QUOTE; at++) {
    const byte = bytes[at];
    if (byte < ZERO || byte > NINE || decimals === TAG_DECIMALS) return 0;
    tag = tag * 10 + (byte - ZERO);
    decimals++;
  }
  for (; decimals < TAG_DECIMALS; decimals++) tag *= 10;
  return tag <= TAG_CYCLE ? tag : 0;
}

export class TextTags implements TagReader {
  readonly tags = new Tags();

  read(bytes: Uint8Array, start: number, end: number): MessageKind {
    const { tags } = this;
    tags.clear();
    if (bytes[start + AT_KEY] !== LETTER_T) return MessageKind.reply;
    const first = bytes[start + AT_TYPE];
    if (first === LETTER_G) return MessageKind.gap;
    if (first === LETTER_T) {
      if (bytes[start + AT_TYPE + 5] !== QUOTE) return MessageKind.other;
      this.collect(bytes, start + AT_SECOND_WORD, end);
      return MessageKind.update;
    }
    if (first !== LETTER_B || bytes[start + AT_SECOND_WORD] !== LETTER_C) return MessageKind.other;
    const at = after(bytes, start + AT_SECOND_WORD, end, IS_SNAPSHOT);
    if (at < 0) return MessageKind.other;
    this.collect(bytes, at, end);
    return bytes[at] === LETTER_T ? MessageKind.snapshot : MessageKind.update;
  }

  private collect(bytes: Uint8Array, from: number, end: number): void {
    for (let at = after(bytes, from, end, AMOUNT); at >= 0; at = after(bytes, at, end, AMOUNT)) {
      this.tags.add(tagAt(bytes, at, end));
    }
  }
}
