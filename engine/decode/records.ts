// Writes the records that are the same for every venue, from a decoder's scratch row. Hot path.

import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { candlePrices, quote, quoteAsk, tradeId } from '../../schemas/market-data.ts';
import { RECEIVE, type RecordSink } from './sink.ts';

/** True where the decimal at values[index] is nothing. */
export function isZero(values: Float64Array, index: number): boolean {
  return values[index] === 0 && values[index + 1] === 0;
}

/**
 * Writes an unnumbered quote as its two records: its time is times[timeAt], and from values[bidAt] on lie bid price, bid
 * quantity, ask price, ask quantity, milli and atto each. Returns 1 or a negative FrameResult.
 */
export function writeQuote(
  sink: RecordSink,
  market: number,
  times: Float64Array,
  timeAt: number,
  values: Float64Array,
  bidAt: number,
): number {
  const bidSlot = sink.claim(market, RecordType.quote);
  if (bidSlot < 0) return bidSlot;
  const bid = bidSlot * SLOT_F64;
  sink.f64[bid + quote.at.receiveTimeNs] = sink.frame[RECEIVE];
  sink.f64[bid + quote.at.exchangeTimeUs] = times[timeAt];
  sink.f64[bid + quote.at.sequence] = 0;
  for (let i = 0; i < 4; i++) sink.f64[bid + quote.at.bidPriceMilli + i] = values[bidAt + i];
  const askSlot = sink.claim(market, RecordType.quoteAsk);
  if (askSlot < 0) return askSlot;
  const ask = askSlot * SLOT_F64 + quoteAsk.at.askPriceMilli;
  for (let i = 0; i < 4; i++) sink.f64[ask + i] = values[bidAt + 4 + i];
  return 1;
}

/** Writes the record behind a candle's: open, high, low from values[openAt] on. Returns 1 or a negative FrameResult. */
export function writeCandlePrices(sink: RecordSink, market: number, values: Float64Array, openAt: number): number {
  const slot = sink.claim(market, RecordType.candlePrices);
  if (slot < 0) return slot;
  const prices = slot * SLOT_F64 + candlePrices.at.openPriceMilli;
  for (let i = 0; i < 6; i++) sink.f64[prices + i] = values[openAt + i];
  return 1;
}

/** Writes the text id of the trade record before it, bytes[from..to); returns 1 or a negative FrameResult. */
export function writeTradeId(sink: RecordSink, market: number, bytes: Uint8Array, from: number, to: number): number {
  const slot = sink.claim(market, RecordType.tradeId);
  if (slot < 0) return slot;
  const length = to - from;
  sink.u32[slot * SLOT_U32 + tradeId.at.count] = length;
  const at = slot * SLOT_BYTES + tradeId.at.text;
  for (let i = 0; i < length; i++) sink.u8[at + i] = bytes[from + i];
  return 1;
}
