// Sum of the last `size` values without ever subtracting one, so that no error outlives the value that made it. Hot path.
//
// A queue of two stacks: the older values lie as sums from each of them up to the newest older one, the newer ones as
// they are, with their sum apart. The oldest leaves by dropping its sum; when the older are used up, the newer become
// the older in one pass backward. Amortised two additions a value, at most `size` at once. Memory: 8 bytes a value.
//
//   words   [ a+b+c │ b+c │ c ][ d │ e ]        sum = (a+b+c) + (d+e)
//             oldest  older        newer

export class RollingSum {
  private readonly words: Float64Array;
  /** The sum of the newer values. */
  private readonly newerSum = new Float64Array(1);
  private oldest = 0;
  private older = 0;
  private newer = 0;

  constructor(size: number) {
    this.words = new Float64Array(size);
  }

  get count(): number {
    return this.older + this.newer;
  }

  get isFull(): boolean {
    return this.older + this.newer === this.words.length;
  }

  /** 0 where there are no values. */
  get sum(): number {
    return (this.older > 0 ? this.words[this.oldest] : 0) + this.newerSum[0];
  }

  /** Takes a value; the oldest leaves where the window is full. */
  add(value: number): void {
    if (this.isFull) this.dropOldest();
    this.words[this.place(this.older + this.newer)] = value;
    this.newer++;
    this.newerSum[0] += value;
  }

  clear(): void {
    this.older = 0;
    this.newer = 0;
    this.newerSum[0] = 0;
  }

  private dropOldest(): void {
    if (this.older === 0) this.turn();
    this.oldest = this.place(1);
    this.older--;
  }

  private turn(): void {
    let sum = 0;
    for (let index = this.newer - 1; index >= 0; index--) {
      const at = this.place(index);
      sum += this.words[at];
      this.words[at] = sum;
    }
    this.older = this.newer;
    this.newer = 0;
    this.newerSum[0] = 0;
  }

  private place(index: number): number {
    const at = this.oldest + index;
    return at >= this.words.length ? at - this.words.length : at;
  }
}
