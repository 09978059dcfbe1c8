// Finds the highest rate that is sustained: doubling until one is not, then halving the distance, down to a twentieth.

export type Tried = { readonly ratePerS: number; readonly isSustained: boolean };

export type SearchBounds = {
  /** Where it begins. */
  readonly startPerS: number;
  readonly mostPerS: number;
  /** False ends the search with what is known by then. */
  readonly goesOn: () => boolean;
};

/** The rate found and the lowest one that failed lie this close together. */
export const SEARCH_PRECISION = 1.05;
/** A rate fails when it fails this often in a row: one stall of a busy machine must not decide. */
const TRIES = 2;

const rounded = (ratePerS: number): number => Math.max(1, Math.round(ratePerS));

async function isSustained(
  ratePerS: number,
  measure: (ratePerS: number) => Promise<Tried>,
  goesOn: () => boolean,
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES && goesOn(); attempt++) {
    if ((await measure(ratePerS)).isSustained) return true;
  }
  return false;
}

/** Null where not even one update a second is sustained. Up to `mostPerS`; what it measures it also tells its caller. */
export async function searchRate(
  measure: (ratePerS: number) => Promise<Tried>,
  { startPerS, mostPerS, goesOn }: SearchBounds,
): Promise<number | null> {
  let best = 0;
  let failed = Number.POSITIVE_INFINITY;
  let rate = rounded(Math.min(startPerS, mostPerS));
  while (goesOn() && failed > rounded(Math.max(best + 1, best * SEARCH_PRECISION)) && best < mostPerS) {
    if (await isSustained(rate, measure, goesOn)) best = rate;
    else if (goesOn()) failed = rate;
    if (failed === 1) break;
    if (failed === Number.POSITIVE_INFINITY) rate = Math.min(mostPerS, rate * 2);
    else if (best === 0) rate = rounded(failed / 2);
    else rate = rounded(Math.sqrt(best * failed));
  }
  return best === 0 ? null : best;
}

/** Lower by a twentieth each time it fails; null where none of the tries holds. */
export async function confirmRate(
  measure: (ratePerS: number) => Promise<Tried>,
  ratePerS: number,
  tries: number,
  goesOn: () => boolean,
): Promise<number | null> {
  let rate = ratePerS;
  for (let attempt = 0; attempt < tries && goesOn(); attempt++) {
    if ((await measure(rate)).isSustained) return rate;
    rate = rounded(rate / SEARCH_PRECISION);
  }
  return null;
}
