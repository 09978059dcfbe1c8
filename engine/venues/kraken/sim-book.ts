// What one client of a simulated Kraken holds of a book of limited depth: the levels that a change must tell it.

import { crc32 } from '../../simulate/crc32.ts';
import type { PriceLevel, SimMarket } from '../../simulate/protocol.ts';

/** Levels a side that the checksum covers (venues.md §3.5). */
const CHECKSUM_LEVELS = 10;

/** Without the point and without leading zeros. */
function token(text: string): string {
  return text.replace('.', '').replace(/^0+/, '');
}

/** CRC-32 over the ten best asks upwards, then the ten best bids downwards: prices and quantities with all their digits. */
export function bookChecksum(market: SimMarket): number {
  const levels = [...market.asks(CHECKSUM_LEVELS), ...market.bids(CHECKSUM_LEVELS)];
  return crc32(levels.map(([price, quantity]) => token(price) + token(quantity)).join(''));
}

/** One side as the client has it. */
class SentSide {
  private held = new Map<string, string>();
  private readonly depth: number;

  constructor(depth: number) {
    this.depth = depth;
  }

  replace(levels: readonly PriceLevel[]): readonly PriceLevel[] {
    this.held = new Map(levels);
    return levels;
  }

  /**
   * What the client must be told so that its side, cut to the depth, is `levels`: what is new or other, and what is gone.
   * A level that only left the depth is not told: it is behind the last of a full side and falls to the client's own cut.
   */
  changeTo(levels: readonly PriceLevel[], isBehind: (price: string, last: string) => boolean): readonly PriceLevel[] {
    const before = this.held;
    this.held = new Map(levels);
    const last = levels.length === this.depth ? levels[levels.length - 1][0] : null;
    const gone: PriceLevel[] = [];
    for (const [price, quantity] of before) {
      if (this.held.has(price) || (last !== null && isBehind(price, last))) continue;
      gone.push([price, quantity.replace(/\d/g, '0').replace(/^0+(?=\d)/, '')]);
    }
    return [...gone, ...levels.filter(([price, quantity]) => before.get(price) !== quantity)];
  }
}

/** Numerical order of decimal texts that have the same digits after the point. */
function isBelow(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

export class SentBook {
  readonly depth: number;
  private readonly bids: SentSide;
  private readonly asks: SentSide;

  constructor(depth: number) {
    this.depth = depth;
    this.bids = new SentSide(depth);
    this.asks = new SentSide(depth);
  }

  snapshot(market: SimMarket): readonly [bids: readonly PriceLevel[], asks: readonly PriceLevel[]] {
    return [this.bids.replace(market.bids(this.depth)), this.asks.replace(market.asks(this.depth))];
  }

  /** Empty lists where the change lies beyond the depth. */
  change(market: SimMarket): readonly [bids: readonly PriceLevel[], asks: readonly PriceLevel[]] {
    return [
      this.bids.changeTo(market.bids(this.depth), (price, last) => isBelow(price, last)),
      this.asks.changeTo(market.asks(this.depth), (price, last) => isBelow(last, price)),
    ];
  }
}
