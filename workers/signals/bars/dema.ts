// DEMA: the double exponential moving average of closes, which lags less than an EMA. Hot path.
//
// Definition  2 EMA(t) − EMA of EMA(t), both with α = 2 / (N + 1).
// Units       quote currency per unit; float.
// Seeding     the inner EMA with the mean of the first N closes; the outer with the inner's first value, and not with a
//             mean of N of them. The first value of DEMA is thus that mean.
// Warm-up     N bars; NaN before. The first values lean on the seed: it has faded to 2 % after about 3 N more.
// Source      Mulloy, "Smoothing Data with Faster Moving Averages" (1994); seeding as in Stock.Indicators. TA-Lib seeds
//             the outer EMA with a mean too, and starts N − 1 bars later.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { emaAverage, emaWeight, SeededAverage } from './seeded-average.ts';

export class Dema extends BarIndicator {
  private readonly inner: SeededAverage;
  private readonly outer: SeededAverage;

  constructor(period: number) {
    super(period);
    this.inner = emaAverage(period);
    this.outer = new SeededAverage(1, emaWeight(period));
  }

  protected take(view: BarView): void {
    this.inner.given = view.close;
    this.inner.push();
    if (!this.inner.isReady) return;
    this.outer.given = this.inner.value;
    this.outer.push();
    this.outputs[output.value] = 2 * this.inner.value - this.outer.value;
  }

  protected undo(): void {
    if (this.inner.isReady) this.outer.undo();
    this.inner.undo();
  }
}
