// How each venue of a simulated run writes its frames: just enough of four dialects.

import type { TrueChange, TrueLevel, TrueMarket, TrueTrade } from './truth.ts';

export type Wire = {
  readonly dialect: string;
  /** The venue its markets are of. */
  readonly venue: string;
  /** Most that the numbers of one change rise by. */
  readonly stepsBy: number;
  /** Lost, repeated and late frames are noticed by numbers in them. */
  readonly isNumbered: boolean;
  change(market: TrueMarket, change: TrueChange): string;
  snapshot(market: TrueMarket, timeMs: number): string;
  trade(market: TrueMarket, trade: TrueTrade): string;
};

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function binance(dialect: string, isFutures: boolean): Wire {
  return {
    dialect,
    venue: dialect,
    stepsBy: isFutures ? 5 : 3,
    isNumbered: true,
    change: ({ symbol }, { first, last, previous, bids, asks, timeMs }) => {
      const times = isFutures ? { E: timeMs, T: timeMs } : { E: timeMs };
      const numbers = isFutures ? { U: first, u: last, pu: previous } : { U: first, u: last };
      return JSON.stringify({ e: 'depthUpdate', ...times, s: symbol, ...numbers, b: bids, a: asks });
    },
    snapshot: ({ symbol, sequence, bids, asks }) =>
      JSON.stringify({ snapshot: { symbol, lastUpdateId: sequence, bids, asks } }),
    trade: ({ symbol }, { id, price, amount, side, timeMs }) =>
      JSON.stringify({ e: 'trade', E: timeMs, s: symbol, t: id, p: price, q: amount, T: timeMs, m: side === 'sell' }),
  };
}

function okxLevels(levels: readonly TrueLevel[]): string[][] {
  return levels.map(([price, amount]) => [price, amount, '0', amount === '0' ? '0' : '1']);
}

const okx: Wire = {
  dialect: 'okx',
  venue: 'okx',
  stepsBy: 9,
  isNumbered: true,
  change: ({ symbol }, { bids, asks, timeMs, last, previous }) =>
    JSON.stringify({
      arg: { channel: 'books', instId: symbol },
      action: 'update',
      data: [{ asks: okxLevels(asks), bids: okxLevels(bids), ts: String(timeMs), seqId: last, prevSeqId: previous }],
    }),
  snapshot: ({ symbol, sequence, bids, asks }, timeMs) =>
    JSON.stringify({
      arg: { channel: 'books', instId: symbol },
      action: 'snapshot',
      data: [{ asks: okxLevels(asks), bids: okxLevels(bids), ts: String(timeMs), seqId: sequence, prevSeqId: -1 }],
    }),
  trade: ({ symbol }, { id, price, amount, side, timeMs }) =>
    JSON.stringify({
      arg: { channel: 'trades', instId: symbol },
      data: [{ instId: symbol, tradeId: String(id), px: price, sz: amount, side, ts: String(timeMs), count: '1' }],
    }),
};

const named = (levels: readonly TrueLevel[]): object[] => levels.map(([price, amount]) => ({ price, amount }));

const json: Wire = {
  dialect: 'json',
  venue: 'demo',
  stepsBy: 1,
  isNumbered: false,
  change: ({ symbol, venue }, { bids, asks, timeMs }) =>
    JSON.stringify({
      type: 'book_change',
      exchange: venue,
      symbol,
      isSnapshot: false,
      bids: named(bids),
      asks: named(asks),
      timestamp: iso(timeMs),
    }),
  snapshot: ({ symbol, venue, bids, asks }, timeMs) =>
    JSON.stringify({
      type: 'book_change',
      exchange: venue,
      symbol,
      isSnapshot: true,
      bids: named(bids),
      asks: named(asks),
      timestamp: iso(timeMs),
    }),
  trade: ({ symbol, venue }, { id, price, amount, side, timeMs }) =>
    JSON.stringify({
      type: 'trade',
      exchange: venue,
      symbol,
      id: String(id),
      price,
      amount,
      side,
      timestamp: iso(timeMs),
    }),
};

export const WIRES: readonly Wire[] = [binance('binance', false), binance('binance-futures', true), okx, json];
