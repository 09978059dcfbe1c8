// Exact sums and averages that need more digits than one decimal holds, as canonical text; BigInt, so never per trade.

import { depthOf, imbalanceOf, pressureOf, USUAL_LEVELS } from '../measures/depth.ts';
import { divideHalfEven, scaledText, units, unitsText } from '../measures/exact.ts';
import { bestFirst } from '../measures/side.ts';
import { micropriceText, midText, spreadText, weightedMidText } from '../measures/touch.ts';

export { divideHalfEven, scaledText, units, unitsText };

const TERA = 10n ** 30n;
/** Limbs of a notional count in this base. */
const LIMB = 10n ** 12n;

/** A volume sum in units of 10^-18. */
export function volumeUnits(tera: number, milli: number, atto: number): bigint {
  return BigInt(tera) * TERA + units(milli, atto);
}

/** A notional in units of 10^-36 from its six limbs, lowest first. */
export function notionalUnits(limbs: ArrayLike<number>): bigint {
  let value = 0n;
  for (let i = limbs.length - 1; i >= 0; i--) value = value * LIMB + BigInt(limbs[i]);
  return value;
}

/** Text of a notional, which counts 10^-36. */
export function notionalText(value: bigint): string {
  return scaledText(value, 36);
}

/** VWAP as text, rounded half-even to 18 decimals; null without volume. Notional counts 10^-36, volume 10^-18. */
export function vwapText(notional: bigint, volume: bigint): string | null {
  return volume === 0n ? null : scaledText(divideHalfEven(notional, volume), 18);
}

/** Measures of the levels given, best first. */
export type TopMeasures = {
  readonly spread: string | null;
  readonly mid: string | null;
  readonly microprice: string | null;
  readonly imbalance: number | null;
  readonly weightedMid: string | null;
  /** Sums of the quantities given. */
  readonly bidDepth: string | null;
  readonly askDepth: string | null;
  readonly pressure: number | null;
};

/** Of a book that is not live. */
export const NO_MEASURES: TopMeasures = {
  ...{ spread: null, mid: null, microprice: null, imbalance: null },
  ...{ weightedMid: null, bidDepth: null, askDepth: null, pressure: null },
};

/** Measures of a book's best levels (docs/measures.md); all but the sums are absent unless both sides have one. */
export function topMeasures(bidLevels: Float64Array, askLevels: Float64Array): TopMeasures {
  const bids = bestFirst(bidLevels);
  const asks = bestFirst(askLevels);
  const bidSum = depthOf(bids, bids.count);
  const askSum = depthOf(asks, asks.count);
  return {
    spread: spreadText(bids, asks),
    mid: midText(bids, asks),
    microprice: micropriceText(bids, asks),
    imbalance: bids.count > 0 && asks.count > 0 ? imbalanceOf(bidSum, askSum) : null,
    weightedMid: weightedMidText(bids, asks, Math.max(bids.count, asks.count)),
    bidDepth: unitsText(bidSum),
    askDepth: unitsText(askSum),
    pressure: pressureOf(bids, asks, USUAL_LEVELS),
  };
}
