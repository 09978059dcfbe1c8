// A local Bybit v5, linear or spot: its addresses, its list of markets and its latest trades.

import type { VenueLimits } from '../../connect/protocol.ts';
import type {
  SimAnswer,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { type BybitProduct, type BybitVenue, bybitLimits, PRODUCTS } from './limits.ts';
import { errorText, listingText, recentTradesText } from './sim-frames.ts';
import { BybitSession } from './sim-session.ts';

/** Codes of the venue ("Error Codes"). */
const PARAMETER_ERROR = 10001;
const LISTED_DEFAULT = 500;
const LISTED_MAX = 1000;

export class BybitSimulator implements SimulatedVenue {
  readonly venue: BybitVenue;
  readonly limits: VenueLimits;
  readonly quantityDecimals = null;
  private readonly product: BybitProduct;

  constructor(venue: BybitVenue) {
    this.venue = venue;
    this.product = PRODUCTS[venue];
    this.limits = bybitLimits(this.product);
  }

  symbol(base: string): string {
    return `${base}USDT`;
  }

  isStreamPath(path: string): boolean {
    return path === `/v5/public/${this.product.category}`;
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new BybitSession(this.product, socket, state);
  }

  rest({ path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    const isListing = path === '/v5/market/instruments-info';
    if (!isListing && path !== '/v5/market/recent-trade') return null;
    const timeMs = state.nowMs();
    if (query.get('category') !== this.product.category) {
      return answer(errorText(PARAMETER_ERROR, 'Illegal category', timeMs));
    }
    return answer(isListing ? this.listing(query, state) : this.recentTrades(query, state));
  }

  /** Spot gives all at once, linear pages of `limit`; the cursor is the number of the first market behind the page. */
  private listing(query: URLSearchParams, state: SimVenueState): string {
    if (this.product.category === 'spot') return listingText(this.product, state.markets, '', state.nowMs());
    const limit = Math.min(LISTED_MAX, Number(query.get('limit') ?? LISTED_DEFAULT));
    const from = Number(query.get('cursor') ?? 0);
    const to = from + limit;
    const cursor = to < state.markets.length ? String(to) : '';
    return listingText(this.product, state.markets.slice(from, to), cursor, state.nowMs());
  }

  private recentTrades(query: URLSearchParams, state: SimVenueState): string {
    const market = state.market(query.get('symbol') ?? '');
    if (market === null) return errorText(PARAMETER_ERROR, 'Not supported symbols', state.nowMs());
    const { recentTradesMax } = this.product;
    const limit = Math.min(recentTradesMax, Number(query.get('limit') ?? recentTradesMax));
    return recentTradesText(this.product, market, limit, state.nowMs());
  }
}

function answer(body: string): SimAnswer {
  return { status: 200, body, weight: 1 };
}
