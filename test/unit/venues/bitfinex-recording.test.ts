// The Bitfinex recording of 2021, frame by frame: decoded as JSON.parse and a plain mapping of the texts say, and through
// the book as the referee has it; its numbers without a hole, its books never beyond the depth asked for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BitfinexDecoder } from '../../../engine/venues/bitfinex/decode.ts';
import { BookState, ChangeFlag, FrameResult, LevelFlag, Side, StateReason, TradeFlag } from '../../../schemas/ids.ts';
import { BookOutcome } from '../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../workers/book/snapshot-stage.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import { formatDecimal, plainText } from '../../support/reference/decimal.ts';
import type { Level } from '../../support/reference/ladder.ts';
import { Referee } from '../../support/reference/referee.ts';
import { BookUnderTest, type Change, type TextLevel } from '../workers/book/book-records.ts';

const RECORDING = 'bitfinex/v2-20210417-7mkts.ndjson.gz';
/** Two sides of 100 levels and a head. */
const SLOTS = 1024;

type Line = { readonly k: string; readonly t: number; readonly d: string };

function readFrames(path: string): Line[] {
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  return lines.filter(({ k }) => k === 'recv');
}

// ---- the plain mapping: numbers stay the texts that were sent

type Channel = { readonly channel: string; readonly symbol: string; readonly len?: string };

/** The frame with each number as its text, exponents (`1.1e-7` occurs) written out. */
function parseTexts(frame: string): unknown[] {
  return JSON.parse(frame.replace(/(?<=[[,])-?\d[\d.eE+-]*/g, (text) => `"${plainText(text)}"`)) as unknown[];
}

const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
const isBelow = (text: string): boolean => text.startsWith('-');
const unsigned = (text: string): string => text.replace('-', '');

function mapLevel(market: string, [price, count, amount]: readonly string[]): MemoryRecord {
  const quantity = count === '0' ? '0' : unsigned(amount);
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags: isBelow(amount) ? LevelFlag.ask : 0, count: 0, price, quantity, ...counted };
}

function mapBook({ symbol: market, len }: Channel, rows: string[][], isSnapshot: boolean, seq: number): MemoryRecord[] {
  const flags = ChangeFlag.hasSequence | (isSnapshot ? ChangeFlag.snapshot : 0);
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0 };
  const numbers = { firstSequence: seq, lastSequence: seq, previousSequence: 0, checksum: 0, depth: Number(len) };
  const head = { type: 'bookChange', market, flags, count: rows.length, ...times, ...numbers };
  return [head, ...rows.map((row) => mapLevel(market, row))];
}

function mapTrades(market: string, rows: string[][]): MemoryRecord[] {
  return rows.toReversed().map(([id, ms, amount, price]) => ({
    type: 'trade',
    market,
    flags: (isBelow(amount) ? Side.sell : Side.buy) | TradeFlag.history,
    count: 1,
    receiveTimeNs: 1,
    exchangeTimeUs: Number(ms) * 1000,
    price: plain(price),
    quantity: plain(unsigned(amount)),
    id: Number(id),
  }));
}

function mapTicker(market: string, [bid, , ask]: readonly string[]): MemoryRecord[] {
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: plain(bid), bidQuantity: '0' },
    { type: 'quoteAsk', ...common, askPrice: plain(ask), askQuantity: '0' },
  ];
}

function mapFrame(channel: Channel | undefined, payload: unknown, seq: number): MemoryRecord[] {
  if (channel === undefined || typeof payload === 'string') return [];
  const isList = Array.isArray((payload as unknown[])[0]);
  const rows = (isList ? payload : [payload]) as string[][];
  if (channel.channel === 'book') return mapBook(channel, rows, isList, seq);
  return channel.channel === 'trades' ? mapTrades(channel.symbol, rows) : mapTicker(channel.symbol, rows[0]);
}

// ---- through the book

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

