// Book imbalance: which side of the book holds more near its best prices. Hot path.
//
// Definition  (Σ bid quantity − Σ ask quantity) / (Σ bid quantity + Σ ask quantity) over the best `levels` levels (by
//             default IMBALANCE_LEVELS) of each side; where a side has fewer, over those it has.
// Units       a ratio, -1 (asks only) to 1 (bids only); a float from exact sums.
// Seeding     none: it is a function of the book alone.
// Warm-up     none; NaN where a side is empty.
// Source      Cartea, Jaimungal, Penalva, "Algorithmic and High-Frequency Trading" (2015), volume imbalance,
//             extended from the best level to several.

import { ATTO_PER_MILLI, decimalToFloat } from '../../engine/base/decimal.ts';
import { LADDER_STRIDE, ladder } from './ladder-view.ts';

/** Writes the imbalance of two ladders (ladder-view.ts) to `out[outIndex]`. */
export function imbalance(
  bidValues: Float64Array,
  bidCount: number,
  askValues: Float64Array,
  askCount: number,
  levels: number,
  out: Float64Array,
  outIndex: number,
): void {
  out[outIndex] = Number.NaN;
  if (bidCount === 0 || askCount === 0) return;
  // Differences are kept in integers, so that equal sides give 0 and not a rounding error.
  let differenceMilli = 0;
  let differenceAtto = 0;
  let totalMilli = 0;
  let totalAtto = 0;
  for (let depth = 1; depth <= levels; depth++) {
    if (depth <= bidCount) {
      const at = (bidCount - depth) * LADDER_STRIDE;
      differenceMilli += bidValues[at + ladder.quantityMilli];
      differenceAtto += bidValues[at + ladder.quantityAtto];
      totalMilli += bidValues[at + ladder.quantityMilli];
      totalAtto += bidValues[at + ladder.quantityAtto];
    }
    if (depth <= askCount) {
      const at = (askCount - depth) * LADDER_STRIDE;
      differenceMilli -= askValues[at + ladder.quantityMilli];
      differenceAtto -= askValues[at + ladder.quantityAtto];
      totalMilli += askValues[at + ladder.quantityMilli];
      totalAtto += askValues[at + ladder.quantityAtto];
    }
  }
  // Both parts of one sign: their floats then add up without cancelling each other.
  const carry = Math.trunc(differenceAtto / ATTO_PER_MILLI);
  differenceMilli += carry;
  differenceAtto -= carry * ATTO_PER_MILLI;
  if (differenceMilli > 0 && differenceAtto < 0) {
    differenceMilli -= 1;
    differenceAtto += ATTO_PER_MILLI;
  } else if (differenceMilli < 0 && differenceAtto > 0) {
    differenceMilli += 1;
    differenceAtto -= ATTO_PER_MILLI;
  }
  out[outIndex] = decimalToFloat(differenceMilli, differenceAtto) / decimalToFloat(totalMilli, totalAtto);
}
