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
  /** Bits that are set of every market that main has not met. */
  private expected = 0;
  /** Signals of which that holds too. */
  private readonly expectedSignals = new Set<number>();
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

  /**
   * Someone listens to this kind of markets that have not begun: all from `from` on, until met() says otherwise. If main asked
   * for it only when it sees a market, the shard would have applied much by then that nobody is told of. It stays set: all it
   * costs is what a shard writes of a new market until main meets it.
   */
  expect(bit: number, from: number): void {
    if ((this.expected & bit) !== 0) return;
    this.expected |= bit;
    for (let market = from; market < this.words.length; market++) Atomics.or(this.words, market, bit);
  }

  /** The same of a signal, beside the bit of its kind. */
  expectSignal(signal: number, from: number): void {
    if (this.expectedSignals.has(signal)) return;
    this.expectedSignals.add(signal);
    const markets = this.signals.length / SIGNAL_WORDS;
    for (let market = from; market < markets; market++) this.addSignal(market, signal);
  }

  /**
   * Main has met a market, and whoever listens to it has been added: what else was set of it is taken back; `hears` says of a
   * signal whether someone does. True where anything was set ahead, so that its shard may have written records nobody asked for.
   */
  met(market: number, hears: (signal: number) => boolean): boolean {
    for (const signal of this.expectedSignals) if (!hears(signal)) this.removeSignal(market, signal);
    for (let bits = this.expected; bits !== 0; bits &= bits - 1) {
      const bit = bits & -bits;
      if (this.counts[this.indexOf(market, bit)] === 0) Atomics.and(this.words, market, ~bit);
    }
    return this.expected !== 0;
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
