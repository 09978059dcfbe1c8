// SMA: the simple moving average of closes. Hot path.
//
// Definition  (close(t) + … + close(t−N+1)) / N.
// Units       quote currency per unit; float.
// Seeding     none: a function of the last N bars.
// Warm-up     N bars; NaN before.
// Source      the usual definition.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowMean } from './window-mean.ts';

export class Sma extends BarIndicator {
  private readonly mean: WindowMean;

  constructor(period: number) {
    super(period);
    this.mean = new WindowMean(period);
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
