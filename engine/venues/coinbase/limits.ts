// What Coinbase Advanced Trade allows, for the simulator, and how far the connector goes; each figure with its source.
//
// Sources, read in 2026: docs = docs.cdp.coinbase.com, "Advanced Trade WebSocket Rate Limits", "WebSocket Overview",
// "REST API Rate Limits"; issue = JKorf/Coinbase.Net#19 (2026-01); rec = the recording of August 2026. `[?]` is our own choice.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

const SECOND_MS = 1000;

/** A connection without a subscription is closed after this (docs). */
export const SUBSCRIBE_WITHIN_MS = 5 * SECOND_MS;
/** The `heartbeats` channel (docs; rec). */
export const HEARTBEAT_MS = SECOND_MS;
/** Trades of this long come in one message (docs). */
export const TRADES_COLLECTED_MS = 250;
/** Trades of each product sent on subscribing (rec). */
export const TRADES_LISTED = 100;
/** Level2 products that one connection may have: 16 were accepted, 32 refused (issue). */
export const BOOKS_ACCEPTED = 16;
/** Most trades asked for at once; the docs name no bound `[?]`. */
export const PAST_TRADES_MAX = 1000;

export const PRODUCTS_PATH = '/api/v3/brokerage/market/products';

/** The venue's own. */
export const VENUE_LIMITS: VenueLimits = {
  // No bound is documented `[?]`; sixteen books and their trades.
  subscriptionsPerConnection: 2 * BOOKS_ACCEPTED,
  booksPerConnection: BOOKS_ACCEPTED,
  // docs: 8 messages without a key, 8 connections a second, both of one address. Messages are counted here by connection.
  messages: { count: 8, windowMs: SECOND_MS },
  requests: null,
  subscriptionsPerMessage: 2 * BOOKS_ACCEPTED,
  connects: { count: 8, windowMs: SECOND_MS },
  // docs: 10 public requests a second of one address.
  rest: { count: 10, windowMs: SECOND_MS },
  // A snapshot of BTC-USD has 3 MB (rec) and more.
  payloadBytesMax: PAYLOAD_BYTES_MAX['coinbase'],
};

/**
 * The connector's: each connection says three messages at its start (heartbeats, level2, market_trades), so two new ones a
 * second stay below the eight messages of the address with room for resyncs.
 */
export const CONNECTOR_LIMITS: VenueLimits = {
  ...VENUE_LIMITS,
  // One large snapshot delays everything behind it (venues.md §2.6), so fewer than are accepted.
  subscriptionsPerConnection: 20,
  booksPerConnection: 10,
  messages: { count: 4, windowMs: SECOND_MS },
  subscriptionsPerMessage: 20,
  connects: { count: 2, windowMs: SECOND_MS },
  rest: { count: 8, windowMs: SECOND_MS },
};
