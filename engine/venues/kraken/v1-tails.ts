// Remembers what the ends of v1 book frames say, `,"book-1000","XBT/USD"]`: the market, and how deep its book is. Hot path.
//
// The same end comes with every change of a market, so it is found by its words and not read each time.

import type { RecordSink } from '../../decode/sink.ts';

const WORD = 4;
/** Longer ends are left to the other way. */
const WORDS = 12;
export const TAIL_BYTES_MAX = WORD * WORDS;
/** Words that tell an entry: the twelve last bytes hold the pair. */
const HASHED_WORDS = 3;
/** Entries: one for each of a connection's markets where there are few, overwritten where two meet. */
const ENTRIES = 512;
/** The words from the end backwards, the first word of the end, its bytes (0: none), its market and depth. */
const ENTRY_WORDS = WORDS + 4;
const FIRST_AT = WORDS;
const SIZE_AT = WORDS + 1;
const MARKET_AT = WORDS + 2;
const DEPTH_AT = WORDS + 3;
const NONE = -1;

/** A name without escapes and a pair of plain characters. */
const TAIL = /,"book-([1-9]\d{0,5})","([!#-[\]-~]+)"\]$/;

export class V1Tails {
  /** What the last find() that was true came to. */
  market = 0;
  depth = 0;
  sizeBytes = 0;
  private readonly sink: RecordSink;
  private readonly entries = new Int32Array(ENTRIES * ENTRY_WORDS);
  private readonly words = new Int32Array(WORDS);
  private missed = NONE;
  private firstWord = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** True where view[..end), of TAIL_BYTES_MAX bytes at least, ends as a book frame of a market that there may be. */
  find(view: DataView, end: number): boolean {
    this.missed = NONE;
    let hash = 0;
    for (let i = 1; i <= HASHED_WORDS; i++) {
      hash = Math.imul(hash ^ view.getInt32(end - WORD * i, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const entry = (hash & (ENTRIES - 1)) * ENTRY_WORDS;
    if (!this.isAt(view, end, entry)) return this.look(view, end, entry);
    const { entries } = this;
    this.sizeBytes = entries[entry + SIZE_AT];
    this.market = entries[entry + MARKET_AT];
    this.depth = entries[entry + DEPTH_AT];
    return true;
  }

  private isAt(view: DataView, end: number, entry: number): boolean {
    const { entries } = this;
    const sizeBytes = entries[entry + SIZE_AT];
    if (sizeBytes === 0 || view.getInt32(end - sizeBytes, true) !== entries[entry + FIRST_AT]) return false;
    const count = sizeBytes >> 2;
    for (let i = 0; i < count; i++) {
      if (view.getInt32(end - WORD * (i + 1), true) !== entries[entry + i]) return false;
    }
    return true;
  }

  /** Reads an end that is not known: seldom, so it may allocate. */
  private look(view: DataView, end: number, entry: number): boolean {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + end - TAIL_BYTES_MAX, TAIL_BYTES_MAX);
    const found = TAIL.exec(String.fromCharCode(...bytes));
    if (found === null) return false;
    const pairTo = TAIL_BYTES_MAX - '"]'.length;
    this.market = this.sink.market(bytes, pairTo - found[2].length, pairTo);
    this.depth = Number(found[1]);
    this.sizeBytes = found[0].length;
    this.firstWord = view.getInt32(end - this.sizeBytes, true);
    for (let i = 0; i < WORDS; i++) this.words[i] = view.getInt32(end - WORD * (i + 1), true);
    this.missed = entry;
    return this.market >= 0;
  }

  /** The frame was good: an end that was read for it is remembered. Before, its market might still be taken back. */
  keep(): void {
    const { missed, entries } = this;
    if (missed < 0) return;
    entries.set(this.words, missed);
    entries[missed + FIRST_AT] = this.firstWord;
    entries[missed + SIZE_AT] = this.sizeBytes;
    entries[missed + MARKET_AT] = this.market;
    entries[missed + DEPTH_AT] = this.depth;
    this.missed = NONE;
  }
}
