// The Bybit recordings, frame by frame: decoded as JSON.parse and a plain mapping say, through the book as the referee has
// it; the venue's own candles against the trades; what a lost, repeated or swapped frame does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { venueOfAddress } from '../../../engine/ingress/replay-source.ts';
import { BybitDecoder } from '../../../engine/venues/bybit/decode.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, Side, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { BookOutcome } from '../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../workers/book/snapshot-stage.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { formatDecimal, parseDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

const SESSION = 'bybit/v5-20260809-6mkts-firsthalf.ndjson.gz';
const ARCHIVE = 'bybit/xrpusdt-ob500-20241201.jsonl.gz';
/** Two sides of 500 levels and a head. */
const SLOTS = 1024;

type Line = { readonly k: string; readonly t: number | null; readonly u?: string; readonly d: string };

/** Lines of a session, or lines that are themselves frames. */
function readLines(path: string): Line[] {
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const parsed = JSON.parse(line) as Partial<Line>;
    return [parsed.k === undefined ? { k: 'recv', t: null, d: line } : (parsed as Line)];
  });
}

// ---- the plain mapping

type Row = readonly [price: string, quantity: string];
type Entry = Readonly<Record<string, string>> & {
  readonly T: number;
  readonly start: number;
  readonly confirm: boolean;
};
type BookEntry = { readonly s: string; readonly b: readonly Row[]; readonly a: readonly Row[]; readonly u: number };
type Push = {
  readonly op?: string;
  readonly topic: string;
  readonly type: string;
  readonly ts: number;
  readonly cts: number;
};
type WithData<Data> = Push & { readonly data: Data };

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

function mapBook({ topic, type, cts, data }: WithData<BookEntry>): MemoryRecord[] {
  const { s: market, u, a, b } = data;
  const isSnapshot = type === 'snapshot';
  const levels = [...b.map((row) => ({ row, flags: 0 })), ...a.map((row) => ({ row, flags: LevelFlag.ask }))].map(
    ({ row: [price, quantity], flags }) => {
      const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
      return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
    },
  );
  const flags = ChangeFlag.hasSequence | (isSnapshot ? ChangeFlag.snapshot : 0);
  const numbers = {
    firstSequence: u,
    lastSequence: u,
    previousSequence: 0,
    checksum: 0,
    depth: Number(topic.split('.')[1]),
  };
  const times = { receiveTimeNs: 1, exchangeTimeUs: cts * 1000 };
  return [{ type: 'bookChange', market, flags, count: levels.length, ...times, ...numbers }, ...levels];
}

function mapTrade({ T, s, S, v, p, i }: Entry): MemoryRecord[] {
  const flags = (S === 'Buy' ? Side.buy : Side.sell) | TradeFlag.textId;
  const times = { receiveTimeNs: 1, exchangeTimeUs: T * 1000 };
  const numbers = { price: plain(p), quantity: plain(v), id: 0 };
  return [
    { type: 'trade', market: s, flags, count: 1, ...times, ...numbers },
    { type: 'tradeId', market: s, flags: 0, count: i.length, text: i },
  ];
}

function mapCandle(market: string, entry: Entry): MemoryRecord[] {
  const { start, open, high, low, close, volume, confirm } = entry;
  const common = { market, count: 0 };
  const times = { receiveTimeNs: 1, startTimeUs: start * 1000, intervalMs: 60_000 };
  const values = { closePrice: plain(close), volume: plain(volume) };
  const prices = { openPrice: plain(open), highPrice: plain(high), lowPrice: plain(low) };
  return [
    { type: 'candle', ...common, flags: confirm ? 1 : 0, ...times, ...values },
    { type: 'candlePrices', ...common, flags: 0, ...prices },
  ];
}

