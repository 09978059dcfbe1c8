// Shows a venue's state to one request and notes what it looked at: a listing alone, a book, or trades.

import type { SimMarket, SimVenueState } from './protocol.ts';

export class WatchedState implements SimVenueState {
  readonly markets: readonly SimMarket[];
  isBookAsked = false;
  areTradesAsked = false;
  private readonly find: (symbol: string) => SimMarket | null;
  private readonly clock: () => number;

  /** `find` may give markets as they were before. */
  constructor(state: SimVenueState, find: (symbol: string) => SimMarket | null = (symbol) => state.market(symbol)) {
    this.markets = state.markets.map((market) => this.watch(market));
    this.find = find;
    this.clock = () => state.nowMs();
  }

  market(symbol: string): SimMarket | null {
    const market = this.find(symbol);
    return market === null ? null : this.watch(market);
  }

  nowMs(): number {
    return this.clock();
  }

  private noteBook(): void {
    this.isBookAsked = true;
  }

  private watch(market: SimMarket): SimMarket {
    const { symbol, priceDecimals, quantityDecimals, sequence, timeMs } = market;
    return {
      ...{ symbol, priceDecimals, quantityDecimals, sequence, timeMs },
      bids: (depth) => {
        this.noteBook();
        return market.bids(depth);
      },
      asks: (depth) => {
        this.noteBook();
        return market.asks(depth);
      },
      trades: (limit) => {
        this.areTradesAsked = true;
        return market.trades(limit);
      },
    };
  }
}
