// Writes the frames and answers of a simulated Bybit in the venue's own writing.
//
// Source: Bybit API v5 docs, "Orderbook", "Trade", "Get Recent Public Trades", "Get Instruments Info" (2026-08), and the
// recording of 2026 for the order of fields.

import type { WindowRows } from '../../simulate/book-window.ts';
import type { SimMarket, SimTrade } from '../../simulate/protocol.ts';
import type { BybitProduct } from './limits.ts';

/** Spot's ids are numbers beyond 2^53 from about here on. */
const SPOT_ID_START = 2_290_000_000_000_000_000n;
/** The matching engine is this far ahead of the message. */
const ENGINE_MS = 2;

export type BookMessage = {
  readonly symbol: string;
  readonly depth: number;
  readonly type: 'snapshot' | 'delta';
  readonly updateId: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly rows: WindowRows;
};

export function bookText({ symbol, depth, type, updateId, sequence, timeMs, rows }: BookMessage): string {
  const data = JSON.stringify({ s: symbol, b: rows.bids, a: rows.asks, u: updateId, seq: sequence });
  const head = `"topic":"orderbook.${depth}.${symbol}","type":"${type}","ts":${timeMs + ENGINE_MS}`;
  return `{${head},"data":${data},"cts":${timeMs}}`;
}

/** Four hexadecimal digits that differ from market to market. */
function markOf(symbol: string): string {
  let hash = 0;
  for (let i = 0; i < symbol.length; i++) hash = (Math.imul(hash, 31) + symbol.charCodeAt(i)) & 0xffff;
  return hash.toString(16).padStart(4, '0');
}

/** The same in stream and answer: linear has UUIDs, whose last twelve digits are the trade's number here; spot has digits. */
export function tradeIdText({ category }: BybitProduct, symbol: string, id: number): string {
  if (category === 'spot') return String(SPOT_ID_START + BigInt(id));
  return `a9188a0a-${markOf(symbol)}-50dc-be60-${id.toString(16).padStart(12, '0')}`;
}

const sideOf = ({ takerSide }: SimTrade): string => (takerSide === 'buy' ? 'Buy' : 'Sell');

export function tradeText(product: BybitProduct, market: SimMarket, trade: SimTrade): string {
  const { symbol, sequence } = market;
  const id = tradeIdText(product, symbol, trade.id);
  const first = { T: trade.timeMs, s: symbol, S: sideOf(trade), v: trade.quantity, p: trade.price };
  const entry = JSON.stringify({ ...first, L: 'PlusTick', i: id, BT: false, RPI: false, seq: sequence });
  return `{"topic":"publicTrade.${symbol}","type":"snapshot","ts":${trade.timeMs + 1},"data":[${entry}]}`;
}

function answerText(result: unknown, timeMs: number): string {
  return JSON.stringify({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: timeMs });
}

export function errorText(retCode: number, retMsg: string, timeMs: number): string {
  return JSON.stringify({ retCode, retMsg, result: {}, retExtInfo: {}, time: timeMs });
}

/** Newest first. */
export function recentTradesText(product: BybitProduct, market: SimMarket, limit: number, timeMs: number): string {
  const list = [...market.trades(limit)].reverse().map((trade) => ({
    execId: tradeIdText(product, market.symbol, trade.id),
    symbol: market.symbol,
    price: trade.price,
    size: trade.quantity,
    side: sideOf(trade),
    time: String(trade.timeMs),
    isBlockTrade: false,
    isRPITrade: false,
  }));
  return answerText({ category: product.category, list }, timeMs);
}

/** One page of the list of markets; spot has no cursor. */
export function listingText(
  { category }: BybitProduct,
  markets: readonly SimMarket[],
  cursor: string,
  timeMs: number,
): string {
  const list = markets.map(({ symbol, priceDecimals, quantityDecimals }) => ({
    symbol,
    status: 'Trading',
    lotSizeFilter: { qtyStep: (10 ** -quantityDecimals).toFixed(quantityDecimals) },
    priceFilter: { tickSize: (10 ** -priceDecimals).toFixed(priceDecimals) },
  }));
  return answerText(category === 'spot' ? { category, list } : { category, list, nextPageCursor: cursor }, timeMs);
}
