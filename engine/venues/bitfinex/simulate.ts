// The simulated Bitfinex: its addresses and REST side. Sockets are sim-session.ts's, texts sim-frames.ts's.
//
// Sources: limits.ts; Bitfinex docs, "Configs", "Trades", "Books" of the REST side (2026-07).

import type {
  SimAnswer,
  SimMarket,
  SimRequest,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../simulate/protocol.ts';
import {
  BITFINEX_LIMITS,
  BOOK_LEVELS_ALLOWED,
  LISTING_PATH,
  LISTING_WEIGHT,
  PAST_TRADES_MAX,
  STREAM_PATH,
  TRADES_WEIGHT,
} from './limits.ts';
import { bookRows, tradeRow } from './sim-frames.ts';
import { BitfinexSession } from './sim-session.ts';

const TRADES_PATH = /^\/v2\/trades\/([^/]+)\/hist$/;
const BOOK_PATH = /^\/v2\/book\/([^/]+)\/P0$/;
/** Answers without a limit have this many trades; the sim's markets keep fewer than it asks for here. */
const TRADES_DEFAULT = 125;
const TRADES_KEPT = 1_000_000;
const BOOK_LEVELS_DEFAULT = 25;
/** 240 a minute (docs, "Books"), counted as one. */
const BOOK_WEIGHT = 1;
/** Longer names have a colon between the currencies (`tDUSK:USD`). */
const SHORT_BASE = 3;
const NOT_FOUND = 10_020;

export class BitfinexSimulator implements SimulatedVenue {
  readonly venue = 'bitfinex';
  readonly limits = BITFINEX_LIMITS;
  readonly changesOneLevel = true;
  readonly quantityDecimals = 8;

  symbol(base: string): string {
    return base.length > SHORT_BASE ? `t${base}:USD` : `t${base}USD`;
  }

  isStreamPath(path: string): boolean {
    return path === STREAM_PATH;
  }

  open(socket: SimSocket, _path: string, _query: URLSearchParams, state: SimVenueState): SimSession {
    return new BitfinexSession(socket, state);
  }

  rest({ path, query }: SimRequest, state: SimVenueState): SimAnswer | null {
    const decoded = decodeURIComponent(path);
    if (decoded === LISTING_PATH) {
      const pairs = state.markets.map(({ symbol }) => symbol.slice(1));
      return { status: 200, body: JSON.stringify([pairs]), weight: LISTING_WEIGHT };
    }
    const trades = TRADES_PATH.exec(decoded);
    if (trades !== null) return answerOf(state.market(trades[1]), TRADES_WEIGHT, (market) => pastTrades(market, query));
    const book = BOOK_PATH.exec(decoded);
    if (book !== null) return answerOf(state.market(book[1]), BOOK_WEIGHT, (market) => bookOf(market, query));
    return null;
  }
}

function answerOf(market: SimMarket | null, weight: number, body: (market: SimMarket) => string | null): SimAnswer {
  const text = market === null ? null : body(market);
  if (text !== null) return { status: 200, body: text, weight };
  const message = market === null ? 'symbol: invalid' : 'limit: invalid';
  return { status: 500, body: JSON.stringify(['error', NOT_FOUND, message]), weight };
}

/** Null where a parameter is none. */
function pastTrades(market: SimMarket, query: URLSearchParams): string | null {
  const limit = wholeNumber(query.get('limit'), TRADES_DEFAULT);
  const startMs = wholeNumber(query.get('start'), 0);
  const endMs = wholeNumber(query.get('end'), Number.MAX_SAFE_INTEGER);
  if (!(limit >= 1 && limit <= PAST_TRADES_MAX) || Number.isNaN(startMs) || Number.isNaN(endMs)) return null;
  const wanted = market.trades(TRADES_KEPT).filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs);
  const isOldestFirst = query.get('sort') === '1';
  const rows = isOldestFirst ? wanted.slice(0, limit) : wanted.slice(-limit).toReversed();
  return `[${rows.map(tradeRow).join(',')}]`;
}

function bookOf(market: SimMarket, query: URLSearchParams): string | null {
  const levels = wholeNumber(query.get('len'), BOOK_LEVELS_DEFAULT);
  return BOOK_LEVELS_ALLOWED.includes(levels) ? `[${bookRows(market, levels).join(',')}]` : null;
}

/** The number of a parameter, `absent` where it is not there, NaN where it is no number. */
function wholeNumber(text: string | null, absent: number): number {
  if (text === null) return absent;
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}
