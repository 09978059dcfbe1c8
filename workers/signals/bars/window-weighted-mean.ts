// The mean of the last N values with weights 1 for the oldest to N for the newest. Hot path.

import { Window } from './window.ts';

/**
 * A folded slot is Σ of the values from it on, weighted 1, 2, 3 and so on, which is right as it stands: the slot at
 * `next` is the oldest in the window. The newer values' weights are their own 1, 2, 3 more than the older half is long.
 */
export class WindowWeightedMean extends Window {
  /** NaN until the window is full. */
  value = Number.NaN;
  private valueBefore = Number.NaN;
  private readonly slots: Float64Array;
  private readonly weights: number;
  private sum = 0;
  private sumBefore = 0;
  private weighted = 0;
  private weightedBefore = 0;

  constructor(period: number) {
    super(period);
    this.slots = new Float64Array(period);
    this.weights = (period * (period + 1)) / 2;
  }

  push(): void {
    const value = this.given;
    const slot = this.claim();
    this.sumBefore = this.sum;
    this.weightedBefore = this.weighted;
    this.valueBefore = this.value;
    this.slots[slot] = value;
    this.sum += value;
    this.weighted += (slot + 1) * value;
    if (this.isFull) this.joinHalves();
  }

  undo(): void {
    this.unclaim();
    this.sum = this.sumBefore;
    this.weighted = this.weightedBefore;
    this.value = this.valueBefore;
  }

  protected fold(): void {
    const { slots } = this;
    let sum = 0;
    let weighted = 0;
    for (let slot = this.period - 1; slot >= 0; slot--) {
      sum += slots[slot];
      weighted += sum;
      slots[slot] = weighted;
    }
    this.sum = 0;
    this.weighted = 0;
  }

  private joinHalves(): void {
    const olderCount = this.period - this.next;
    const older = olderCount === 0 ? 0 : this.slots[this.next] + olderCount * this.sum;
    this.value = (older + this.weighted) / this.weights;
  }
}
