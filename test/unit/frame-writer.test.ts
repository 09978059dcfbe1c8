// Frames become records whole or not at all; commits, stamps, clock records and full rings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BATCH_UPDATES, batchFrames } from '../../bench/workloads-batch.ts';
import { EngineClock } from '../../engine/base/clock.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { dataTime, FeedMarkets, FeedSession } from '../../engine/ingress/feed-session.ts';
import { FrameWriter, type FullPolicy } from '../../engine/ingress/frame-writer.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { BLOCK_TOTAL_MS, CLOCK_STEP_US, COMMIT_FRAMES_MAX, FRAME_RECORDS_MAX } from '../../schemas/config.ts';
import {
  ingressCounter,
  MARKET_COUNTER_COLUMNS,
  type MarketCounterName,
  marketCounter,
} from '../../schemas/counters.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import { clock as clockRecord, gap, stamp } from '../../schemas/market-data.ts';
import type { SlowReaderPlan } from '../support/live-engine-reader.ts';

/** A multiple of the clock's step, so that the first step of a recording lies at engine time 0. */
const WALL_US = 1_767_225_600_000_000;
const STEP_NS = CLOCK_STEP_US * 1000;

type Rig = { memory: EngineMemory; writer: FrameWriter; readers: RingReader[] };

function rig(policy: FullPolicy, inputSlots: number, shards = 1, Clock = EngineClock): Rig {
  const anchor = { hrtimeNs: Number(process.hrtime.bigint()), wallUs: WALL_US };
  const memory = createEngineMemory({ shards, marketsMax: 8, inputSlots, outputSlots: 16 }, anchor);
  const writer = new FrameWriter(memory, new Clock(anchor), policy);
  return { memory, writer, readers: memory.shards.map((shard) => new RingReader(shard.input)) };
}

type Seen = { type: number; market: number; count: number; slot: number };

/** Takes all that is visible. */
function take(reader: RingReader): Seen[] {
  const seen = Array.from({ length: reader.available() }, (_, offset) => {
    const slot = reader.slotAt(offset);
    return {
      type: reader.u8[slot * SLOT_BYTES],
      market: reader.u16[slot * SLOT_U16 + 1],
      count: reader.u32[slot * SLOT_U32 + 1],
      slot,
    };
  });
  reader.release(seen.length);
  return seen;
}

const typesOf = (seen: readonly Seen[]): number[] => seen.map(({ type }) => type);

function column({ memory }: Rig, market: number, name: MarketCounterName): number {
  return new Float64Array(memory.marketCounters)[market * MARKET_COUNTER_COLUMNS + marketCounter[name]];
}

/** One frame of trades of the markets given, or the first refusal; the frame is then abandoned. */
function frame({ writer }: Rig, markets: readonly number[], atNs: number): number {
  writer.beginAt(atNs);
  for (const market of markets) {
    const slot = writer.claim(market, RecordType.trade);
    if (slot >= 0) continue;
    writer.abandon();
    return slot;
  }
  writer.end();
  return FrameResult.applied;
}

test('a frame is seen after its commit, with a clock record ahead and a stamp behind', () => {
  const own = rig('block', 64);
  const [reader] = own.readers;
  assert.equal(frame(own, [3, 3, 5], 7), FrameResult.applied);
  assert.deepEqual([reader.available(), own.writer.uncommitted], [0, 1]);
  own.writer.commit();
  const seen = take(reader);
  const { clock, trade, stamp: stampType } = RecordType;
  assert.deepEqual(typesOf(seen), [clock, trade, trade, trade, stampType]);
  assert.deepEqual(seen.map(({ market }) => market).slice(1, 4), [3, 3, 5]);
  assert.equal(reader.f64[seen[0].slot * SLOT_F64 + clockRecord.at.timeUs], WALL_US);
  const at = seen[4].slot * SLOT_F64;
  assert.equal(seen[4].count, 1);
  assert.equal(reader.f64[at + stamp.at.receiveTimeNs], 7);
  assert.ok(reader.f64[at + stamp.at.commitTimeNs] > 7);
  own.writer.commit();
  assert.equal(reader.available(), 0, 'nothing ended, nothing to commit');
});

