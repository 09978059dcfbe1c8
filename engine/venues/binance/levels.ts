// Reads a Binance list of levels, `[["price","quantity"], …]`, straight into ring records. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { CLOSE_ARRAY, decimalString, lastDecimals, next, OPEN_ARRAY, skipSpace, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';

/** Levels written by the last call of decodeLevels. */
export let levelsWritten = 0;

/**
 * Writes one level record for each entry of the list at bytes[at] (its `[`). Entries may have further members, which
 * are passed over. Returns the offset after the list, or a negative FrameResult.
 */
export function decodeLevels(
  bytes: Uint8Array,
  at: number,
  end: number,
  sink: RecordSink,
  market: number,
  flags: number,
): number {
  levelsWritten = 0;
  if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
  let position = at + 1 < end && bytes[at + 1] === OPEN_ARRAY ? at + 1 : skipSpace(bytes, at + 1, end);
  if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
  let count = 0;
  for (;;) {
    if (position >= end || bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
    const slot = sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    const after = decodeLevel(bytes, position + 1, end, sink, slot, flags);
    if (after < 0) return after;
    count++;
    position = next(bytes, after, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) break;
  }
  levelsWritten = count;
  return position + 1;
}

/** One level after its `[`; returns the offset after its `]`. */
function decodeLevel(
  bytes: Uint8Array,
  at: number,
  end: number,
  sink: RecordSink,
  slot: number,
  flags: number,
): number {
  const f64 = sink.f64;
  const u8 = sink.u8;
  const base = slot * SLOT_F64 + level.at.priceMilli;
  const byteBase = slot * SLOT_BYTES;
  u8[byteBase + level.at.flags] = flags;
  let position = decimalString(bytes, skipSpace(bytes, at, end), end, f64, base);
  if (position < 0) return isEmptyArray(bytes, at, end) ? FrameResult.shape : position;
  u8[byteBase + level.at.priceDecimals] = lastDecimals;
  if (f64[base] === 0 && f64[base + 1] === 0) return FrameResult.range;
  position = next(bytes, position, end, CLOSE_ARRAY);
  if (position < 0) return position;
  if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
  position = decimalString(bytes, position, end, f64, base + 2);
  if (position < 0) return position;
  u8[byteBase + level.at.quantityDecimals] = lastDecimals;
  return passElements(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
}

function isEmptyArray(bytes: Uint8Array, at: number, end: number): boolean {
  const position = skipSpace(bytes, at, end);
  return position < end && bytes[position] === CLOSE_ARRAY;
}
