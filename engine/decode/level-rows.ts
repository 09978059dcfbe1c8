// Reads one side of a book as rows of text numbers, `[["8476.98","415",…],…]`, straight into level records. Hot path.

import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import { CLOSE_ARRAY, decimalString, lastDecimals, next, OPEN_ARRAY, skipSpace, wrongType } from './scan.ts';
import type { RecordSink } from './sink.ts';
import { passElements } from './walk.ts';

/** Rows have a price, a quantity, and what rest() reads. */
export class LevelRows {
  /** Levels written by the last call of decode(). */
  count = 0;
  private readonly sink: RecordSink;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Passes what follows the quantity: from the third element at `at` to behind the row's end, or a FrameResult. */
  protected rest(bytes: Uint8Array, at: number, end: number): number {
    return passElements(bytes, at, end);
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
    position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    return bytes[position] === CLOSE_ARRAY ? position + 1 : this.rest(bytes, position, end);
  }
}
