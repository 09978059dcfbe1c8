// The books most programs begin with, on floats: a Map a side with its best price kept, and a sorted array a side.

import { level } from '../../../schemas/market-data.ts';
import type { BookSubject, Levels, Pair } from './book-subject.ts';
import type { BookStream } from './stream.ts';

type Update = { readonly isAsk: boolean; readonly price: number; readonly amount: number };
type Change = { readonly isSnapshot: boolean; readonly updates: readonly Update[] };

function changeOf(stream: BookStream, change: number): Change {
  const first = stream.heads[change] + 1;
  const updates = Array.from({ length: stream.levelsOf(change) }, (_, index): Update => {
    const slot = first + index;
    const price = stream.float(slot, level.at.priceMilli);
    return { isAsk: stream.isAsk(slot), price, amount: stream.float(slot, level.at.quantityMilli) };
  });
  return { isSnapshot: stream.isSnapshot(change), updates };
}

/** One side; what differs between the two books. */
type Side = {
  clear(): void;
  set(price: number, amount: number): void;
  /** 0 where the side is empty. */
  best(): number;
  pairs(): Pair[];
};

class PlainSubject implements BookSubject {
  readonly name: string;
  private stream: BookStream | null = null;
  private changes: readonly Change[] = [];
  private bids: Side;
  private asks: Side;
  private readonly make: (isBid: boolean) => Side;

  constructor(name: string, make: (isBid: boolean) => Side) {
    this.name = name;
    this.make = make;
    this.bids = make(true);
    this.asks = make(false);
  }

  prepare(stream: BookStream): void {
    if (this.stream !== stream) this.changes = stream.heads.map((_, change) => changeOf(stream, change));
    this.stream = stream;
    this.bids = this.make(true);
    this.asks = this.make(false);
    this.change(0);
  }

  change(change: number): void {
    const { bids, asks } = this;
    const { isSnapshot, updates } = this.changes[change];
    if (isSnapshot) {
      bids.clear();
      asks.clear();
    }
    for (const { isAsk, price, amount } of updates) (isAsk ? asks : bids).set(price, amount);
  }

  run(): number {
    let sum = 0;
    for (let change = 1; change < this.changes.length; change++) {
      this.change(change);
      sum += this.bids.best() + this.asks.best();
    }
    return sum;
  }

  best(): Levels {
    return { bids: this.bids.pairs().slice(0, 1), asks: this.asks.pairs().slice(0, 1) };
  }

  levels(): Levels {
    return { bids: this.bids.pairs(), asks: this.asks.pairs() };
  }
}

/** Amounts by price; the best price is looked for again when it goes. */
class MapSide implements Side {
  private readonly amounts = new Map<number, number>();
  private readonly isBid: boolean;
  private top = 0;

  constructor(isBid: boolean) {
    this.isBid = isBid;
  }

  clear(): void {
    this.amounts.clear();
    this.top = 0;
  }

  set(price: number, amount: number): void {
    if (amount === 0) {
      if (this.amounts.delete(price) && price === this.top) this.lookAgain();
      return;
    }
    this.amounts.set(price, amount);
    if (this.isBetter(price)) this.top = price;
  }

  best(): number {
    return this.top;
  }

  pairs(): Pair[] {
    return [...this.amounts].sort(([a], [b]) => (this.isBid ? b - a : a - b));
  }

  private isBetter(price: number): boolean {
    return this.top === 0 || (this.isBid ? price > this.top : price < this.top);
  }

  private lookAgain(): void {
    this.top = 0;
    for (const price of this.amounts.keys()) if (this.isBetter(price)) this.top = price;
  }
}

/** Price and amount pairs, best last, so that most changes move little; a level is found by halving. */
class ArraySide implements Side {
  private rows: [number, number][] = [];
  private readonly sign: number;

  constructor(isBid: boolean) {
    this.sign = isBid ? 1 : -1;
  }

  clear(): void {
    this.rows = [];
  }

  set(price: number, amount: number): void {
    const at = this.find(price);
    const isHeld = at < this.rows.length && this.rows[at][0] === price;
    if (amount === 0) {
      if (isHeld) this.rows.splice(at, 1);
    } else if (isHeld) this.rows[at][1] = amount;
    else this.rows.splice(at, 0, [price, amount]);
  }

  best(): number {
    return this.rows.length === 0 ? 0 : this.rows[this.rows.length - 1][0];
  }

  pairs(): Pair[] {
    return this.rows.map(([price, amount]): Pair => [price, amount]).reverse();
  }

  /** The first place whose price is not worse. */
  private find(price: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.rows[middle][0] - price) * this.sign < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export const mapBook = (): BookSubject => new PlainSubject('Map a side', (isBid) => new MapSide(isBid));
export const arrayBook = (): BookSubject => new PlainSubject('sorted array a side', (isBid) => new ArraySide(isBid));
