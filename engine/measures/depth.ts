// Owns how much a book holds and on which side: depth by levels and by distance, imbalance, pressure. docs/measures.md.

import { ratio } from './exact.ts';
import { type BookSide, isBehind, type LevelView, priceAt, quantityAt } from './side.ts';

/** Basis points of the whole, and of twice the mid, which is what is at hand. */
const BPS = 10_000n;
const BPS_DOUBLED = 20_000n;

/** Levels a side that pressure and the weighted mid look at where nobody says otherwise. */
export const USUAL_LEVELS = 10;
/** A multiple of 1 to 10, so that the weights 1, 1/2 … 1/10 of pressure are whole. */
const WEIGHT_WHOLE = 2520n;

/** Sum of the quantities of the best `levels` levels, or of those there are; in units of 10^-18. */
export function depthOf(view: LevelView, levels: number): bigint {
  const count = Math.min(levels, view.count);
  let sum = 0n;
  for (let rank = 0; rank < count; rank++) sum += quantityAt(view, rank);
  return sum;
}

/** The price `bps` basis points from the mid on a side, times 20,000, in units of 10^-18. */
function boundScaled(isBid: boolean, midDoubled: bigint, bps: number): bigint {
  return midDoubled * (isBid ? BPS - BigInt(bps) : BPS + BigInt(bps));
}

/** Sum of the quantities at most `bps` from the mid (a whole number; the bound is inside); in units of 10^-18. */
export function depthWithin(side: BookSide, midDoubled: bigint, bps: number): bigint {
  const bound = boundScaled(side.isBid, midDoubled, bps);
  let sum = 0n;
  for (let rank = 0; rank < side.count; rank++) {
    if (isBehind(side.isBid, priceAt(side, rank) * BPS_DOUBLED, bound)) break;
    sum += quantityAt(side, rank);
  }
  return sum;
}

/** True where the side is known down to `bps` from the mid. */
export function isKnownWithin(side: BookSide, midDoubled: bigint, bps: number): boolean {
  if (side.horizon === null) return true;
  return !isBehind(side.isBid, boundScaled(side.isBid, midDoubled, bps), side.horizon * BPS_DOUBLED);
}

/** (bid - ask) / (bid + ask) of two sums: -1 is asks alone, 1 bids alone. Null where both are 0. */
export function imbalanceOf(bid: bigint, ask: bigint): number | null {
  return ratio(bid - ask, bid + ask);
}

function weightedDepth(view: LevelView, levels: number): bigint {
  const count = Math.min(levels, view.count, USUAL_LEVELS);
  let sum = 0n;
  for (let rank = 0; rank < count; rank++) sum += (quantityAt(view, rank) * WEIGHT_WHOLE) / BigInt(rank + 1);
  return sum;
}

/**
 * Imbalance of the best `levels` levels, at most 10, the level of rank r from the best weighted with 1 / (r + 1). Null
 * unless both sides have a level.
 */
export function pressureOf(bids: LevelView, asks: LevelView, levels: number): number | null {
  if (bids.count === 0 || asks.count === 0) return null;
  return imbalanceOf(weightedDepth(bids, levels), weightedDepth(asks, levels));
}
