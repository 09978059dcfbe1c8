// Tells the shards which markets someone listens to: counts listeners per market and kind, and keeps the shared bits.

import { Interest } from '../../schemas/ids.ts';
import { SIGNAL_WORDS } from '../../schemas/signals.ts';

/** Bits of one interest word. */
const BITS = Object.keys(Interest).length;
/** Bits of one word of signals. */
const SIGNAL_BITS = 32;

/** Thread: main, the only writer of the interest words. */
export class InterestCounts {
  private readonly words: Int32Array;
  private readonly counts: Uint32Array;
  /** A signal's topic is there once per market, so its bit needs no count. */
  private readonly signals: Int32Array;

  constructor(interest: SharedArrayBuffer, signalInterest: SharedArrayBuffer) {
    this.words = new Int32Array(interest);
    this.signals = new Int32Array(signalInterest);
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

  private signalWord(market: number, signal: number): number {
    return market * SIGNAL_WORDS + Math.floor(signal / SIGNAL_BITS);
  }

  /** Someone listens to this signal. */
  addSignal(market: number, signal: number): void {
    Atomics.or(this.signals, this.signalWord(market, signal), 1 << (signal % SIGNAL_BITS));
  }

  /** No one listens to it any more. */
  removeSignal(market: number, signal: number): void {
    Atomics.and(this.signals, this.signalWord(market, signal), ~(1 << (signal % SIGNAL_BITS)));
  }
}
