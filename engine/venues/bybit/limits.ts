// What Bybit v5 allows a client, and what tells its two products apart: addresses, paths and lengths of answers.
//
// Sources: Bybit API v5 docs, "Connect", "Rate Limit Rules", "Get Recent Public Trades", "Get Instruments Info" (2026-08);
// venues.md §8.4, §9.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

export type BybitVenue = 'bybit' | 'bybit-spot';

export type BybitProduct = {
  readonly venue: BybitVenue;
  /** As in `category=…` and in the stream's path. */
  readonly category: 'linear' | 'spot';
  /** Trades that an answer about the past holds at most ("Get Recent Public Trades"). */
  readonly recentTradesMax: number;
  /** Topics in one request; null for no limit of the venue ("Connect": spot 10). */
  readonly topicsPerRequest: number | null;
};

export const PRODUCTS: Readonly<Record<BybitVenue, BybitProduct>> = {
  bybit: { venue: 'bybit', category: 'linear', recentTradesMax: 1000, topicsPerRequest: null },
  'bybit-spot': { venue: 'bybit-spot', category: 'spot', recentTradesMax: 60, topicsPerRequest: 10 },
};

export const STREAM_URL = 'wss://stream.bybit.com';
export const REST_URL = 'https://api.bybit.com';

/** Levels a side of the books asked for: the deepest that comes each 100 ms ("Orderbook"). */
export const BOOK_DEPTH = 200;

/** Characters of all topics of one connection ("Connect"). */
export const TOPICS_CHARACTERS_MAX = 21_000;

/** The client pings this often ("Connect"); the venue cuts after ten minutes of nothing. */
export const PING_MS = 20_000;
export const SILENCE_MAX_MS = 600_000;

const MINUTE_MS = 60_000;

export function bybitLimits(product: BybitProduct): VenueLimits {
  return {
    // 300 topics of at most 52 characters with quotes and commas: three quarters of the 21,000.
    subscriptionsPerConnection: 300,
    // No figure of the venue: heavier books on more sockets (venues.md §9).
    booksPerConnection: 50,
    // None of the venue either.
    messages: { count: 5, windowMs: 1000 },
    requests: null,
    // Spot's limit; on linear because one bad topic refuses its whole request.
    subscriptionsPerMessage: 10,
    // Of one address and domain.
    connects: { count: 500, windowMs: 5 * MINUTE_MS },
    rest: { count: 600, windowMs: 5000 },
    payloadBytesMax: PAYLOAD_BYTES_MAX[product.venue],
  };
}
