// Book imbalance: which side of the book holds more near its best prices. Hot path.
//
// Definition  (Σ bid quantity − Σ ask quantity) / (Σ bid quantity + Σ ask quantity) over the best `levels` levels of
//             each side; where a side has fewer, over those it has.
// Units       a ratio, -1 (asks only) to 1 (bids only); a float from sums exact up to 9·10^12 units.
// Seeding     none: it is a function of the book alone.
// Warm-up     none; NaN where a side is empty.
// Source      Cartea, Jaimungal, Penalva, "Algorithmic and High-Frequency Trading" (2015), volume imbalance,
//             extended from the best level to several.

import { ATTO_PER_MILLI, decimalToFloat } from '../../../engine/base/decimal.ts';
import { SignalEvent } from '../../../schemas/ids.ts';
import { type LevelList, ladder } from '../ladder-view.ts';
import type { BookSignal, BookView } from '../signal.ts';

export class Imbalance implements BookSignal {
  readonly isStateless = true;
  value = Number.NaN;
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly levels: number;

  constructor(levels: number) {
    this.levels = levels;
  }

  get isWarm(): boolean {
    return !Number.isNaN(this.value);
  }

  book(view: BookView): void {
    this.value = imbalanceOf(view.bids, view.asks, this.levels);
  }

  reset(): void {
    this.value = Number.NaN;
  }
}

/** The imbalance of two ladders (ladder-view.ts), neither of them empty. */
function imbalanceOf(bids: LevelList, asks: LevelList, levels: number): number {
  const bidValues = bids.values;
  const askValues = asks.values;
  const bidCount = bids.count;
  const askCount = asks.count;
  // Differences are kept in integers, so that equal sides give 0 and not a rounding error.
  let differenceMilli = 0;
  let differenceAtto = 0;
  let totalMilli = 0;
  let totalAtto = 0;
  for (let rank = 0; rank < levels; rank++) {
    if (rank < bidCount) {
      const at = bids.offsetOf(rank);
      differenceMilli += bidValues[at + ladder.quantityMilli];
      differenceAtto += bidValues[at + ladder.quantityAtto];
      totalMilli += bidValues[at + ladder.quantityMilli];
      totalAtto += bidValues[at + ladder.quantityAtto];
    }
    if (rank < askCount) {
      const at = asks.offsetOf(rank);
      differenceMilli -= askValues[at + ladder.quantityMilli];
      differenceAtto -= askValues[at + ladder.quantityAtto];
      totalMilli += askValues[at + ladder.quantityMilli];
      totalAtto += askValues[at + ladder.quantityAtto];
    }
    // Carried at each level: a thousand attos would leave the integers that a float holds.
    const differenceCarry = Math.trunc(differenceAtto / ATTO_PER_MILLI);
    const totalCarry = Math.trunc(totalAtto / ATTO_PER_MILLI);
    differenceMilli += differenceCarry;
    differenceAtto -= differenceCarry * ATTO_PER_MILLI;
    totalMilli += totalCarry;
    totalAtto -= totalCarry * ATTO_PER_MILLI;
  }
  // Both parts of one sign: their floats then add up without cancelling each other.
  if (differenceMilli > 0 && differenceAtto < 0) {
    differenceMilli -= 1;
    differenceAtto += ATTO_PER_MILLI;
  } else if (differenceMilli < 0 && differenceAtto > 0) {
    differenceMilli += 1;
    differenceAtto -= ATTO_PER_MILLI;
  }
  return decimalToFloat(differenceMilli, differenceAtto) / decimalToFloat(totalMilli, totalAtto);
}
