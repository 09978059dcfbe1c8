// Book pressure: which side of the book holds more, the better levels counting more. Hot path.
//
// Definition  (B − A) / (B + A), B and A the sums of weight × quantity over the best `levels` levels of each side, or
//             those it has; the weight of the level of rank r from the best is 1 / (r + 1). As `pressure` of
//             docs/measures.md, which is exact and looks at ten levels.
// Units       a ratio, -1 (asks only) to 1 (bids only); a float.
// Seeding     none: it is a function of the book alone.
// Warm-up     none; NaN where a side is empty.
// Source      volume imbalance of Cartea, Jaimungal, Penalva, "Algorithmic and High-Frequency Trading" (2015); that levels
//             behind the best tell something, and less: Cao, Hansch, Wang, "The information content of an open
//             limit-order book" (2009). The weights are ours.

import { decimalToFloat } from '../../../engine/base/decimal.ts';
import { SignalEvent } from '../../../schemas/ids.ts';
import { type LevelList, ladder } from '../ladder-view.ts';
import type { BookSignal, BookView } from '../signal.ts';

export class BookPressure implements BookSignal {
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
    const bids = weightOf(view.bids, this.levels);
    const asks = weightOf(view.asks, this.levels);
    this.value = (bids - asks) / (bids + asks);
  }

  reset(): void {
    this.value = Number.NaN;
  }
}

/** Weighted quantity of the best levels of one side (ladder-view.ts). */
function weightOf(side: LevelList, levels: number): number {
  const { values } = side;
  let sum = 0;
  const shown = Math.min(side.count, levels);
  for (let rank = 0; rank < shown; rank++) {
    const at = side.offsetOf(rank);
    sum += decimalToFloat(values[at + ladder.quantityMilli], values[at + ladder.quantityAtto]) / (rank + 1);
  }
  return sum;
}
