// Whether a figure changed between two sides of runs by more than the runs of one side differ among themselves.

import { median, rankTest } from './rank-test.ts';

/** A smaller change is none, however well the runs agree: clocks, layout of memory and frequency move by as much. */
export const BAND_LEAST = 0.05;
/** Where a side has one run, nothing is known of its noise. */
export const BAND_UNKNOWN = 0.1;
/** With this many runs a side the rank test can reach its level: 2 of the 70 orders of 4 and 4 are as far apart. */
export const RANK_RUNS = 4;
export const RANK_LEVEL = 0.05;
/** A figure that grew by this factor is compared on the scale of before. */
const GROWN = 2;

export type Rule = {
  readonly isLowerBetter: boolean;
  /** A difference smaller than this, in the figure's unit, is none. */
  readonly least: number;
  /** Figures that may be 0 are compared by difference and not by ratio. */
  readonly isAbsolute: boolean;
};

export type Outcome = 'worse' | 'better' | 'same' | 'unknown';

export type Change = {
  /** Medians of the runs; null where no run of the side has the figure. */
  readonly before: number | null;
  readonly after: number | null;
  /** After ÷ before − 1, or after − before of figures that may be 0. */
  readonly change: number | null;
  /** How large a change must be, in the same terms. */
  readonly band: number | null;
  /** Chance of such ranks were the sides alike; null with fewer than four runs a side. */
  readonly p: number | null;
  readonly outcome: Outcome;
};

/** How far apart the runs of a side lie. */
function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

/**
 * What the spread of the later runs says about the level of the earlier ones. Noise grows with its figure: runs that got ten
 * times slower, or lose where nothing was lost, would hide in a spread that is ten times wider too. Only where the figure
 * grew so much is that taken off: sides that are alike differ by less, and a narrower band would tell them apart.
 */
function spreadBelow(after: readonly number[], before: readonly number[]): number {
  const [from, to] = [median(before), median(after)];
  return spread(after) * (to > 0 && to >= from * GROWN ? Math.max(0, from / to) : 1);
}

/** In the figure's unit: the spread of the noisier side. */
function bandOf(before: readonly number[], after: readonly number[], rule: Rule): number {
  const noise = Math.max(spread(before), spreadBelow(after, before));
  if (rule.isAbsolute) return Math.max(noise, rule.least);
  const isKnown = before.length > 1 && after.length > 1;
  return Math.max(noise, rule.least, Math.abs(median(before)) * (isKnown ? BAND_LEAST : BAND_UNKNOWN));
}

function areSeparate(before: readonly number[], after: readonly number[]): boolean {
  return Math.min(...after) > Math.max(...before) || Math.max(...after) < Math.min(...before);
}

/**
 * A change counts when it is larger than the noise band and the ranks bear it out: with four runs a side or more by the
 * rank test, with fewer by every run of one side lying beyond every run of the other.
 */
export function changeOf(before: readonly number[], after: readonly number[], rule: Rule): Change {
  const [from, to] = [before, after].map((values) => (values.length === 0 ? null : median(values)));
  if (from === null || to === null)
    return { before: from, after: to, change: null, band: null, p: null, outcome: 'unknown' };
  const difference = to - from;
  const band = bandOf(before, after, rule);
  const p = Math.min(before.length, after.length) >= RANK_RUNS ? rankTest(before, after) : null;
  const isBorneOut = p === null ? areSeparate(before, after) : p < RANK_LEVEL;
  const isChanged = Math.abs(difference) > band && isBorneOut;
  const isWorse = difference > 0 === rule.isLowerBetter;
  const scale = rule.isAbsolute ? 1 : from;
  const told =
    scale === 0 ? { change: null, band: null } : { change: difference / scale, band: band / Math.abs(scale) };
  const outcome = !isChanged ? 'same' : isWorse ? 'worse' : 'better';
  return { before: from, after: to, ...told, p, outcome };
}
