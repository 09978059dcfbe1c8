// Owns putting a snapshot's levels in a ladder's order: merged from the runs they have, zeros left out.

/** Numbers of one level: price milli and atto, quantity milli and atto. */
const STRIDE = 4;
const QUANTITY = 2;
/** Levels the scratch of a sort begins with. */
const START = 1024;

/**
 * Natural merge sort over indexes: finds the rising runs, merges neighbours until one is left, so levels nearly
 * in order cost little and the worst case is O(n log n). Stable, therefore of one price the last that came is behind
 * the others, and is the one kept. Scratch grows by doubling and stays; only the shard's stage ladders have one.
 */
export class LevelSort {
  private order0 = new Int32Array(START);
  private order1 = new Int32Array(START);
  /** Starts of the runs, then the end of the last. */
  private runs = new Int32Array(START + 1);
  private values = new Float64Array(START * STRIDE);
  private decimals = new Uint8Array(START * 2);

  /**
   * Orders `count` levels, worst first, and leaves out all but the last of one price; returns how many are left.
   * `sign` is 1 for bids, which rise, and -1 for asks.
   */
  order(values: Float64Array, decimals: Uint8Array, count: number, sign: number): number {
    this.reserve(count);
    for (let i = 0; i < count * STRIDE; i++) this.values[i] = values[i];
    for (let i = 0; i < count * 2; i++) this.decimals[i] = decimals[i];
    let runs = this.findRuns(count, sign);
    while (runs > 1) runs = this.mergePairs(runs, sign);
    return this.writeBack(values, decimals, count, sign);
  }

  private reserve(count: number): void {
    if (count <= this.order0.length) return;
    const room = 2 ** Math.ceil(Math.log2(count));
    this.order0 = new Int32Array(room);
    this.order1 = new Int32Array(room);
    this.runs = new Int32Array(room + 1);
    this.values = new Float64Array(room * STRIDE);
    this.decimals = new Uint8Array(room * 2);
  }

  /** True where the level at `a` comes strictly after that at `b`. */
  private isAfter(a: number, b: number, sign: number): boolean {
    const values = this.values;
    const difference = (values[a * STRIDE] - values[b * STRIDE]) * sign;
    return difference === 0 ? (values[a * STRIDE + 1] - values[b * STRIDE + 1]) * sign > 0 : difference > 0;
  }

  private findRuns(count: number, sign: number): number {
    let runs = 0;
    for (let i = 0; i < count; i++) {
      this.order0[i] = i;
      if (i === 0 || this.isAfter(i - 1, i, sign)) this.runs[runs++] = i;
    }
    this.runs[runs] = count;
    return runs;
  }

  /** Merges runs 0 and 1, 2 and 3, …; an odd last one is copied. */
  private mergePairs(runs: number, sign: number): number {
    const count = this.runs[runs];
    let merged = 0;
    for (let run = 0; run < runs; run += 2) {
      const from = this.runs[run];
      const middle = this.runs[run + 1];
      const to = run + 1 < runs ? this.runs[run + 2] : middle;
      this.merge(from, middle, to, sign);
      this.runs[merged++] = from;
    }
    this.runs[merged] = count;
    const other = this.order0;
    this.order0 = this.order1;
    this.order1 = other;
    return merged;
  }

  private merge(from: number, middle: number, to: number, sign: number): void {
    const source = this.order0;
    const target = this.order1;
    let left = from;
    let right = middle;
    for (let i = from; i < to; i++) {
      const takesLeft = left < middle && (right >= to || !this.isAfter(source[left], source[right], sign));
      target[i] = takesLeft ? source[left++] : source[right++];
    }
  }

  private writeBack(values: Float64Array, decimals: Uint8Array, count: number, sign: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const from = this.order0[i];
      if (i + 1 < count && !this.isAfter(this.order0[i + 1], from, sign)) continue;
      for (let k = 0; k < STRIDE; k++) values[kept * STRIDE + k] = this.values[from * STRIDE + k];
      decimals[kept * 2] = this.decimals[from * 2];
      decimals[kept * 2 + 1] = this.decimals[from * 2 + 1];
      kept++;
    }
    return kept;
  }
}

/** Closes the holes of levels whose quantity is zero; returns how many are left. */
export function leaveOutZeros(values: Float64Array, decimals: Uint8Array, count: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const at = i * STRIDE;
    if (values[at + QUANTITY] === 0 && values[at + QUANTITY + 1] === 0) continue;
    for (let k = 0; k < STRIDE; k++) values[kept * STRIDE + k] = values[at + k];
    decimals[kept * 2] = decimals[i * 2];
    decimals[kept * 2 + 1] = decimals[i * 2 + 1];
    kept++;
  }
  return kept;
}
