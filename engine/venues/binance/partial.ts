// Decodes partial books, which show the best 5, 10 or 20 levels only: as a quote, never as the book. Hot path.
//
//   spot, US:       {"stream":"bnbbtc@depth5","data":{"lastUpdateId":160,"bids":[["0.0024","10"],…],"asks":[…]}}
//   USD-M, COIN-M:  {"stream":"bnbusdt@depth5@100ms","data":{"e":"depthUpdate","E":…,"s":…,"U":…,"u":…,"pu":…,"b":[…],"a":[…]}}
//
// Source: Binance spot and futures WebSocket docs, "Partial Book Depth Streams" (2026-07). A futures frame has the same
// members as a change, but levels that left the part are not told to be gone: read as a change it would spoil the book.

import { FrameResult } from '../../../schemas/ids.ts';
import { isZero } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalString,
  integerNumber,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { firstMember, keyFrom, keyTo, member, passElements } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT_TIME, HAS_SYMBOL, LETTER } from './frame.ts';
import { writeNumberedQuote } from './ticker.ts';

const KEY_LAST_UPDATE_ID = keyBytes('lastUpdateId');
const KEY_BIDS = keyBytes('bids');
const KEY_ASKS = keyBytes('asks');
const DEPTH = keyBytes('@depth');

const HAS_LAST = 8;
const HAS_BIDS = 16;
const HAS_ASKS = 32;
const NEEDS = HAS_SYMBOL | HAS_LAST | HAS_BIDS | HAS_ASKS;

const AT_SIGN = 0x40;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const CASE_BIT = 0x20;
/** Longer names are of no symbol (SYMBOL_BYTES_MAX). */
const NAME_BYTES_MAX = 80;

/** Where the symbol of the partial stream named by bytes[from..to) ends; 0 where it is no such stream. */
export function partialSymbolEnd(bytes: Uint8Array, from: number, to: number): number {
  let position = from;
  while (position < to && bytes[position] !== AT_SIGN) position++;
  const digit = position + DEPTH.length;
  if (digit >= to || position === from || !matches(bytes, position, digit, DEPTH)) return 0;
  return bytes[digit] >= ZERO && bytes[digit] <= NINE ? position : 0;
}

export class PartialFrames extends FrameKind {
  /** The symbol of a stream's name, in capitals as all payloads have it. */
  private readonly name = new Uint8Array(NAME_BYTES_MAX);
  private nameLength = 0;
  private hasBid = false;
  private hasAsk = false;

  /**
   * Decodes the payload at `at` (its `{`) of the stream whose symbol is bytes[nameFrom..nameTo); returns the offset
   * after it, or a negative FrameResult.
   */
  decode(bytes: Uint8Array, at: number, end: number, nameFrom: number, nameTo: number): number {
    if (!this.keepName(bytes, nameFrom, nameTo)) return FrameResult.shape;
    this.seen = HAS_SYMBOL;
    this.values[field.eventTime] = 0;
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.field(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const written = this.write();
    return written < 0 ? written : position + 1;
  }

  private keepName(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > NAME_BYTES_MAX) return false;
    this.nameLength = to - from;
    for (let i = 0; i < this.nameLength; i++) {
      const byte = bytes[from + i];
      this.name[i] = byte >= LOWER_A && byte <= LOWER_Z ? byte - CASE_BIT : byte;
    }
    return true;
  }

  private field(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const letter = to - from === 1 ? bytes[from] : 0;
    if (letter === LETTER.u || matches(bytes, from, to, KEY_LAST_UPDATE_ID))
      return this.once(HAS_LAST) ? integerNumber(bytes, at, end, this.values, field.lastSequence) : FrameResult.shape;
    if (letter === LETTER.b || matches(bytes, from, to, KEY_BIDS)) {
      if (!this.once(HAS_BIDS)) return FrameResult.shape;
      this.hasBid = hasElement(bytes, at, end);
      return this.best(bytes, at, end, field.bidPrice);
    }
    if (letter === LETTER.a || matches(bytes, from, to, KEY_ASKS)) {
      if (!this.once(HAS_ASKS)) return FrameResult.shape;
      this.hasAsk = hasElement(bytes, at, end);
      return this.best(bytes, at, end, field.askPrice);
    }
    if (letter !== LETTER.E) return skipValue(bytes, at, end);
    return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
  }

  /** The first level of the list at `at`, if any, to values[index] on; the others are passed over. */
  private best(bytes: Uint8Array, at: number, end: number, index: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
    if (position >= end || bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
    position = decimalString(bytes, skipSpace(bytes, position + 1, end), end, this.values, index);
    if (position < 0) return position;
    if (isZero(this.values, index)) return FrameResult.range;
    position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalString(bytes, position, end, this.values, index + 2);
    if (position < 0) return position;
    const after = passElements(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
    return after < 0 ? after : passElements(bytes, next(bytes, after, end, CLOSE_ARRAY), end);
  }

  private write(): number {
    const market = this.sink.market(this.name, 0, this.nameLength);
    if (market < 0 || !this.hasBid || !this.hasAsk) return market;
    return writeNumberedQuote(this.sink, market, this.values);
  }
}

function hasElement(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end || bytes[at] !== OPEN_ARRAY) return false;
  const position = skipSpace(bytes, at + 1, end);
  return position < end && bytes[position] !== CLOSE_ARRAY;
}
