// Names of the channels, and what kind of message each carries.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Channels" (2026-08); `level2` arrives as `l2_data`.

import { keyBytes, matches } from '../../decode/scan.ts';

const CHANNEL_BOOK = keyBytes('l2_data');
const CHANNEL_TRADES = keyBytes('market_trades');
const CHANNEL_TICKER = keyBytes('ticker');
const CHANNEL_TICKER_BATCH = keyBytes('ticker_batch');
const CHANNEL_CANDLES = keyBytes('candles');
const CHANNEL_HEARTBEATS = keyBytes('heartbeats');
const CHANNEL_SUBSCRIPTIONS = keyBytes('subscriptions');
const CHANNEL_STATUS = keyBytes('status');

/** From `book` on, messages make records. */
export const Kind = { unknown: 0, control: 1, heartbeats: 2, book: 3, trades: 4, tickers: 5, candles: 6 } as const;

/** The kind of the channel named by bytes[from..to). */
export function kindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, CHANNEL_BOOK)) return Kind.book;
  if (matches(bytes, from, to, CHANNEL_TRADES)) return Kind.trades;
  if (matches(bytes, from, to, CHANNEL_TICKER) || matches(bytes, from, to, CHANNEL_TICKER_BATCH)) return Kind.tickers;
  if (matches(bytes, from, to, CHANNEL_CANDLES)) return Kind.candles;
  if (matches(bytes, from, to, CHANNEL_HEARTBEATS)) return Kind.heartbeats;
  const isControl = matches(bytes, from, to, CHANNEL_SUBSCRIPTIONS) || matches(bytes, from, to, CHANNEL_STATUS);
  return isControl ? Kind.control : Kind.unknown;
}
