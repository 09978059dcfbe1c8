// The columns of each table that is exported, and the values a message has for them.

import type { Trade, TradeBar } from '../../schemas/feed.ts';
import { decimalUnits } from './values.ts';

export type ColumnType = 'text' | 'decimal' | 'time' | 'whole' | 'float' | 'truth';
export type Column = { readonly name: string; readonly type: ColumnType; readonly isNullable: boolean };
/** Texts of the stream, and numbers and truths as they are. */
export type Value = string | number | boolean | null;
/** What is exported: each message is a row of the table of its channel. */
export type RowMessage = Trade | TradeBar;

export type Table = {
  /** As the channel is named: `trade`, `bar.1m`. */
  readonly name: string;
  readonly columns: readonly Column[];
  readonly valuesOf: (message: RowMessage) => readonly Value[];
  /** The time by whose day a row is filed. */
  readonly dayOf: (message: RowMessage) => string;
};

const column = (name: string, type: ColumnType, isNullable = false): Column => ({ name, type, isNullable });

const TRADE_COLUMNS = [
  column('exchange', 'text'),
  column('symbol', 'text'),
  column('id', 'text', true),
  column('price', 'decimal'),
  column('amount', 'decimal'),
  column('side', 'text'),
  column('matches', 'whole'),
  column('is_outlier', 'truth'),
  column('timestamp', 'time', true),
  column('local_timestamp', 'time', true),
  column('seq', 'whole'),
];

const BAR_COLUMNS = [
  column('exchange', 'text'),
  column('symbol', 'text'),
  column('name', 'text'),
  column('kind', 'text'),
  column('interval', 'float'),
  column('start_timestamp', 'time'),
  column('open_timestamp', 'time', true),
  column('close_timestamp', 'time', true),
  column('timestamp', 'time', true),
  column('local_timestamp', 'time', true),
  column('open', 'decimal', true),
  column('high', 'decimal', true),
  column('low', 'decimal', true),
  column('close', 'decimal', true),
  column('volume', 'decimal', true),
  column('buy_volume', 'decimal', true),
  column('sell_volume', 'decimal', true),
  column('delta', 'decimal', true),
  column('trades', 'whole'),
  column('vwap', 'decimal', true),
  column('notional', 'text'),
  column('spread_high', 'decimal', true),
  column('spread_low', 'decimal', true),
  column('revision', 'whole'),
  column('completeness', 'text'),
  column('is_final', 'truth'),
  column('state', 'text'),
  column('overflow', 'text', true),
  column('seq', 'whole'),
];

function tradeValues(message: RowMessage): readonly Value[] {
  const { exchange, symbol, id, price, amount, side, matches, isOutlier, timestamp, localTimestamp, seq } =
    message as Trade;
  return [exchange, symbol, id, price, amount, side, matches ?? 1, isOutlier ?? false, timestamp, localTimestamp, seq];
}

/** Sums that 38 digits cannot hold are null in their columns and stand here, as JSON, to the last digit. */
function overflowOf(sums: Readonly<Record<string, string | null>>): string | null {
  const over = Object.entries(sums).filter(([, text]) => text !== null && decimalUnits(text) === null);
  return over.length === 0 ? null : JSON.stringify(Object.fromEntries(over));
}

function barValues(message: RowMessage): readonly Value[] {
  const bar = message as TradeBar;
  const { volume, buyVolume, sellVolume, delta, vwap } = bar;
  const sums = { volume, buy_volume: buyVolume, sell_volume: sellVolume, delta, vwap };
  const fit = (text: string | null): string | null => (text === null || decimalUnits(text) === null ? null : text);
  return [
    ...[bar.exchange, bar.symbol, bar.name, bar.kind, bar.interval],
    ...[bar.startTimestamp, bar.openTimestamp, bar.closeTimestamp, bar.timestamp, bar.localTimestamp],
    ...[bar.open, bar.high, bar.low, bar.close],
    ...[fit(volume), fit(buyVolume), fit(sellVolume), fit(delta), bar.trades, fit(vwap), bar.notional],
    ...[
      bar.spreadHigh,
      bar.spreadLow,
      bar.revision,
      bar.completeness,
      bar.isFinal,
      bar.state,
      overflowOf(sums),
      bar.seq,
    ],
  ];
}

/** The table of a channel: `trade`, `bar.KIND`; null for any other. */
export function tableOf(channel: string): Table | null {
  if (channel === 'trade') {
    const dayOf = ({ timestamp, localTimestamp }: RowMessage): string => timestamp ?? localTimestamp ?? '';
    return { name: channel, columns: TRADE_COLUMNS, valuesOf: tradeValues, dayOf };
  }
  if (!/^bar\.[\w.]+$/.test(channel)) return null;
  return { name: channel, columns: BAR_COLUMNS, valuesOf: barValues, dayOf: (bar) => (bar as TradeBar).startTimestamp };
}
