// The greatest of the last N values; of their negatives, the least. Hot path.

import { Window } from './window.ts';

/**
 * The two halves of Window, rather than a queue of falling values: taking back the last value, as often as a bar is
 * revised, then costs the same as giving it.
 */
export class WindowMaximum extends Window {
  /** NaN until the window is full. */
  value = Number.NaN;
  private valueBefore = Number.NaN;
  private readonly slots: Float64Array;
  private newer = Number.NEGATIVE_INFINITY;
  private newerBefore = Number.NEGATIVE_INFINITY;

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
    if (value > this.newer) this.newer = value;
    if (this.isFull) this.joinHalves();
  }

  undo(): void {
    this.unclaim();
    this.newer = this.newerBefore;
    this.value = this.valueBefore;
  }

  protected fold(): void {
    const { slots } = this;
    for (let slot = this.period - 2; slot >= 0; slot--) slots[slot] = Math.max(slots[slot], slots[slot + 1]);
    this.newer = Number.NEGATIVE_INFINITY;
  }

  private joinHalves(): void {
    this.value = this.next === this.period ? this.newer : Math.max(this.newer, this.slots[this.next]);
  }
}
