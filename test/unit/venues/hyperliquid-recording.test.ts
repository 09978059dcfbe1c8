// The Hyperliquid recordings, frame by frame: decoded as JSON.parse and a plain mapping say, and through the book as the
// referee has it; trades of the first push that come again are told apart.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { HyperliquidDecoder } from '../../../engine/venues/hyperliquid/decode.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { formatDecimal } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

type Line = { readonly t?: number; readonly d: string };

function readLines(path: string): Line[] {
  const raw = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

// ---- the plain mapping

type Row = { readonly px: string; readonly sz: string };
type Trade = Row & { readonly coin: string; readonly side: string; readonly time: number; readonly tid: number };
type Candle = Readonly<Record<'s' | 'i' | 'o' | 'h' | 'l' | 'c' | 'v', string>> & {
  readonly t: number;
  readonly n: number;
};
type Data = { readonly coin: string; readonly time: number; readonly levels: Row[][]; readonly bbo: Row[] } & {
  readonly ctx: Readonly<Record<string, string | undefined>>;
};
type Push = { readonly channel: string; readonly data: unknown };

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

function mapBook({ coin: market, time, levels }: Data): MemoryRecord[] {
  const rows = levels.flatMap((side, index) => side.map((row) => ({ ...row, flags: index === 0 ? 0 : LevelFlag.ask })));
  const times = { receiveTimeNs: 1, exchangeTimeUs: time * 1000, firstSequence: time, lastSequence: time };
  const flags = ChangeFlag.snapshot | ChangeFlag.hasSequence;
  const none = { previousSequence: 0, checksum: 0, depth: Math.max(...levels.map(({ length }) => length)) };
  return [
    { type: 'bookChange', market, flags, count: rows.length, ...times, ...none },
    ...rows.map(({ px: price, sz: quantity, flags: side }) => {
      const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
      return { type: 'level', market, flags: side, count: 0, price, quantity, ...counted };
    }),
  ];
}

function mapTrade({ coin: market, side, px, sz, time, tid }: Trade): MemoryRecord[] {
  const flags = (side === 'B' ? Side.buy : Side.sell) | TradeFlag.textId;
  const numbers = { receiveTimeNs: 1, exchangeTimeUs: time * 1000, price: plain(px), quantity: plain(sz), id: 0 };
  const text = `${time}-${tid}`;
  return [
    { type: 'trade', market, flags, count: 1, ...numbers },
    { type: 'tradeId', market, flags: 0, count: text.length, text },
  ];
}

function mapBbo({ coin: market, time, bbo: [bid, ask] }: Data): MemoryRecord[] {
  if (bid === undefined || ask === undefined) return [];
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: time * 1000, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: plain(bid.px), bidQuantity: plain(bid.sz) },
    { type: 'quoteAsk', ...common, askPrice: plain(ask.px), askQuantity: plain(ask.sz) },
  ];
}

function mapCandle({ t, s: market, o, h, l, c, v, n }: Candle): MemoryRecord[] {
  const times = { receiveTimeNs: 1, startTimeUs: t * 1000, intervalMs: 60_000 };
  const prices = { openPrice: plain(o), highPrice: plain(h), lowPrice: plain(l) };
  return [
    { type: 'candle', market, flags: 0, count: n, ...times, closePrice: plain(c), volume: plain(v) },
    { type: 'candlePrices', market, flags: 0, count: 0, ...prices },
  ];
}

function mapContext({ coin: market, ctx }: Data): MemoryRecord[] {
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0, effectiveTimeUs: 0 };
  return ['markPx', 'oraclePx', 'funding', 'openInterest'].flatMap((name, index) => {
    const text = ctx[name];
    if (text === undefined) return [];
    return [{ type: 'derivative', market, flags: index + 1, count: 0, ...times, value: plain(text) }];
  });
}

function mapPush({ channel, data }: Push): MemoryRecord[] {
  switch (channel) {
    case 'l2Book':
      return mapBook(data as Data);
    case 'trades':
      return (data as Trade[]).flatMap(mapTrade);
    case 'bbo':
      return mapBbo(data as Data);
    case 'candle':
      return mapCandle(data as Candle);
    case 'activeAssetCtx':
    case 'activeSpotAssetCtx':
      return mapContext(data as Data);
    default:
      return [];
  }
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
    bids: side(0),
    asks: side(LevelFlag.ask),
  };
}

