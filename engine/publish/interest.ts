// Tells the shards which markets someone listens to: counts listeners per market and kind, and keeps the shared bits.

import { Interest } from '../../schemas/ids.ts';

/** Bits of one interest word. */
const BITS = Object.keys(Interest).length;

/** Thread: main, the only writer of the interest words. */
export class InterestCounts {
  private readonly words: Int32Array;
  private readonly counts: Uint32Array;

  constructor(interest: SharedArrayBuffer) {
    this.words = new Int32Array(interest);
    this.counts = new Uint32Array(this.words.length * BITS);
  }

  private indexOf(market: number, bit: number): number {
    return market * BITS + (31 - Math.clz32(bit));
  }

  /** One more topic needs this kind. Ordering: atomic, so that a request written after it finds the bit set. */
  add(market: number, bit: number): void {
    if (bit === 0) return;
    const index = this.indexOf(market, bit);
    if (this.counts[index]++ === 0) Atomics.or(this.words, market, bit);
  }

  /** One topic fewer. */
  remove(market: number, bit: number): void {
    if (bit === 0) return;
    const index = this.indexOf(market, bit);
    if (--this.counts[index] === 0) Atomics.and(this.words, market, ~bit);
  }
}
