// A book's changes of one interval as one: the newest amount of each price, or the whole book where it was replaced.

import { compareDecimals } from '../base/decimal.ts';
import { type BookChangeMessage, LEVEL_NUMBERS, type Levels } from './messages.ts';

type Level = [priceMilli: number, priceAtto: number, amountMilli: number, amountAtto: number];

class MergedSide {
  /** By price: its milli where that is all of it, which is so of most. */
  private readonly levels = new Map<number | string, Level>();

  get size(): number {
    return this.levels.size;
  }

  take(side: Levels, isWhole: boolean): void {
    for (let at = 0; at < side.length; at += LEVEL_NUMBERS) {
      const key = side[at + 1] === 0 ? side[at] : `${side[at]}|${side[at + 1]}`;
      if (isWhole && side[at + 2] === 0 && side[at + 3] === 0) this.levels.delete(key);
      else this.levels.set(key, [side[at], side[at + 1], side[at + 2], side[at + 3]]);
    }
  }

  clear(): void {
    this.levels.clear();
  }

  /** In the order of their first change; a whole side best first. */
  toLevels(isWhole: boolean, sign: number): Levels {
    const rows = [...this.levels.values()];
    if (isWhole) rows.sort((a, b) => sign * compareDecimals(a[0], a[1], b[0], b[1]));
    return Float64Array.from(rows.flat());
  }
}

const BIDS_SIGN = -1;
const ASKS_SIGN = 1;

export class BookMerge {
  private readonly bids = new MergedSide();
  private readonly asks = new MergedSide();
  /** The newest message taken; null where there is none to tell. */
  private newest: BookChangeMessage | null = null;
  /** A whole book was among those taken; its horizons are told. */
  private whole: BookChangeMessage | null = null;

  get isEmpty(): boolean {
    return this.newest === null;
  }

  /** Levels to tell. */
  get size(): number {
    return this.bids.size + this.asks.size;
  }

  take(change: BookChangeMessage): void {
    if (change.isSnapshot && change.part === 1) {
      this.clear();
      this.whole = change;
    }
    this.newest = change;
    this.bids.take(change.bids, this.whole !== null);
    this.asks.take(change.asks, this.whole !== null);
  }

  /** One message in place of all that were taken, which are forgotten; null where there were none. */
  flush(): BookChangeMessage | null {
    const { newest, whole } = this;
    if (newest === null) return null;
    const isSnapshot = whole !== null;
    const message: BookChangeMessage = {
      ...newest,
      isSnapshot,
      bids: this.bids.toLevels(isSnapshot, BIDS_SIGN),
      asks: this.asks.toLevels(isSnapshot, ASKS_SIGN),
      horizonBid: whole?.horizonBid ?? null,
      horizonAsk: whole?.horizonAsk ?? null,
      part: 1,
      parts: 1,
      isResumeRefused: false,
    };
    this.clear();
    return message;
  }

  private clear(): void {
    this.bids.clear();
    this.asks.clear();
    this.newest = null;
    this.whole = null;
  }
}
