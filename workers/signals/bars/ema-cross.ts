// EMA cross: a fast less a slow exponential moving average of the closes of closed bars, and its changes of sign. Hot path.
//
// Definition  EMA_fast − EMA_slow of the closes; EMA_N(t) = EMA_N(t−1) + α (close(t) − EMA_N(t−1)), α = 2 / (N + 1).
//             Event crossUp when the value goes from ≤ 0 to > 0, crossDown when it goes from ≥ 0 to < 0.
// Units       quote currency per unit; float.
// Seeding     each EMA with the mean of its first N closes.
// Warm-up     max(fast, slow) bars; NaN before, and no event with the first value.
// Revisions   a revised close of the last bar takes the place of the old one: both averages are computed again from the
//             state before it, and an event says that the sign differs from the value told before. A bar that
//             becomes final behind a newer one, or is revised there, is not given and changes nothing.
// Source      Appel's MACD line (1979), without its signal line; seeding as in TA-Lib's EMA.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { Crossing } from './crossing.ts';
import { emaAverage, type SeededAverage } from './seeded-average.ts';

export class EmaCross extends BarIndicator {
  private readonly fast: SeededAverage;
  private readonly slow: SeededAverage;
  private readonly crossing = new Crossing();

  constructor(fast: number, slow: number) {
    super(Math.max(fast, slow));
    this.fast = emaAverage(fast);
    this.slow = emaAverage(slow);
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
