// Reads a normalised list of levels, `[{"price":…,"amount":…}, …]`, straight into ring records. Hot path.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalAny,
  keyBytes,
  lastDecimals,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';

const KEY_PRICE = keyBytes('price');
const KEY_AMOUNT = keyBytes('amount');

const HAS_PRICE = 1;
const HAS_AMOUNT = 2;

/** Levels written by the last call of decodeLevels. */
export let levelsWritten = 0;

/**
 * Writes one level record for each entry of the list at bytes[at] (its `[`). Returns the offset after the list, or a
 * negative FrameResult.
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
  let position = skipSpace(bytes, at + 1, end);
  if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
  let count = 0;
  for (;;) {
    if (position >= end || bytes[position] !== OPEN_OBJECT) return notALevel(bytes, position, end);
    const slot = sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    position = decodeLevel(bytes, position, end, sink, slot, flags);
    if (position < 0) return position;
    count++;
    position = next(bytes, position, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) break;
  }
  levelsWritten = count;
  return position + 1;
}

function notALevel(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  return after < 0 ? after : FrameResult.shape;
}

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
  let seen = 0;
  let position = firstMember(bytes, at, end);
  if (position < 0) return position;
  while (bytes[position] !== CLOSE_OBJECT) {
    const value = member(bytes, position, end);
    if (value < 0) return value;
    let after: number;
    if (matches(bytes, keyFrom, keyTo, KEY_PRICE)) {
      if ((seen & HAS_PRICE) !== 0) return FrameResult.shape;
      seen |= HAS_PRICE;
      after = decimalAny(bytes, value, end, f64, base);
      u8[byteBase + level.at.priceDecimals] = lastDecimals;
    } else if (matches(bytes, keyFrom, keyTo, KEY_AMOUNT)) {
      if ((seen & HAS_AMOUNT) !== 0) return FrameResult.shape;
      seen |= HAS_AMOUNT;
      after = decimalAny(bytes, value, end, f64, base + 2);
      u8[byteBase + level.at.quantityDecimals] = lastDecimals;
    } else after = skipValue(bytes, value, end);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_OBJECT);
    if (position < 0) return position;
  }
  if (seen !== (HAS_PRICE | HAS_AMOUNT)) return FrameResult.missingField;
  return f64[base] === 0 && f64[base + 1] === 0 ? FrameResult.range : position + 1;
}
