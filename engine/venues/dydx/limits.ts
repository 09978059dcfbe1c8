// What the dYdX v4 indexer allows, for the connector and the simulator.
//
// Source: server source, `socks/src/config.ts` and `comlink/src/config.ts` (2026-03): defaults, as the production values are
// not published; "Per-connection subscription limit reached for v4_trades (limit=32)" was seen in production. venues.md §5.5.

import type { VenueLimits } from '../../connect/protocol.ts';

/** V4_ORDERBOOK_CHANNEL_LIMIT, V4_TRADES_CHANNEL_LIMIT and the like: subscriptions of one channel on one connection. */
export const CHANNEL_SUBSCRIPTIONS_MAX = 32;
/** RATE_LIMIT_SUBSCRIBE_POINTS in RATE_LIMIT_SUBSCRIBE_DURATION_MS: subscribes to one channel and id on one connection. */
export const SAME_SUBSCRIBES = { count: 2, windowMs: 1000 } as const;
/** RATE_LIMIT_INVALID_MESSAGE_POINTS: malformed messages on one connection. */
export const INVALID_MESSAGES = { count: 2, windowMs: 1000 } as const;
/** WS_HEARTBEAT_INTERVAL_MS: the server pings, and closes where no pong comes within 10 s. */
export const PING_EVERY_MS = 30_000;
/** INITIAL_GET_TIMEOUT_MS: a subscribe is answered within this, by its state or by an error. */
export const ANSWER_WITHIN_MS = 20_000;
/** API_LIMIT_V4: trades of one REST answer. */
export const REST_TRADES_MAX = 1000;

const MIB = 1024 * 1024;

export const DYDX_LIMITS: VenueLimits = {
  // Books and trades count apart, 32 each; no more of both together never passes either.
  subscriptionsPerConnection: CHANNEL_SUBSCRIPTIONS_MAX,
  booksPerConnection: CHANNEL_SUBSCRIPTIONS_MAX,
  // Only subscribes to one channel and id are limited; each costs the server a request of its own, so they are spread.
  messages: { count: 10, windowMs: 1000 },
  requests: null,
  subscriptionsPerMessage: 1,
  // Not published.
  connects: { count: 5, windowMs: 1000 },
  // RATE_LIMIT_GET_POINTS in RATE_LIMIT_GET_DURATION_SECONDS.
  rest: { count: 100, windowMs: 10_000 },
  // Not published; 100 levels a side or 1,000 trades are below 0.3 MiB.
  payloadBytesMax: 4 * MIB,
};
