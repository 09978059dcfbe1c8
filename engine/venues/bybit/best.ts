// Reads the `data` of `orderbook.1`, which is a quote: the level with a quantity on each side. Hot path.
//
// Source: Bybit API v5 docs, "Orderbook" (2026-08): the topic of one level has numbers of its own, is a snapshot each time,
// and is repeated after 3 s without a change. It cannot build the book that another depth builds.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { isZero, writeQuote } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  integerNumber,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { repeatedSymbol, type TopicSymbol } from './symbol.ts';

const LETTER_A = 0x61;
const LETTER_B = 0x62;
const LETTER_S = 0x73;
const LETTER_U = 0x75;

const HAS_ASKS = 1;
const HAS_BIDS = 2;
const HAS_SEQUENCE = 4;
const HAS_SYMBOL = 8;
const NEEDS = HAS_ASKS | HAS_BIDS | HAS_SEQUENCE;

export class BestData extends ObjectReader {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly symbol: TopicSymbol;
  /** Bits of the sides that have a level. */
  private found = 0;

  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super();
    this.sink = sink;
    this.symbol = symbol;
  }

  /** Reads the object at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.found = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    return (this.seen & NEEDS) === NEEDS ? after : FrameResult.missingField;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (to - from !== 1) return skipValue(bytes, at, end);
    switch (bytes[from]) {
      case LETTER_A:
        return this.once(HAS_ASKS) ? this.side(bytes, at, end, HAS_ASKS, field.askPrice) : FrameResult.shape;
      case LETTER_B:
        return this.once(HAS_BIDS) ? this.side(bytes, at, end, HAS_BIDS, field.bidPrice) : FrameResult.shape;
      case LETTER_U:
        if (!this.once(HAS_SEQUENCE)) return FrameResult.shape;
        return integerNumber(bytes, at, end, this.values, field.sequence);
      case LETTER_S:
        return this.once(HAS_SYMBOL) ? repeatedSymbol(bytes, at, end, this.symbol) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  /** The first row with a quantity; a delta takes the level before it out in a row of its own. */
  private side(bytes: Uint8Array, at: number, end: number, bit: number, index: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const to = (this.found & bit) === 0 ? index : field.price;
      const after = this.row(bytes, position, end, to);
      if (after < 0) return after;
      if (isZero(this.values, to)) return FrameResult.range;
      if (!isZero(this.values, to + 2)) this.found |= bit;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private row(bytes: Uint8Array, at: number, end: number, index: number): number {
    let position = skipSpace(bytes, at + 1, end);
    for (let i = index; i < index + 4; i += 2) {
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      position = decimalString(bytes, position, end, this.values, i);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return passElements(bytes, position, end);
  }

  /** Writes the quote, where both sides have a level; its time is times[timeAt]. Returns 1 or a negative FrameResult. */
  write(market: number, times: Float64Array, timeAt: number): number {
    if (this.found !== (HAS_ASKS | HAS_BIDS)) return 1;
    return writeQuote(this.sink, market, times, timeAt, this.values, field.bidPrice);
  }
}
