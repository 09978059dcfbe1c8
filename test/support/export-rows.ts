// Trades and bars as the stream tells them, for tests of exports; and DuckDB to read what became of them.

import { DuckDBInstance } from '@duckdb/node-api';
import type { Trade, TradeBar } from '../../schemas/feed.ts';

const at = (us: number): string =>
  `2026-11-22T10:00:${String(Math.floor(us / 1e6)).padStart(2, '0')}.${String(us % 1e6).padStart(6, '0')}Z`;

export function tradeOf(seq: number, rest: Partial<Trade> = {}): Trade {
  const { exchange = 'venue', symbol = 'A' } = rest;
  return {
    ...{ type: 'trade', exchange, symbol, id: String(seq), price: '1.5', amount: '2', side: 'buy' },
    ...{
      timestamp: at(seq),
      localTimestamp: at(seq + 1),
      channel: `trade.${exchange}:${symbol}`,
      seq,
      prevSeq: seq - 1,
    },
    ...rest,
  };
}

export function barOf(minute: number, rest: Partial<TradeBar> = {}): TradeBar {
  const start = `2026-11-22T10:${String(minute).padStart(2, '0')}:00.000000Z`;
  return {
    ...{ type: 'trade_bar', exchange: 'venue', symbol: 'A', name: '1m', kind: 'time', interval: 60_000 },
    ...{ startTimestamp: start, openTimestamp: start, closeTimestamp: start, timestamp: start, localTimestamp: start },
    ...{ open: '1', high: '2', low: '1', close: '2', volume: '3', buyVolume: '1', sellVolume: '2', delta: '-1' },
    ...{ trades: 2, vwap: '1.5', notional: '4.5', revision: 0, completeness: 'complete', isFinal: true },
    ...{ spreadHigh: null, spreadLow: null, state: 'live', channel: 'bar.1m.venue:A', seq: minute, prevSeq: null },
    ...rest,
  };
}

/** Rows of a query, each value as text. */
export async function queried(sql: string): Promise<(string | null)[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
  } finally {
    connection.closeSync();
  }
}