test('what was abandoned leaves nothing, and its slots are taken again', () => {
  const own = rig('block', 64);
  const [reader] = own.readers;
  frame(own, [1], 0);
  own.writer.beginAt(1);
  const first = own.writer.claim(2, RecordType.level);
  own.writer.claim(2, RecordType.level);
  own.writer.abandon();
  own.writer.beginAt(2);
  assert.equal(own.writer.claim(4, RecordType.trade), first);
  own.writer.end();
  own.writer.commit();
  const seen = take(reader);
  assert.deepEqual(
    seen.map(({ market }) => market),
    [0, 1, 4, 0],
  );
  assert.equal(seen[3].count, 2, 'the stamp counts frames that ended');
  assert.deepEqual([column(own, 2, 'frames'), column(own, 2, 'updates'), column(own, 4, 'frames')], [0, 0, 1]);
});

test('slots begin with their header and nothing else of another record', () => {
  const own = rig('block', 8);
  const [reader] = own.readers;
  own.writer.beginAt(0);
  const slot = own.writer.claim(7, RecordType.trade);
  own.writer.u8[slot * SLOT_BYTES + 1] = 0xff;
  own.writer.u32[slot * SLOT_U32 + 1] = 99;
  own.writer.abandon();
  own.writer.beginAt(0);
  const again = own.writer.claim(6, RecordType.level);
  assert.equal(again, slot);
  assert.equal(own.writer.u32[slot * SLOT_U32], RecordType.level | (6 << 16));
  assert.equal(own.writer.u32[slot * SLOT_U32 + 1], 0);
  assert.equal(reader.available(), 0);
});

test(`${COMMIT_FRAMES_MAX} frames of one burst are committed together, without being asked`, () => {
  const own = rig('block', 256);
  const [reader] = own.readers;
  for (let i = 1; i < COMMIT_FRAMES_MAX; i++) frame(own, [0], i);
  assert.equal(reader.available(), 0);
  frame(own, [0], COMMIT_FRAMES_MAX);
  const seen = take(reader);
  assert.equal(seen.length, COMMIT_FRAMES_MAX + 2);
  assert.deepEqual([seen.at(-1)?.type, seen.at(-1)?.count], [RecordType.stamp, COMMIT_FRAMES_MAX]);
  assert.equal(reader.f64[(seen.at(-1)?.slot ?? 0) * SLOT_F64 + stamp.at.receiveTimeNs], 1, 'of the first frame');
  assert.deepEqual([own.writer.uncommitted, own.writer.counters[ingressCounter.commits]], [0, 1]);
});

test('each market goes to its shard, a frame of both to both, and views follow the claim', () => {
  const own = rig('block', 64, 2);
  own.writer.beginAt(0);
  for (const market of [0, 1, 2]) {
    const slot = own.writer.claim(market, RecordType.trade);
    own.writer.f64[slot * SLOT_F64 + 1] = 100 + market;
  }
  own.writer.end();
  frame(own, [1], 1);
  own.writer.commit();
  const [even, odd] = own.readers.map((reader) => {
    const values = Array.from({ length: reader.available() }, (_, i) => reader.f64[reader.slotAt(i) * SLOT_F64 + 1]);
    return { seen: take(reader), values };
  });
  assert.deepEqual(
    even.seen.map(({ market }) => market),
    [0, 0, 2, 0],
  );
  assert.deepEqual(even.values.slice(1, 3), [100, 102]);
  assert.deepEqual(
    odd.seen.map(({ market }) => market),
    [0, 1, 1, 0],
  );
  assert.equal(odd.values[1], 101);
});

test('counters tell frames and updates of each market; heads and continuations are no updates', () => {
  const own = rig('block', 64);
  own.writer.beginAt(0);
  const types = [RecordType.bookChange, RecordType.level, RecordType.level, RecordType.quote, RecordType.quoteAsk];
  for (const type of types) own.writer.claim(1, type);
  own.writer.claim(2, RecordType.trade);
  own.writer.end();
  assert.deepEqual([...own.writer.touched.subarray(0, own.writer.touchedCount)], [1, 2]);
  assert.deepEqual([column(own, 1, 'frames'), column(own, 1, 'updates')], [1, 3]);
  assert.deepEqual([column(own, 2, 'frames'), column(own, 2, 'updates')], [1, 1]);
});

test('a frame in which markets take turns counts once for each', () => {
  const own = rig('block', 64);
  frame(own, [1, 2, 1, 2], 0);
  assert.deepEqual([column(own, 1, 'frames'), column(own, 2, 'frames')], [1, 1]);
  assert.deepEqual([column(own, 1, 'updates'), column(own, 2, 'updates')], [2, 2]);
});

