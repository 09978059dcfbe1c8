// Reads the v1 channels `ticker` and `spread`: a quote where both best sides came, else no record. Hot path.
//
// Source: Kraken WebSocket v1 docs, "ticker" and "spread" (2026-05); `ticker` confirmed by the recording.

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalString,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, passElements } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { secondsTime } from './numbers.ts';

const LETTER_A = 0x61;
const LETTER_B = 0x62;

const HAS_BID = 1;
const HAS_ASK = 2;

/** Members of a spread: bid, ask, time, bid volume, ask volume. */
const SPREAD_MEMBERS = 5;

export class V1Quotes {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private seen = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes `{"a":[price, whole lots, lots],"b":[…],…}`; returns the offset after it, or a negative FrameResult. */
  ticker(bytes: Uint8Array, at: number, end: number, market: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.values[field.timeUs] = 0;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after =
        keyTo - keyFrom === 1 ? this.tickerMember(bytes, bytes[keyFrom], value, end) : skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const isWhole = this.seen === (HAS_BID | HAS_ASK);
    const written = isWhole ? writeQuote(this.sink, market, this.values, field.timeUs, this.values, field.bidPrice) : 1;
    return written < 0 ? written : position + 1;
  }

  private tickerMember(bytes: Uint8Array, letter: number, at: number, end: number): number {
    if (letter === LETTER_A) return this.best(bytes, at, end, HAS_ASK, field.askPrice);
    if (letter === LETTER_B) return this.best(bytes, at, end, HAS_BID, field.bidPrice);
    return skipValue(bytes, at, end);
  }

  /** `["13.253900",35,"35.72892241"]`: price, whole lots (passed over), lots. */
  private best(bytes: Uint8Array, at: number, end: number, bit: number, index: number): number {
    if ((this.seen & bit) !== 0) return FrameResult.shape;
    this.seen |= bit;
    if (bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalString(bytes, position, end, this.values, index);
    if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = skipValue(bytes, position, end);
    if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalString(bytes, position, end, this.values, index + 2);
    return position < 0 ? position : passElements(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
  }

  /** Decodes `[bid, ask, time, bid volume, ask volume]`; returns the offset after it, or a negative FrameResult. */
  spread(bytes: Uint8Array, at: number, end: number, market: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    for (let member = 0; member < SPREAD_MEMBERS; member++) {
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      const after = this.spreadMember(bytes, position, end, member);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    const after = passElements(bytes, position, end);
    if (after < 0) return after;
    const written = writeQuote(this.sink, market, this.values, field.timeUs, this.values, field.bidPrice);
    return written < 0 ? written : after;
  }

  private spreadMember(bytes: Uint8Array, at: number, end: number, member: number): number {
    const values = this.values;
    switch (member) {
      case 0:
        return decimalString(bytes, at, end, values, field.bidPrice);
      case 1:
        return decimalString(bytes, at, end, values, field.askPrice);
      case 2:
        return secondsTime(bytes, at, end, values, field.timeUs);
      case 3:
        return decimalString(bytes, at, end, values, field.bidQuantity);
      default:
        return decimalString(bytes, at, end, values, field.askQuantity);
    }
  }
}
