// Writes Kraken's records from the scratch row; both versions of the protocol share them. Hot path.

import { ChangeFlag, FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, candle, trade } from '../../../schemas/market-data.ts';
import { isZero, writeCandlePrices } from '../../decode/records.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { field } from './fields.ts';

/** Fills the head claimed before its levels. Kraken numbers no changes; the checksum is its only proof. */
export function writeHead(
  sink: RecordSink,
  slot: number,
  flags: number,
  levels: number,
  depth: number,
  values: Float64Array,
): void {
  const f64 = sink.f64;
  const base = slot * SLOT_F64;
  sink.u8[slot * SLOT_BYTES + bookChange.at.flags] = flags;
  sink.u32[slot * SLOT_U32 + bookChange.at.count] = levels;
  f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + bookChange.at.exchangeTimeUs] = values[field.timeUs];
  f64[base + bookChange.at.firstSequence] = 0;
  f64[base + bookChange.at.lastSequence] = 0;
  f64[base + bookChange.at.previousSequence] = 0;
  f64[base + bookChange.at.checksum] = (flags & ChangeFlag.hasChecksum) !== 0 ? values[field.checksum] : 0;
  f64[base + bookChange.at.depth] = depth;
}

/** Returns 1, or a negative FrameResult: `range` where price or quantity is nothing. */
export function writeTrade(sink: RecordSink, market: number, flags: number, values: Float64Array): number {
  if (isZero(values, field.price) || isZero(values, field.quantity)) return FrameResult.range;
  const slot = sink.claim(market, RecordType.trade);
  if (slot < 0) return slot;
  const f64 = sink.f64;
  const base = slot * SLOT_F64;
  sink.u8[slot * SLOT_BYTES + trade.at.flags] = flags;
  sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
  f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
  for (let i = 0; i < 4; i++) f64[base + trade.at.priceMilli + i] = values[field.price + i];
  f64[base + trade.at.id] = values[field.id];
  return 1;
}

/** Trades beyond a u32 in one candle do not exist. */
const TRADES_MAX = 0xffffffff;

export function writeCandle(sink: RecordSink, market: number, values: Float64Array): number {
  if (values[field.trades] > TRADES_MAX) return FrameResult.range;
  const slot = sink.claim(market, RecordType.candle);
  if (slot < 0) return slot;
  const base = slot * SLOT_F64;
  sink.u32[slot * SLOT_U32 + candle.at.count] = values[field.trades];
  sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
  sink.f64[base + candle.at.startTimeUs] = values[field.startTime];
  sink.f64[base + candle.at.intervalMs] = values[field.intervalMs];
  for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
  return writeCandlePrices(sink, market, values, field.open);
}