recordingTest(
  'the recording of seven markets is what JSON.parse and the referee make of it, without a hole',
  [RECORDING],
  (_, path) => {
    const sink = new MemorySink();
    const decoder = new BitfinexDecoder(sink, 'bitfinex');
    const referee = new Referee('bitfinex', ['1m']);
    const channels = new Map<string, Channel>();
    const books = new Map<string, BookUnderTest>();
    const stage = new SnapshotStage();
    const counts: Record<string, number> = {};
    for (const { t, d } of readFrames(path)) {
      const { result, records } = decodeFrame(sink, decoder, d);
      referee.frame(d, t, '');
      if (d.startsWith('{')) {
        const event = JSON.parse(d) as Channel & { event: string; chanId: number };
        if (event.event === 'subscribed') channels.set(String(event.chanId), event);
        assert.deepEqual([result, records], [FrameResult.control, []], d);
        counts[event.event] = (counts[event.event] ?? 0) + 1;
        continue;
      }
      const [id, payload, seq] = parseTexts(d);
      const channel = channels.get(String(id));
      const kind = payload === 'hb' ? 'hb' : String(channel?.channel);
      counts[kind] = (counts[kind] ?? 0) + 1;
      assert.equal(result, kind === 'hb' ? FrameResult.control : FrameResult.applied, d.slice(0, 200));
      assert.deepEqual(records, mapFrame(channel, payload, Number(seq)), d.slice(0, 200));
      if (records[0]?.type !== 'bookChange') continue;
      const symbol = records[0].market;
      const book = books.get(symbol) ?? new BookUnderTest('bitfinex', stage, SLOTS);
      books.set(symbol, book);
      // The venue takes out itself what leaves its depth.
      assert.equal(book.feed(changeOf(records)) & BookOutcome.cut, 0);
    }
    assert.deepEqual(counts, { info: 1, conf: 1, subscribed: 21, ticker: 21, trades: 7, book: 1600, hb: 42 });
    assert.deepEqual([decoder.gaps, decoder.duplicates], [0, 0]);
    assert.deepEqual([referee.counts.unknown, referee.counts.rejected, referee.counts.applied], [0, {}, 1628]);
    assert.equal(books.size, 7);
    for (const [symbol, book] of books) {
      const other = referee.markets.byName.get(`bitfinex:${symbol}`)?.book;
      assert.deepEqual([book.bids, book.asks], [textOf(other?.bids.levels ?? []), textOf(other?.asks.levels ?? [])]);
      assert.deepEqual([book.book.state, other?.state], [BookState.live, 'live'], symbol);
      assert.deepEqual([book.book.bookSequence, book.book.venueSequence], [other?.seq, Number(other?.venueSequence)]);
    }
  },
);

recordingTest('each frame taken away is a gap of every market seen so far', [RECORDING], (_, path) => {
  const frames = readFrames(path).map(({ d }) => d);
  const numbered = frames.flatMap((frame, index) => (frame.startsWith('[') ? [index] : []));
  for (let at = 0; at < numbered.length - 1; at += 83) {
    const lost = numbered[at];
    const sink = new MemorySink();
    const decoder = new BitfinexDecoder(sink, 'bitfinex');
    const known = new Set<string>();
    for (const [index, frame] of frames.entries()) {
      if (index === lost) continue;
      const { records } = decodeFrame(sink, decoder, frame);
      const gaps = records.filter(({ type }) => type === 'gap');
      if (index === numbered[at + 1]) {
        assert.deepEqual(new Set(gaps.map(({ market }) => market)), known, `lost ${frames[lost].slice(0, 80)}`);
        assert.ok(gaps.every((record) => record['lost'] === 1 && Number(record['flags']) <= StateReason.gap));
        break;
      }
      assert.deepEqual(gaps, []);
      for (const { type, market, flags } of records) {
        if (type === 'trade' || (type === 'bookChange' && (Number(flags) & ChangeFlag.snapshot) !== 0))
          known.add(market);
      }
    }
    // The first frame has none before it to follow.
    assert.equal(decoder.gaps, at === 0 ? 0 : 1);
  }
});
