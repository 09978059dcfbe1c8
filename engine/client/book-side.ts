// One side of a client's book: levels in order of price, the best last, since most changes happen there.

import type { PriceLevel } from '../../schemas/feed.ts';
import { compareDecimalTexts, sortKeyOf } from './decimal-text.ts';

export class BookSide {
  /** 1 where the highest price is the best (bids), -1 where the lowest is. */
  private readonly sign: 1 | -1;
  /** `keys[i]` orders `levels[i]`; equal keys are told apart by the texts. */
  private keys: number[] = [];
  private levels: PriceLevel[] = [];
  /** Best first, made when it is asked for and let go at the next change. */
  private bestFirst: readonly PriceLevel[] | null = null;

  constructor(sign: 1 | -1) {
    this.sign = sign;
  }

  get count(): number {
    return this.levels.length;
  }

  /** rank 0 is the best; undefined beyond the last. */
  at(rank: number): PriceLevel | undefined {
    return this.levels[this.levels.length - 1 - rank];
  }

  list(): readonly PriceLevel[] {
    this.bestFirst ??= Object.freeze(this.levels.toReversed());
    return this.bestFirst;
  }

  top(count: number): PriceLevel[] {
    return this.levels.slice(Math.max(0, this.levels.length - count)).reverse();
  }

  clear(): void {
    this.keys = [];
    this.levels = [];
    this.bestFirst = null;
  }

  /** Amount 0 removes the level; to remove one that is not there is nothing. */
  set(level: PriceLevel): void {
    this.bestFirst = null;
    const key = this.sign * sortKeyOf(level.price);
    const index = this.find(key, level.price);
    const isPresent = this.levels[index]?.price === level.price;
    if (level.amount === '0') {
      if (isPresent) this.remove(index);
    } else if (isPresent) this.levels[index] = level;
    else this.insert(index, key, level);
  }

  private remove(index: number): void {
    this.keys.splice(index, 1);
    this.levels.splice(index, 1);
  }

  private insert(index: number, key: number, level: PriceLevel): void {
    if (index === this.keys.length) {
      this.keys.push(key);
      this.levels.push(level);
      return;
    }
    this.keys.splice(index, 0, key);
    this.levels.splice(index, 0, level);
  }

  /** Where the price is, or belongs. */
  private find(key: number, price: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isWorse(middle, key, price)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private isWorse(index: number, key: number, price: string): boolean {
    if (this.keys[index] !== key) return this.keys[index] < key;
    return this.sign * compareDecimalTexts(this.levels[index].price, price) < 0;
  }
}
