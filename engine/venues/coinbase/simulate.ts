// The simulated Coinbase Advanced Trade: its addresses and REST side. Sockets are sim-session.ts's, texts sim-frames.ts's.
//
// Sources: limits.ts; Coinbase Advanced Trade REST docs, "List Public Products", "Get Public Market Trades" (2026-08).

import type {
  SimAnswer,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { PRODUCTS_PATH, VENUE_LIMITS } from './limits.ts';
import { decimalText, tradeEntry } from './sim-frames.ts';
import { CoinbaseSession } from './sim-session.ts';

const TICKER_PATH = /^\/api\/v3\/brokerage\/market\/products\/([^/]+)\/ticker$/;
const TRADES_KEPT = 1_000_000;
/** Most trades the simulator gives at once `[?]`. */
const TRADES_MAX = 1000;
/** A product that is listed and cannot be traded. */
const DELISTED = 'DELISTED-USD';

export class CoinbaseSimulator implements SimulatedVenue {
  readonly venue = 'coinbase';
  readonly limits = VENUE_LIMITS;
  readonly quantityDecimals = 8;

  symbol(base: string): string {
    return `${base}-USD`;
  }

  isStreamPath(path: string): boolean {
    return path === '/';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new CoinbaseSession(socket, state);
  }

  rest({ path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    if (path === PRODUCTS_PATH) return { status: 200, body: listing(state), weight: 1 };
    const asked = TICKER_PATH.exec(path);
    if (asked === null) return null;
    const market = state.market(decodeURIComponent(asked[1]));
    return market === null ? refusal(404, 'NOT_FOUND', 'valid product_id is required') : pastTrades(market, query);
  }
}

/** Each product, its USDC name, which has the same book, and one that is closed. */
function listing({ markets }: SimVenueState): string {
  const products = markets.flatMap(({ symbol }) => {
    const other = symbol.replace(/-USD$/, '-USDC');
    return [product(symbol, '', [other], false), product(other, symbol, [], false)];
  });
  return JSON.stringify({
    products: [...products, product(DELISTED, '', [], true)],
    num_products: products.length + 1,
  });
}

function product(id: string, alias: string, aliasTo: readonly string[], isClosed: boolean): object {
  const status = isClosed ? 'delisted' : 'online';
  const flags = { is_disabled: false, status, trading_disabled: isClosed, view_only: false };
  return { product_id: id, ...flags, product_type: 'SPOT', alias, alias_to: aliasTo };
}

function pastTrades(market: SimMarket, query: URLSearchParams): SimAnswer {
  const limit = Number(query.get('limit') ?? Number.NaN);
  const start = Number(query.get('start') ?? 0);
  const end = Number(query.get('end') ?? Number.MAX_SAFE_INTEGER);
  if (!(limit >= 1) || Number.isNaN(start) || Number.isNaN(end))
    return refusal(400, 'INVALID_ARGUMENT', 'limit, start and end must be numbers');
  const wanted = market.trades(TRADES_KEPT).filter(({ timeMs }) => timeMs >= start * 1000 && timeMs <= end * 1000);
  const trades = wanted.slice(-Math.min(limit, TRADES_MAX)).toReversed();
  const body = {
    trades: trades.map((trade) => ({ ...tradeEntry(market.symbol, trade), bid: '', ask: '', exchange: 'coinbase' })),
    best_bid: decimalText(market.bids(1)[0]?.[0] ?? ''),
    best_ask: decimalText(market.asks(1)[0]?.[0] ?? ''),
  };
  return { status: 200, body: JSON.stringify(body), weight: 1 };
}

function refusal(status: number, error: string, message: string): SimAnswer {
  return { status, body: JSON.stringify({ error, error_details: message, message }), weight: 1 };
}
