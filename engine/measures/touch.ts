// Owns what the best levels of both sides say of the price: spread, mid, microprice, weighted mid. docs/measures.md.

import { divideHalfEven, scaledText, unitsText } from './exact.ts';
import { type LevelView, priceAt, quantityAt } from './side.ts';

const hasBoth = (bids: LevelView, asks: LevelView): boolean => bids.count > 0 && asks.count > 0;

/** Best ask minus best bid, exact; null unless both sides have a level. */
export function spreadText(bids: LevelView, asks: LevelView): string | null {
  return hasBoth(bids, asks) ? unitsText(priceAt(asks, 0) - priceAt(bids, 0)) : null;
}

/** Best bid plus best ask, which is twice the mid, in units of 10^-18; null unless both sides have a level. */
export function midDoubled(bids: LevelView, asks: LevelView): bigint | null {
  return hasBoth(bids, asks) ? priceAt(bids, 0) + priceAt(asks, 0) : null;
}

/** Half-way between the best prices, exact: up to 19 decimals. Null unless both sides have a level. */
export function midText(bids: LevelView, asks: LevelView): string | null {
  const doubled = midDoubled(bids, asks);
  return doubled === null ? null : scaledText(doubled * 5n, 19);
}

/** Each best price weighted with the quantity opposite, rounded half-even to 18 decimals. Null without both sides. */
export function micropriceText(bids: LevelView, asks: LevelView): string | null {
  if (!hasBoth(bids, asks)) return null;
  const bidQuantity = quantityAt(bids, 0);
  const askQuantity = quantityAt(asks, 0);
  const weight = bidQuantity + askQuantity;
  if (weight === 0n) return null;
  return unitsText(divideHalfEven(priceAt(bids, 0) * askQuantity + priceAt(asks, 0) * bidQuantity, weight));
}

type Sums = { readonly notional: bigint; readonly quantity: bigint };

function sumsOf(view: LevelView, levels: number): Sums {
  const count = Math.min(levels, view.count);
  let notional = 0n;
  let quantity = 0n;
  for (let rank = 0; rank < count; rank++) {
    const each = quantityAt(view, rank);
    notional += priceAt(view, rank) * each;
    quantity += each;
  }
  return { notional, quantity };
}

/**
 * As the microprice, with the average price and the sum of quantities of the best `levels` levels (or those there are)
 * in place of the best one: (B/b · a + A/a · b) / (a + b), with notionals B, A and quantities b, a. One division,
 * rounded half-even to 18 decimals. Null unless both sides have a quantity.
 */
export function weightedMidText(bids: LevelView, asks: LevelView, levels: number): string | null {
  const bid = sumsOf(bids, levels);
  const ask = sumsOf(asks, levels);
  if (bid.quantity === 0n || ask.quantity === 0n) return null;
  const numerator = bid.notional * ask.quantity * ask.quantity + ask.notional * bid.quantity * bid.quantity;
  return unitsText(divideHalfEven(numerator, bid.quantity * ask.quantity * (bid.quantity + ask.quantity)));
}
