// The simulated Kraken: WebSocket v2 by sim-session.ts, and of REST the pairs and the trades.
//
// Source: Kraken REST docs, "Get Tradable Asset Pairs", "Get Recent Trades" (2026-05).

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
import { KRAKEN_LIMITS, TRADES_MAX } from './limits.ts';
import { restPair, v1Symbol } from './names.ts';
import { KrakenSession } from './sim-session.ts';

const TRADES_KEPT = 1_000_000;
const MILLIS = 1000;
const NANO_DIGITS = 6;
const NANOS_OF_A_MILLI = 10 ** NANO_DIGITS;

/** Kraken publishes no rate; above this one the simulated venue complains. */
const MESSAGES = { count: 5, windowMs: 1000 };

export class KrakenSimulator implements SimulatedVenue {
  readonly venue = 'kraken';
  readonly limits: VenueLimits = { ...KRAKEN_LIMITS, messages: MESSAGES };
  /** Nearly all pairs have eight. */
  readonly quantityDecimals = 8;

  symbol(base: string): string {
    return `${base}/USD`;
  }

  isStreamPath(path: string): boolean {
    return path === '/v2';
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new KrakenSession(socket, state);
  }

  rest(request: SimRequest, state: SimVenueState): SimAnswer | null {
    switch (request.path) {
      case '/0/public/AssetPairs':
        return answer(Object.fromEntries(state.markets.map((market) => [restPair(market.symbol), pairOf(market)])));
      case '/0/public/Trades':
        return this.trades(request.query, state);
      case '/0/public/SystemStatus':
        return answer({ status: 'online', timestamp: new Date(state.nowMs()).toISOString() });
      default:
        return null;
    }
  }

  private trades(query: URLSearchParams, state: SimVenueState): SimAnswer {
    const market = state.markets.find(({ symbol }) => restPair(symbol) === query.get('pair'));
    const since = query.get('since') ?? '0';
    const count = Number(query.get('count') ?? TRADES_MAX);
    if (market === undefined) return refusal('EQuery:Unknown asset pair');
    if (!/^\d{1,19}$/.test(since) || !(count >= 1 && count <= TRADES_MAX)) return refusal('EGeneral:Invalid arguments');
    const trades = market
      .trades(TRADES_KEPT)
      .filter((trade) => BigInt(nanosText(trade)) > BigInt(since))
      .slice(0, count);
    const last = trades.length === 0 ? since : nanosText(trades[trades.length - 1]);
    const rows = trades.map(rowText).join(',');
    return {
      status: 200,
      body: `{"error":[],"result":{"${restPair(market.symbol)}":[${rows}],"last":"${last}"}}`,
      weight: 1,
    };
  }
}

function answer(result: object): SimAnswer {
  return { status: 200, body: JSON.stringify({ error: [], result }), weight: 1 };
}

/** Kraken's REST tells errors with status 200. */
function refusal(error: string): SimAnswer {
  return { status: 200, body: JSON.stringify({ error: [error] }), weight: 1 };
}

function pairOf({ symbol, priceDecimals, quantityDecimals }: SimMarket): object {
  const [base, quote] = v1Symbol(symbol).split('/');
  const decimals = { pair_decimals: priceDecimals, lot_decimals: quantityDecimals };
  return { altname: restPair(symbol), wsname: v1Symbol(symbol), base, quote, ...decimals, status: 'online' };
}

/** Trades of one millisecond are told apart by the nanoseconds that `since` counts. */
function nanosText({ timeMs, id }: SimTrade): string {
  return `${timeMs}${String(id % NANOS_OF_A_MILLI).padStart(NANO_DIGITS, '0')}`;
}

function rowText(trade: SimTrade): string {
  const side = trade.takerSide === 'buy' ? 'b' : 's';
  const time = (trade.timeMs / MILLIS).toFixed(NANO_DIGITS);
  return `["${trade.price}","${trade.quantity}",${time},"${side}","m","",${trade.id}]`;
}
