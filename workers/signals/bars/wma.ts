// WMA: the linearly weighted moving average of closes. Hot path.
//
// Definition  (N close(t) + (N−1) close(t−1) + … + 1 close(t−N+1)) / (N (N+1) / 2).
// Units       quote currency per unit; float.
// Seeding     none: a function of the last N bars.
// Warm-up     N bars; NaN before.
// Source      the usual definition.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowWeightedMean } from './window-weighted-mean.ts';

export class Wma extends BarIndicator {
  private readonly mean: WindowWeightedMean;

  constructor(period: number) {
    super(period);
    this.mean = new WindowWeightedMean(period);
  }

  protected take(view: BarView): void {
    this.mean.given = view.close;
    this.mean.push();
    this.outputs[output.value] = this.mean.value;
  }

  protected undo(): void {
    this.mean.undo();
  }
}