test('the clock enters every shard once for each multiple that receive time passes', () => {
  const own = rig('block-without-limit', 64, 2);
  for (const atNs of [1, 2, STEP_NS - 1, STEP_NS, STEP_NS + 5, 5 * STEP_NS + 7]) frame(own, [0], atNs);
  own.writer.tick(5 * STEP_NS + 9);
  own.writer.tick(6 * STEP_NS);
  own.writer.commit();
  for (const reader of own.readers) {
    const times = take(reader)
      .filter(({ type }) => type === RecordType.clock)
      .map(({ slot }) => (reader.f64[slot * SLOT_F64 + clockRecord.at.timeUs] - WALL_US) / CLOCK_STEP_US);
    assert.deepEqual(times, [0, 1, 5, 6]);
  }
});

test('a frame without a time passes no clock', () => {
  const own = rig('block-without-limit', 64);
  own.writer.beginTimeless();
  own.writer.claim(0, RecordType.trade);
  own.writer.end();
  own.writer.commit();
  assert.ok(Number.isNaN(own.writer.frame[0]));
  assert.deepEqual(typesOf(take(own.readers[0])), [RecordType.trade, RecordType.stamp]);
});

test('with policy drop a full ring refuses the frame at once and keeps those before it', () => {
  const own = rig('drop', 8);
  const [reader] = own.readers;
  assert.equal(frame(own, [0, 0, 0], 0), FrameResult.applied);
  assert.equal(frame(own, [1, 1, 1, 1, 1, 1], 1), FrameResult.dropped);
  assert.equal(own.writer.touched[own.writer.touchedCount - 1], 1, 'the frame says whose it was');
  const seen = take(reader);
  assert.deepEqual(typesOf(seen).slice(0, 4), [RecordType.clock, RecordType.trade, RecordType.trade, RecordType.trade]);
  assert.ok(
    seen.every(({ market }) => market === 0),
    'the frame before was shown, of the dropped one nothing',
  );
  assert.equal(frame(own, [2, 2], 2), FrameResult.applied);
  own.writer.commit();
  assert.deepEqual(
    take(reader)
      .map(({ market }) => market)
      .slice(0, 2),
    [2, 2],
  );
});

test('a frame larger than any ring is too large, and leaves nothing', () => {
  const own = rig('drop', 2 * FRAME_RECORDS_MAX);
  own.writer.beginAt(0);
  for (let i = 0; i < FRAME_RECORDS_MAX; i++) assert.ok(own.writer.claim(0, RecordType.level) >= 0);
  assert.equal(own.writer.claim(0, RecordType.level), FrameResult.tooLarge);
  own.writer.abandon();
  frame(own, [1], 1);
  own.writer.commit();
  assert.deepEqual(
    take(own.readers[0]).map(({ market }) => market),
    [0, 1, 0],
  );
});

async function slowReader(memory: EngineMemory, releaseAfterBeats: number | null): Promise<Worker> {
  const plan: SlowReaderPlan = { memory, releaseAfterBeats };
  const worker = new Worker(new URL('../support/live-engine-reader.ts', import.meta.url), { workerData: plan });
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return worker;
}

for (const policy of ['block', 'block-without-limit'] as const) {
  test(`with policy ${policy} a full ring waits for room and the frame is applied`, async () => {
    const own = rig(policy, 8);
    // A frame is seen once the next one finds no room for itself, and then waits.
    const worker = await slowReader(own.memory, 10);
    assert.equal(frame(own, [0, 0, 0, 0, 0], 0), FrameResult.applied);
    assert.equal(frame(own, [1, 1, 1, 1], 1), FrameResult.applied);
    own.writer.commit();
    assert.ok(own.writer.counters[ingressCounter.blockedNs] > 0);
    const reader = new RingReader(own.memory.shards[0].input);
    assert.deepEqual(
      take(reader)
        .map(({ market }) => market)
        .slice(0, 4),
      [1, 1, 1, 1],
    );
    await worker.terminate();
  });
}

test('with policy block the frame is dropped when a shard that lives makes no room in time', async () => {
  const own = rig('block', 8);
  const worker = await slowReader(own.memory, null);
  frame(own, [0, 0, 0, 0, 0], 0);
  assert.equal(frame(own, [1, 1, 1, 1], 1), FrameResult.dropped);
  assert.ok(own.writer.counters[ingressCounter.blockedNs] >= BLOCK_TOTAL_MS * 1e6);
  await worker.terminate();
});

