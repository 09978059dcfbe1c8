// The texts of a simulated dYdX v4 indexer, in the server's own writing: order of fields, forms of numbers and times.
//
// Source: server source `socks/src/helpers/message.ts`, `comlink/src/request-helpers/request-transformer.ts` (2026-03).

import type { PriceLevel, SimMarket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';

/** Levels a side of a state on subscribing and of a REST answer. */
const INITIAL_LEVELS = 100;
/** Blocks of a simulated chain: one a second. */
const BLOCK_MS = 1000;

export function blockHeight(timeMs: number): number {
  return Math.floor(timeMs / BLOCK_MS);
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

const asObjects = (levels: readonly PriceLevel[]): unknown[] => levels.map(([price, size]) => ({ price, size }));

/** The state of a book on subscribing. */
export function bookState(market: SimMarket): unknown {
  return { bids: asObjects(market.bids(INITIAL_LEVELS)), asks: asObjects(market.asks(INITIAL_LEVELS)) };
}

/** Event ids are a block height, two counters: 24 hexadecimal digits that rise. */
function eventId(id: number): string {
  return `${id.toString(16).padStart(8, '0')}0000000200000002`;
}

/** A trade of the stream, or with its height one of a list of past trades. */
export function tradeEntry(trade: SimTrade, isPast: boolean): unknown {
  const { id, timeMs, price, quantity, takerSide } = trade;
  const side = takerSide === 'buy' ? 'BUY' : 'SELL';
  const createdAt = isoTime(timeMs);
  if (!isPast) return { id: eventId(id), size: quantity, price, side, createdAt, type: 'LIMIT' };
  const createdAtHeight = String(blockHeight(timeMs));
  return { id: eventId(id), side, size: quantity, price, type: 'LIMIT', createdAt, createdAtHeight };
}

/** Past trades, the newest first, made at `beforeOrAtMs` at the latest. */
export function pastTrades(market: SimMarket, limit: number, beforeOrAtMs = Number.POSITIVE_INFINITY): unknown {
  const trades = market.trades(Number.MAX_SAFE_INTEGER).filter(({ timeMs }) => timeMs <= beforeOrAtMs);
  return {
    trades: trades
      .slice(-limit)
      .reverse()
      .map((trade) => tradeEntry(trade, true)),
  };
}

function marketEntry(market: SimMarket, index: number): unknown {
  const [best] = market.bids(1);
  return {
    clobPairId: String(index),
    ticker: market.symbol,
    status: 'ACTIVE',
    oraclePrice: best?.[0] ?? '0',
    nextFundingRate: '0.00001351666666666667',
    openInterest: '648.2389',
    tickSize: (10 ** -market.priceDecimals).toFixed(market.priceDecimals),
    stepSize: (10 ** -market.quantityDecimals).toFixed(market.quantityDecimals),
    marketType: 'CROSS',
  };
}

/** The list of markets, as REST and `v4_markets` give it. */
export function marketList(state: SimVenueState): unknown {
  return {
    markets: Object.fromEntries(state.markets.map((market, index) => [market.symbol, marketEntry(market, index)])),
  };
}

/** What REST says of the chain, and `v4_block_height` on subscribing. */
export function height(timeMs: number): unknown {
  return { height: String(blockHeight(timeMs)), time: isoTime(timeMs) };
}

export function heightUpdate(timeMs: number): unknown {
  return { blockHeight: String(blockHeight(timeMs)), time: isoTime(timeMs) };
}
