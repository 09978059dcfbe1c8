// Tells the connector how Bybit v5 is spoken to, linear or spot.
//
// Source: Bybit API v5 docs, "Connect", "Orderbook", "Get Instruments Info" (2026-08); venues.md §8; docs/venues/bybit.md.

import type {
  BackfillQuery,
  BookSource,
  Dialogue,
  RestRequest,
  VenueConnector,
  VenueLimits,
} from '../../connect/protocol.ts';
import { BybitDialogue } from './dialogue.ts';
import { type BybitProduct, type BybitVenue, bybitLimits, PING_MS, PRODUCTS, REST_URL, STREAM_URL } from './limits.ts';
import { type Backfill, pastTradesRequest, readPastTrades } from './past-trades.ts';

type Listed = { readonly symbol?: unknown; readonly status?: unknown };

/** Two pings without an answer, and a little. */
const DEAD_MS = 50_000;
/** The snapshot follows the acknowledgement at once. */
const FIRST_DATA_MS = 10_000;
/** The most markets in one answer; linear had 800 of them in August 2026. */
const LISTED_MAX = 1000;

function readList(answer: string): readonly Listed[] {
  const parsed = JSON.parse(answer);
  const list: unknown = parsed?.retCode === 0 ? parsed.result?.list : undefined;
  if (!Array.isArray(list)) throw new Error(`expected a list of markets, was ${answer.slice(0, 200)}`);
  return list;
}

export class BybitConnector implements VenueConnector {
  readonly venue: BybitVenue;
  readonly streamUrl = STREAM_URL;
  readonly restUrl = REST_URL;
  readonly limits: VenueLimits;
  readonly bookSource: BookSource = 'stream';
  readonly isInAddress = false;
  readonly pingEveryMs = PING_MS;
  readonly deadAfterMs = DEAD_MS;
  /** The venue names no age; it ends connections every 6 to 12 h without a word (venues.md §8.5). */
  readonly lifeMs = null;
  readonly firstDataMs = FIRST_DATA_MS;
  readonly areTradesRare = true;
  private readonly product: BybitProduct;

  constructor(venue: BybitVenue) {
    this.venue = venue;
    this.product = PRODUCTS[venue];
    this.limits = bybitLimits(this.product);
  }

  path(): string {
    return `/v5/public/${this.product.category}`;
  }

  dialogue(): Dialogue {
    return new BybitDialogue();
  }

  listing(): RestRequest {
    const query = `category=${this.product.category}&status=Trading&limit=${LISTED_MAX}`;
    return { method: 'GET', path: `/v5/market/instruments-info?${query}`, weight: 1 };
  }

  readListing(answer: string): string[] {
    return readList(answer).flatMap(({ symbol, status }) =>
      typeof symbol === 'string' && status === 'Trading' ? [symbol] : [],
    );
  }

  backfill({ symbol }: BackfillQuery): RestRequest {
    return pastTradesRequest(this.product, symbol);
  }

  readBackfill(query: BackfillQuery, answer: string): Backfill {
    return readPastTrades(this.product, query, answer);
  }
}
