// Fills what signals read from records, bars and books: one object of each kind a shard, filled anew each time. Hot path.

import { decimalToFloat } from '../engine/base/decimal.ts';
import { TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../schemas/layout.ts';
import { trade } from '../schemas/market-data.ts';
import { BarFlag, barRow } from './bars/ohlcv.ts';
import { emitNotional } from './bars/sums.ts';
import type { Ladder } from './book/ladder.ts';
import { type LevelList, ladder } from './signals/ladder-view.ts';
import type { BarView, BookView, TradeView } from './signals/signal.ts';

const WHOLE_PER_TERA = 1e12;
const LIMBS = 6;
/** Weights of the emitted limbs: base 10^12, counting 10^-36. */
const LIMB_WEIGHTS = Float64Array.of(1e-36, 1e-24, 1e-12, 1, 1e12, 1e24);
const limbs = new Float64Array(LIMBS);

export const barView: BarView = {
  startTimeUs: 0,
  closeTimeUs: 0,
  open: Number.NaN,
  high: Number.NaN,
  low: Number.NaN,
  close: Number.NaN,
  volume: 0,
  buyVolume: 0,
  sellVolume: 0,
  notional: 0,
  vwap: Number.NaN,
  trades: 0,
};

export const tradeView: TradeView = {
  timeUs: 0,
  price: 0,
  quantity: 0,
  quantityMilli: 0,
  quantityAtto: 0,
  side: 0,
  matches: 0,
};

const NO_LEVELS: LevelList = { values: new Float64Array(0), count: 0, offsetOf: () => 0 };

export const bookView: BookView = {
  timeUs: 0,
  bidPrice: Number.NaN,
  bidQuantity: Number.NaN,
  askPrice: Number.NaN,
  askQuantity: Number.NaN,
  bids: NO_LEVELS,
  asks: NO_LEVELS,
};

function sumAt(rows: Float64Array, at: number): number {
  return rows[at] * WHOLE_PER_TERA + decimalToFloat(rows[at + 1], rows[at + 2]);
}

/** The bar at `rows[at]`; prices are NaN where the interval had none and is told as null. */
export function fillBarView(rows: Float64Array, at: number): void {
  const row = barRow.at;
  const hasPrices = (rows[at + row.flags] & BarFlag.noPrices) === 0;
  const view = barView;
  view.startTimeUs = rows[at + row.startTimeUs];
  view.closeTimeUs = rows[at + row.closeTimeUs];
  view.open = hasPrices ? decimalToFloat(rows[at + row.openMilli], rows[at + row.openAtto]) : Number.NaN;
  view.high = hasPrices ? decimalToFloat(rows[at + row.highMilli], rows[at + row.highAtto]) : Number.NaN;
  view.low = hasPrices ? decimalToFloat(rows[at + row.lowMilli], rows[at + row.lowAtto]) : Number.NaN;
  view.close = hasPrices ? decimalToFloat(rows[at + row.closeMilli], rows[at + row.closeAtto]) : Number.NaN;
  view.buyVolume = sumAt(rows, at + row.buyTera);
  view.sellVolume = sumAt(rows, at + row.sellTera);
  view.volume = view.buyVolume + view.sellVolume + sumAt(rows, at + row.unknownTera);
  emitNotional(rows, at + row.notional0, limbs, 0);
  let notional = 0;
  for (let limb = LIMBS - 1; limb >= 0; limb--) notional += limbs[limb] * LIMB_WEIGHTS[limb];
  view.notional = notional;
  view.vwap = view.volume > 0 ? notional / view.volume : Number.NaN;
  view.trades = rows[at + row.trades];
}

/** The trade record at a slot. */
export function fillTradeView(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
  const at = slot * SLOT_F64;
  const view = tradeView;
  view.timeUs = f64[at + trade.at.exchangeTimeUs];
  view.price = decimalToFloat(f64[at + trade.at.priceMilli], f64[at + trade.at.priceAtto]);
  view.quantityMilli = f64[at + trade.at.quantityMilli];
  view.quantityAtto = f64[at + trade.at.quantityAtto];
  view.quantity = decimalToFloat(view.quantityMilli, view.quantityAtto);
  view.side = u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
  view.matches = u32[slot * SLOT_U32 + trade.at.count];
}

/** A book both of whose sides have levels. */
export function fillBookView(bids: Ladder, asks: Ladder, times: Float64Array, timeAt: number): void {
  const view = bookView;
  const bid = bids.offsetOf(0);
  const ask = asks.offsetOf(0);
  view.timeUs = times[timeAt];
  view.bids = bids;
  view.asks = asks;
  view.bidPrice = decimalToFloat(bids.values[bid + ladder.priceMilli], bids.values[bid + ladder.priceAtto]);
  view.bidQuantity = decimalToFloat(bids.values[bid + ladder.quantityMilli], bids.values[bid + ladder.quantityAtto]);
  view.askPrice = decimalToFloat(asks.values[ask + ladder.priceMilli], asks.values[ask + ladder.priceAtto]);
  view.askQuantity = decimalToFloat(asks.values[ask + ladder.quantityMilli], asks.values[ask + ladder.quantityAtto]);
}
