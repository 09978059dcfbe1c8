// What the stream and the HTTP answers carry, before it is text or bytes: one type per message. Times are whole
// microseconds since 1970, 0 where there is none; decimals stay milli and atto.

import type { LatencyFigures, SystemFigures } from '../../schemas/feed.ts';

/** Levels as four numbers each: price milli and atto, quantity milli and atto. */
export type Levels = Float64Array;

/** Numbers of one level in Levels. */
export const LEVEL_NUMBERS = 4;

type Timed = { readonly timestampUs: number; readonly localTimestampUs: number };

export type TradeMessage = Timed & {
  readonly type: 'trade';
  readonly id: string | null;
  readonly priceMilli: number;
  readonly priceAtto: number;
  readonly quantityMilli: number;
  readonly quantityAtto: number;
  /** Side. */
  readonly side: number;
  readonly matches: number;
  /** Far from the prices around it. */
  readonly isOutlier: boolean;
};

/** A side is empty or one level. */
type BookTrust = { readonly state: string; readonly reason: string | null };

export type BookTickerMessage = Timed &
  BookTrust & { readonly type: 'book_ticker'; readonly bid: Levels; readonly ask: Levels };

export type BookChangeMessage = Timed &
  BookTrust & {
    readonly type: 'book_change';
    readonly isSnapshot: boolean;
    readonly bids: Levels;
    readonly asks: Levels;
    readonly bookSequence: number;
    /** -1 where the venue has none. */
    readonly venueSequence: number;
    /** Levels the book holds. */
    readonly levelsBid: number;
    readonly levelsAsk: number;
    /** One level, of which the price counts: down to it the side is known. Null where it is known whole, and in deltas. */
    readonly horizonBid: Levels | null;
    readonly horizonAsk: Levels | null;
    /** CRC-32 of the book after this message; null where it is not asked for. */
    readonly checksum: number | null;
    readonly part: number;
    readonly parts: number;
    readonly isResumeRefused: boolean;
  };

export type BookSnapshotMessage = Timed &
  BookTrust & {
    readonly type: 'book_snapshot';
    readonly name: string;
    readonly depth: number;
    readonly intervalMs: number;
    readonly bids: Levels;
    readonly asks: Levels;
    readonly bookSequence: number;
    readonly spread: string | null;
    readonly mid: string | null;
    readonly microprice: string | null;
    readonly imbalance: number | null;
    readonly weightedMid: string | null;
    /** Sums of the quantities shown. */
    readonly bidDepth: string | null;
    readonly askDepth: string | null;
    readonly pressure: number | null;
    readonly horizonBid: Levels | null;
    readonly horizonAsk: Levels | null;
  };

export type TradeBarMessage = Timed & {
  readonly type: 'trade_bar';
  /** Number of the kind, and its KIND text. */
  readonly kindNumber: number;
  readonly name: string;
  /** One of BAR_TYPE_NAMES. */
  readonly kind: string;
  /** Milliseconds, trades or units. */
  readonly interval: number;
  readonly startUs: number;
  readonly openUs: number;
  readonly closeUs: number;
  /** Open, high, low, close: milli and atto each; null for an empty interval told so. */
  readonly prices: Float64Array | null;
  readonly volume: string;
  readonly buyVolume: string;
  readonly sellVolume: string;
  readonly trades: number;
  readonly vwap: string | null;
  readonly notional: string;
  readonly revision: number;
  readonly completeness: string;
  readonly isFinal: boolean;
  /** Bought less sold by takers: the bar's part of the cumulative volume delta. */
  readonly delta: string;
  /** Extremes of the live book's spread while the bar was open; null where there was none. */
  readonly spreadHigh: string | null;
  readonly spreadLow: string | null;
  /** Trust state of the market's book when the bar last changed. */
  readonly state: string;
};

export type SignalMessage = Timed & {
  readonly type: 'signal';
  readonly signalId: number;
  readonly name: string;
  readonly value: number | null;
  /** All outputs by name, where there are more than one. */
  readonly values: Readonly<Record<string, number | null>> | null;
  readonly event: string | null;
  readonly isWarm: boolean;
  readonly inputSeq: number;
};

export type StatusMessage = Timed &
  BookTrust & { readonly type: 'status'; readonly sinceUs: number; readonly lost: number };

export type GapMessage = Timed & { readonly type: 'gap'; readonly reason: string; readonly lost: number };

/** Nested counters; every leaf is a number. */
export type CounterTree = { readonly [name: string]: number | CounterTree };

export type SystemMessage = Timed & { readonly type: 'system'; readonly counters: SystemFigures };

export type LatencyMessage = Timed & { readonly type: 'latency' } & LatencyFigures;

export type MarketRow = {
  readonly market: string;
  readonly state: string;
  readonly reason: string | null;
  readonly seq: number;
  readonly updates: number;
  readonly bid: string | null;
  readonly ask: string | null;
  readonly last: string | null;
  readonly ageMs: number | null;
};

export type MarketsMessage = Timed & { readonly type: 'markets'; readonly rows: readonly MarketRow[] };

export type StreamMessage =
  | TradeMessage
  | BookTickerMessage
  | BookChangeMessage
  | BookSnapshotMessage
  | TradeBarMessage
  | SignalMessage
  | StatusMessage
  | GapMessage
  | SystemMessage
  | LatencyMessage
  | MarketsMessage;

/** Where a message belongs, and the pieces of its JSON that never change. */
export type Address = {
  readonly channel: string;
  readonly exchange: string;
  readonly symbol: string;
  /** `"exchange":…,"symbol":…` ready for JSON; empty for channels without a market. */
  readonly jsonMarket: string;
  /** `"channel":…` ready for JSON. */
  readonly jsonChannel: string;
};

export function addressOf(
  channel: string,
  market: { readonly venue: string; readonly symbol: string } | null,
): Address {
  const exchange = market?.venue ?? '';
  const symbol = market?.symbol ?? '';
  const jsonMarket =
    market === null ? '' : `"exchange":${JSON.stringify(exchange)},"symbol":${JSON.stringify(symbol)},`;
  return { channel, exchange, symbol, jsonMarket, jsonChannel: `"channel":${JSON.stringify(channel)}` };
}
