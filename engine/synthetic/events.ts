// Owns the neutral events of a synthetic market: what happened, in whole ticks and lots, before any venue's spelling.

import type { MarketSpec } from './specs.ts';

export type Level = { readonly priceTicks: number; readonly quantityLots: number };

/** Both sides, best first. */
export type Levels = { readonly bids: readonly Level[]; readonly asks: readonly Level[] };

/** The whole book as it is after `updateId`. */
export type SnapshotEvent = Levels & {
  readonly kind: 'snapshot';
  readonly market: MarketSpec;
  readonly timeUs: number;
  readonly updateId: number;
};

/** Changed levels, absolute quantities, zero removes. `firstUpdateId` is the former `lastUpdateId` + 1. */
export type DeltaEvent = Levels & {
  readonly kind: 'delta';
  readonly market: MarketSpec;
  readonly timeUs: number;
  readonly firstUpdateId: number;
  readonly lastUpdateId: number;
  /** The touch after this change. */
  readonly bestBid: Level;
  readonly bestAsk: Level;
};

/** One match at the touch. A taker's order makes one or several; the next delta shows what they ate. */
export type TradeEvent = {
  readonly kind: 'trade';
  readonly market: MarketSpec;
  readonly timeUs: number;
  readonly tradeId: number;
  readonly aggressorSide: 'buy' | 'sell';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly isLastOfOrder: boolean;
};

export type MarketEvent = SnapshotEvent | DeltaEvent | TradeEvent;
