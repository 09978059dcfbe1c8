// Reads one side of a v1 book, `[["price","volume","time"],…]`, straight into level records. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  lastDecimals,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { field } from './fields.ts';
import { secondsTime } from './numbers.ts';

export class V1Levels {
  /** Levels written by the last call of decode(). */
  count = 0;
  private readonly sink: RecordSink;
  private readonly values: Float64Array;

  /** `values[field.timeUs]` is raised to the latest time of a level. */
  constructor(sink: RecordSink, values: Float64Array) {
    this.sink = sink;
    this.values = values;
  }

  /** Writes one record for each entry of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    this.count = 0;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const slot = this.sink.claim(market, RecordType.level);
      if (slot < 0) return slot;
      this.sink.u8[slot * SLOT_BYTES + level.at.flags] = flags;
      const after = this.level(bytes, position, end, slot);
      if (after < 0) return after;
      this.count++;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  /** Price, volume, and where they stand a time and the mark `"r"` (republished), which changes nothing. */
  private level(bytes: Uint8Array, at: number, end: number, slot: number): number {
    const f64 = this.sink.f64;
    const u8 = this.sink.u8;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    let position = skipSpace(bytes, at + 1, end);
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalString(bytes, position, end, f64, base);
    if (position < 0) return position;
    u8[slot * SLOT_BYTES + level.at.priceDecimals] = lastDecimals;
    if (f64[base] === 0 && f64[base + 1] === 0) return FrameResult.range;
    position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalString(bytes, position, end, f64, base + 2);
    if (position < 0) return position;
    u8[slot * SLOT_BYTES + level.at.quantityDecimals] = lastDecimals;
    position = next(bytes, position, end, CLOSE_ARRAY);
    return position < 0 || bytes[position] === CLOSE_ARRAY ? afterBracket(position) : this.time(bytes, position, end);
  }

  private time(bytes: Uint8Array, at: number, end: number): number {
    const values = this.values;
    let position = secondsTime(bytes, at, end, values, field.spare);
    if (position < 0) return position;
    if (values[field.spare] > values[field.timeUs]) values[field.timeUs] = values[field.spare];
    position = next(bytes, position, end, CLOSE_ARRAY);
    return passMembers(bytes, position, end);
  }
}

function afterBracket(position: number): number {
  return position < 0 ? position : position + 1;
}

/** Passes members from the one at `at` on (or a negative result): returns the offset after the array's `]`. */
export function passMembers(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position >= 0 && bytes[position] !== CLOSE_ARRAY) {
    position = skipValue(bytes, position, end);
    if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
  }
  return afterBracket(position);
}
