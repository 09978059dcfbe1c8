// Bollinger bands: the mean of closes, and so many deviations above and below it. Hot path.
//
// Definition  middle = SMA_N of the closes; upper, lower = middle ± D σ; σ² = Σ (close − middle)² / N over the same N.
// Units       quote currency per unit; float.
// Seeding     none: a function of the last N bars.
// Warm-up     N bars; NaN before.
// Source      Bollinger (1983); population deviation, as he has it.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowSpread } from './window-spread.ts';

export class Bollinger extends BarIndicator {
  private readonly closes: WindowSpread;
  private readonly deviations: number;

  constructor(period: number, deviations: number) {
    super(period);
    this.closes = new WindowSpread(period);
    this.deviations = deviations;
  }

  protected take(view: BarView): void {
    this.closes.given = view.close;
    this.closes.givenWeight = 1;
    this.closes.push();
    const { mean, deviation } = this.closes;
    this.outputs[output.value] = mean;
    this.outputs[output.second] = mean + this.deviations * deviation;
    this.outputs[output.third] = mean - this.deviations * deviation;
  }

  protected undo(): void {
    this.closes.undo();
  }
}
