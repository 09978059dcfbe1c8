// Decodes the `json` dialect: a normalised message, an array of them, or `{seq, messages}`. Hot path.
//
// Source: tardis.dev docs, "Normalized data types" (2026-08), INTERFACES "Ingest"; docs/venues/normalised.md.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  documentEnd,
  findValue,
  integerAny,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
  wrongType,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member, refusal } from '../../decode/walk.ts';
import { BookMessages } from './book.ts';
import { QuoteMessages } from './quote.ts';
import { TradeMessages } from './trade.ts';

const KEY_TYPE = keyBytes('type');
const KEY_SEQ = keyBytes('seq');
const KEY_MESSAGES = keyBytes('messages');

const TYPE_TRADE = keyBytes('trade');
const TYPE_CHANGE = keyBytes('book_change');
const TYPE_SNAPSHOT = keyBytes('book_snapshot');
const TYPE_TICKER = keyBytes('book_ticker');
const TYPE_QUOTE = keyBytes('quote');
const TYPE_DISCONNECT = keyBytes('disconnect');

/** `statedSequence` of a frame that states none. */
const NOT_STATED = -1;

/** What the messages of a frame came to, as bits; the frame's result is that of the lowest bit. */
const IS_APPLIED = 1;
const IS_CONTROL = 2;
const IS_UNKNOWN = 4;

export class NormalisedDecoder implements FrameDecoder {
  readonly isStateless = true;
  private readonly trades: TradeMessages;
  private readonly books: BookMessages;
  private readonly quotes: QuoteMessages;
  private readonly sequence = Float64Array.of(NOT_STATED);
  private outcome = 0;

  /** The venue is each message's own; the second argument is the dialect's name, as for every decoder. */
  constructor(sink: RecordSink, _venue: string) {
    this.trades = new TradeMessages(sink);
    this.books = new BookMessages(sink);
    this.quotes = new QuoteMessages(sink);
  }

  /** `seq` of the last frame's wrapper, -1 where it stated none. */
  get statedSequence(): number {
    return this.sequence[0];
  }

  decode(bytes: Uint8Array, end: number): number {
    this.sequence[0] = NOT_STATED;
    this.outcome = 0;
    const result = this.frame(bytes, end);
    if (result >= 0) return result;
    if (this.sequence[0] === NOT_STATED) this.findSequence(bytes, end);
    return refusal(bytes, end, result);
  }

  /** A refused frame may state its number behind what it was refused for: it counts all the same. */
  private findSequence(bytes: Uint8Array, end: number): void {
    const at = skipSpace(bytes, 0, end);
    // A message alone has no number of its own, whatever it calls `seq`.
    if (at >= end || bytes[at] !== OPEN_OBJECT || findValue(bytes, at, end, KEY_MESSAGES) <= 0) return;
    const value = findValue(bytes, at, end, KEY_SEQ);
    if (value <= 0 || integerAny(bytes, value, end, this.sequence, 0) < 0) this.sequence[0] = NOT_STATED;
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    let after: number;
    if (bytes[at] === OPEN_OBJECT) after = this.document(bytes, at, end);
    else if (bytes[at] === OPEN_ARRAY) after = this.list(bytes, at, end);
    else return notAMessage(bytes, at, end);
    if (after < 0) return after;
    return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : this.result();
  }

  /** An empty list is applied: it was understood and there was nothing to do. */
  private result(): number {
    if ((this.outcome & IS_APPLIED) !== 0 || this.outcome === 0) return FrameResult.applied;
    return (this.outcome & IS_CONTROL) !== 0 ? FrameResult.control : FrameResult.unknown;
  }

  /** A message, whose first field mostly is `type`, or the wrapper, told by its field `messages`. */
  private document(bytes: Uint8Array, at: number, end: number): number {
    const position = firstMember(bytes, at, end);
    if (position < 0) return position;
    if (bytes[position] === QUOTE) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      if (matches(bytes, keyFrom, keyTo, KEY_TYPE)) return this.message(bytes, at, end, value);
    }
    const messages = findValue(bytes, at, end, KEY_MESSAGES);
    if (messages < 0) return messages;
    return messages > 0 ? this.wrapper(bytes, at, end) : this.message(bytes, at, end, 0);
  }

  private wrapper(bytes: Uint8Array, at: number, end: number): number {
    let hasMessages = false;
    let position = firstMember(bytes, at, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      let after: number;
      if (matches(bytes, keyFrom, keyTo, KEY_SEQ)) {
        if (this.sequence[0] !== NOT_STATED) return FrameResult.shape;
        after = integerAny(bytes, value, end, this.sequence, 0);
      } else if (matches(bytes, keyFrom, keyTo, KEY_MESSAGES)) {
        if (hasMessages) return FrameResult.shape;
        hasMessages = true;
        after = bytes[value] === OPEN_ARRAY ? this.list(bytes, value, end) : wrongType(bytes, value, end);
      } else after = skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private list(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
    for (;;) {
      if (position >= end || bytes[position] !== OPEN_OBJECT) return elementFault(bytes, position, end);
      position = this.message(bytes, position, end, 0);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
      if (position < 0) return position;
      if (bytes[position] === CLOSE_ARRAY) return position + 1;
    }
  }

  /** One message at `at`; `typeAt` is the offset of its type where that is known, else 0. */
  private message(bytes: Uint8Array, at: number, end: number, typeAt: number): number {
    const type = typeAt > 0 ? typeAt : this.typeOf(bytes, at, end);
    if (type <= 0) return type === 0 ? FrameResult.missingField : type;
    if (bytes[type] !== QUOTE) return wrongType(bytes, type, end);
    const to = stringEnd(bytes, type + 1, end);
    if (to < 0) return to;
    return this.messageOf(bytes, type + 1, to, at, end);
  }

  /** Decodes the message at `at` by its type bytes[from..to). */
  private messageOf(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, TYPE_TRADE)) {
      this.outcome |= IS_APPLIED;
      return this.trades.decode(bytes, at, end);
    }
    const isSnapshot = matches(bytes, from, to, TYPE_SNAPSHOT);
    if (isSnapshot || matches(bytes, from, to, TYPE_CHANGE)) {
      this.outcome |= IS_APPLIED;
      return this.books.decode(bytes, at, end, isSnapshot);
    }
    if (matches(bytes, from, to, TYPE_TICKER) || matches(bytes, from, to, TYPE_QUOTE)) {
      this.outcome |= IS_APPLIED;
      return this.quotes.decode(bytes, at, end);
    }
    this.outcome |= matches(bytes, from, to, TYPE_DISCONNECT) ? IS_CONTROL : IS_UNKNOWN;
    return skipValue(bytes, at, end);
  }

  /** Offset of the value of `type`: mostly the first member, else looked for; 0 where there is none. */
  private typeOf(bytes: Uint8Array, at: number, end: number): number {
    const position = firstMember(bytes, at, end);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_OBJECT) return 0;
    const value = member(bytes, position, end);
    if (value < 0) return value;
    return matches(bytes, keyFrom, keyTo, KEY_TYPE) ? value : findValue(bytes, at, end, KEY_TYPE);
  }
}

/** A list's element that is no object: `shape`, or `syntax` where it is no JSON. */
function elementFault(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  return after < 0 ? after : FrameResult.shape;
}

/** A frame that is neither object nor list. */
function notAMessage(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : FrameResult.shape;
}
