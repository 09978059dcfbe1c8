// Owns the best levels of one book as a client was told them, and what a client with just those must be told next.

import type { PriceLevel, SimMarket } from './protocol.ts';

/** Rows as venues with limited depths send them: absolute quantities, `0` for a level that is gone or has left the depth. */
export type WindowRows = { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] };

const GONE = '0';

function difference(told: ReadonlyMap<string, string>, levels: readonly PriceLevel[]): PriceLevel[] {
  const rows: PriceLevel[] = [];
  const held = new Set<string>();
  for (const level of levels) {
    held.add(level[0]);
    if (told.get(level[0]) !== level[1]) rows.push(level);
  }
  for (const price of told.keys()) if (!held.has(price)) rows.push([price, GONE]);
  return rows;
}

export class BookWindow {
  private readonly depth: number;
  private bids: ReadonlyMap<string, string> = new Map();
  private asks: ReadonlyMap<string, string> = new Map();

  constructor(depth: number) {
    this.depth = depth;
  }

  /** All levels, told from now on. */
  whole(market: SimMarket): WindowRows {
    const rows = { bids: market.bids(this.depth), asks: market.asks(this.depth) };
    this.tell(rows);
    return rows;
  }

  /** What has changed since the last call, or null where it is nothing inside the depth. */
  change(market: SimMarket): WindowRows | null {
    const now = { bids: market.bids(this.depth), asks: market.asks(this.depth) };
    const rows = { bids: difference(this.bids, now.bids), asks: difference(this.asks, now.asks) };
    this.tell(now);
    return rows.bids.length + rows.asks.length === 0 ? null : rows;
  }

  private tell({ bids, asks }: WindowRows): void {
    this.bids = new Map(bids);
    this.asks = new Map(asks);
  }
}
