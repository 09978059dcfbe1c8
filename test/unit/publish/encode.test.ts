// Text and bytes of messages, without sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBuffer } from 'flatbuffers';
import { LATENCY_BYTES, LatencyRecorder } from '../../../engine/observe/latency.ts';
import { mergeRecorders, summarize, toHistogram } from '../../../engine/observe/latency-counts.ts';
import { streamFlatbuffer } from '../../../engine/publish/encode-flatbuffers.ts';
import { streamJson } from '../../../engine/publish/encode-json.ts';
import { addressOf, type BookChangeMessage, type StreamMessage } from '../../../engine/publish/messages.ts';
import { isoText } from '../../../engine/publish/time-text.ts';
import { splitSnapshot } from '../../../engine/publish/topics.ts';
import {
  divideHalfEven,
  NO_MEASURES,
  notionalUnits,
  scaledText,
  topMeasures,
  units,
  vwapText,
} from '../../../engine/publish/wide-decimal.ts';
import { BookSnapshot, Latency, Message, Status, System, TradeBar } from '../../../schemas/generated/stream.ts';
import { Batch, Level, Trade } from '../../../schemas/generated/wire.ts';
import { wireDrift } from '../../../scripts/generate-wire.ts';
import { LATENCY_FIGURES, SYSTEM_FIGURES } from '../../support/engine-figures.ts';

const address = addressOf('x.binance:BTCUSDT', { venue: 'binance', symbol: 'BTCUSDT' });
const times = { timestampUs: 1_767_225_600_000_001, localTimestampUs: 0 };

test('timestamps are ISO text with microseconds, and null where there is none', () => {
  assert.equal(isoText(1_767_225_600_000_001), '2026-01-01T00:00:00.000001Z');
  assert.equal(isoText(999_999), '1970-01-01T00:00:00.999999Z');
  assert.equal(isoText(0), null);
  assert.equal(isoText(Number.NaN), null);
  assert.equal(isoText(8.64e18), null);
});

test('division rounds half to even, also below zero', () => {
  for (const [numerator, expected] of [
    [5n, 2n],
    [15n, 8n],
    [25n, 12n],
    [35n, 18n],
    [26n, 13n],
    [-25n, -12n],
    [-35n, -18n],
  ]) {
    assert.equal(divideHalfEven(numerator, 2n), expected);
  }
});

test('wide decimals are canonical text', () => {
  assert.equal(scaledText(0n, 18), '0');
  assert.equal(scaledText(-15n, 1), '-1.5');
  assert.equal(scaledText(10n ** 40n + 1n, 36), `10000.${'0'.repeat(35)}1`);
  assert.equal(notionalUnits([1, 0, 0, 2, 0, 3]), 3n * 10n ** 60n + 2n * 10n ** 36n + 1n);
  assert.equal(vwapText(31n * 10n ** 36n, 3n * 10n ** 18n), '10.333333333333333333');
  assert.equal(vwapText(0n, 0n), null);
  assert.equal(units(97_000_120, 5), 97_000_120_000_000_000_000_005n);
});

test('measures are exact, hold for crossed books and are absent for one-sided ones', () => {
  const bids = Float64Array.of(100_000, 1, 1000, 0);
  const asks = Float64Array.of(99_000, 0, 0, 0);
  const measures = topMeasures(bids, asks);
  assert.equal(measures.spread, '-1.000000000000000001');
  assert.equal(measures.mid, '99.5000000000000000005');
  assert.equal(measures.microprice, '99');
  assert.equal(measures.imbalance, 1);
  assert.deepEqual(
    [measures.bidDepth, measures.askDepth, measures.weightedMid, measures.pressure],
    ['1', '0', null, 1],
  );
  assert.deepEqual(topMeasures(bids, new Float64Array(0)), { ...NO_MEASURES, bidDepth: '1', askDepth: '0' });
  assert.deepEqual(new Set(Object.values(NO_MEASURES)), new Set([null]));
});

function bookOf(bids: number, asks: number): BookChangeMessage {
  const side = (count: number, from: number): Float64Array =>
    Float64Array.from({ length: count * 4 }, (_, index) => (index % 4 === 0 ? from + index : 1));
  const trust = {
    state: 'live',
    reason: null,
    levelsBid: bids,
    levelsAsk: asks,
    part: 1,
    parts: 1,
    checksum: 4_294_967_295,
    isResumeRefused: false,
    horizonBid: null,
    horizonAsk: Float64Array.of(99, 5, 0, 0),
  };
  const sequences = { bookSequence: 7, venueSequence: -1, isSnapshot: true };
  return { type: 'book_change', ...times, ...trust, ...sequences, bids: side(bids, 1000), asks: side(asks, 9000) };
}

test('a big snapshot is cut into parts that hold every level once, bids first', () => {
  for (const [bids, asks] of [
    [0, 0],
    [5, 5],
    [4, 7],
    [10, 0],
    [0, 25],
    [30, 1],
    [9, 11],
  ]) {
    const book = bookOf(bids, asks);
    const parts = splitSnapshot(book, 10);
    assert.equal(parts.length, Math.max(1, Math.ceil((bids + asks) / 10)));
    assert.deepEqual(
      parts.flatMap((part) => [...part.bids]),
      [...book.bids],
    );
    assert.deepEqual(
      parts.flatMap((part) => [...part.asks]),
      [...book.asks],
    );
    assert.ok(parts.every((part) => part.bids.length + part.asks.length <= 40));
  }
});

