// Tells the connector how Binance spot, Binance US, USD-M and COIN-M are spoken to.
//
// Sources: limits.ts; docs/venues/binance.md, "Connection".

import type {
  BackfillQuery,
  BookSource,
  Dialogue,
  RestRequest,
  Subscription,
  VenueConnector,
  VenueLimits,
} from '../../connect/protocol.ts';
import { BinanceDialogue } from './dialogue.ts';
import {
  type BinanceProduct,
  type BinanceVenue,
  connectorLimits,
  LIFE_MS,
  PRODUCTS,
  SNAPSHOT_LEVELS,
} from './limits.ts';
import { pastTradesRequest, readPastTrades } from './past-trades.ts';
import { streamInAddress } from './streams.ts';

const HOUR_MS = 3_600_000;
/** Asked this often where the server's own pings are minutes apart. */
const PING_MS = 20_000;
/** Three pings, the server's or ours, that did not come. */
const DEAD_MS = 65_000;
/** A book that does not change sends nothing; its snapshot comes by REST, behind at most this many others. */
const FIRST_DATA_MS = 60_000;

type Listed = { readonly symbol?: unknown; readonly status?: unknown; readonly contractStatus?: unknown };

export class BinanceConnector implements VenueConnector {
  readonly venue: BinanceVenue;
  readonly streamUrl: string;
  readonly restUrl: string;
  readonly limits: VenueLimits;
  readonly bookSource: BookSource = 'rest';
  readonly isInAddress = true;
  readonly pingEveryMs: number | null;
  readonly deadAfterMs = DEAD_MS;
  readonly lifeMs = LIFE_MS - HOUR_MS;
  readonly firstDataMs = FIRST_DATA_MS;
  readonly areTradesRare = true;
  private readonly product: BinanceProduct;

  constructor(venue: BinanceVenue) {
    const product = PRODUCTS[venue];
    this.product = product;
    this.venue = venue;
    this.streamUrl = product.streamUrl;
    this.restUrl = product.restUrl;
    this.limits = connectorLimits(product);
    this.pingEveryMs = product.pingMs > PING_MS ? PING_MS : null;
  }

  /** The addresses differ by product and channel (limits.ts). */
  group({ channel }: Subscription): string {
    return this.product.streamPrefix[channel];
  }

  path(subscriptions: readonly Subscription[]): string {
    const prefix = subscriptions.length === 0 ? this.product.streamPrefix.book : this.group(subscriptions[0]);
    const names = subscriptions.map(streamInAddress).join('/');
    return names === '' ? `${prefix}/stream` : `${prefix}/stream?streams=${names}`;
  }

  dialogue(): Dialogue {
    return new BinanceDialogue(this.pingEveryMs !== null);
  }

  listing(): RestRequest {
    const { restPrefix, listingQuery, weights } = this.product;
    return { method: 'GET', path: `${restPrefix}/exchangeInfo${listingQuery}`, weight: weights.listing };
  }

  readListing(answer: string): string[] {
    const listed: unknown = JSON.parse(answer)?.symbols;
    if (!Array.isArray(listed)) throw new Error(`expected "symbols" in the listing, was ${answer.slice(0, 200)}`);
    const { statusField } = this.product;
    return listed.flatMap(({ symbol, ...rest }: Listed) =>
      typeof symbol === 'string' && rest[statusField] === 'TRADING' ? [symbol] : [],
    );
  }

  snapshot(symbol: string): RestRequest {
    const path = `${this.product.restPrefix}/depth?symbol=${encodeURIComponent(symbol)}&limit=${SNAPSHOT_LEVELS}`;
    return { method: 'GET', path, weight: this.product.weights.depth };
  }

  /** The answer as it came, with its market where it does not name it (COIN-M does): no number is read or written anew. */
  snapshotFrame(symbol: string, answer: string): string {
    const head = answer.slice(0, Math.max(answer.indexOf('['), 0));
    if (/"symbol"\s*:/.test(head)) return `{"snapshot":${answer}}`;
    return `{"snapshot":{"symbol":${JSON.stringify(symbol)},${answer.slice(answer.indexOf('{') + 1)}}`;
  }

  backfill(query: BackfillQuery): RestRequest {
    return pastTradesRequest(this.product, query);
  }

  readBackfill(query: BackfillQuery, answer: string): { readonly frames: string[]; readonly next: RestRequest | null } {
    return readPastTrades(this.product, query, answer);
  }
}