/** Time goes on by a fixed step with each look, however long the machine takes for it. */
class SteppingClock extends EngineClock {
  private looks = 0;

  override nowNs(): number {
    return this.looks++ * STEP_NS;
  }
}

test('with policy block nobody waits the whole time for a shard that does not beat', () => {
  const own = rig('block', 8, 1, SteppingClock);
  frame(own, [0, 0, 0, 0, 0], 0);
  assert.equal(frame(own, [1, 1, 1, 1], 1), FrameResult.dropped);
  assert.ok(own.writer.counters[ingressCounter.blockedNs] < BLOCK_TOTAL_MS * 1e6);
});

/** Market and count of the gaps for drops that are visible in a ring; takes all. */
function dropsOf({ readers }: Rig, shard = 0): number[][] {
  const { f64, u8 } = readers[shard];
  return take(readers[shard])
    .filter(({ type, slot }) => type === RecordType.gap && u8[slot * SLOT_BYTES + gap.at.flags] === StateReason.drop)
    .map(({ market, slot }) => [market, f64[slot * SLOT_F64 + gap.at.lost]]);
}

test('a market that lost frames is owed one gap for all, ahead of the next record of its shard', () => {
  const own = rig('drop', 16, 2);
  own.writer.tick(0);
  own.writer.commit();
  for (const reader of own.readers) take(reader);
  own.writer.markDropped(3);
  own.writer.markDropped(3);
  own.writer.markDropped(1);
  assert.equal(column(own, 3, 'dropped'), 2);
  assert.equal(frame(own, [0], 0), FrameResult.applied);
  own.writer.commit();
  assert.deepEqual(
    own.readers.map((reader) => typesOf(take(reader)).length),
    [2, 0],
    'the other shard owes nothing',
  );
  assert.equal(frame(own, [5, 3], 0), FrameResult.applied);
  own.writer.commit();
  const [, reader] = own.readers;
  const types = Array.from(
    { length: reader.available() },
    (_, offset) => reader.u8[reader.slotAt(offset) * SLOT_BYTES],
  );
  const { gap: gapType, stamp: stampType, trade } = RecordType;
  assert.deepEqual(types, [gapType, gapType, stampType, trade, trade, stampType]);
  assert.deepEqual(dropsOf(own, 1), [
    [3, 2],
    [1, 1],
  ]);
});

test('what is owed is written by the clock where nothing else comes, once a quarter of the ring is free beside it', () => {
  const own = rig('drop', 16);
  for (let i = 0; i < 10; i++) frame(own, [0], 0);
  own.writer.commit();
  own.writer.markDropped(1);
  own.writer.markDropped(2);
  const held = own.readers[0].available();
  own.writer.tick(STEP_NS);
  own.writer.commit();
  assert.equal(own.readers[0].available(), held, 'no gap, and no clock ahead of one');
  assert.equal(frame(own, [3], 0), FrameResult.dropped);
  take(own.readers[0]);
  own.writer.tick(STEP_NS);
  own.writer.commit();
  assert.deepEqual(dropsOf(own), [
    [1, 1],
    [2, 1],
  ]);
});

test('gaps stay where they are when the frame behind them is refused', () => {
  const own = rig('drop', 16);
  own.writer.markDropped(1);
  own.writer.begin();
  own.writer.claim(1, RecordType.trade);
  own.writer.abandon();
  own.writer.commit();
  assert.deepEqual(dropsOf(own), [[1, 1]]);
});

test('a dropped frame that named a new market begins it as one that lost a frame, and blames none that comes after', () => {
  const own = rig('drop', 8);
  const directory = new MarketDirectory(own.memory);
  const session = new Session('json', DECODERS.json, own.writer, directory, own.memory.marketsMax, () => undefined);
  const message = (symbol: string): string =>
    `{"type":"trade","exchange":"x","symbol":"${symbol}","timestamp":1767225600000,"price":1,"amount":1}`;
  const send = (...symbols: string[]): number => {
    own.writer.beginAt(0);
    const bytes = new TextEncoder().encode(`[${symbols.map(message)}]`);
    return session.take(new DataView(bytes.buffer), 0, bytes.length);
  };
  assert.equal(send('A', 'A', 'A'), FrameResult.applied);
  assert.equal(send('B', 'B', 'B', 'B', 'B'), FrameResult.dropped);
  take(own.readers[0]);
  assert.equal(send('C'), FrameResult.applied);
  own.writer.commit();
  const blamed = dropsOf(own).sort();
  assert.deepEqual(
    blamed,
    [
      [0, 1],
      [1, 1],
    ],
    'A and B of this connection, not C',
  );
});