test('every message is valid JSON in both ways of writing numbers, and has its bytes', () => {
  const messages: StreamMessage[] = [
    bookOf(2, 3),
    { type: 'status', ...times, state: 'suspect', reason: 'crossed', sinceUs: times.timestampUs, lost: 2 },
    { type: 'gap', ...times, reason: 'output-full', lost: 0 },
    { type: 'system', ...times, counters: SYSTEM_FIGURES },
    { type: 'latency', ...times, ...LATENCY_FIGURES },
    {
      type: 'markets',
      ...times,
      rows: [
        {
          market: 'a:B',
          state: 'live',
          reason: null,
          seq: 1,
          updates: 2,
          bid: '1',
          ask: null,
          last: null,
          ageMs: null,
        },
      ],
    },
  ];
  for (const message of messages) {
    for (const quote of ['"', ''] as const) {
      const parsed = JSON.parse(streamJson(message, address, 5, null, quote)) as Record<string, unknown>;
      const found = [parsed['type'], parsed['channel'], parsed['seq'], parsed['prevSeq'], parsed['localTimestamp']];
      assert.deepEqual(found, [message.type, address.channel, 5, null, null]);
    }
    const root = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(message, address, 5, 4)));
    assert.deepEqual([root.seq(), root.prevSeq(), root.symbol()], [5, 4, 'BTCUSDT']);
  }
  const system = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(messages[3], address, 1, null)));
  const values = system.body(new System()) as System;
  const told = new Map<string | null | undefined, unknown>();
  for (let i = 0; i < values.valuesLength(); i++) told.set(values.values(i)?.name(), values.values(i)?.value());
  for (let i = 0; i < values.textsLength(); i++) told.set(values.texts(i)?.name(), values.texts(i)?.value());
  const names = ['total.rejected.syntax', 'queues.0.most', 'queues.0.queue', 'feeds.0.listed.0.state', 'journal'];
  assert.deepEqual(
    names.map((name) => told.get(name)),
    [1, 900, 'input', 'open', undefined],
  );
  const latency = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(messages[4], address, 1, null)));
  const heat = (latency.body(new Latency()) as Latency).heat(0);
  assert.deepEqual([heat?.stage(), heat?.fromNs(1), heat?.counts(1)], ['decode', 1_792, 2]);
  const status = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(messages[1], address, 1, null)));
  assert.equal((status.body(new Status()) as Status).reason(), 'crossed');
});

test('bars and depth keep their digits as bytes', () => {
  const bar: StreamMessage = {
    ...{
      type: 'trade_bar',
      ...times,
      kindNumber: 1,
      name: '1m',
      kind: 'time',
      interval: 60_000,
      startUs: 1,
      openUs: 2,
      closeUs: 3,
    },
    prices: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    ...{ volume: '3', buyVolume: '2', sellVolume: '1', trades: 4, vwap: null, notional: '31', revision: 1 },
    ...{ completeness: 'gap', isFinal: true, delta: '1', spreadHigh: '0.5', spreadLow: null, state: 'live' },
  };
  const read = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(bar, address, 1, null))).body(
    new TradeBar(),
  ) as TradeBar;
  const close = read.close();
  assert.deepEqual(
    [close?.milli(), close?.atto(), read.vwap(), read.notional(), read.isFinal(), read.kind(), read.interval()],
    [7, 8, null, '31', true, 'time', 60_000],
  );
  assert.deepEqual([read.delta(), read.spreadHigh(), read.spreadLow(), read.state()], ['1', '0.5', null, 'live']);
  const empty = streamFlatbuffer({ ...bar, prices: null }, address, 1, null);
  assert.equal((Message.getRootAsMessage(new ByteBuffer(empty)).body(new TradeBar()) as TradeBar).close(), null);
  assert.match(
    streamJson({ ...bar, prices: null }, address, 1, null, '"'),
    /"open":null,"high":null,"low":null,"close":null/,
  );
  const { bids, asks, horizonBid, horizonAsk } = bookOf(1, 1);
  const depth: StreamMessage = {
    ...{
      type: 'book_snapshot',
      ...times,
      name: 'depth.1.1s',
      depth: 1,
      intervalMs: 1000,
      bids,
      asks,
      horizonBid,
      horizonAsk,
    },
    ...{ state: 'live', reason: null, bookSequence: 7, ...topMeasures(bids, asks) },
  };
  const snapshot = Message.getRootAsMessage(new ByteBuffer(streamFlatbuffer(depth, address, 1, null)));
  const levels = snapshot.body(new BookSnapshot()) as BookSnapshot;
  assert.deepEqual([levels.bids(0)?.priceMilli(), levels.asks(0)?.priceMilli(), levels.spread()], [1000, 9000, '8']);
  assert.deepEqual([levels.horizonBid(), levels.horizonAsk()?.milli(), levels.horizonAsk()?.atto()], [null, 99, 5]);
});

test('latency percentiles are null with fewer than ten samples beyond them', () => {
  const recorders = [0, 1].map(() => new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES)));
  for (let i = 0; i < 1000; i++) recorders[i % 2].record(i < 990 ? 1000 + i : 5_000_000, 1);
  const stage = mergeRecorders(recorders);
  const summary = summarize(stage);
  assert.deepEqual([summary.count, summary.min, summary.max], [1000, 1000, 5_000_000]);
  assert.deepEqual([summary.p50, summary.p99, summary.p999], [1499, 1989, null]);
  assert.equal(toHistogram(stage).totalCount, 1000);
  const empty = summarize(mergeRecorders([new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES))]));
  assert.deepEqual([empty.count, empty.min, empty.p50], [0, null, null]);
});

test('wire structs have the sizes their comments state', () => {
  assert.deepEqual([Trade.sizeOf(), Level.sizeOf()], [64, 56]);
  assert.ok('getRootAsBatch' in Batch);
});

test('generated wire code is what the schemas make', async () => {
  assert.deepEqual(await wireDrift(), []);
});
