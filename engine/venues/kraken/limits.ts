// Limits of Kraken's WebSocket v2 and REST, each with its source.
//
// Sources: Kraken WebSocket v2 docs, "Introduction", "FAQ" (docs.kraken.com, 2026-05); Kraken support, "API rate limits";
// venues.md §3.6, §9. Where Kraken publishes nothing, the figure is venues.md's proposal and says so.

import { PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import type { VenueLimits } from '../../connect/protocol.ts';

/** Depths of a book (WebSocket v2 docs, "Book"). */
export const DEPTHS = [10, 25, 100, 500, 1000] as const;
export type BookDepth = (typeof DEPTHS)[number];

/** The checksum covers ten levels; a hundred make the measures of depth worth having and stay small. */
export const DEPTH_DEFAULT: BookDepth = 100;

/** Most trades in one answer of REST ("Get Recent Trades"). */
export const TRADES_MAX = 1000;

const TEN_MINUTES_MS = 600_000;

export const KRAKEN_LIMITS: VenueLimits = {
  // A book and the trades of each market. Not published; venues.md §9 proposes the books.
  subscriptionsPerConnection: 200,
  booksPerConnection: 100,
  // "Exceeded msg rate" comes at an adaptive rate without a figure; proposal of venues.md §9.
  messages: { count: 2, windowMs: 1000 },
  requests: null,
  subscriptionsPerMessage: 20,
  // About 150 in ten minutes and per address (Cloudflare), then a ban as long.
  connects: { count: 150, windowMs: TEN_MINUTES_MS },
  // Public calls: a counter up to 15 that falls by one each 3 s.
  rest: { count: 15, windowMs: 45_000 },
  payloadBytesMax: PAYLOAD_BYTES_MAX['kraken'],
};
