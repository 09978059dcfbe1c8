// Stochastic oscillator: where the close stands between the lowest and the highest price of the last bars. Hot path.
//
// Definition  raw = 100 (close − lowest low) / (highest high − lowest low) over the last N bars, 0 where they are equal;
//             k = SMA_smooth of raw; d = SMA_signal of k.
// Units       0 to 100; float.
// Seeding     none: a function of the last N + smooth + signal − 2 bars.
// Warm-up     N + smooth − 1 bars for k, signal − 1 more for d and isWarm; NaN before.
// Source      Lane (1984), the slow stochastic; with smooth = 1 the fast one.

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowMaximum } from './window-maximum.ts';
import { WindowMean } from './window-mean.ts';

export class Stochastic extends BarIndicator {
  private readonly highs: WindowMaximum;
  private readonly negativeLows: WindowMaximum;
  private readonly smooth: WindowMean;
  private readonly signal: WindowMean;

  constructor(period: number, signal: number, smooth: number) {
    super(period + smooth + signal - 2);
    this.highs = new WindowMaximum(period);
    this.negativeLows = new WindowMaximum(period);
    this.smooth = new WindowMean(smooth);
    this.signal = new WindowMean(signal);
  }

  protected take(view: BarView): void {
    this.highs.given = view.high;
    this.highs.push();
    this.negativeLows.given = -view.low;
    this.negativeLows.push();
    if (!this.highs.isFull) return;
    this.pushRaw(view);
    if (this.smooth.isFull) this.setOutputs();
  }

  protected undo(): void {
    if (this.highs.isFull) {
      if (this.smooth.isFull) this.signal.undo();
      this.smooth.undo();
    }
    this.highs.undo();
    this.negativeLows.undo();
  }

  private pushRaw(view: BarView): void {
    const lowest = -this.negativeLows.value;
    const range = this.highs.value - lowest;
    this.smooth.given = range > 0 ? (100 * (view.close - lowest)) / range : 0;
    this.smooth.push();
  }

  private setOutputs(): void {
    this.signal.given = this.smooth.value;
    this.signal.push();
    this.outputs[output.value] = this.smooth.value;
    this.outputs[output.second] = this.signal.value;
  }
}
