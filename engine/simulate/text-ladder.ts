// Owns one side of a simulated book as a venue shows it: levels as decimal text, best first, with a hash of what is held.

import type { PriceLevel } from './protocol.ts';

/** A sum of level hashes, two words of 32 bits: the order in which levels came does not matter. */
export type LevelSum = { high: number; low: number };

type Entry = { readonly level: PriceLevel; readonly high: number; readonly low: number };

const POINT = 0x2e;
const ZERO = 0x30;

/** Decimal text without trailing zeros of its fraction, so that `1.50` and `1.5` are one. */
export function canonicalDecimal(text: string): string {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end--;
  if (text.charCodeAt(end - 1) === POINT) end--;
  return text.slice(0, end);
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain). */
function mix(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** FNV-1a over the text from a start of its own (Fowler, Noll, Vo), well mixed so that sums of hashes stay apart. */
function hashText(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** One level's part of a book's hash. */
export function hashLevel(isBid: boolean, [price, quantity]: PriceLevel): LevelSum {
  const text = `${isBid ? 'b' : 'a'}${canonicalDecimal(price)}|${canonicalDecimal(quantity)}`;
  return { high: hashText(text, 0x811c9dc5), low: hashText(text, 0x3c6ef372) };
}

/** 53 bits of a sum, as a key. */
export function keyOfSum({ high, low }: LevelSum): number {
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

export class TextLadder {
  readonly isBid: boolean;
  /** Ascending, best last: a bid's key is its price in ticks, an ask's the negative. */
  private readonly keys: number[];
  private readonly entries: Entry[];

  constructor(isBid: boolean, keys: number[] = [], entries: Entry[] = []) {
    this.isBid = isBid;
    this.keys = keys;
    this.entries = entries;
  }

  get size(): number {
    return this.keys.length;
  }

  copy(): TextLadder {
    return new TextLadder(this.isBid, this.keys.slice(), this.entries.slice());
  }

  /** The absolute quantity of a level; `0` in any writing removes it. All prices have the same number of decimals. */
  set(level: PriceLevel): void {
    const key = this.keyOf(level[0]);
    const index = this.find(key);
    const isHeld = this.keys[index] === key;
    if (Number(level[1]) === 0) {
      if (isHeld) this.remove(index);
      return;
    }
    const entry = { level, ...hashLevel(this.isBid, level) };
    if (isHeld) this.entries[index] = entry;
    else this.insert(index, key, entry);
  }

  /** The best levels, best first. */
  best(depth: number = Number.POSITIVE_INFINITY): PriceLevel[] {
    const count = Math.min(depth, this.entries.length);
    const last = this.entries.length - 1;
    return Array.from({ length: count }, (_, rank) => this.entries[last - rank].level);
  }

  /** Adds the hashes of the best levels to `sum`. */
  addTo(sum: LevelSum, depth: number): void {
    const first = Math.max(0, this.entries.length - depth);
    for (let i = this.entries.length - 1; i >= first; i--) {
      sum.high = (sum.high + this.entries[i].high) | 0;
      sum.low = (sum.low + this.entries[i].low) | 0;
    }
  }

  private remove(index: number): void {
    this.keys.splice(index, 1);
    this.entries.splice(index, 1);
  }

  private insert(index: number, key: number, entry: Entry): void {
    this.keys.splice(index, 0, key);
    this.entries.splice(index, 0, entry);
  }

  private keyOf(price: string): number {
    const ticks = Number(price.replace('.', ''));
    return this.isBid ? ticks : -ticks;
  }

  /** Index of the first key not under this one. */
  private find(key: number): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
