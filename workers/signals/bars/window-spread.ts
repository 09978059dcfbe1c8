// The weighted mean and population deviation of the last N values. Hot path.
//
// A group of values is its weight, its mean and the weighted sum of squared distances from that mean; one value is a group
// too, without distances. Groups join as in Chan, Golub and LeVeque, "Updating Formulae" (1979). Every term added is 0 or
// more, so there is no difference of two large sums of squares, and the deviation of equal values is exactly 0.

import { Window } from './window.ts';

const GROUP_WORDS = 3;
const group = { weight: 0, mean: 1, squares: 2 } as const;

export class WindowSpread extends Window {
  /** The weight of the value that is given. */
  givenWeight = Number.NaN;
  /** After the last push(): NaN until the window is full, and where nothing in it has a weight. */
  mean = Number.NaN;
  /** Population deviation after the last push(): root of the weighted mean of squared distances. NaN as the mean is. */
  deviation = Number.NaN;
  private readonly slots: Float64Array;
  private readonly newer = new Float64Array(GROUP_WORDS);
  private readonly newerBefore = new Float64Array(GROUP_WORDS);
  private readonly whole = new Float64Array(GROUP_WORDS);

  constructor(period: number) {
    super(period);
    this.slots = new Float64Array(period * GROUP_WORDS);
  }

  /** A value of weight 0 has its place in the window and counts for nothing. */
  push(): void {
    const at = this.claim() * GROUP_WORDS;
    copyGroup(this.newer, 0, this.newerBefore, 0);
    this.slots[at + group.weight] = this.givenWeight;
    this.slots[at + group.mean] = this.given;
    this.slots[at + group.squares] = 0;
    joinGroup(this.newer, 0, this.slots, at);
    if (this.isFull) this.joinHalves();
  }

  undo(): void {
    this.unclaim();
    copyGroup(this.newerBefore, 0, this.newer, 0);
  }

  protected fold(): void {
    const { slots } = this;
    for (let at = (this.period - 2) * GROUP_WORDS; at >= 0; at -= GROUP_WORDS) {
      joinGroup(slots, at, slots, at + GROUP_WORDS);
    }
    this.newer.fill(0);
  }

  private joinHalves(): void {
    const { whole } = this;
    copyGroup(this.newer, 0, whole, 0);
    if (this.next < this.period) joinGroup(whole, 0, this.slots, this.next * GROUP_WORDS);
    this.mean = whole[group.weight] > 0 ? whole[group.mean] : Number.NaN;
    this.deviation = Math.sqrt(whole[group.squares] / whole[group.weight]);
  }
}

function copyGroup(from: Float64Array, fromAt: number, to: Float64Array, toAt: number): void {
  to[toAt] = from[fromAt];
  to[toAt + 1] = from[fromAt + 1];
  to[toAt + 2] = from[fromAt + 2];
}

/** Joins a group to the one at `at`. A group without weight has no mean: what its word holds, NaN too, is not read. */
function joinGroup(groups: Float64Array, at: number, others: Float64Array, othersAt: number): void {
  const weight = others[othersAt + group.weight];
  const weightBefore = groups[at + group.weight];
  if (weight === 0) return;
  if (weightBefore === 0) {
    copyGroup(others, othersAt, groups, at);
    return;
  }
  const share = weight / (weightBefore + weight);
  const distance = others[othersAt + group.mean] - groups[at + group.mean];
  groups[at + group.weight] = weightBefore + weight;
  groups[at + group.mean] += distance * share;
  groups[at + group.squares] += others[othersAt + group.squares] + distance * distance * weightBefore * share;
}
