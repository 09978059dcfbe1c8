// Owns the comparison of a book's best levels: spread, crossed, locked. Hot path.

import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';
import type { Ladder } from './ladder.ts';

/** The best bid is above the best ask, down to the last atto: evidence of an error. False where a side is empty. */
export function isCrossed(bids: Ladder, asks: Ladder): boolean {
  if (bids.count === 0 || asks.count === 0) return false;
  const bid = bids.offsetOf(0);
  const ask = asks.offsetOf(0);
  const milli = bids.values[bid] - asks.values[ask];
  return milli > 0 || (milli === 0 && bids.values[bid + 1] > asks.values[ask + 1]);
}

/** The best bid is the best ask: allowed, since some venues show it for a moment. False where a side is empty. */
export function isLocked(bids: Ladder, asks: Ladder): boolean {
  if (bids.count === 0 || asks.count === 0) return false;
  const bid = bids.offsetOf(0);
  const ask = asks.offsetOf(0);
  return bids.values[bid] === asks.values[ask] && bids.values[bid + 1] === asks.values[ask + 1];
}

/**
 * Writes the spread, best ask minus best bid, as milli and atto to out[0] and out[1]; -1 and 0 where there is none: a
 * side is empty, or the book is crossed and therefore not live.
 */
export function writeSpread(bids: Ladder, asks: Ladder, out: Float64Array): void {
  out[0] = -1;
  out[1] = 0;
  if (bids.count === 0 || asks.count === 0) return;
  const bid = bids.offsetOf(0);
  const ask = asks.offsetOf(0);
  const atto = asks.values[ask + 1] - bids.values[bid + 1];
  const borrow = atto < 0 ? 1 : 0;
  const milli = asks.values[ask] - bids.values[bid] - borrow;
  if (milli < 0) return;
  out[0] = milli;
  out[1] = atto + borrow * ATTO_PER_MILLI;
}