const textOf = (levels: readonly Level[]): [string, string][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

const CONTROL = ['subscriptionResponse', 'pong', 'error'];

/** Plays frames into decoder, books and referee, each checked against the mapping. */
function play(lines: readonly Line[]): {
  books: Map<string, BookUnderTest>;
  referee: Referee;
  counts: Record<string, number>;
  ids: string[];
} {
  const sink = new MemorySink();
  const decoder = new HyperliquidDecoder(sink, 'hyperliquid');
  const referee = new Referee('hyperliquid', ['1m']);
  const books = new Map<string, BookUnderTest>();
  const counts: Record<string, number> = {};
  const ids: string[] = [];
  for (const { t = null, d } of lines) {
    const push = JSON.parse(d) as Push;
    const { result, records } = decodeFrame(sink, decoder, d);
    const expected = CONTROL.includes(push.channel) ? FrameResult.control : FrameResult.applied;
    assert.equal(result, expected, d.slice(0, 300));
    assert.deepEqual(records, mapPush(push), d.slice(0, 300));
    referee.frame(d, t, '');
    counts[push.channel] = (counts[push.channel] ?? 0) + 1;
    ids.push(...records.flatMap(({ type, market, text }) => (type === 'tradeId' ? [`${market} ${text}`] : [])));
    if (records[0]?.type !== 'bookChange') continue;
    const book = books.get(records[0].market) ?? new BookUnderTest('hyperliquid');
    books.set(records[0].market, book);
    book.feed(changeOf(records));
  }
  return { books, referee, counts, ids };
}

function assertAsReferee({ books, referee }: ReturnType<typeof play>): void {
  for (const [symbol, book] of books) {
    const other = referee.markets.byName.get(`hyperliquid:${symbol}`)?.book;
    assert.deepEqual([book.bids, book.asks], [textOf(other?.bids.levels ?? []), textOf(other?.asks.levels ?? [])]);
    assert.deepEqual([book.book.state, other?.state, book.book.bookSequence], [BookState.live, 'live', other?.seq]);
    assert.equal(book.book.venueSequence, Number(other?.venueSequence));
  }
  assert.deepEqual(referee.counts.rejected, {});
  assert.equal(referee.counts.unknown, 0);
}

const SESSION = 'hyperliquid/btc-20250126-first30.ndjson.gz';
const SINGLE = 'hyperliquid/frames.jsonl';

recordingTest(`${SESSION} is what JSON.parse and the referee make of it`, [SESSION], (_, path) => {
  const played = play(readLines(path));
  assert.deepEqual(played.counts, { l2Book: 26, trades: 4 });
  assertAsReferee(played);
  const book = played.books.get('BTC') as BookUnderTest;
  assert.deepEqual([book.counted('duplicates'), book.counted('gaps'), book.counted('bookChanges')], [0, 0, 26]);
  assert.deepEqual([book.bids.length, book.asks.length], [20, 20]);
  const trades = played.referee.markets.byName.get('hyperliquid:BTC')?.trades;
  assert.deepEqual([trades?.count, new Set(played.ids).size], [played.ids.length, played.ids.length]);
});

recordingTest(`${SINGLE} is what JSON.parse and the referee make of it, with no frame unknown`, [SINGLE], (_, path) => {
  const lines = readLines(path);
  const played = play(lines);
  const others = { activeAssetCtx: 1, activeSpotAssetCtx: 1, subscriptionResponse: 1, pong: 1, error: 1 };
  assert.deepEqual(played.counts, { l2Book: 4, bbo: 3, candle: 2, trades: 4, ...others });
  assertAsReferee(played);
});

recordingTest(
  'a book whose push came late is left out and counted, and a lost one harms nothing',
  [SESSION],
  (_, path) => {
    const lines = readLines(path).filter(({ d }) => (JSON.parse(d) as Push).channel === 'l2Book');
    const whole = play(lines).books.get('BTC') as BookUnderTest;
    for (const at of [3, 11, 20]) {
      const late = [...lines.slice(0, at), ...lines.slice(at + 1, at + 3), lines[at], ...lines.slice(at + 3)];
      const lateBook = play(late).books.get('BTC') as BookUnderTest;
      assert.equal(lateBook.counted('duplicates'), 1, `late ${at}`);
      const lost = play([...lines.slice(0, at), ...lines.slice(at + 1)]).books.get('BTC') as BookUnderTest;
      assert.equal(lost.counted('duplicates'), 0, `lost ${at}`);
      for (const book of [lateBook, lost]) {
        assert.deepEqual([book.bids, book.asks], [whole.bids, whole.asks]);
        assert.equal(book.book.state, BookState.live);
      }
    }
  },
);

recordingTest('trades that a later first push repeats have the same ids', [SESSION], (_, path) => {
  const lines = readLines(path).filter(({ d }) => (JSON.parse(d) as Push).channel === 'trades');
  const { ids, referee } = play([...lines, lines[0]]);
  assert.equal(ids.length - new Set(ids).size, (JSON.parse(lines[0].d) as { data: unknown[] }).data.length);
  assert.equal(referee.markets.byName.get('hyperliquid:BTC')?.trades.count, new Set(ids).size);
});
