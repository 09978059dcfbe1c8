// RSI: how much of the last changes of the close were rises, Wilder's. Hot path.
//
// Definition  100 − 100 / (1 + G / L); G and L are Wilder's averages (weight 1 / N) of the rises and of the falls of the
//             close, a fall or rise of 0 where there is none. 100 where L is 0, also where nothing has moved at all.
// Units       0 to 100; float.
// Seeding     G and L with the means of the first N changes.
// Warm-up     N + 1 bars (N changes); NaN before. The seed's weight is (1 − 1 / N)^k after k more: 2 % after 4 N.
// Source      Wilder, "New Concepts in Technical Trading Systems" (1978).

import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { type SeededAverage, wilderAverage } from './seeded-average.ts';

export class Rsi extends BarIndicator {
  private readonly gains: SeededAverage;
  private readonly losses: SeededAverage;
  private close = Number.NaN;
  private closeBefore = Number.NaN;

  constructor(period: number) {
    super(period + 1);
    this.gains = wilderAverage(period);
    this.losses = wilderAverage(period);
  }

  protected take(view: BarView): void {
    this.closeBefore = this.close;
    this.close = view.close;
    const change = this.close - this.closeBefore;
    if (Number.isNaN(change)) return;
    this.gains.given = Math.max(change, 0);
    this.gains.push();
    this.losses.given = Math.max(-change, 0);
    this.losses.push();
    if (!this.losses.isReady) return;
    const loss = this.losses.value;
    this.outputs[output.value] = loss > 0 ? 100 - 100 / (1 + this.gains.value / loss) : 100;
  }

  protected undo(): void {
    this.close = this.closeBefore;
    if (Number.isNaN(this.close)) return;
    this.gains.undo();
    this.losses.undo();
  }
}
