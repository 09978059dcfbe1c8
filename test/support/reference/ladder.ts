// Owns one side of a book: levels sorted from the best price on, in a plain array.
import { parseDecimal } from './decimal.ts';

/** A level with its texts as sent: Kraken's checksum is defined over them. */
export type Level = { price: bigint; quantity: bigint; priceText: string; quantityText: string };

export function makeLevel(priceText: string, quantityText: string): Level {
  return { price: parseDecimal(priceText), quantity: parseDecimal(quantityText), priceText, quantityText };
}

export class Ladder {
  levels: Level[] = [];
  private readonly isBid: boolean;

  constructor(isBid: boolean) {
    this.isBid = isBid;
  }

  /** Absolute quantity at a price; zero removes, also a level that is not held. */
  set(level: Level): void {
    const index = this.indexOf(level.price);
    const isHeld = this.levels[index]?.price === level.price;
    if (level.quantity === 0n) {
      if (isHeld) this.levels.splice(index, 1);
    } else {
      this.levels.splice(index, isHeld ? 1 : 0, level);
    }
  }

  /** Index of the first level that is not better than the price. */
  private indexOf(price: bigint): number {
    let low = 0;
    let high = this.levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const held = this.levels[middle].price;
      if (this.isBid ? held > price : held < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
