// Owns the measures of one book together: which are asked for, and which its horizon refuses or flags. docs/measures.md.

import { depthOf, depthWithin, imbalanceOf, isKnownWithin, pressureOf, USUAL_LEVELS } from './depth.ts';
import { unitsText } from './exact.ts';
import { type Fill, fillFrom } from './fill.ts';
import { areBestKnown, type BookSide } from './side.ts';
import { micropriceText, midDoubled, midText, spreadText, weightedMidText } from './touch.ts';

/** Sums as canonical text; null where there is no mid to count from. */
export type DepthMeasure = {
  readonly bid: string | null;
  readonly ask: string | null;
  readonly imbalance: number | null;
  readonly isKnown: boolean;
};

export type BookMeasures = {
  readonly spread: string | null;
  readonly mid: string | null;
  readonly microprice: string | null;
  readonly weightedMid: string | null;
  readonly pressure: number | null;
  readonly depth: readonly (DepthMeasure & { readonly levels: number })[];
  readonly within: readonly (DepthMeasure & { readonly bps: number })[];
  readonly fill: { readonly buy: Fill; readonly sell: Fill } | null;
};

/** Levels a side, basis points from the mid, and a quantity in units of 10^-18, null for none. */
export type MeasureQuestion = {
  readonly levels: readonly number[];
  readonly bps: readonly number[];
  readonly quantity: bigint | null;
};

const UNKNOWN: DepthMeasure = { bid: null, ask: null, imbalance: null, isKnown: false };

function measure(bids: BookSide, asks: BookSide, bid: bigint, ask: bigint, isKnown: boolean): DepthMeasure {
  const imbalance = bids.count > 0 && asks.count > 0 ? imbalanceOf(bid, ask) : null;
  return { bid: unitsText(bid), ask: unitsText(ask), imbalance, isKnown };
}

function depthMeasure(bids: BookSide, asks: BookSide, levels: number): DepthMeasure {
  const isKnown = areBestKnown(bids, levels) && areBestKnown(asks, levels);
  return measure(bids, asks, depthOf(bids, levels), depthOf(asks, levels), isKnown);
}

function withinMeasure(bids: BookSide, asks: BookSide, doubled: bigint | null, bps: number): DepthMeasure {
  if (doubled === null || doubled <= 0n) return UNKNOWN;
  const isKnown = isKnownWithin(bids, doubled, bps) && isKnownWithin(asks, doubled, bps);
  return measure(bids, asks, depthWithin(bids, doubled, bps), depthWithin(asks, doubled, bps), isKnown);
}

/**
 * Measures of a live book. Values without a flag are null where the levels they need are not all known; those with
 * `isKnown` are computed from what is held. Both flag and refusal count each side.
 */
export function measureBook(bids: BookSide, asks: BookSide, question: MeasureQuestion): BookMeasures {
  const { levels, bps, quantity } = question;
  const isTouchKnown = areBestKnown(bids, 1) && areBestKnown(asks, 1);
  const areUsualKnown = areBestKnown(bids, USUAL_LEVELS) && areBestKnown(asks, USUAL_LEVELS);
  const doubled = isTouchKnown ? midDoubled(bids, asks) : null;
  return {
    spread: isTouchKnown ? spreadText(bids, asks) : null,
    mid: isTouchKnown ? midText(bids, asks) : null,
    microprice: isTouchKnown ? micropriceText(bids, asks) : null,
    weightedMid: areUsualKnown ? weightedMidText(bids, asks, USUAL_LEVELS) : null,
    pressure: areUsualKnown ? pressureOf(bids, asks, USUAL_LEVELS) : null,
    depth: levels.map((each) => ({ levels: each, ...depthMeasure(bids, asks, each) })),
    within: bps.map((each) => ({ bps: each, ...withinMeasure(bids, asks, doubled, each) })),
    fill:
      quantity === null ? null : { buy: fillFrom(asks, quantity, doubled), sell: fillFrom(bids, quantity, doubled) },
  };
}

const noFill = (quantity: bigint): Fill => ({
  quantity: unitsText(quantity),
  ...{ filled: null, average: null, worst: null, slippageBps: null, isKnown: false },
});

/** What a book that is not live answers to the same question: nothing is known. */
export function noMeasures({ levels, bps, quantity }: MeasureQuestion): BookMeasures {
  return {
    ...{ spread: null, mid: null, microprice: null, weightedMid: null, pressure: null },
    depth: levels.map((each) => ({ levels: each, ...UNKNOWN })),
    within: bps.map((each) => ({ bps: each, ...UNKNOWN })),
    fill: quantity === null ? null : { buy: noFill(quantity), sell: noFill(quantity) },
  };
}
