// Microprice: the mid, moved toward the side that is about to be used up. Hot path.
//
// Definition  (bid price × ask quantity + ask price × bid quantity) / (bid quantity + ask quantity) of the best levels.
// Units       quote currency per unit; a float from exact inputs.
// Seeding     none: it is a function of the best levels alone.
// Warm-up     none; NaN where a side is empty.
// Source      Stoikov, "The micro-price: a high-frequency estimator of future prices" (2018), there the
//             volume-weighted mid-price from which the micro-price is built.

import { decimalToFloat } from '../../engine/base/decimal.ts';
import { LADDER_STRIDE, ladder } from './ladder-view.ts';

/** Writes the microprice of two ladders (ladder-view.ts) to `out[outIndex]`. */
export function microprice(
  bidValues: Float64Array,
  bidCount: number,
  askValues: Float64Array,
  askCount: number,
  out: Float64Array,
  outIndex: number,
): void {
  out[outIndex] = Number.NaN;
  if (bidCount === 0 || askCount === 0) return;
  const bid = (bidCount - 1) * LADDER_STRIDE;
  const ask = (askCount - 1) * LADDER_STRIDE;
  const bidPrice = decimalToFloat(bidValues[bid + ladder.priceMilli], bidValues[bid + ladder.priceAtto]);
  const askPrice = decimalToFloat(askValues[ask + ladder.priceMilli], askValues[ask + ladder.priceAtto]);
  const bidQuantity = decimalToFloat(bidValues[bid + ladder.quantityMilli], bidValues[bid + ladder.quantityAtto]);
  const askQuantity = decimalToFloat(askValues[ask + ladder.quantityMilli], askValues[ask + ladder.quantityAtto]);
  out[outIndex] = (bidPrice * askQuantity + askPrice * bidQuantity) / (bidQuantity + askQuantity);
}
