// The recorded dYdX frames: decoded as JSON.parse and a plain mapping say, and through books as the referee has it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { marketPlansOf } from '../../../engine/base/market-plans.ts';
import { replayFiles } from '../../../engine/recordings/replay.ts';
import { DydxDecoder } from '../../../engine/venues/dydx/decode.ts';
import {
  BOOK_STATE_NAMES,
  ChangeFlag,
  DerivativeFlag,
  DerivativeKind,
  FrameResult,
  LevelFlag,
  Side,
  TradeFlag,
} from '../../../schemas/ids.ts';
import { FramesFolder } from '../../support/frames-file.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { assertSameResult } from '../../support/recordings-equal.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { referenceReplay } from '../../support/reference/replay.ts';
import { BookUnderTest, type TextLevel } from '../workers/book/book-records.ts';

const FRAMES = 'dydx/v4-frames.jsonl';
const folder = new FramesFolder();

type Entry = Readonly<Record<string, string>>;
type Rows = readonly (readonly [string, string] | { readonly price: string; readonly size: string })[];
type Contents = {
  readonly bids?: Rows;
  readonly asks?: Rows;
  readonly trades?: readonly Entry[];
  readonly candles?: readonly Entry[];
  readonly markets?: Readonly<Record<string, Entry>>;
  readonly trading?: Readonly<Record<string, Entry>>;
  readonly oraclePrices?: Readonly<Record<string, Entry>>;
};
type Message = {
  readonly type: string;
  readonly message_id: number;
  readonly channel?: string;
  readonly id?: string;
  readonly contents?: Contents | readonly Contents[];
};
type Line = { readonly src: string; readonly d: string };

