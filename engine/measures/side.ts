// Owns how measures see one side of a book: plain levels in either order, and how deep they are known.

import { units } from './exact.ts';

/** Numbers of one level: price milli and atto, quantity milli and atto. */
const LEVEL_NUMBERS = 4;

/** `count` levels of four float64 each from the start of `values`, best first or best last. */
export type LevelView = { readonly values: Float64Array; readonly count: number; readonly isBestLast: boolean };

/** A side of a book. `horizon` is the price, in units of 10^-18, down to which it is known; null where it is known whole. */
export type BookSide = LevelView & { readonly isBid: boolean; readonly horizon: bigint | null };

/** Levels that fill their array, best first, as messages hold them. */
export function bestFirst(values: Float64Array): LevelView {
  return { values, count: values.length / LEVEL_NUMBERS, isBestLast: false };
}

function indexOf({ count, isBestLast }: LevelView, rank: number): number {
  return (isBestLast ? count - 1 - rank : rank) * LEVEL_NUMBERS;
}

/** Price of the level `rank` places from the best, 0 <= rank < count, in units of 10^-18. */
export function priceAt(view: LevelView, rank: number): bigint {
  const at = indexOf(view, rank);
  return units(view.values[at], view.values[at + 1]);
}

/** Quantity of the level `rank` places from the best, in units of 10^-18. */
export function quantityAt(view: LevelView, rank: number): bigint {
  const at = indexOf(view, rank) + 2;
  return units(view.values[at], view.values[at + 1]);
}

/** True where the first price is worse than the second for who takes from this side. */
export function isBehind(isBid: boolean, price: bigint, limit: bigint): boolean {
  return isBid ? price < limit : price > limit;
}

/** True where the best `levels` levels are truly the best: the side is whole, or has them all before its horizon. */
export function areBestKnown(side: BookSide, levels: number): boolean {
  if (side.horizon === null) return true;
  return side.count >= levels && !isBehind(side.isBid, priceAt(side, levels - 1), side.horizon);
}