function mapTicker({ ts, data }: WithData<Entry>): MemoryRecord[] {
  const common = { market: data['symbol'], flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: ts * 1000 };
  const { bid1Price, bid1Size, ask1Price, ask1Size, markPrice, indexPrice, openInterest, fundingRate } = data;
  const quote = [bid1Price, bid1Size, ask1Price, ask1Size].every((text) => text !== undefined)
    ? [
        { type: 'quote', ...common, ...times, sequence: 0, bidPrice: plain(bid1Price), bidQuantity: plain(bid1Size) },
        { type: 'quoteAsk', ...common, askPrice: plain(ask1Price), askQuantity: plain(ask1Size) },
      ]
    : [];
  const kinds: [number, string | undefined, string][] = [
    [1, markPrice, '0'],
    [2, indexPrice, '0'],
    [4, openInterest, '0'],
    [3, fundingRate, data['nextFundingTime'] ?? '0'],
  ];
  const derivatives = kinds.flatMap(([kind, text, due]) => {
    if (text === undefined) return [];
    const flags = kind | (text.startsWith('-') ? 8 : 0);
    const value = plain(text.replace('-', ''));
    return [{ type: 'derivative', ...common, flags, ...times, value, effectiveTimeUs: Number(due) * 1000 }];
  });
  return [...quote, ...derivatives];
}

function mapPush(push: Push): MemoryRecord[] {
  if (push.op !== undefined) return [];
  const [channel] = push.topic.split('.');
  if (channel === 'orderbook') return mapBook(push as WithData<BookEntry>);
  if (channel === 'tickers') return mapTicker(push as WithData<Entry>);
  const { data } = push as WithData<readonly Entry[]>;
  return data.flatMap((entry) => (channel === 'kline' ? mapCandle(push.topic.split('.')[2], entry) : mapTrade(entry)));
}

// ---- through the book

/** The records of one change as the tests of the book write it. */
function changeOf([head, ...levels]: readonly MemoryRecord[]): Change {
  const side = (flag: number): TextLevel[] =>
    levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
  return {
    flags: Number(head['flags']),
    first: Number(head['firstSequence']),
    last: Number(head['lastSequence']),
    depth: Number(head['depth']),
    bids: side(0),
    asks: side(LevelFlag.ask),
  };
}

