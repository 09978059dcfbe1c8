// MACD: a fast less a slow EMA of closes, the EMA of that as its signal line, and the difference of the two. Hot path.
//
// Definition  macd = EMA_fast − EMA_slow of the closes; signal = EMA_signal of macd; histogram = macd − signal.
//             Event crossUp when the histogram goes from ≤ 0 to > 0, crossDown when it goes from ≥ 0 to < 0.
// Units       quote currency per unit; float.
// Seeding     each EMA starts on its own with the mean of its first N inputs: the closes, for the signal line macd.
// Warm-up     max(fast, slow) bars for macd, signal − 1 more for the others and isWarm; NaN before.
// Revisions   an event says that the sign of the histogram differs from that told before.
// Source      Appel (1979), the histogram by Aspray (1986). TA-Lib starts the fast EMA late, where the slow one starts.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { Crossing } from './crossing.ts';
import { emaAverage, type SeededAverage } from './seeded-average.ts';

export class Macd extends BarIndicator {
  private readonly fast: SeededAverage;
  private readonly slow: SeededAverage;
  private readonly signal: SeededAverage;
  private readonly crossing = new Crossing();

  constructor(fast: number, slow: number, signal: number) {
    super(Math.max(fast, slow) + signal - 1);
    this.fast = emaAverage(fast);
    this.slow = emaAverage(slow);
    this.signal = emaAverage(signal);
  }

  protected take(view: BarView): void {
    this.fast.given = view.close;
    this.fast.push();
    this.slow.given = view.close;
    this.slow.push();
    if (!this.hasBoth) return;
    const line = this.fast.value - this.slow.value;
    this.signal.given = line;
    this.signal.push();
    this.outputs[output.value] = line;
    this.outputs[output.second] = this.signal.value;
    this.outputs[output.third] = line - this.signal.value;
  }

  protected undo(): void {
    if (this.hasBoth) this.signal.undo();
    this.fast.undo();
    this.slow.undo();
  }

  protected override detect(): number {
    return this.crossing.tell(this.outputs, output.third);
  }

  private get hasBoth(): boolean {
    return this.fast.isReady && this.slow.isReady;
  }
}
