// A local OKX v5: its address, its lists of instruments and its past trades.

import type { VenueLimits } from '../../connect/protocol.ts';
import type {
  SimAnswer,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { OKX_LIMITS, PAST_TRADES_MAX, STREAM_PATH } from './limits.ts';
import { errorText, instrumentsText, pastTradesText } from './sim-frames.ts';
import { OkxSession } from './sim-session.ts';

/** Kinds of instruments; the simulated markets are spot. */
const KINDS = ['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION'];
const SPOT = 'SPOT';

export class OkxSimulator implements SimulatedVenue {
  readonly venue = 'okx';
  readonly limits: VenueLimits = OKX_LIMITS;
  readonly quantityDecimals = null;

  symbol(base: string): string {
    return `${base}-USDT`;
  }

  isStreamPath(path: string): boolean {
    return path === STREAM_PATH;
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new OkxSession(socket, state);
  }

  rest({ path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    if (path === '/api/v5/public/instruments') return instruments(query, state);
    return path === '/api/v5/market/history-trades' ? pastTrades(query, state) : null;
  }
}

function instruments(query: URLSearchParams, { markets }: SimVenueState): SimAnswer {
  const kind = query.get('instType') ?? '';
  if (!KINDS.includes(kind)) return answer(errorText('51000', 'Parameter instType error'), 400);
  return answer(instrumentsText(kind === SPOT ? markets : [], kind));
}

function pastTrades(query: URLSearchParams, state: SimVenueState): SimAnswer {
  const market = state.market(query.get('instId') ?? '');
  if (market === null) return answer(errorText('51001', "Instrument ID doesn't exist"));
  const limit = Math.min(PAST_TRADES_MAX, Number(query.get('limit') ?? PAST_TRADES_MAX));
  return answer(pastTradesText(market, Number(query.get('after') ?? Number.POSITIVE_INFINITY), limit));
}

function answer(body: string, status = 200): SimAnswer {
  return { status, body, weight: 1 };
}
