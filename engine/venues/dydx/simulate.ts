// A simulated dYdX v4 indexer: its sockets, and its REST answers.
//
// Source: dYdX v4 indexer docs, "HTTP API" (2026-04), server source `comlink/src/controllers/api/v4` (2026-03).

import type {
  SimAnswer,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { DYDX_LIMITS, REST_TRADES_MAX } from './limits.ts';
import { DydxSession, type SessionOptions } from './sim-session.ts';
import { bookState, height, marketList, pastTrades } from './sim-texts.ts';

/** Between two ticks, so that messages with higher numbers come before an answer. */
const ANSWER_MS = 30;
const TICKER_ERROR = 'ticker must be a valid ticker (BTC-USD, etc)';

export type DydxSimulatorOptions = Partial<SessionOptions>;

function answer(status: number, value: unknown): SimAnswer {
  return { status, body: JSON.stringify(value), weight: 1 };
}

function invalid(param: string, msg: string, location: string): SimAnswer {
  return answer(400, { errors: [{ msg, param, location }] });
}

export class DydxSimulator implements SimulatedVenue {
  readonly venue = 'dydx';
  readonly limits = DYDX_LIMITS;
  readonly quantityDecimals = null;
  private readonly options: SessionOptions;
  private connections = 0;

  constructor({ answerMs = ANSWER_MS, hasHiddenWindow = false, crosses = () => false }: DydxSimulatorOptions = {}) {
    this.options = { answerMs, hasHiddenWindow, crosses };
  }

  symbol(base: string): string {
    return `${base}-USD`;
  }

  isStreamPath(path: string): boolean {
    return path === '/v4/ws';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    this.connections++;
    const id = `00000000-0000-4000-8000-${String(this.connections).padStart(12, '0')}`;
    return new DydxSession(socket, state, id, this.options);
  }

  rest({ method, path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    if (method !== 'GET') return null;
    if (path === '/v4/perpetualMarkets') return answer(200, marketList(state));
    if (path === '/v4/height') return answer(200, height(state.nowMs()));
    if (path === '/v4/time') {
      const nowMs = state.nowMs();
      return answer(200, { iso: new Date(nowMs).toISOString(), epoch: nowMs / 1000 });
    }
    const found = /^\/v4\/(orderbooks|trades)\/perpetualMarket\/([^/]+)$/.exec(path);
    if (found === null) return null;
    const market = state.market(decodeURIComponent(found[2]));
    if (market === null) return invalid('ticker', TICKER_ERROR, 'params');
    return found[1] === 'orderbooks' ? answer(200, bookState(market)) : this.trades(market, query);
  }

  private trades(market: SimMarket, query: URLSearchParams): SimAnswer {
    const limit = Number(query.get('limit') ?? REST_TRADES_MAX);
    if (!Number.isInteger(limit) || limit < 1 || limit > REST_TRADES_MAX)
      return invalid(
        'limit',
        `limit must be a positive integer that is not greater than max: ${REST_TRADES_MAX}`,
        'query',
      );
    const before = query.get('createdBeforeOrAt');
    const beforeMs = before === null ? Number.POSITIVE_INFINITY : Date.parse(before);
    if (Number.isNaN(beforeMs)) return invalid('createdBeforeOrAt', 'Invalid value', 'query');
    return answer(200, pastTrades(market, limit, beforeMs));
  }
}