function readLines(path: string): Line[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

const timeUs = (text: string): number => Date.parse(text) * 1000;

function mapLevels(market: string, rows: Rows, flags: number): MemoryRecord[] {
  return rows.map((row) => {
    const [price, quantity] = 'price' in row ? [row.price, row.size] : row;
    const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
    return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
  });
}

function mapBook(market: string, number: number, isFirst: boolean, { bids = [], asks = [] }: Contents): MemoryRecord[] {
  const levels = [...mapLevels(market, bids, 0), ...mapLevels(market, asks, LevelFlag.ask)];
  const isCut = Math.max(bids.length, asks.length) >= 100;
  const first = isFirst ? ChangeFlag.snapshot | (isCut ? ChangeFlag.rest : 0) : 0;
  const common = { type: 'bookChange', market, flags: ChangeFlag.hasSequence | first, count: levels.length };
  const numbers = { firstSequence: number, lastSequence: number, previousSequence: 0, checksum: 0, depth: 0 };
  return [{ ...common, receiveTimeNs: 1, exchangeTimeUs: 0, ...numbers }, ...levels];
}

function mapTrade(market: string, isFirst: boolean, trade: Entry): MemoryRecord[] {
  const { id, side, size, price, createdAt, type } = trade;
  const taker = side === 'BUY' ? Side.buy : Side.sell;
  const idFlag = id === undefined ? TradeFlag.noId : TradeFlag.textId;
  const times = { receiveTimeNs: 1, exchangeTimeUs: timeUs(createdAt) };
  const what = { price: plain(price), quantity: plain(size) };
  const records: MemoryRecord[] = [
    {
      type: 'trade',
      market,
      flags: taker | idFlag | (isFirst ? TradeFlag.history : 0),
      count: 1,
      ...times,
      ...what,
      id: 0,
    },
  ];
  if (id !== undefined) records.push({ type: 'tradeId', market, flags: 0, count: id.length, text: id });
  if (type === 'LIQUIDATED' && !isFirst)
    records.push({ type: 'liquidation', market, flags: taker, count: 0, ...times, ...what });
  return records;
}

function mapCandle(market: string, intervalMs: number, candle: Entry): MemoryRecord[] {
  const { startedAt, open, high, low, close, baseTokenVolume, trades } = candle;
  const times = { receiveTimeNs: 1, startTimeUs: timeUs(startedAt), intervalMs };
  const prices = { openPrice: plain(open), highPrice: plain(high), lowPrice: plain(low) };
  return [
    {
      type: 'candle',
      market,
      flags: 0,
      count: Number(trades),
      ...times,
      closePrice: plain(close),
      volume: plain(baseTokenVolume),
    },
    { type: 'candlePrices', market, flags: 0, count: 0, ...prices },
  ];
}

function mapMarkets(named: Readonly<Record<string, Entry>> = {}): MemoryRecord[] {
  return Object.entries(named).flatMap(([market, entry]) => {
    const record = (flags: number, value: string | undefined, time = 0): MemoryRecord[] => {
      if (value === undefined) return [];
      const times = { receiveTimeNs: 1, exchangeTimeUs: time, effectiveTimeUs: 0 };
      const digits = value
        .replace('-', '')
        .replace(/^\./, '0.')
        .replace(/(\.\d{18})\d+$/, '$1');
      return [{ type: 'derivative', market, flags, count: 0, ...times, value: plain(digits) }];
    };
    const { oraclePrice, price, effectiveAt, nextFundingRate, openInterest } = entry;
    const sign = nextFundingRate?.startsWith('-') ? DerivativeFlag.negative : 0;
    return [
      ...record(DerivativeKind.indexPrice, oraclePrice ?? price, effectiveAt === undefined ? 0 : timeUs(effectiveAt)),
      ...record(DerivativeKind.fundingRate | sign, nextFundingRate),
      ...record(DerivativeKind.openInterest, openInterest),
    ];
  });
}

function mapMessage({ type, message_id, channel, id = '', contents = [] }: Message): MemoryRecord[] {
  const isFirst = type === 'subscribed';
  const all = Array.isArray(contents) ? (contents as readonly Contents[]) : [contents as Contents];
  return all.flatMap((each) => {
    if (channel === 'v4_orderbook') return mapBook(id, message_id, isFirst, each);
    if (channel === 'v4_trades') {
      const trades = each.trades ?? [];
      return (isFirst ? trades.toReversed() : trades).flatMap((trade) => mapTrade(id, isFirst, trade));
    }
    if (channel === 'v4_markets')
      return [...mapMarkets(each.markets), ...mapMarkets(each.trading), ...mapMarkets(each.oraclePrices)];
    const candles = each.candles ?? [each as unknown as Entry];
    return candles.flatMap((candle) => mapCandle(id.split('/')[0], 3_600_000, candle));
  });
}

recordingTest('each recorded frame is what JSON.parse and a plain mapping make of it', [FRAMES], (_, path) => {
  const counts: Record<string, number> = {};
  for (const { d } of readLines(path)) {
    const message = JSON.parse(d) as Message;
    const sink = new MemorySink();
    const { result, records } = decodeFrame(sink, new DydxDecoder(sink, 'dydx'), d);
    const isControl = message.type === 'subscribed' || message.type === 'connected';
    assert.equal(result, isControl ? FrameResult.control : FrameResult.applied, d.slice(0, 300));
    assert.deepEqual(records, message.type === 'connected' ? [] : mapMessage(message), d.slice(0, 300));
    const name = `${message.channel ?? ''} ${message.type}`.trim();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  assert.deepEqual(counts, {
    connected: 2,
    'v4_orderbook subscribed': 4,
    'v4_orderbook channel_batch_data': 1,
    'v4_orderbook channel_data': 3,
    'v4_trades subscribed': 2,
    'v4_trades channel_data': 4,
    'v4_trades channel_batch_data': 1,
    'v4_candles subscribed': 1,
    'v4_candles channel_data': 1,
    'v4_candles channel_batch_data': 2,
    'v4_markets subscribed': 7,
    'v4_markets channel_data': 4,
    'v4_markets channel_batch_data': 6,
  });
});

const textOf = (levels: readonly Level[]): [string, string][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

/** Text levels of one side of a change's records. */
function side(levels: readonly MemoryRecord[], flag: number): TextLevel[] {
  return levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
}

recordingTest('all recorded frames on one connection come to the books of the referee', [FRAMES], (_, path) => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  const referee = new Referee('dydx', ['1m']);
  const books = new Map<string, BookUnderTest>();
  for (const { d } of readLines(path)) {
    referee.frame(d, null, '');
    const { records } = decodeFrame(sink, decoder, d);
    for (const [index, record] of records.entries()) {
      const book = books.get(record.market) ?? new BookUnderTest('dydx', undefined, 1024);
      if (record.type === 'gap' && record['flags'] !== 0) book.breakBook(2, Number(record['lost']));
      if (record.type !== 'bookChange') continue;
      books.set(record.market, book);
      const levels = records.slice(index + 1, index + 1 + Number(record['count']));
      const flags = Number(record['flags']);
      const last = Number(record['lastSequence']);
      book.feed({ flags, last, bids: side(levels, 0), asks: side(levels, LevelFlag.ask) });
    }
  }
  assert.deepEqual([...books.keys()].sort(), ['BTC-USD', 'EGLD-USD', 'ETH-USD', 'GRT-USD']);
  for (const [symbol, { book, bids, asks }] of books) {
    const other = referee.markets.byName.get(`dydx:${symbol}`)?.book;
    assert.deepEqual([bids, asks], [textOf(other?.bids.levels ?? []), textOf(other?.asks.levels ?? [])], symbol);
    assert.deepEqual([BOOK_STATE_NAMES[book.state], book.bookSequence], [other?.state, other?.seq], symbol);
  }
  assert.deepEqual([...referee.markets.byName.keys()].sort(), sink.symbols.map((symbol) => `dydx:${symbol}`).sort());
});

recordingTest(
  'the recorded pair of a state and its next batch makes the book the messages say',
  [FRAMES],
  (_, path) => {
    const sink = new MemorySink();
    const decoder = new DydxDecoder(sink, 'dydx');
    const book = new BookUnderTest('dydx');
    for (const { src, d } of readLines(path)) {
      const { records } = src === 'ethusd-pair' ? decodeFrame(sink, decoder, d) : { records: [] };
      for (const [index, record] of records.entries()) {
        if (record.type !== 'bookChange') continue;
        const levels = records.slice(index + 1, index + 1 + Number(record['count']));
        const flags = Number(record['flags']);
        book.feed({
          flags,
          last: Number(record['lastSequence']),
          bids: side(levels, 0),
          asks: side(levels, LevelFlag.ask),
        });
      }
    }
    assert.deepEqual(book.bids.slice(0, 2), [
      ['3040', '0.658'],
      ['3009.8', '6.645'],
    ]);
    assert.deepEqual(book.asks.slice(2), [
      ['3079.2', '0.022'],
      ['3101.4', '0.645'],
      ['3132.7', '6.384'],
      ['3560', '0.009'],
    ]);
    assert.equal(book.book.venueSequence, 2);
  },
);

recordingTest(
  'recorded connections through the whole engine are what the referee makes of them',
  [FRAMES],
  async (_, path) => {
    const connections = new Map<string, Line[]>();
    for (const line of readLines(path)) {
      const id = (JSON.parse(line.d) as { connection_id: string }).connection_id;
      connections.set(id, [...(connections.get(id) ?? []), line]);
    }
    assert.equal(connections.size, 20);
    // An engine starts for each.
    const longest = [...connections.values()].filter(({ length }) => length > 2);
    assert.equal(longest.length, 4);
    const plans = marketPlansOf({ usual: { bars: ['1s', '1m'] } });
    for (const lines of longest) {
      const files = [folder.rewrite(lines)];
      const options = { files, venue: 'dydx', speed: 0, workers: 1, marketsMax: 64, plans, depth: 0 } as const;
      const result = await replayFiles(options);
      assert.deepEqual([result.unknown, result.rejected, result.frames], [0, {}, lines.length]);
      assertSameResult(result, referenceReplay(files, { venue: 'dydx' }));
    }
  },
);
