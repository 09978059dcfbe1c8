// Names of message types and channels, and what kind of contents a channel carries.
//
// Source: dYdX v4 indexer docs, "WebSockets" (2026-04); server source `socks/src/types.ts` (2026-03); venues.md §5.1, §5.2.

import { keyBytes, matches } from '../../decode/scan.ts';

const CONNECTED = keyBytes('connected');
const SUBSCRIBED = keyBytes('subscribed');
const UNSUBSCRIBED = keyBytes('unsubscribed');
const CHANNEL_DATA = keyBytes('channel_data');
const CHANNEL_BATCH_DATA = keyBytes('channel_batch_data');
const ERROR = keyBytes('error');
const PONG = keyBytes('pong');

/** What a message is. `data` and `batch` carry contents, and `subscribed` does: the state on subscribing. */
export const Kind = {
  unknown: 0,
  connected: 1,
  subscribed: 2,
  unsubscribed: 3,
  data: 4,
  batch: 5,
  error: 6,
  pong: 7,
} as const;

export function kindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, CHANNEL_DATA)) return Kind.data;
  if (matches(bytes, from, to, CHANNEL_BATCH_DATA)) return Kind.batch;
  if (matches(bytes, from, to, SUBSCRIBED)) return Kind.subscribed;
  if (matches(bytes, from, to, UNSUBSCRIBED)) return Kind.unsubscribed;
  if (matches(bytes, from, to, ERROR)) return Kind.error;
  if (matches(bytes, from, to, CONNECTED)) return Kind.connected;
  return matches(bytes, from, to, PONG) ? Kind.pong : Kind.unknown;
}

const ORDERBOOK = keyBytes('v4_orderbook');
const TRADES = keyBytes('v4_trades');
const CANDLES = keyBytes('v4_candles');
const MARKETS = keyBytes('v4_markets');
const BLOCK_HEIGHT = keyBytes('v4_block_height');

/** From `book` on, contents make records. The height of the chain only moves the counter. */
export const Channel = { unknown: 0, blockHeight: 1, book: 2, trades: 3, candles: 4, markets: 5 } as const;

export function channelOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, ORDERBOOK)) return Channel.book;
  if (matches(bytes, from, to, TRADES)) return Channel.trades;
  if (matches(bytes, from, to, CANDLES)) return Channel.candles;
  if (matches(bytes, from, to, MARKETS)) return Channel.markets;
  return matches(bytes, from, to, BLOCK_HEIGHT) ? Channel.blockHeight : Channel.unknown;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const RESOLUTIONS = [
  { name: keyBytes('1MIN'), ms: MINUTE_MS },
  { name: keyBytes('5MINS'), ms: 5 * MINUTE_MS },
  { name: keyBytes('15MINS'), ms: 15 * MINUTE_MS },
  { name: keyBytes('30MINS'), ms: 30 * MINUTE_MS },
  { name: keyBytes('1HOUR'), ms: HOUR_MS },
  { name: keyBytes('4HOURS'), ms: 4 * HOUR_MS },
  { name: keyBytes('1DAY'), ms: 24 * HOUR_MS },
];

/** Milliseconds of a candle by its resolution's name; 0 where the name is not known. */
export function resolutionMs(bytes: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < RESOLUTIONS.length; i++) {
    if (matches(bytes, from, to, RESOLUTIONS[i].name)) return RESOLUTIONS[i].ms;
  }
  return 0;
}
