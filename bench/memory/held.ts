// How much memory does a market take, quiet and busy, and a bar, a level, an engine?
//
//   markets made ──► one trade ──► 100 trades ──► a book of 100 levels a side ──► full histories of 1s and 1m
//
// Held bytes of the heap and of array buffers are read after full collections, behind each step. Shared memory is
// counted by its size: the system gives its pages as they are written.

import { freemem } from 'node:os';
import { barKindOf } from '../../engine/base/bar-kinds.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { BAR_HISTORY, TRADE_HISTORY, TRADE_ID_WINDOW } from '../../schemas/config.ts';
import { MARKET_COUNTERS } from '../../schemas/counters.ts';
import { BookState, EmptyBars } from '../../schemas/ids.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { Ladder } from '../../workers/book/ladder.ts';
import type { Market } from '../../workers/market.ts';
import { check, type Results, type Size } from '../harness.ts';
import { BookStream } from '../support/books/stream.ts';
import { MarketMaker } from '../support/markets.ts';
import { heldBytes } from '../support/memory.ts';
import { TradeRecords } from '../support/trade-records.ts';

const BOOK_LEVELS = 100;
const LADDER_LEVELS = 1024;
const MINUTE_US = 60_000_000;
const MILLISECOND_US = 1000;
/** The first in one second, those behind them in a minute each. */
const TRADES = new TradeRecords(TRADE_HISTORY + BAR_HISTORY - 1, (slot) =>
  slot < TRADE_HISTORY ? slot * MILLISECOND_US : (slot - TRADE_HISTORY + 1) * MINUTE_US,
);
/** A step is left out where it would leave less of the machine's memory; full histories of 10,000 markets are 3 GB. */
const FREE_BYTES_MIN = 5 * 2 ** 30;

function bookOf(levels: number): BookStream {
  const stream = new BookStream(`${levels} levels a side`, 'binance');
  stream.change(true, 1, 2 * levels);
  for (let i = 0; i < levels; i++) stream.level(false, 61_837_630 - i * 10, 1 + i, 0);
  for (let i = 0; i < levels; i++) stream.level(true, 61_837_640 + i * 10, 1 + i, 0);
  return stream;
}
const BOOK = bookOf(BOOK_LEVELS);

function trade(market: Market, trades: TradeRecords, from: number, end: number): void {
  for (let slot = from; slot < end; slot++) {
    market.noteTimes(trades.f64, slot);
    market.applyTrade(trades.u8, trades.u32, trades.f64, slot);
  }
}

function load(market: Market, { u8, u32, f64 }: BookStream): void {
  market.noteTimes(f64, 0);
  market.book.begin(u8, u32, f64, 0);
  for (let slot = 1; slot <= 2 * BOOK_LEVELS; slot++) market.book.level(u8, f64, slot);
  market.book.end();
  market.noteBook(true);
}

type Step = { readonly name: string; readonly apply: (market: Market) => void };

/** A market's life; each step comes on top of those before it. */
const STEPS: readonly Step[] = [
  { name: 'one trade', apply: (market) => trade(market, TRADES, 0, 1) },
  { name: `${TRADE_HISTORY} trades`, apply: (market) => trade(market, TRADES, 1, TRADE_HISTORY) },
  { name: `and a book of ${BOOK_LEVELS} levels a side`, apply: (market) => load(market, BOOK) },
  {
    name: `and ${BAR_HISTORY} bars of 1s and of 1m`,
    apply: (market) => trade(market, TRADES, TRADE_HISTORY, TRADES.count),
  },
];

function checkFull(market: Market): void {
  const { bars, book, trades } = market;
  check(bars.kinds === 2, `memory: expected the kinds 1s and 1m, was ${bars.kinds} kinds`);
  for (let index = 0; index < bars.kinds; index++)
    check(bars.barCount(index) === BAR_HISTORY, `memory: expected ${BAR_HISTORY} bars, was ${bars.barCount(index)}`);
  check(trades.count === TRADE_HISTORY, `memory: expected ${TRADE_HISTORY} trades, was ${trades.count}`);
  check(
    book.state === BookState.live && book.bids.count === BOOK_LEVELS,
    'memory: expected a live book with its levels',
  );
}

/** Held bytes of `count` things made and kept, each. */
function bytesEach<Kept>(count: number, make: (index: number) => Kept, isRight: (kept: Kept) => boolean): number {
  const before = heldBytes();
  const kept = Array.from({ length: count }, (_, index) => make(index));
  const held = heldBytes() - before;
  check(kept.every(isRight), 'memory: expected everything made to be whole');
  return held / count;
}

