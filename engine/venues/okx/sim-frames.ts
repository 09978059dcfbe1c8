// Writes the frames and answers of a simulated OKX in the venue's own writing.
//
// Source: OKX API guide v5, "Order book channel", "Trades channel", "Get trades history", "Get instruments" (2026-08), and
// the recorded frames of 2026 for the order of fields.

import type { WindowRows } from '../../simulate/book-window.ts';
import type { PriceLevel, SimMarket, SimTrade } from '../../simulate/protocol.ts';
import { gathered, type PastTrade } from './past-trades.ts';

export type BookMessage = {
  readonly channel: string;
  readonly symbol: string;
  readonly action: 'snapshot' | 'update';
  readonly timeMs: number;
  readonly sequence: number;
  /** -1 for a snapshot. */
  readonly previous: number;
  readonly rows: WindowRows;
};

/** Price, size, a dead field, and how many orders. */
function row([price, quantity]: PriceLevel): string[] {
  return [price, quantity, '0', Number(quantity) === 0 ? '0' : '1'];
}

export function bookText({ channel, symbol, action, timeMs, sequence, previous, rows }: BookMessage): string {
  const sides = { asks: rows.asks.map(row), bids: rows.bids.map(row) };
  const entry = { ...sides, ts: String(timeMs), checksum: 0, seqId: sequence, prevSeqId: previous };
  return JSON.stringify({ arg: { channel, instId: symbol }, action, data: [entry] });
}

function matchOf(symbol: string, { id, price, quantity, takerSide, timeMs }: SimTrade): PastTrade {
  return { instId: symbol, tradeId: String(id), px: price, sz: quantity, side: takerSide, ts: String(timeMs) };
}

/** Matches in ascending order as pushes of `trades`, one for each order and price. */
export function tradeTexts({ symbol, sequence }: SimMarket, matches: readonly SimTrade[]): string[] {
  return gathered(matches.map((trade) => matchOf(symbol, trade))).map((entry) =>
    JSON.stringify({ arg: { channel: 'trades', instId: symbol }, data: [{ ...entry, source: '0', seqId: sequence }] }),
  );
}

export function answerText(data: readonly unknown[]): string {
  return JSON.stringify({ code: '0', msg: '', data });
}

export function errorText(code: string, msg: string): string {
  return JSON.stringify({ code, msg, data: [] });
}

/** Newest first; those with ids below `after` alone. */
export function pastTradesText(market: SimMarket, after: number, limit: number): string {
  const all = market.trades(Number.MAX_SAFE_INTEGER);
  const older = all.filter(({ id }) => id < after).slice(-limit);
  return answerText(older.reverse().map((trade) => ({ ...matchOf(market.symbol, trade), source: '0' })));
}

export function instrumentsText(markets: readonly SimMarket[], kind: string): string {
  const data = markets.map(({ symbol, priceDecimals, quantityDecimals }) => ({
    instType: kind,
    instId: symbol,
    tickSz: (10 ** -priceDecimals).toFixed(priceDecimals),
    lotSz: (10 ** -quantityDecimals).toFixed(quantityDecimals),
    state: 'live',
  }));
  return answerText(data);
}
