// OBV: on-balance volume, the volume of rising less that of falling bars since the first. Hot path.
//
// Definition  OBV(t) = OBV(t−1) + volume where close(t) > close(t−1), − volume where it is less, + 0 where it is equal.
// Units       quantity; float.
// Seeding     0 with the first bar.
// Warm-up     one bar; NaN before.
// Drift       the sum has no end, so what each addition rounds off is kept beside it (Neumaier): the value is the exact
//             sum of the volumes' floats to within one rounding, and not one rounding a bar.
// Source      Granville, "New Key to Stock Market Profits" (1963).

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';

export class Obv extends BarIndicator {
  private sum = 0;
  private sumBefore = 0;
  private rest = 0;
  private restBefore = 0;
  private close = Number.NaN;
  private closeBefore = Number.NaN;

  constructor() {
    super(1);
  }

  protected take(view: BarView): void {
    this.sumBefore = this.sum;
    this.restBefore = this.rest;
    this.closeBefore = this.close;
    this.close = view.close;
    const rose = this.close > this.closeBefore ? view.volume : 0;
    const fell = this.close < this.closeBefore ? view.volume : 0;
    // Knuth's two-sum: the new sum and what it rounded off together are exact.
    const volume = rose - fell;
    const sum = this.sum + volume;
    const added = sum - this.sum;
    this.rest += this.sum - (sum - added) + (volume - added);
    this.sum = sum;
    this.outputs[output.value] = this.sum + this.rest;
  }

  protected undo(): void {
    this.sum = this.sumBefore;
    this.rest = this.restBefore;
    this.close = this.closeBefore;
  }
}
