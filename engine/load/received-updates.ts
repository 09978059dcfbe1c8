// Which updates have come, one bit each, in a ring of the latest ones. Hot path: once per update received.
//
//   word of update n = floor(n / 32), kept at word mod words; words are emptied as the newest update enters them
//
//   … forgotten │ ■■□■■■■■ │ ■■■■■■■■ │ ■■□□■□□□ │ not yet …
//               └ newest word − words + 1        └ newest word

const BITS = 32;
/** 16 MiB: at a million updates a second, two minutes of them. */
const WORDS_MAX = 2 ** 22;
const WORDS_MIN = 2 ** 10;

function bitsIn(word: number): number {
  let value = word - ((word >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return (((value + (value >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** What became of a mark. */
export const Mark = Object.freeze({ first: 0, again: 1, tooOld: 2 });
export type Mark = (typeof Mark)[keyof typeof Mark];

export class ReceivedUpdates {
  private readonly words: Int32Array;
  private readonly mask: number;
  private newestWord = -1;
  /** Updates below are settled: those that had not come are counted as missing. Always a whole word. */
  private settledWord = 0;
  /** Settled and not received so far; one that comes later is taken off again. */
  missing = 0;

  /** Remembers the latest `updates` at least, within bounds. */
  constructor(updates: number) {
    let words = WORDS_MIN;
    while (words < WORDS_MAX && words * BITS < updates + BITS) words *= 2;
    this.words = new Int32Array(words);
    this.mask = words - 1;
  }

  mark(update: number): Mark {
    const word = Math.floor(update / BITS);
    if (word > this.newestWord) this.advance(word);
    else if (word <= this.newestWord - this.words.length) return Mark.tooOld;
    const bit = 1 << (update % BITS);
    const at = word & this.mask;
    if ((this.words[at] & bit) !== 0) return Mark.again;
    this.words[at] |= bit;
    if (word < this.settledWord) this.missing--;
    return Mark.first;
  }

  private advance(word: number): void {
    const from = Math.max(this.newestWord + 1, word - this.words.length + 1);
    for (let each = from; each <= word; each++) this.words[each & this.mask] = 0;
    this.newestWord = word;
  }

  /** Counts what is missing among the updates below a number, all of which should have come by now. */
  settle(below: number): void {
    const limit = Math.floor(below / BITS);
    for (; this.settledWord < limit; this.settledWord++) {
      const word = this.settledWord;
      const isKept = word <= this.newestWord && word > this.newestWord - this.words.length;
      // Words beyond the newest hold nothing yet, and what is forgotten unsettled cannot be told: it counts as missing.
      this.missing += BITS - (isKept ? bitsIn(this.words[word & this.mask]) : 0);
    }
  }
}
