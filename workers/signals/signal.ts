// What a signal is to its shard: what it may read, and what it gives. Each signal is one file that states its definition.

import type { LevelList } from './ladder-view.ts';

/** A closed bar as floats of its exact values. One object a shard, filled anew for each bar: keep numbers, not the view. */
export type BarView = {
  /** Bucket start; the first trade's time where the kind has no buckets. Microseconds since 1970. */
  startTimeUs: number;
  closeTimeUs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  buyVolume: number;
  sellVolume: number;
  notional: number;
  /** NaN without trades. */
  vwap: number;
  trades: number;
};

/** An accepted trade as floats. */
export type TradeView = {
  /** Venue clock, microseconds since 1970. */
  timeUs: number;
  price: number;
  quantity: number;
  /** The quantity exactly: integers of 10^-3 and of 10^-18 (engine/base/decimal.ts). */
  quantityMilli: number;
  quantityAtto: number;
  /** The taker's: Side. */
  side: number;
  /** Matches the record stands for. */
  matches: number;
};

/** A live book after a change, as floats of its best levels, and its ladders (ladder-view.ts). Both sides have levels. */
export type BookView = {
  /** Venue clock, or the receive time where the venue gives none; microseconds since 1970. */
  timeUs: number;
  bidPrice: number;
  bidQuantity: number;
  askPrice: number;
  askQuantity: number;
  bids: LevelList;
  asks: LevelList;
};

/** What every signal shows. Values are NaN where there is none; outputs beyond those of its entry stay NaN. */
export type Signal = {
  readonly value: number;
  readonly second: number;
  readonly third: number;
  readonly isWarm: boolean;
  /** SignalEvent of the last update alone. */
  readonly event: number;
};

export type BookSignal = Signal & {
  /** True where the value is a function of the book as it stands: book() is then called only when someone reads it. */
  readonly isStateless: boolean;
  book(view: BookView): void;
  /** The book is not live, or a side is empty: what comes next does not follow what came before. */
  reset(): void;
};

export type TradeSignal = Signal & {
  trade(view: TradeView): void;
  /** What trade() does for each of `count` trade records from `slot` on, where a signal can do it for less. */
  tradeRun?(u8: Uint8Array, f64: Float64Array, slot: number, count: number): void;
};

export type BarSignal = Signal & {
  /** A bar closed; with `isRevision` the last bar given has changed and takes its own place. */
  bar(view: BarView, isRevision: boolean): void;
};
