// The OKX recordings, frame by frame: decoded as JSON.parse and a plain mapping say, and through the book as the referee
// has it, with every checksum in them; and the chain of the frames of 2026.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { OkxDecoder } from '../../../engine/venues/okx/decode.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, Side, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { BookOutcome } from '../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../workers/book/snapshot-stage.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

/** Two sides of 400 levels and a head. */
const SLOTS = 1024;

type Line = { readonly k?: string; readonly t?: number; readonly d: string };

function readLines(path: string): Line[] {
  const raw = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

// ---- the plain mapping

type Entry = Readonly<Record<string, string>> & {
  readonly asks: readonly string[][];
  readonly bids: readonly string[][];
  readonly checksum: number;
  readonly seqId?: number;
  readonly prevSeqId?: number;
};
type Push = {
  readonly event?: string;
  readonly action?: string;
  readonly arg: { readonly channel: string; readonly instId: string };
  readonly data: readonly Entry[];
};

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

function mapBook(market: string, isSnapshot: boolean, entry: Entry): MemoryRecord[] {
  const { asks, bids, ts, checksum, seqId = 0, prevSeqId = 0 } = entry;
  const flags =
    (isSnapshot ? ChangeFlag.snapshot : 0) |
    (checksum === 0 ? 0 : ChangeFlag.hasChecksum) |
    (seqId === 0 ? 0 : ChangeFlag.hasSequence | ChangeFlag.hasPrevious);
  const levels = [...asks.map((row) => ({ row, flags: LevelFlag.ask })), ...bids.map((row) => ({ row, flags: 0 }))].map(
    ({ row: [price, quantity], flags }) => {
      const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
      return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
    },
  );
  const times = { receiveTimeNs: 1, exchangeTimeUs: Number(ts) * 1000 };
  const numbers = { firstSequence: seqId, lastSequence: seqId, previousSequence: prevSeqId };
  const head = { type: 'bookChange', market, flags, count: levels.length, ...times, ...numbers };
  return [{ ...head, checksum: checksum >>> 0, depth: 400 }, ...levels];
}

/** Recordings from before `count`: the id is told as text. */
function mapTrade(market: string, { tradeId, px, sz, side, ts }: Entry): MemoryRecord[] {
  const flags = (side === 'buy' ? Side.buy : Side.sell) | TradeFlag.aggregate | TradeFlag.textId;
  const times = { receiveTimeNs: 1, exchangeTimeUs: Number(ts) * 1000 };
  return [
    { type: 'trade', market, flags, count: 1, ...times, price: plain(px), quantity: plain(sz), id: 0 },
    { type: 'tradeId', market, flags: 0, count: tradeId.length, text: tradeId },
  ];
}

function mapTicker(market: string, { bidPx, bidSz, askPx, askSz, ts }: Entry): MemoryRecord[] {
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: Number(ts) * 1000, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: plain(bidPx), bidQuantity: plain(bidSz) },
    { type: 'quoteAsk', ...common, askPrice: plain(askPx), askQuantity: plain(askSz) },
  ];
}

function mapPush({ event, action, arg, data }: Push): MemoryRecord[] {
  if (event !== undefined) return [];
  return data.flatMap((entry) => {
    if (arg.channel === 'trades') return mapTrade(arg.instId, entry);
    return arg.channel === 'tickers' ? mapTicker(arg.instId, entry) : mapBook(arg.instId, action === 'snapshot', entry);
  });
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
    previous: Number(head['previousSequence']),
    checksum: Number(head['checksum']),
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
  const decoder = new OkxDecoder(sink, 'okx');
  const referee = new Referee('okx', ['1m']);
  const books = new Map<string, BookUnderTest>();
  const stage = new SnapshotStage();
  const counts: Record<string, number> = {};
  for (const { k, t = null, d } of readLines(path)) {
    if (k !== 'recv') continue;
    const push = JSON.parse(d) as Push;
    const { result, records } = decodeFrame(sink, decoder, d);
    assert.equal(result, push.event === undefined ? FrameResult.applied : FrameResult.control, d.slice(0, 300));
    assert.deepEqual(records, mapPush(push), d.slice(0, 300));
    referee.frame(d, t, '');
    const kind = push.event ?? push.arg.channel;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (records[0]?.type !== 'bookChange') continue;
    const book = books.get(push.arg.instId) ?? new BookUnderTest('okx', stage, SLOTS);
    books.set(push.arg.instId, book);
    const outcome = book.feed(changeOf(records));
    // The venue takes out itself what leaves its depth.
    assert.equal(outcome & BookOutcome.cut, 0);
  }
  return { books, referee, counts };
}

