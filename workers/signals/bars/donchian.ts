// Donchian channel: the highest and lowest price of the bars before, and closes that leave it. Hot path.
//
// Definition  upper = highest high, lower = lowest low of the N bars before this one, which itself is not among them;
//             middle = (upper + lower) / 2. Event breakoutUp where the close is > upper, breakoutDown where < lower.
// Units       quote currency per unit; float.
// Seeding     none: a function of the N bars before.
// Warm-up     N + 1 bars; NaN before.
// Revisions   a breakout is told once for a bar, and again only where a revision makes it one to the other side.
// Source      Donchian's four-week rule (1960); the bar itself is left out as in Stock.Indicators, since no close could
//             leave a channel that holds its own high and low. With it, the channel is that of the next bar.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BarView } from '../signal.ts';
import { BarIndicator, output } from './bar-indicator.ts';
import { WindowMaximum } from './window-maximum.ts';

export class Donchian extends BarIndicator {
  private readonly highs: WindowMaximum;
  private readonly negativeLows: WindowMaximum;
  private close = Number.NaN;

  constructor(period: number) {
    super(period + 1);
    this.highs = new WindowMaximum(period);
    this.negativeLows = new WindowMaximum(period);
  }

  protected take(view: BarView): void {
    if (this.highs.isFull) {
      const upper = this.highs.value;
      const lower = -this.negativeLows.value;
      this.outputs[output.value] = (upper + lower) / 2;
      this.outputs[output.second] = upper;
      this.outputs[output.third] = lower;
    }
    this.highs.given = view.high;
    this.highs.push();
    this.negativeLows.given = -view.low;
    this.negativeLows.push();
    this.close = view.close;
  }

  protected undo(): void {
    this.highs.undo();
    this.negativeLows.undo();
  }

  protected override detect(isRevision: boolean): number {
    return this.tellOnce(this.isTaken ? this.breakout() : SignalEvent.none, isRevision);
  }

  private breakout(): number {
    if (this.close > this.outputs[output.second]) return SignalEvent.breakoutUp;
    return this.close < this.outputs[output.third] ? SignalEvent.breakoutDown : SignalEvent.none;
  }
}
