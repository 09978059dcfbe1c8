// Simulates Hyperliquid: its socket and its `info` address.
//
// Source: Hyperliquid docs, "WebSocket", "Info endpoint", "Rate limits and user limits" (2026-06); docs/venues/hyperliquid.md.

import type {
  SimAnswer,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { HYPERLIQUID_LIMITS, RECENT_TRADES, WEIGHT, WEIGHT_LIGHT } from './limits.ts';
import { BOOK_LEVELS, bookData, tradeObject, venueNumber } from './sim-frames.ts';
import { HyperliquidSession } from './sim-session.ts';

/** The documented cadence: a block at least half a second after the last push. */
const CADENCE_MS = 500;
const LEVERAGE = 50;

const UNREADABLE: SimAnswer = {
  status: 422,
  body: 'Failed to deserialize the JSON body into the target type',
  weight: WEIGHT,
};

function json(value: unknown, weight: number): SimAnswer {
  return { status: 200, body: JSON.stringify(value), weight };
}

function readBody(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

/** The last trade's price, which the venue takes where a book is empty: here it stands for all, so that no book is asked for. */
function midText(market: SimMarket): string {
  return venueNumber(market.trades(1)[0]?.price ?? '1');
}

export class HyperliquidSimulator implements SimulatedVenue {
  readonly venue = 'hyperliquid';
  readonly limits = HYPERLIQUID_LIMITS;
  readonly quantityDecimals = null;
  private readonly cadenceMs: number;

  /** Books are pushed every `cadenceMs`, at the next tick. */
  constructor(cadenceMs: number = CADENCE_MS) {
    this.cadenceMs = cadenceMs;
  }

  symbol(base: string): string {
    return base;
  }

  isStreamPath(path: string): boolean {
    return path === '/ws';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new HyperliquidSession(socket, state, this.cadenceMs);
  }

  rest({ method, path, body }: SimRequest, state: SimVenueState): SimAnswer | null {
    if (path !== '/info') return null;
    if (method !== 'POST') return { status: 405, body: '', weight: WEIGHT };
    const { type, coin } = readBody(body);
    const market = typeof coin === 'string' ? state.market(coin) : null;
    switch (type) {
      case 'meta':
        return json({ universe: state.markets.map(universeEntry) }, WEIGHT);
      case 'spotMeta':
        return json({ universe: [], tokens: [] }, WEIGHT);
      case 'allMids':
        return json(Object.fromEntries(state.markets.map((each) => [each.symbol, midText(each)])), WEIGHT_LIGHT);
      case 'l2Book':
        return json(market === null ? null : bookData(market, state.nowMs(), BOOK_LEVELS), WEIGHT_LIGHT);
      case 'recentTrades':
        return json(market === null ? null : recentTrades(market), WEIGHT);
      default:
        return UNREADABLE;
    }
  }
}

function universeEntry({ symbol, quantityDecimals }: SimMarket): object {
  return { szDecimals: quantityDecimals, name: symbol, maxLeverage: LEVERAGE };
}

function recentTrades(market: SimMarket): object[] {
  return [...market.trades(RECENT_TRADES)].reverse().map((trade) => tradeObject(market.symbol, trade));
}
