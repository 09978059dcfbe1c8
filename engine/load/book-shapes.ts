// The forms that a market's book changes have: how many levels of each side.

import type { BookUpdate } from './load-market.ts';

export type BookShape = { readonly bids: number; readonly asks: number };

/** A level each side, and a move of the touch. */
export const MARKET_SHAPES: readonly BookShape[] = [
  { bids: 1, asks: 1 },
  { bids: 2, asks: 2 },
];

export const shapeIndex = ({ bids }: BookUpdate): number => bids - 1;
