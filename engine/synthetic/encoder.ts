// Owns what every encoder can do: turn neutral events into the frames one connection to a venue would send.

import type { MarketEvent, TradeEvent } from './events.ts';

/** State of one venue connection; its frames are for that connection alone. */
export type VenueEncoder = {
  /** Frames after connecting and subscribing, before any data. `recentTrades` are oldest first. */
  greet(timeUs: number, recentTrades: readonly TradeEvent[]): string[];
  /** Frames of one event: none, one or several. */
  encode(event: MarketEvent): string[];
  /** Frames that are due by time alone: heartbeats, collected trades, candles. Called every TICK_US of venue time. */
  tick(timeUs: number): string[];
};

/** Finest step of the venues' own clocks: Coinbase collects trades for 250 ms. */
export const TICK_US = 250_000;
