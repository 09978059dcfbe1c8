// Owns one side of the generator's own book: prices in order, best last, with their quantities.

import type { Level } from './events.ts';

export class SyntheticLadder {
  readonly isBid: boolean;
  /** Ascending, best last: a bid's key is its price, an ask's its negative price. */
  private readonly keys: number[] = [];
  private readonly lots: number[] = [];

  constructor(isBid: boolean) {
    this.isBid = isBid;
  }

  get size(): number {
    return this.keys.length;
  }

  /** Rank 0 is the best; `rank` is under `size`. */
  priceAt(rank: number): number {
    const key = this.keys[this.keys.length - 1 - rank];
    return this.isBid ? key : -key;
  }

  levelAt(rank: number): Level {
    return { priceTicks: this.priceAt(rank), quantityLots: this.lots[this.lots.length - 1 - rank] };
  }

  /** Zero where there is no such level. */
  lotsOf(priceTicks: number): number {
    const index = this.find(priceTicks);
    return this.holds(index, priceTicks) ? this.lots[index] : 0;
  }

  /** Absolute quantity; zero removes. */
  set(priceTicks: number, quantityLots: number): void {
    const index = this.find(priceTicks);
    const isHeld = this.holds(index, priceTicks);
    if (quantityLots === 0) {
      if (!isHeld) return;
      this.keys.splice(index, 1);
      this.lots.splice(index, 1);
    } else if (isHeld) {
      this.lots[index] = quantityLots;
    } else {
      this.keys.splice(index, 0, this.keyOf(priceTicks));
      this.lots.splice(index, 0, quantityLots);
    }
  }

  clear(): void {
    this.keys.length = 0;
    this.lots.length = 0;
  }

  /** The best `limit` levels, best first. */
  best(limit: number): Level[] {
    return Array.from({ length: Math.min(limit, this.size) }, (_, rank) => this.levelAt(rank));
  }

  /** Whether a price is nearer to the other side than another. */
  isBetter(priceTicks: number, otherTicks: number): boolean {
    return this.isBid ? priceTicks > otherTicks : priceTicks < otherTicks;
  }

  private keyOf(priceTicks: number): number {
    return this.isBid ? priceTicks : -priceTicks;
  }

  private holds(index: number, priceTicks: number): boolean {
    return index < this.keys.length && this.keys[index] === this.keyOf(priceTicks);
  }

  /** Index of the first key not under this price's. */
  private find(priceTicks: number): number {
    const key = this.keyOf(priceTicks);
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