function marketsOf(results: Results, count: number): void {
  const maker = new MarketMaker(count, 'binance', {});
  const before = heldBytes();
  const markets = Array.from({ length: count }, (_, id) => maker.make(id));
  const label = `${count.toLocaleString('en')} markets`;
  results.add(`${label}: known, nothing came`, 'bytes/market', [(heldBytes() - before) / count]);
  for (const { name, apply } of STEPS) {
    if (freemem() < FREE_BYTES_MIN && count > 1000) {
      results.note(`${label}: ${name}: left out, too little memory is free`);
      return;
    }
    for (const market of markets) apply(market);
    results.add(`${label}: ${name}`, 'bytes/market', [(heldBytes() - before) / count]);
  }
  markets.forEach(checkFull);
}

function partsOf(results: Results, count: number): void {
  const bare = new MarketMaker(count, 'binance', { signals: [] });
  const known = (market: Market): boolean => market.trades.count === 0;
  results.add('a market without signals: known, nothing came', 'bytes/market', [
    bytesEach(count, (id) => bare.make(id), known),
  ]);
  const window = new TradeRecords(TRADE_ID_WINDOW, (slot) => slot);
  const unordered = new MarketMaker(count, 'coinbase', { signals: [] });
  const fill = (id: number): Market => {
    const market = unordered.make(id);
    trade(market, window, 0, window.count);
    return market;
  };
  results.add(`the same, ids not rising: ${window.count.toLocaleString('en')} ids remembered`, 'bytes/market', [
    bytesEach(count, fill, (market) => market.trades.count === TRADE_HISTORY),
  ]);
}

/** A ladder full to its room, so that no level stands for room that is empty. */
function ladderOf({ f64 }: BookStream): Ladder {
  const ladder = new Ladder(true);
  for (let slot = 1; slot <= LADDER_LEVELS; slot++) ladder.apply(f64, slot * SLOT_F64 + level.at.priceMilli, 2, 2);
  return ladder;
}

const counters = new Float64Array(MARKET_COUNTERS.length);

function barsOf(trades: TradeRecords): MarketBars {
  const kinds = [{ number: 0, kind: barKindOf('1m'), isVisible: true }];
  const bars = new MarketBars({ kinds, latenessMs: 0, emptyBars: EmptyBars.skip, keepAll: false }, counters);
  for (let slot = 0; slot < trades.count; slot++) bars.trade(trades.u8, trades.u32, trades.f64, slot, BookState.live);
  return bars;
}

function rowsOf(results: Results, count: number): void {
  const book = bookOf(LADDER_LEVELS);
  const bytesPerLadder = bytesEach(
    count,
    () => ladderOf(book),
    (ladder) => ladder.count === LADDER_LEVELS,
  );
  results.add('a level, its ladder full', 'bytes/level', [bytesPerLadder / LADDER_LEVELS]);
  const one = new TradeRecords(1, () => 0);
  const many = new TradeRecords(BAR_HISTORY, (slot) => slot * MINUTE_US);
  const empty = bytesEach(
    count,
    () => barsOf(new TradeRecords(0, () => 0)),
    (bars) => bars.barCount(0) === 0,
  );
  const first = bytesEach(
    count,
    () => barsOf(one),
    (bars) => bars.barCount(0) === 1,
  );
  const full = bytesEach(
    count,
    () => barsOf(many),
    (bars) => bars.barCount(0) === BAR_HISTORY,
  );
  results.add('a bar of a full history', 'bytes/bar', [(full - empty) / BAR_HISTORY], 'a row of 288 bytes');
  results.add('the first bar of a kind', 'bytes', [first - empty]);
}

/** Bytes of all shared memory inside a value. */
function sharedBytes(value: unknown): number {
  if (value instanceof SharedArrayBuffer) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + sharedBytes(each), 0);
}

function engineOf(results: Results, markets: number): void {
  const bytes = (marketsMax: number, shards: number): number => sharedBytes(createEngineMemory({ shards, marketsMax }));
  const one = bytes(markets, 1);
  const more = bytes(markets + 1000, 1);
  results.add('shared memory: a market', 'bytes/market', [(more - one) / 1000]);
  results.add('shared memory: a shard', 'bytes', [bytes(markets, 2) - one]);
  results.add(`shared memory: an engine of ${markets.toLocaleString('en')} markets, one shard`, 'bytes', [one]);
}

export function memoryOfState(results: Results, size: Size): void {
  const counts = size === 'full' ? [1000, 10_000] : [20];
  for (const count of counts) marketsOf(results, count);
  const count = size === 'full' ? 1000 : 20;
  partsOf(results, count);
  rowsOf(results, count);
  engineOf(results, size === 'full' ? 10_000 : 100);
}
