// Least-squares line through the last `size` values over their places 0, 1, 2, … without ever subtracting one. Hot path.
//
// The queue of two stacks of rolling-sum.ts, with groups of values in place of sums: each has a mean and its moments
// about that mean (moments.ts says why), and those of x follow from the number of values alone. Amortised two merges a
// value, at most `size` at once. Memory: 24 bytes a value.

/** Words of a group: mean of y, and the moments xy and yy about the means. A newer value has its y in the first. */
const group = { mean: 0, xy: 1, yy: 2 } as const;
const GROUP_WORDS = 3;

export class RollingTrend {
  private readonly size: number;
  private readonly words: Float64Array;
  private readonly newerGroup = new Float64Array(GROUP_WORDS);
  private readonly whole = new Float64Array(GROUP_WORDS);
  private oldest = 0;
  private older = 0;
  private newer = 0;

  constructor(size: number) {
    this.size = size;
    this.words = new Float64Array(size * GROUP_WORDS);
  }

  get isFull(): boolean {
    return this.older + this.newer === this.size;
  }

  /** Change of the line from one value to the next; NaN before the second value. */
  get slope(): number {
    const count = this.older + this.newer;
    if (count < 2) return Number.NaN;
    this.merge();
    return this.whole[group.xy] / spread(count);
  }

  /** Share of the variance that the line explains, 0 to 1; NaN where all values are equal. */
  get rSquared(): number {
    const count = this.older + this.newer;
    this.merge();
    const { whole } = this;
    if (count < 2 || !(whole[group.yy] > 0)) return Number.NaN;
    return Math.min(1, (whole[group.xy] / spread(count)) * (whole[group.xy] / whole[group.yy]));
  }

  /** Takes a value; the oldest leaves where the window is full. */
  add(value: number): void {
    if (this.isFull) this.dropOldest();
    this.words[this.place(this.older + this.newer)] = value;
    addValue(this.newerGroup, 0, this.newer, 1, value);
    this.newer++;
  }

  private dropOldest(): void {
    if (this.older === 0) this.turn();
    this.oldest = this.oldest + 1 === this.size ? 0 : this.oldest + 1;
    this.older--;
  }

  /** Makes the newer values the older ones, as groups that grow from the newest to the oldest. */
  private turn(): void {
    const { newerGroup, words } = this;
    newerGroup.fill(0);
    for (let index = this.newer - 1, count = 0; index >= 0; index--, count++) {
      const at = this.place(index);
      addValue(newerGroup, 0, count, -1, words[at]);
      for (let word = 0; word < GROUP_WORDS; word++) words[at + word] = newerGroup[word];
    }
    newerGroup.fill(0);
    this.older = this.newer;
    this.newer = 0;
  }

  /** Brings older and newer values together in `whole`. */
  private merge(): void {
    const { whole, words, newerGroup, older, newer } = this;
    const at = this.place(0);
    for (let word = 0; word < GROUP_WORDS; word++) whole[word] = older > 0 ? words[at + word] : newerGroup[word];
    if (older === 0 || newer === 0) return;
    const fromX = (older + newer) / 2;
    const fromY = newerGroup[group.mean] - whole[group.mean];
    const share = (older * newer) / (older + newer);
    whole[group.xy] += newerGroup[group.xy] + fromX * fromY * share;
    whole[group.yy] += newerGroup[group.yy] + fromY * fromY * share;
  }

  private place(index: number): number {
    const at = this.oldest + index;
    return (at >= this.size ? at - this.size : at) * GROUP_WORDS;
  }
}

/** Sum of squared distances of 0, 1, …, count - 1 from their mean. */
function spread(count: number): number {
  return (count * (count * count - 1)) / 12;
}

/** Adds a value behind (`direction` 1) or ahead of (-1) a group of `count` values. */
function addValue(words: Float64Array, at: number, count: number, direction: number, value: number): void {
  const fromX = (direction * (count + 1)) / 2;
  const fromY = value - words[at + group.mean];
  const share = count / (count + 1);
  words[at + group.mean] += fromY / (count + 1);
  words[at + group.xy] += fromX * fromY * share;
  words[at + group.yy] += fromY * fromY * share;
}
