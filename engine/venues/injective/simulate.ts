// Simulates an Injective node: its JSON WebSocket, and of its LCD the lists of markets and the books.
//
// Source: Injective API docs, "WebSocket" (2026-08); injective-core @c7b042e2, proto/injective/exchange/v2/query.proto.

import type { VenueLimits } from '../../connect/protocol.ts';
import type {
  SimAnswer,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { INJECTIVE_LIMITS } from './limits.ts';
import { LCD_PREFIX, type MarketKind } from './listing.ts';
import { kindOf, type Listed, marketIdOf, marketList, orderbook } from './sim-frames.ts';
import { InjectiveSession } from './sim-session.ts';

/** Levels a side where the request names none (DefaultQueryOrderbookLimit). */
const LEVELS_DEFAULT = 20;
/** A market that is listed and cannot be traded. */
const PAUSED_BASE = 'PAUSED';
/** gRPC codes as the gateway writes them. */
const GrpcCode = { invalidArgument: 3, notFound: 5 } as const;

export class InjectiveSimulator implements SimulatedVenue {
  readonly venue = 'injective';
  readonly limits: VenueLimits = INJECTIVE_LIMITS;
  readonly quantityDecimals = null;

  symbol(base: string): string {
    return marketIdOf(base);
  }

  isStreamPath(path: string): boolean {
    return path === '/injstream-ws';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new InjectiveSession(socket, state.nowMs());
  }

  rest({ method, path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    const match = /^(spot|derivative)\/(?:(markets)|orderbook\/(.+))$/.exec(path.slice(LCD_PREFIX.length + 1));
    if (method !== 'GET' || !path.startsWith(`${LCD_PREFIX}/`) || match === null) return null;
    const kind = match[1] as MarketKind;
    return match[2] === undefined ? this.book(kind, match[3], query, state) : this.listing(kind, query, state);
  }

  private listing(kind: MarketKind, query: URLSearchParams, state: SimVenueState): SimAnswer {
    const paused = { symbol: marketIdOf(PAUSED_BASE), priceDecimals: 2, quantityDecimals: 2, status: 'Paused' };
    const all: Listed[] = state.markets.map(({ symbol, priceDecimals, quantityDecimals }) => ({
      symbol,
      priceDecimals,
      quantityDecimals,
      status: 'Active',
    }));
    const status = query.get('status');
    const wanted = [...all, paused].filter((market) => status === null || market.status === status);
    return { status: 200, body: marketList(kind, wanted), weight: 1 };
  }

  private book(kind: MarketKind, id: string, query: URLSearchParams, state: SimVenueState): SimAnswer {
    const limit = query.get('limit') ?? String(LEVELS_DEFAULT);
    if (!/^\d{1,9}$/.test(limit)) return refusal(400, GrpcCode.invalidArgument, `invalid value for limit: ${limit}`);
    const market = state.market(decodeURIComponent(id));
    if (market === null || kindOf(market.symbol) !== kind) {
      return refusal(404, GrpcCode.notFound, `${kind} market not found: ${id}`);
    }
    return { status: 200, body: orderbook(market, Number(limit)), weight: 1 };
  }
}

function refusal(status: number, code: number, message: string): SimAnswer {
  return { status, body: JSON.stringify({ code, message, details: [] }), weight: 1 };
}
