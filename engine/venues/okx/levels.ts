// Reads one side of a book, `[["8476.98","415","0","13"],…]`, straight into level records. Hot path.
//
// Source: OKX API guide v5, "Order book channel" (2026-08): price, size, a dead field, count of orders.

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

export class LevelRows {
  /** Levels written by the last call of decode(). */
  count = 0;
  private readonly sink: RecordSink;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Writes one record for each row of the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number): number {
    this.count = 0;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const slot = this.sink.claim(market, RecordType.level);
      if (slot < 0) return slot;
      this.sink.u8[slot * SLOT_BYTES + level.at.flags] = flags;
      const after = this.row(bytes, position, end, slot);
      if (after < 0) return after;
      this.count++;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private row(bytes: Uint8Array, at: number, end: number, slot: number): number {
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
    return passRest(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
  }
}

/** Passes members from the one at `at` on (or a negative result): returns the offset after the array's `]`. */
export function passRest(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position >= 0 && bytes[position] !== CLOSE_ARRAY) {
    position = skipValue(bytes, position, end);
    if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
  }
  return position < 0 ? position : position + 1;
}
