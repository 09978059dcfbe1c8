// ATR: the average true range, Wilder's. Hot path.
//
// Definition  Wilder's average (weight 1 / N) of the true range max(high, close before) − min(low, close before).
// Units       quote currency per unit; float.
// Seeding     the mean of the first N true ranges. The first bar has none, since no close is before it.
// Warm-up     N + 1 bars; NaN before. The seed's weight is (1 − 1 / N)^k after k more: 2 % after 4 N.
// Source      Wilder, "New Concepts in Technical Trading Systems" (1978). Some take high − low of the first bar for its
//             true range and start one bar earlier.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { type SeededAverage, wilderAverage } from './seeded-average.ts';
import { TrueRange } from './true-range.ts';

export class Atr extends BarIndicator {
  private readonly range = new TrueRange();
  private readonly average: SeededAverage;

  constructor(period: number) {
    super(period + 1);
    this.average = wilderAverage(period);
  }

  protected take(view: BarView): void {
    this.range.push(view);
    if (Number.isNaN(this.range.value)) return;
    this.average.given = this.range.value;
    this.average.push();
    this.outputs[output.value] = this.average.value;
  }

  protected undo(): void {
    if (!Number.isNaN(this.range.closeBefore)) this.average.undo();
    this.range.undo();
  }
}
