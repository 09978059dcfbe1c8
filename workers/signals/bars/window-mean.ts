// The plain mean of the last N values. Hot path.

import { Window } from './window.ts';

/** Both halves are kept as means, not sums: the mean of equal values is then exactly that value, and no cross is rounding. */
export class WindowMean extends Window {
  /** NaN until the window is full. */
  value = Number.NaN;
  private valueBefore = Number.NaN;
  private readonly slots: Float64Array;
  private newer = 0;
  private newerBefore = 0;

  constructor(period: number) {
    super(period);
    this.slots = new Float64Array(period);
  }

  push(): void {
    const value = this.given;
    const slot = this.claim();
    this.newerBefore = this.newer;
    this.valueBefore = this.value;
    this.slots[slot] = value;
    this.newer += (value - this.newer) / (slot + 1);
    if (this.isFull) this.joinHalves();
  }

  undo(): void {
    this.unclaim();
    this.newer = this.newerBefore;
    this.value = this.valueBefore;
  }

  protected fold(): void {
    const { slots, period } = this;
    for (let slot = period - 2; slot >= 0; slot--) {
      slots[slot] = slots[slot + 1] + (slots[slot] - slots[slot + 1]) / (period - slot);
    }
    this.newer = 0;
  }

  private joinHalves(): void {
    this.value = this.newer;
    if (this.next === this.period) return;
    const older = this.slots[this.next];
    this.value = older + (this.newer - older) * (this.next / this.period);
  }
}
