// SMA cross: a fast less a slow simple moving average of closes, and its changes of sign. Hot path.
//
// Definition  SMA_fast − SMA_slow of the closes. Event crossUp (the golden cross of 50 and 200) when the value goes from
//             ≤ 0 to > 0, crossDown (the death cross) when it goes from ≥ 0 to < 0.
// Units       quote currency per unit; float. Exactly 0 where all closes of the longer window are equal.
// Seeding     none: a function of the last max(fast, slow) bars.
// Warm-up     max(fast, slow) bars; NaN before, and no event with the first value.
// Revisions   an event says that the sign differs from the value told before.
// Source      the usual definition.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { Crossing } from './crossing.ts';
import { WindowMean } from './window-mean.ts';

export class SmaCross extends BarIndicator {
  private readonly fast: WindowMean;
  private readonly slow: WindowMean;
  private readonly crossing = new Crossing();

  constructor(fast: number, slow: number) {
    super(Math.max(fast, slow));
    this.fast = new WindowMean(fast);
    this.slow = new WindowMean(slow);
  }

  protected take(view: BarView): void {
    this.fast.given = view.close;
    this.fast.push();
    this.slow.given = view.close;
    this.slow.push();
    this.outputs[output.value] = this.fast.value - this.slow.value;
  }

  protected undo(): void {
    this.fast.undo();
    this.slow.undo();
  }

  protected override detect(): number {
    return this.crossing.tell(this.outputs, output.value);
  }
}