for (const [name, expected, checksums] of [
  ['okx/v5-20210722-10mkts.ndjson.gz', { subscribe: 30, 'books-l2-tbt': 1504, trades: 36, tickers: 46 }, 1504],
  ['okx/v5-20220513-btc-uni.ndjson.gz', { subscribe: 18, books: 290, trades: 74, tickers: 28 }, 290],
] as const) {
  recordingTest(
    `${name} is what JSON.parse and the referee make of it, with ${checksums} checksums`,
    [name],
    (_, path) => {
      const { books, referee, counts } = play(path);
      assert.deepEqual(counts, expected);
      let checked = 0;
      for (const [symbol, book] of books) {
        const other = referee.markets.byName.get(`okx:${symbol}`)?.book;
        assert.deepEqual([book.bids, book.asks], [textOf(other?.bids.levels ?? []), textOf(other?.asks.levels ?? [])]);
        assert.deepEqual([book.book.state, other?.state, book.book.bookSequence], [BookState.live, 'live', other?.seq]);
        assert.deepEqual([book.counted('checksumsBad'), book.counted('gaps'), book.counted('duplicates')], [0, 0, 0]);
        assert.equal(book.counted('checksumsOk'), other?.checksumsOk);
        checked += book.counted('checksumsOk');
      }
      assert.equal(checked, checksums);
      assert.equal(referee.markets.byName.size, books.size);
    },
  );
}

recordingTest(
  'a lost frame of a recording shows at a checksum, resyncs its market alone, and heals with a snapshot',
  ['okx/v5-20210722-10mkts.ndjson.gz'],
  (_, path) => {
    const sink = new MemorySink();
    const decoder = new OkxDecoder(sink, 'okx');
    const books = new Map<string, BookUnderTest>();
    const snapshots = new Map<string, Change>();
    let isLost = false;
    for (const { k, d } of readLines(path)) {
      const { records } = k === 'recv' ? decodeFrame(sink, decoder, d) : { records: [] };
      if (records[0]?.type !== 'bookChange') continue;
      const { market } = records[0];
      const book = books.get(market) ?? new BookUnderTest('okx', new SnapshotStage(), SLOTS);
      books.set(market, book);
      const change = changeOf(records);
      if ((change.flags & ChangeFlag.snapshot) !== 0) snapshots.set(market, change);
      else if (market === 'ONT-USDT' && !isLost) {
        isLost = true;
        continue;
      }
      book.feed(change);
    }
    for (const [market, { book }] of books) {
      const isBroken = market === 'ONT-USDT';
      assert.equal(book.state, isBroken ? BookState.resyncing : BookState.live, market);
      assert.equal(book.reason, isBroken ? StateReason.checksum : StateReason.none, market);
    }
    const broken = books.get('ONT-USDT') as BookUnderTest;
    assert.equal(broken.counted('checksumsBad'), 1);
    broken.feed(snapshots.get('ONT-USDT') as Change);
    assert.deepEqual([broken.book.state, broken.counted('resyncs')], [BookState.live, 1]);
  },
);

// ---- the numbers of 2026

/** The updates' records, and a book on a snapshot made up to stand just before them: the recording has none. */
function chainOf(path: string): { updates: Change[]; start: () => BookUnderTest } {
  const sink = new MemorySink();
  const decoder = new OkxDecoder(sink, 'okx');
  const decoded = readLines(path).map(({ d }) => ({ push: JSON.parse(d) as Push, ...decodeFrame(sink, decoder, d) }));
  for (const { push, records } of decoded) assert.deepEqual(records, mapPush(push));
  const updates = decoded.flatMap(({ records }) => (records.length === 0 ? [] : [changeOf(records)]));
  const start = (): BookUnderTest => {
    const book = new BookUnderTest('okx');
    const flags = ChangeFlag.snapshot | ChangeFlag.hasSequence;
    book.feed({ flags, last: updates[0].previous ?? 0, bids: [['78000', '1']], asks: [['79000', '1']] });
    return book;
  };
  return { updates, start };
}

recordingTest(
  'the frames of 2026 follow one another by prevSeqId; one taken away, or two swapped, is a gap at the next',
  ['okx/v5-2026-update-frames.jsonl'],
  (_, path) => {
    const { updates, start } = chainOf(path);
    assert.equal(updates.length, 4);
    const whole = start();
    for (const update of updates) whole.feed(update);
    assert.deepEqual([whole.book.state, whole.book.bookSequence], [BookState.live, 5]);
    assert.deepEqual([whole.book.venueSequence, whole.counted('gaps')], [80274874923, 0]);
    for (let lost = 0; lost + 1 < updates.length; lost++) {
      const book = start();
      for (const update of updates.slice(0, lost)) book.feed(update);
      const before = [book.bids, book.asks];
      book.feed(updates[lost + 1]);
      assert.deepEqual([book.book.state, book.book.reason], [BookState.resyncing, StateReason.gap], `lost ${lost}`);
      book.feed(updates[lost]);
      assert.deepEqual([book.counted('gaps'), book.counted('lost'), [book.bids, book.asks]], [1, 1, before]);
    }
  },
);

recordingTest('a repeated frame of 2026 is passed over and counted', ['okx/v5-2026-update-frames.jsonl'], (_, path) => {
  const { updates, start } = chainOf(path);
  const book = start();
  for (const update of updates) {
    book.feed(update);
    const held = [book.bids, book.asks, book.book.bookSequence];
    book.feed(update);
    assert.deepEqual([book.bids, book.asks, book.book.bookSequence], held);
  }
  assert.deepEqual([book.book.state, book.counted('duplicates'), book.counted('gaps')], [BookState.live, 4, 0]);
});
