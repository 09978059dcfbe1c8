// EMA: the exponential moving average of closes. Hot path.
//
// Definition  EMA(t) = EMA(t−1) + α (close(t) − EMA(t−1)), α = 2 / (N + 1).
// Units       quote currency per unit; float.
// Seeding     the mean of the first N closes, which is the first value.
// Warm-up     N bars; NaN before. The seed's weight is (1 − α)^k after k more: 13 % after N, 2 % after 2 N.
// Source      the usual definition; seeding as in TA-Lib's EMA.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { emaAverage, type SeededAverage } from './seeded-average.ts';

export class Ema extends BarIndicator {
  private readonly average: SeededAverage;

  constructor(period: number) {
    super(period);
    this.average = emaAverage(period);
  }

  protected take(view: BarView): void {
    this.average.given = view.close;
    this.average.push();
    this.outputs[output.value] = this.average.value;
  }

  protected undo(): void {
    this.average.undo();
  }
}
