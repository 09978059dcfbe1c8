// Wilder's true range of each bar: how far the price went since the close before. Hot path.

import type { BarView } from '../signal.ts';

export class TrueRange {
  /** Of the last bar: max(high, close before) − min(low, close before); NaN for the first, which has no close before it. */
  value = Number.NaN;
  /** Close of the bar before the last; NaN where the last is the first. */
  closeBefore = Number.NaN;
  private close = Number.NaN;

  push(view: BarView): void {
    this.closeBefore = this.close;
    this.close = view.close;
    this.value = Math.max(view.high, this.closeBefore) - Math.min(view.low, this.closeBefore);
  }

  /** Takes the last bar out again. At most once after each bar; the fields that are read are then those of no bar. */
  undo(): void {
    this.close = this.closeBefore;
  }
}
