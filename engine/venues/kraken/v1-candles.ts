// Reads the payload of a v1 `ohlc-N` frame: time, end, open, high, low, close, vwap, volume, count. Hot path.
//
// Source: Kraken WebSocket v1 docs, "ohlc" (2026-05). `time` is that of the last change there, so the bar's start is
// its end less the interval; the end stands on a multiple of the interval [?: not in a recording].

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  integerNumber,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { secondsTime } from './numbers.ts';
import { writeCandle } from './records.ts';

const MINUTE_MS = 60_000;

/** Order of the members that are read or checked. */
const Member = { time: 0, end: 1, open: 2, high: 3, low: 4, close: 5, vwap: 6, volume: 7, count: 8, rest: 9 } as const;

export class V1Candles {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  payload(bytes: Uint8Array, at: number, end: number, market: number, minutes: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    for (let member = 0; member < Member.rest; member++) {
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      const after = this.member(bytes, position, end, member);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    const after = passElements(bytes, position, end);
    if (after < 0) return after;
    const written = this.write(market, minutes);
    return written < 0 ? written : after;
  }

  private write(market: number, minutes: number): number {
    const values = this.values;
    const intervalUs = minutes * MINUTE_MS * 1000;
    values[field.intervalMs] = minutes * MINUTE_MS;
    values[field.startTime] = (Math.floor(values[field.endTime] / intervalUs) - 1) * intervalUs;
    return values[field.startTime] < 0 ? FrameResult.range : writeCandle(this.sink, market, values);
  }

  private member(bytes: Uint8Array, at: number, end: number, member: number): number {
    const values = this.values;
    switch (member) {
      case Member.time:
        return secondsTime(bytes, at, end, values, field.timeUs);
      case Member.end:
        return secondsTime(bytes, at, end, values, field.endTime);
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
      case Member.count:
        return integerNumber(bytes, at, end, values, field.trades);
      default:
        return skipValue(bytes, at, end);
    }
  }
}
