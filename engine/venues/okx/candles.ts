// Reads the rows of a candle channel: start, open, high, low, close, volumes, and whether the candle is closed. Hot path.
//
// Source: OKX API guide v5, "Candlesticks channel" (2026-08): `[ts, o, h, l, c, vol, volCcy, volCcyQuote, confirm]`.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { passElements, textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { timeText } from './numbers.ts';

/** Order of the members that are read; those in between are passed over. */
const Member = { start: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, confirm: 8 } as const;
/** Members a row must have: the last ones came later than the channel. */
const MEMBERS_MIN = 6;

const CLOSED = keyBytes('1');
const RUNNING = keyBytes('0');
/** Flag of a candle record that the venue closed. */
const IS_CLOSED = 1;

export class CandleRows {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private flags = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, intervalMs: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const after = this.row(bytes, position, end);
      if (after < 0) return after;
      const written = this.write(market, intervalMs);
      if (written < 0) return written;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private row(bytes: Uint8Array, at: number, end: number): number {
    this.flags = 0;
    let position = skipSpace(bytes, at + 1, end);
    for (let member = 0; member <= Member.confirm; member++) {
      if (bytes[position] === CLOSE_ARRAY) return member < MEMBERS_MIN ? FrameResult.shape : position + 1;
      const after = this.member(bytes, position, end, member);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return passElements(bytes, position, end);
  }

  private member(bytes: Uint8Array, at: number, end: number, member: number): number {
    const values = this.values;
    switch (member) {
      case Member.start:
        return timeText(bytes, at, end, values, field.timeUs);
      case Member.open:
        return decimalString(bytes, at, end, values, field.open);
      case Member.high:
        return decimalString(bytes, at, end, values, field.high);
      case Member.low:
        return decimalString(bytes, at, end, values, field.low);
      case Member.close:
        return decimalString(bytes, at, end, values, field.close);
      case Member.volume:
        return decimalString(bytes, at, end, values, field.volume);
      case Member.confirm:
        return this.confirm(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }

  private confirm(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, CLOSED)) this.flags = IS_CLOSED;
    else if (!matches(bytes, at + 1, close, RUNNING)) return FrameResult.type;
    return close + 1;
  }

  private write(market: number, intervalMs: number): number {
    const { sink, values } = this;
    const slot = sink.claim(market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + candle.at.flags] = this.flags;
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.timeUs];
    sink.f64[base + candle.at.intervalMs] = intervalMs;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, market, values, field.open);
  }
}
