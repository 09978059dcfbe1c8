// Owns the comparison of a book's best levels. Hot path.

import type { Ladder } from './ladder.ts';

/** The best bid is above the best ask, down to the last atto: evidence of an error. False where a side is empty. */
export function isCrossed(bids: Ladder, asks: Ladder): boolean {
  if (bids.count === 0 || asks.count === 0) return false;
  const bid = bids.offsetOf(0);
  const ask = asks.offsetOf(0);
  const milli = bids.values[bid] - asks.values[ask];
  return milli > 0 || (milli === 0 && bids.values[bid + 1] > asks.values[ask + 1]);
}