const textOf = (levels: readonly Level[]): [string, string][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

/** Plays a recording into decoder, books and referee; returns how many frames of each kind there were. */
function play(path: string): { books: Map<string, BookUnderTest>; referee: Referee; counts: Record<string, number> } {
  const sink = new MemorySink();
  const decoder = new BybitDecoder(sink, 'bybit');
  const referee = new Referee('bybit', ['1m']);
  const books = new Map<string, BookUnderTest>();
  const stage = new SnapshotStage();
  const counts: Record<string, number> = {};
  for (const { k, t, d } of readLines(path)) {
    if (k !== 'recv') continue;
    const push = JSON.parse(d) as Push;
    const { result, records } = decodeFrame(sink, decoder, d);
    assert.equal(result, push.op === undefined ? FrameResult.applied : FrameResult.control, d.slice(0, 300));
    assert.deepEqual(records, mapPush(push), d.slice(0, 300));
    referee.frame(d, t, '');
    const kind = push.op ?? push.topic.split('.').slice(0, -1).join('.');
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (records[0]?.type !== 'bookChange') continue;
    const book = books.get(records[0].market) ?? new BookUnderTest('bybit', stage, SLOTS);
    books.set(records[0].market, book);
    // The venue takes out itself what leaves its depth.
    assert.equal(book.feed(changeOf(records)) & BookOutcome.cut, 0);
  }
  return { books, referee, counts };
}

for (const [name, expected] of [
  [SESSION, { tickers: 489, subscribe: 17, 'orderbook.200': 995, 'kline.1': 45, publicTrade: 67 }],
  [ARCHIVE, { 'orderbook.500': 50 }],
] as const) {
  recordingTest(`${name} is what JSON.parse and the referee make of it`, [name], (_, path) => {
    const { books, referee, counts } = play(path);
    assert.deepEqual(counts, expected);
    for (const [symbol, book] of books) {
      const other = referee.markets.byName.get(`bybit:${symbol}`)?.book;
      assert.deepEqual([book.bids, book.asks], [textOf(other?.bids.levels ?? []), textOf(other?.asks.levels ?? [])]);
      assert.deepEqual([book.book.state, other?.state, book.book.bookSequence], [BookState.live, 'live', other?.seq]);
      assert.deepEqual([book.counted('gaps'), book.counted('duplicates'), other?.gaps], [0, 0, 0]);
      assert.equal(BigInt(book.book.venueSequence), other?.venueSequence);
    }
    assert.equal(referee.markets.byName.size, books.size);
    assert.equal(referee.counts.unknown, 0);
  });
}

recordingTest(
  'a lost frame is a gap at the next of its market alone, a repeated one is passed over',
  [SESSION],
  (_, path) => {
    const sink = new MemorySink();
    const decoder = new BybitDecoder(sink, 'bybit');
    const changes = new Map<string, Change[]>();
    for (const { k, d } of readLines(path)) {
      const { records } = k === 'recv' ? decodeFrame(sink, decoder, d) : { records: [] };
      if (records[0]?.type !== 'bookChange') continue;
      const { market } = records[0];
      changes.set(market, [...(changes.get(market) ?? []), changeOf(records)]);
    }
    const [first] = changes.keys();
    for (const [market, [snapshot, ...deltas]] of changes) {
      const book = new BookUnderTest('bybit', new SnapshotStage(), SLOTS);
      book.feed(snapshot);
      deltas.forEach((delta, index) => {
        if (market === first && index === 100) return;
        book.feed(delta);
        if (market !== first) book.feed(delta);
      });
      const isBroken = market === first;
      assert.equal(book.book.state, isBroken ? BookState.resyncing : BookState.live, market);
      assert.equal(book.book.reason, isBroken ? StateReason.gap : StateReason.none, market);
      assert.equal(book.counted('gaps'), isBroken ? 1 : 0);
      assert.equal(book.counted('duplicates'), isBroken ? 0 : deltas.length);
      book.feed(snapshot);
      assert.equal(book.book.state, BookState.live);
    }
  },
);

/** `low` is not above `high`. */
function inOrder(low: bigint, price: bigint, high: bigint): [bigint, bigint, bigint] {
  if (price < low) return [price, low, high];
  return price > high ? [low, high, price] : [low, price, high];
}

recordingTest("the venue's running candles follow from the trades and the close before", [SESSION], (_, path) => {
  const bars = new Map<string, { high: bigint; low: bigint; close: bigint; volume: bigint }>();
  const byVolume = new Map<string, { high: bigint; low: bigint; close: bigint }>();
  const candles: [string, Entry][] = [];
  let sinceMs = Number.POSITIVE_INFINITY;
  for (const { k, d } of readLines(path)) {
    if (k !== 'recv') continue;
    const push = JSON.parse(d) as WithData<readonly Entry[]>;
    if (push.topic?.startsWith('kline.'))
      candles.push(...push.data.map((entry): [string, Entry] => [push.topic, entry]));
    if (!push.topic?.startsWith('publicTrade.')) continue;
    for (const { s, T, p, v } of push.data) {
      // The recording begins inside a minute; the next one is whole.
      sinceMs = Math.min(sinceMs, Math.ceil(T / 60_000) * 60_000);
      const key = `${s} ${Math.floor(T / 60_000) * 60_000}`;
      const price = parseDecimal(p);
      const bar = bars.get(key) ?? { high: price, low: price, close: price, volume: 0n };
      [bar.low, , bar.high] = inOrder(bar.low, price, bar.high);
      bar.close = price;
      bar.volume += parseDecimal(v);
      bars.set(key, bar);
      byVolume.set(`${key} ${bar.volume}`, { ...bar });
    }
  }
  let compared = 0;
  for (const [topic, { start, open, high, low, close, volume }] of candles) {
    if (start < sinceMs || parseDecimal(volume) === 0n) continue;
    const bar = byVolume.get(`${topic.split('.')[2]} ${start} ${parseDecimal(volume)}`);
    assert.ok(bar !== undefined, `${topic} ${start} ${volume}`);
    // A candle opens at the close of the one before it, which counts for high and low.
    const opened = parseDecimal(open);
    const [lowest, , highest] = inOrder(bar.low, opened, bar.high);
    assert.deepEqual([high, low, close].map(parseDecimal), [highest, lowest, bar.close]);
    compared++;
  }
  assert.equal(compared, 35);
});

recordingTest('the address of the recorded connection names its product', [SESSION], (_, path) => {
  const opened = readLines(path).filter(({ k }) => k === 'open');
  assert.deepEqual(
    opened.map(({ u = '' }) => venueOfAddress(u, 'bybit-spot')),
    ['bybit'],
  );
});
