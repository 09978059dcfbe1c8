// What signals know of one side of a book: how its levels lie in a Float64Array.

/** Words of one level; levels follow one another, the best one last. */
export const LADDER_STRIDE = 4;

export const ladder = { priceMilli: 0, priceAtto: 1, quantityMilli: 2, quantityAtto: 3 } as const;
