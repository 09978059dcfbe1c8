// The Coinbase recording, frame by frame, against a plain mapping by JSON.parse.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { CoinbaseDecoder } from '../../../engine/venues/coinbase/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';

const FILE = resolve(
  process.env['MILLRACE_RECORDINGS'] ?? resolve(import.meta.dirname, '../../../../shared/data'),
  'coinbase/advanced-20260809-btc-eth-first500.ndjson.gz',
);

type Entry = Record<string, string>;
type Event = {
  type?: string;
  product_id: string;
  updates: Entry[];
  trades: Entry[];
  tickers: Entry[];
  candles: Entry[];
};
type Message = { channel: string; timestamp: string; sequence_num: number; events: Event[] };

function micros(iso: string): number {
  const fraction = (/\.(\d+)Z$/.exec(iso)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return Date.parse(iso.replace(/\.\d+Z$/, 'Z')) * 1000 + Number(fraction);
}

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

function mapBook(message: Message, event: Event): MemoryRecord[] {
  const isSnapshot = event.type === 'snapshot';
  const market = event.product_id;
  const head = {
    type: 'bookChange',
    market,
    flags: ChangeFlag.hasSequence | (isSnapshot ? ChangeFlag.snapshot : 0),
    count: event.updates.length,
    receiveTimeNs: 1,
    exchangeTimeUs: isSnapshot
      ? micros(message.timestamp)
      : Math.max(...event.updates.map((update) => micros(update['event_time']))),
    firstSequence: message.sequence_num,
    lastSequence: message.sequence_num,
    previousSequence: 0,
    checksum: 0,
    depth: 0,
  };
  const levels = event.updates.map((update) => ({
    type: 'level',
    market,
    flags: update['side'] === 'offer' ? LevelFlag.ask : 0,
    count: 0,
    price: update['price_level'],
    quantity: update['new_quantity'],
    priceDecimals: decimals(update['price_level']),
    quantityDecimals: decimals(update['new_quantity']),
  }));
  return [head, ...levels];
}

function mapTrade(entry: Entry, isSnapshot: boolean): MemoryRecord & { id: number } {
  return {
    type: 'trade',
    market: entry['product_id'],
    flags: (entry['side'] === 'BUY' ? Side.sell : Side.buy) | (isSnapshot ? TradeFlag.history : 0),
    count: 1,
    receiveTimeNs: 1,
    exchangeTimeUs: micros(entry['time']),
    price: plain(entry['price']),
    quantity: plain(entry['size']),
    id: Number(entry['trade_id']),
  };
}

function mapTicker(message: Message, entry: Entry): MemoryRecord[] {
  const common = { market: entry['product_id'], flags: 0, count: 0 };
  const bid = { bidPrice: plain(entry['best_bid']), bidQuantity: plain(entry['best_bid_quantity']) };
  const ask = { askPrice: plain(entry['best_ask']), askQuantity: plain(entry['best_ask_quantity']) };
  const times = { receiveTimeNs: 1, exchangeTimeUs: micros(message.timestamp), sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, ...bid },
    { type: 'quoteAsk', ...common, ...ask },
  ];
}

function mapCandle(entry: Entry): MemoryRecord[] {
  const common = { market: entry['product_id'], flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, startTimeUs: Number(entry['start']) * 1e6, intervalMs: 300000 };
  const prices = { openPrice: plain(entry['open']), highPrice: plain(entry['high']), lowPrice: plain(entry['low']) };
  return [
    { type: 'candle', ...common, ...times, closePrice: plain(entry['close']), volume: plain(entry['volume']) },
    { type: 'candlePrices', ...common, ...prices },
  ];
}

function map(message: Message): MemoryRecord[] {
  switch (message.channel) {
    case 'l2_data':
      return message.events.flatMap((event) => mapBook(message, event));
    case 'market_trades':
      return message.events
        .flatMap((event) => event.trades.map((trade) => mapTrade(trade, event.type === 'snapshot')))
        .sort((a, b) => a.id - b.id);
    case 'ticker':
      return message.events.flatMap((event) => event.tickers.flatMap((ticker) => mapTicker(message, ticker)));
    case 'candles':
      return message.events.flatMap((event) => event.candles.flatMap(mapCandle));
    default:
      return [];
  }
}

test('every recorded frame decodes to what JSON.parse makes of it', (t) => {
  if (!existsSync(FILE)) {
    assert.notEqual(process.env['CI'], 'true', `expected the recording ${FILE}`);
    t.skip(`no recording at ${FILE}`);
    return;
  }
  const sink = new MemorySink();
  const decoder = new CoinbaseDecoder(sink, 'coinbase');
  const counts = { applied: 0, control: 0, levels: 0 };
  for (const line of gunzipSync(readFileSync(FILE)).toString('utf8').split('\n')) {
    const { k, d } = line === '' ? { k: '', d: '' } : (JSON.parse(line) as { k: string; d: string });
    if (k !== 'recv') continue;
    const message = JSON.parse(d) as Message;
    const isControl = message.channel === 'heartbeats' || message.channel === 'subscriptions';
    const { result, records } = decodeFrame(sink, decoder, d);
    assert.equal(result, isControl ? FrameResult.control : FrameResult.applied, d.slice(0, 300));
    assert.deepEqual(records, map(message), d.slice(0, 300));
    counts[isControl ? 'control' : 'applied']++;
    counts.levels += records.filter((record) => record.type === 'level').length;
  }
  assert.deepEqual(counts, { applied: 483, control: 17, levels: 71425 });
  assert.deepEqual({ gaps: decoder.gaps, duplicates: decoder.duplicates }, { gaps: 0, duplicates: 0 });
});
