// Owns how tests of measures write a side of a book: levels as text, best first, in either layout.

import type { BookSide } from '../../../engine/measures/side.ts';
import { writeDecimal } from '../workers/book/book-records.ts';

/** Price and quantity. */
export type Pair = readonly [price: string, quantity: string];

/** Text of a decimal in units of 10^-18. */
export function unitsOf(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(18, '0'));
}

/** `levels` best first; `isBestLast` turns them round and leaves unused room behind them, as ladders do. */
export function sideOf(
  isBid: boolean,
  levels: readonly Pair[],
  horizon: string | null = null,
  isBestLast = false,
): BookSide {
  const values = new Float64Array((levels.length + (isBestLast ? 2 : 0)) * 4).fill(9e15);
  levels.forEach(([price, quantity], rank) => {
    const at = (isBestLast ? levels.length - 1 - rank : rank) * 4;
    writeDecimal(price, values, at);
    writeDecimal(quantity, values, at + 2);
  });
  return { values, count: levels.length, isBestLast, isBid, horizon: horizon === null ? null : unitsOf(horizon) };
}
