// What signals know of one side of a book: its levels by rank, four numbers each in a Float64Array.

/** Valid until the book changes. */
export type LevelList = {
  readonly values: Float64Array;
  readonly count: number;
  /** Index in `values` of the first number of the level `rank` places from the best, 0 <= rank < count. */
  offsetOf(rank: number): number;
};

/** Where a number of a level lies, from offsetOf(). */
export const ladder = { priceMilli: 0, priceAtto: 1, quantityMilli: 2, quantityAtto: 3 } as const;
