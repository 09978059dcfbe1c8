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
type ListedPage = { readonly list?: readonly Listed[]; readonly nextPageCursor?: unknown };

/** Two pings without an answer, and a little. */
const DEAD_MS = 50_000;
/** The snapshot follows the acknowledgement at once. */
const FIRST_DATA_MS = 10_000;
/** Markets in one part of the list: the most there are. */
const LISTED_MAX = 1000;

function readPage(answer: string): ListedPage {
  const parsed = JSON.parse(answer);
  const page: ListedPage | undefined = parsed?.retCode === 0 ? parsed.result : undefined;
  if (!Array.isArray(page?.list)) throw new Error(`expected a list of markets, was ${answer.slice(0, 200)}`);
  return page;
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
    return this.listed('');
  }

  readListing(answer: string): string[] {
    const { list = [] } = readPage(answer);
    return list.flatMap(({ symbol, status }) => (typeof symbol === 'string' && status === 'Trading' ? [symbol] : []));
  }

  /** Linear comes in pages; spot is one list without a cursor. */
  nextListing(_request: RestRequest, answer: string): RestRequest | null {
    const { nextPageCursor } = readPage(answer);
    return typeof nextPageCursor === 'string' && nextPageCursor !== '' ? this.listed(nextPageCursor) : null;
  }

  backfill({ symbol }: BackfillQuery): RestRequest {
    return pastTradesRequest(this.product, symbol);
  }

  readBackfill(query: BackfillQuery, answer: string): Backfill {
    return readPastTrades(this.product, query, answer);
  }

  private listed(cursor: string): RestRequest {
    const next = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const query = `category=${this.product.category}&status=Trading&limit=${LISTED_MAX}${next}`;
    return { method: 'GET', path: `/v5/market/instruments-info?${query}`, weight: 1 };
  }
}
