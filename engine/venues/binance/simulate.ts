// The simulated Binance: spot, US, USD-M, COIN-M. Sockets are sim-session.ts's, texts sim-frames.ts's; here is its REST side.
//
// Sources: limits.ts; Binance REST docs, "Order book", "Exchange information", "Compressed/Aggregate trades list", "Error codes".

import type { VenueLimits } from '../../connect/protocol.ts';
import type {
  SimAnswer,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimTrade,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { AGGREGATES_MAX, type BinanceProduct, type BinanceVenue, PRODUCTS, venueLimits } from './limits.ts';
import { BinanceWriter } from './sim-frames.ts';
import { BinanceSession, streamAddress } from './sim-session.ts';

const HOUR_MS = 3_600_000;
const AGGREGATES_DEFAULT = 500;
const TRADES_KEPT = 1_000_000;
/** Depths of futures snapshots, and the most of spot's, which may have any below. */
const FUTURES_DEPTHS = [5, 10, 20, 50, 100, 500, 1000];
const SPOT_DEPTH_MAX = 5000;
/** A market that is listed and cannot be traded. */
const HALTED_BASE = 'HALTED';

/** Weight of a depth request by its levels: spot, US, and both futures (docs, "Order book"). */
const DEPTH_WEIGHTS: Readonly<Record<BinanceVenue, readonly (readonly [levels: number, weight: number])[]>> = {
  binance: [
    [100, 5],
    [500, 25],
    [1000, 50],
    [SPOT_DEPTH_MAX, 250],
  ],
  'binance-us': [
    [100, 1],
    [500, 5],
    [1000, 10],
    [SPOT_DEPTH_MAX, 50],
  ],
  'binance-futures': [
    [50, 2],
    [100, 5],
    [500, 10],
    [1000, 20],
  ],
  'binance-delivery': [
    [50, 2],
    [100, 5],
    [500, 10],
    [1000, 20],
  ],
};

export class BinanceSimulator implements SimulatedVenue {
  readonly venue: BinanceVenue;
  readonly limits: VenueLimits;
  readonly quantityDecimals = null;
  private readonly product: BinanceProduct;
  private readonly writer: BinanceWriter;

  constructor(venue: BinanceVenue) {
    this.venue = venue;
    this.product = PRODUCTS[venue];
    this.limits = venueLimits(this.product);
    this.writer = new BinanceWriter(this.product);
  }

  symbol(base: string): string {
    return this.venue === 'binance-delivery' ? `${base}USD_PERP` : `${base}USDT`;
  }

  isStreamPath(path: string): boolean {
    return streamAddress(this.product, path, null) !== null;
  }

  open(socket: SimSocket, path: string, query: URLSearchParams, state: SimVenueState): SimSession {
    const address = streamAddress(this.product, path, query.get('streams')) ?? {
      prefix: '',
      isCombined: false,
      names: [],
    };
    return new BinanceSession(this.product, this.writer, socket, address, state);
  }

  rest(request: SimRequest, state: SimVenueState): SimAnswer | null {
    const { restPrefix } = this.product;
    if (!request.path.startsWith(`${restPrefix}/`)) return null;
    switch (request.path.slice(restPrefix.length + 1)) {
      case 'ping':
        return { status: 200, body: '{}', weight: 1 };
      case 'time':
        return { status: 200, body: `{"serverTime":${state.nowMs()}}`, weight: 1 };
      case 'exchangeInfo':
        return this.listing(state);
      case 'depth':
        return this.ofMarket(request, state, (market) => this.depth(market, request.query, state.nowMs()));
      case 'aggTrades':
        return this.ofMarket(request, state, (market) => this.aggregates(market, request.query));
      default:
        return null;
    }
  }

  private listing(state: SimVenueState): SimAnswer {
    const { statusField, rest, weights } = this.product;
    const listed = state.markets.map(({ symbol, priceDecimals, quantityDecimals }) => ({
      symbol,
      [statusField]: 'TRADING',
      pricePrecision: priceDecimals,
      quantityPrecision: quantityDecimals,
    }));
    const halted = { symbol: this.symbol(HALTED_BASE), [statusField]: 'BREAK' };
    const limit = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: rest.count };
    const body = { timezone: 'UTC', serverTime: state.nowMs(), rateLimits: [limit], symbols: [...listed, halted] };
    return { status: 200, body: JSON.stringify(body), weight: weights.listing };
  }

  private ofMarket(request: SimRequest, state: SimVenueState, answer: (market: SimMarket) => SimAnswer): SimAnswer {
    const symbol = request.query.get('symbol');
    if (symbol === null || symbol === '') {
      return refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
    }
    const market = state.market(symbol);
    return market === null ? refusal(-1121, 'Invalid symbol.') : answer(market);
  }

  private depth(market: SimMarket, query: URLSearchParams, nowMs: number): SimAnswer {
    const { isFutures } = this.product;
    const limit = wholeNumber(query.get('limit'), isFutures ? 500 : 100);
    const isAllowed = isFutures ? FUTURES_DEPTHS.includes(limit) : limit >= 1;
    if (!isAllowed) return refusal(-1130, "Data sent for parameter 'limit' is not valid.");
    const levels = Math.min(limit, SPOT_DEPTH_MAX);
    const weight = DEPTH_WEIGHTS[this.venue].find(([most]) => levels <= most)?.[1] ?? 1;
    return { status: 200, body: this.writer.snapshot(market, levels, nowMs), weight };
  }

  private aggregates(market: SimMarket, query: URLSearchParams): SimAnswer {
    const limit = Math.min(wholeNumber(query.get('limit'), AGGREGATES_DEFAULT), AGGREGATES_MAX);
    const fromId = wholeNumber(query.get('fromId'), -1);
    const startMs = wholeNumber(query.get('startTime'), -1);
    const endMs = wholeNumber(query.get('endTime'), -1);
    if (startMs >= 0 && endMs >= 0 && endMs - startMs >= HOUR_MS) {
      return refusal(-1127, 'More than 1 hours between startTime and endTime.');
    }
    const isWanted = ({ id, timeMs }: SimTrade): boolean =>
      id >= fromId && timeMs >= startMs && (endMs < 0 || timeMs <= endMs);
    const wanted = market.trades(TRADES_KEPT).filter(isWanted);
    const trades = fromId < 0 && startMs < 0 ? wanted.slice(-limit) : wanted.slice(0, limit);
    const body = `[${trades.map((trade) => this.writer.past(trade)).join(',')}]`;
    return { status: 200, body, weight: this.product.weights.aggregates };
  }
}

function refusal(code: number, msg: string): SimAnswer {
  return { status: 400, body: JSON.stringify({ code, msg }), weight: 1 };
}

/** The number of a parameter, `absent` where it is not there, NaN where it is no number. */
function wholeNumber(text: string | null, absent: number): number {
  if (text === null) return absent;
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}
