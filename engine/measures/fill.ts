// Owns what it takes to fill a quantity from one side of a book: average and worst price, slippage. docs/measures.md.

import { divideHalfEven, ratio, unitsText } from './exact.ts';
import { type BookSide, isBehind, priceAt, quantityAt } from './side.ts';

const BPS = 10_000n;

/** Decimals as canonical text. Prices and slippage are null where nothing could be filled. */
export type Fill = {
  readonly quantity: string;
  /** What the levels held have of it; null where the book is not live. */
  readonly filled: string | null;
  /** Notional ÷ filled, rounded half-even to 18 decimals. */
  readonly average: string | null;
  readonly worst: string | null;
  /** How much worse than the mid the average is; null without a mid. Of the part filled. */
  readonly slippageBps: number | null;
  /** False where better levels than those used, or levels behind the last, may exist unknown. */
  readonly isKnown: boolean;
};

/** (average - mid) / mid in basis points for a buyer, the negative for a seller, from the exact sums. */
function slippageBps(isBuy: boolean, notional: bigint, filled: bigint, midDoubled: bigint): number | null {
  if (midDoubled <= 0n) return null;
  const middle = midDoubled * filled;
  const over = 2n * notional - middle;
  return ratio((isBuy ? over : -over) * BPS, middle);
}

/**
 * Takes `quantity` (units of 10^-18, positive) level by level from the best: a buyer from the asks, a seller from the
 * bids.
 */
export function fillFrom(side: BookSide, quantity: bigint, midDoubled: bigint | null): Fill {
  let filled = 0n;
  let notional = 0n;
  let worst: bigint | null = null;
  for (let rank = 0; rank < side.count && filled < quantity; rank++) {
    const missing = quantity - filled;
    let taken = quantityAt(side, rank);
    if (taken > missing) taken = missing;
    worst = priceAt(side, rank);
    filled += taken;
    notional += taken * worst;
  }
  const isReached = filled === quantity && worst !== null;
  const isPriced = filled > 0n && worst !== null;
  return {
    quantity: unitsText(quantity),
    filled: unitsText(filled),
    average: isPriced ? unitsText(divideHalfEven(notional, filled)) : null,
    worst: worst === null ? null : unitsText(worst),
    slippageBps: isPriced && midDoubled !== null ? slippageBps(!side.isBid, notional, filled, midDoubled) : null,
    isKnown: side.horizon === null || (isReached && worst !== null && !isBehind(side.isBid, worst, side.horizon)),
  };
}