test('every commit ends with a stamp, also of clock records alone and at a full ring', () => {
  for (const policy of ['drop', 'block'] as const) {
    const own = rig(policy, 8, 1, SteppingClock);
    const [reader] = own.readers;
    own.writer.tick(STEP_NS);
    own.writer.commit();
    assert.deepEqual(typesOf(take(reader)), [RecordType.clock, RecordType.stamp]);
    for (let i = 0; i < 20; i++) frame(own, [1], STEP_NS);
    own.writer.commit();
    const seen = take(reader);
    assert.equal(seen.length, 8, 'the ring is full to its last slot');
    assert.equal(seen.at(-1)?.type, RecordType.stamp);
    const stamped = seen.filter(({ type }) => type === RecordType.stamp).reduce((sum, { count }) => sum + count, 0);
    assert.equal(stamped, seen.filter(({ market }) => market === 1).length, 'each frame is told of once');
  }
});

test('a run of records counts as its claims one by one, and is refused where the ring ends, is full or the frame too large', () => {
  const [runs, claims] = [rig('drop', 16), rig('drop', 16)];
  const refused = runs.writer.claimRun(1, RecordType.level, 17);
  assert.ok(refused < 0);
  for (let frame = 0; frame < 20; frame++) {
    const count = 1 + (frame % 7);
    for (const { writer } of [runs, claims]) writer.beginAt(frame);
    const first = runs.writer.claimRun(1, RecordType.level, count);
    for (let i = 0; i < count; i++) {
      const slot = claims.writer.claim(1, RecordType.level);
      if (first < 0) assert.equal(runs.writer.claim(1, RecordType.level), slot);
      else {
        assert.equal(slot, first + i);
        runs.writer.u32[slot * SLOT_U32] = RecordType.level | (1 << 16);
        runs.writer.u32[slot * SLOT_U32 + 1] = 0;
      }
    }
    for (const { writer } of [runs, claims]) {
      writer.end();
      writer.commit();
    }
    assert.deepEqual(take(runs.readers[0]), take(claims.readers[0]));
  }
  assert.equal(column(runs, 1, 'updates'), column(claims, 1, 'updates'));
  assert.equal(column(runs, 1, 'frames'), 20);
  const wide = rig('drop', 2 * FRAME_RECORDS_MAX);
  wide.writer.beginAt(0);
  assert.equal(wide.writer.claimRun(0, RecordType.level, FRAME_RECORDS_MAX - 1) < 0, false);
  assert.ok(wide.writer.claimRun(0, RecordType.level, 2) < 0);
  assert.ok(wide.writer.claim(0, RecordType.level) >= 0);
  assert.equal(wide.writer.claim(0, RecordType.level), FrameResult.tooLarge);
});

test('runs of a feed have the source of their market ahead of them, whether trades or levels', () => {
  const own = rig('drop', 2048);
  const directory = new MarketDirectory(own.memory);
  const feeds = new FeedMarkets(own.memory.marketsMax);
  const nothing = (): void => undefined;
  const feed = (dialect: 'binance' | 'flatbuffers', connection: number): FeedSession =>
    new FeedSession(dialect, connection, DECODERS[dialect], own.writer, directory, feeds, nothing, nothing);
  const [batches, books] = [feed('flatbuffers', 7), feed('binance', 8)];
  const depth =
    '{"e":"depthUpdate","E":1767225600123,"s":"SYM0USDT","U":1,"u":2,"b":[["1","2"],["0.5","3"]],"a":[["2","1"]]}';
  assert.equal(batches.take(batchFrames(1, 1).frames[0]), FrameResult.applied);
  assert.equal(books.take(Buffer.from(depth)), FrameResult.applied);
  own.writer.commit();
  const types = typesOf(take(own.readers[0])).filter((type) => type !== RecordType.clock && type !== RecordType.stamp);
  const { bookChange, level, source, trade } = RecordType;
  assert.deepEqual(types, [
    source,
    ...new Array<number>(BATCH_UPDATES).fill(trade),
    source,
    ...[bookChange, level, level, level],
  ]);
  assert.ok(batches.dataNs(0, dataTime.tradeNs) > 0);
});
