// Remembers, for one connection, which depth builds each market's book: books of two depths are not to be mixed. Hot path.

import { MARKETS_MAX } from '../../../schemas/config.ts';

const MARKETS_START = 64;

export class BookDepths {
  /** Levels a side by market; 0 before the first accepted change. */
  private depths = new Uint16Array(MARKETS_START);

  /** True where changes of this depth build the market's book: it has none yet, or one of this depth. */
  admits(market: number, depth: number): boolean {
    const held = market < this.depths.length ? this.depths[market] : 0;
    return held === 0 || held === depth;
  }

  /** A change of this depth was accepted; the first one decides. */
  hold(market: number, depth: number): void {
    if (market >= this.depths.length) this.grow(market);
    this.depths[market] = depth;
  }

  private grow(market: number): void {
    const grown = new Uint16Array(Math.min(MARKETS_MAX, 2 ** Math.ceil(Math.log2(market + 1))));
    grown.set(this.depths);
    this.depths = grown;
  }
}
