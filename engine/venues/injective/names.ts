// Finds names of members written in either of the venue's ways, `market_id` and `marketId`. Hot path.

import { keyBytes, matches } from '../../decode/scan.ts';

const UNDERSCORE = 0x5f;
const LOWER_CASE = 0x20;

type Entry = { readonly key: Uint8Array; readonly index: number };

/** Names in camel case, found in that writing and in snake case. */
export class NameTable {
  /** Entries by the length of their text. */
  private readonly byLength: Entry[][] = [];

  constructor(names: readonly string[]) {
    for (const [index, name] of names.entries()) {
      this.add(name, index);
      const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (snake !== name) this.add(snake, index);
    }
  }

  private add(text: string, index: number): void {
    while (this.byLength.length <= text.length) this.byLength.push([]);
    this.byLength[text.length].push({ key: keyBytes(text), index });
  }

  /** Which of the names bytes[from..to) are; -1 for none of them. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (length >= this.byLength.length) return -1;
    const entries = this.byLength[length];
    for (let i = 0; i < entries.length; i++) if (matches(bytes, from, to, entries[i].key)) return entries[i].index;
    return -1;
  }
}

/** Bytes of a word for isWord(): in lower case, without underscores. */
export function wordOf(text: string): Uint8Array {
  return keyBytes(text.replaceAll('_', '').toLowerCase());
}

/** True when bytes[from..to) are the word but for underscores and the case of letters. */
export function isWord(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  const length = word.length;
  if (to - from < length) return false;
  let position = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte === UNDERSCORE) continue;
    if (position === length || (byte | LOWER_CASE) !== word[position]) return false;
    position++;
  }
  return position === length;
}
