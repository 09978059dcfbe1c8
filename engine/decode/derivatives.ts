// Writes what contracts have beside trades and books: mark and index prices, funding, open interest, liquidations. Hot path.

import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { derivative, liquidation } from '../../schemas/market-data.ts';
import { parseDecimal } from './decimal.ts';
import { decimalString, QUOTE, wrongType } from './scan.ts';
import { RECEIVE, type RecordSink } from './sink.ts';

const MINUS = 0x2d;

/** True when the number read last by signedDecimalString() was below zero. Read it at once. */
export let isNegative = false;

/** A decimal inside quotes, with or without a minus, into out[index], out[index + 1]; isNegative has its sign. */
export function signedDecimalString(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Float64Array,
  index: number,
): number {
  isNegative = false;
  if (at + 1 >= end || bytes[at] !== QUOTE || bytes[at + 1] !== MINUS) return decimalString(bytes, at, end, out, index);
  if (at + 2 < end && bytes[at + 2] === MINUS) return wrongType(bytes, at, end);
  const after = parseDecimal(bytes, at + 2, end, out, index);
  const isWhole = after >= 0 && after < end && bytes[after] === QUOTE;
  if (!isWhole) {
    const fault = wrongType(bytes, at, end);
    return fault === FrameResult.type && after < 0 ? after : fault;
  }
  isNegative = out[index] !== 0 || out[index + 1] !== 0;
  return after + 1;
}

/**
 * Writes one derivative record. `flags` are its kind and sign (DerivativeKind, DerivativeFlag.negative); its time is
 * times[timeAt], when it is due times[dueAt] (a `dueAt` below 0: nothing is), its value values[valueAt] and the next.
 * Returns 1 or a negative FrameResult.
 */
export function writeDerivative(
  sink: RecordSink,
  market: number,
  flags: number,
  times: Float64Array,
  timeAt: number,
  dueAt: number,
  values: Float64Array,
  valueAt: number,
): number {
  const slot = sink.claim(market, RecordType.derivative);
  if (slot < 0) return slot;
  const f64 = sink.f64;
  const base = slot * SLOT_F64;
  sink.u8[slot * SLOT_BYTES + derivative.at.flags] = flags;
  f64[base + derivative.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + derivative.at.exchangeTimeUs] = times[timeAt];
  f64[base + derivative.at.valueMilli] = values[valueAt];
  f64[base + derivative.at.valueAtto] = values[valueAt + 1];
  f64[base + derivative.at.effectiveTimeUs] = dueAt < 0 ? 0 : times[dueAt];
  return 1;
}

/**
 * Writes one liquidation: its time is times[timeAt], price and quantity lie in values[priceAt] and the next three, `side`
 * is that of the order which closed the position. Returns 1 or a negative FrameResult.
 */
export function writeLiquidation(
  sink: RecordSink,
  market: number,
  side: number,
  times: Float64Array,
  timeAt: number,
  values: Float64Array,
  priceAt: number,
): number {
  const slot = sink.claim(market, RecordType.liquidation);
  if (slot < 0) return slot;
  const f64 = sink.f64;
  const base = slot * SLOT_F64;
  sink.u8[slot * SLOT_BYTES + liquidation.at.flags] = side;
  f64[base + liquidation.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + liquidation.at.exchangeTimeUs] = times[timeAt];
  for (let i = 0; i < 4; i++) f64[base + liquidation.at.priceMilli + i] = values[priceAt + i];
  return 1;
}
