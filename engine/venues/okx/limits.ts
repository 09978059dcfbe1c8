// What OKX v5 allows a client, and where it is.
//
// Sources: OKX API guide v5, "WebSocket", "Connect", "Connection count limit", "Request limit", "Get instruments", "Get trades
// history" (2026-08); venues.md §7.5, §9.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

export const STREAM_URL = 'wss://ws.okx.com:8443';
export const REST_URL = 'https://www.okx.com';
export const STREAM_PATH = '/ws/v5/public';

/** The connection is cut when it carried no push for this long; the client pings before. */
export const SILENCE_MAX_MS = 30_000;
export const PING_MS = 20_000;

/** A book without a change sends a keep-alive about this often ("Order book channel"). */
export const KEEP_ALIVE_MS = 60_000;
/** Levels a side of `books`. */
export const BOOK_DEPTH = 400;

/** Bytes of all arguments of one connection. */
export const ARGUMENT_BYTES_MAX = 65_536;

/** Trades in one answer about the past. */
export const PAST_TRADES_MAX = 100;

const HOUR_MS = 3_600_000;

export const OKX_LIMITS: VenueLimits = {
  // Arguments of at most 70 bytes each: under half of the 64 KB.
  subscriptionsPerConnection: 400,
  // "Fewer than 30" channels of deep books.
  booksPerConnection: 28,
  // No figure of the venue (venues.md §9); with texts of 20 arguments a connection is subscribed within 2 s.
  messages: { count: 2, windowMs: 1000 },
  requests: { count: 480, windowMs: HOUR_MS },
  subscriptionsPerMessage: 20,
  connects: { count: 3, windowMs: 1000 },
  // Of "Get instruments" and "Get trades history" alike.
  rest: { count: 20, windowMs: 2000 },
  payloadBytesMax: PAYLOAD_BYTES_MAX['okx'],
};
