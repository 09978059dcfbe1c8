// Price cross: the close less its simple moving average, and its changes of sign. Hot path.
//
// Definition  close − SMA_N of the closes, this one among them. Event crossUp when the value goes from ≤ 0 to > 0,
//             crossDown when it goes from ≥ 0 to < 0.
// Units       quote currency per unit; float. Exactly 0 where the last N closes are equal.
// Seeding     none: a function of the last N bars.
// Warm-up     N bars; NaN before, and no event with the first value.
// Revisions   an event says that the sign differs from the value told before.
// Source      the usual definition.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { Crossing } from './crossing.ts';
import { WindowMean } from './window-mean.ts';

export class PriceCross extends BarIndicator {
  private readonly mean: WindowMean;
  private readonly crossing = new Crossing();

  constructor(period: number) {
    super(period);
    this.mean = new WindowMean(period);
  }

  protected take(view: BarView): void {
    this.mean.given = view.close;
    this.mean.push();
    this.outputs[output.value] = view.close - this.mean.value;
  }

  protected undo(): void {
    this.mean.undo();
  }

  protected override detect(): number {
    return this.crossing.tell(this.outputs, output.value);
  }
}
