// Remembers the market of each symbol seen on a connection, by the symbol's bytes as four words. Hot path.

import type { RecordSink } from './sink.ts';

/** Longer symbols are left to the other way. */
const SYMBOL_BYTES_MAX = 16;
const WORDS = 4;
/** Entries: one for each of a connection's markets where there are few, overwritten where two meet. 20 KiB. */
const ENTRIES = 1024;
/** The symbol, zeros behind it, then its market. No symbol holds a zero, so its words tell its length, too. */
const ENTRY_WORDS = WORDS + 1;
const MARKET_AT = WORDS;
const NONE = -1;

/** MASKS[length * WORDS + i] keeps of word i the bytes that belong to a symbol of `length` bytes. */
const MASKS = Int32Array.from({ length: (SYMBOL_BYTES_MAX + 1) * WORDS }, (_, index) => {
  const bytes = Math.floor(index / WORDS) - 4 * (index % WORDS);
  return bytes < 4 ? (1 << (8 * Math.max(bytes, 0))) - 1 : -1;
});

export class SymbolMarkets {
  private readonly sink: RecordSink;
  private readonly entries = new Int32Array(ENTRIES * ENTRY_WORDS);
  private readonly words = new Int32Array(WORDS);
  private missed = NONE;
  private missedMarket = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** The market of the symbol at view[at..to), for which fits() was true, as RecordSink.market(). */
  find(view: DataView, at: number, to: number): number {
    this.missed = NONE;
    const length = to - at;
    const { words, entries } = this;
    let hash = length;
    for (let i = 0; i < WORDS; i++) {
      const word = view.getInt32(at + 4 * i, true) & MASKS[length * WORDS + i];
      words[i] = word;
      // High bytes must reach the low bits too: symbols often differ in the last byte of a word alone.
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const entry = (hash & (ENTRIES - 1)) * ENTRY_WORDS;
    if (
      entries[entry] === words[0] &&
      entries[entry + 1] === words[1] &&
      entries[entry + 2] === words[2] &&
      entries[entry + 3] === words[3]
    ) {
      return entries[entry + MARKET_AT];
    }
    return this.look(view, at, to, entry);
  }

  private look(view: DataView, at: number, to: number, entry: number): number {
    const symbol = new Uint8Array(view.buffer, view.byteOffset + at, to - at);
    const market = this.sink.market(symbol, 0, symbol.length);
    if (market < 0) return market;
    this.missed = entry;
    this.missedMarket = market;
    return market;
  }

  /** The frame was good: a symbol that was looked up for it is remembered. Before, its market might still be taken back. */
  keep(): void {
    if (this.missed < 0) return;
    for (let i = 0; i < WORDS; i++) this.entries[this.missed + i] = this.words[i];
    this.entries[this.missed + MARKET_AT] = this.missedMarket;
    this.missed = NONE;
  }

  /** True where find() may be called for a symbol at `at` that ends at `to`. */
  static fits(at: number, to: number, last: number): boolean {
    return to > at && to - at <= SYMBOL_BYTES_MAX && at + SYMBOL_BYTES_MAX - 4 <= last;
  }
}
