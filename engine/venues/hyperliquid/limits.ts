// What Hyperliquid allows one address, and the texts it refuses with: what the connector stays inside and the simulator counts.
//
// Source: Hyperliquid docs, "API", "Rate limits and user limits" (2026-06), venues.md §4.4: per address, over all its
// connections, at most 10 of them (an earlier text of the page says 100). One connection may hold all of it, so the limits
// of an address are written as those of a connection: as long as one is enough, both are kept.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

const MINUTE_MS = 60_000;

/** "Maximum of 1000 websocket subscriptions": books and trades of 500 markets. */
export const SUBSCRIPTIONS_MAX = 1000;

export const HYPERLIQUID_LIMITS: VenueLimits = {
  subscriptionsPerConnection: SUBSCRIPTIONS_MAX,
  booksPerConnection: SUBSCRIPTIONS_MAX / 2,
  // "Maximum of 2000 messages sent to Hyperliquid per minute", in two halves: what is asked for first goes out at once.
  messages: { count: 1000, windowMs: MINUTE_MS / 2 },
  requests: null,
  // `subscription` is one object.
  subscriptionsPerMessage: 1,
  // "Maximum of 30 new websocket connections per minute".
  connects: { count: 30, windowMs: MINUTE_MS },
  // "REST requests share an aggregated weight limit of 1200 per minute".
  rest: { count: 1200, windowMs: MINUTE_MS },
  payloadBytesMax: PAYLOAD_BYTES_MAX['hyperliquid'],
};

/** "The server will close any connection if it hasn't sent a message to it in the last 60 seconds" (docs, "Timeouts and heartbeats"). */
export const SILENCE_MAX_MS = 60_000;

/** Weights of `info` requests: "l2Book, allMids: 2", "all other: 20". */
export const WEIGHT_LIGHT = 2;
export const WEIGHT = 20;

/** Trades that `recentTrades` gives, newest first; it takes neither a count nor a time (public clients, 2026). */
export const RECENT_TRADES = 10;

/** Beginnings of error texts; behind them stands what was asked for, as JSON. An error has no number of its request. */
export const ErrorText = {
  alreadySubscribed: 'Already subscribed',
  alreadyUnsubscribed: 'Already unsubscribed',
  invalidSubscription: 'Invalid subscription',
  noRequest: 'Error parsing JSON into valid websocket request',
  tooMany: 'Cannot subscribe to more than 1000 channels.',
} as const;
