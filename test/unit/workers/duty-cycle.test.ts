// The shard's loop: what other threads see of it while it works.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { marketPlansOf } from '../../../engine/base/market-plans.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../../engine/ingress/frame-writer.ts';
import { Session } from '../../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LatestReader } from '../../../engine/memory/latest-values.ts';
import { Requests } from '../../../engine/publish/requests.ts';
import { Doorbell } from '../../../engine/ring/doorbell.ts';
import { RingWriter } from '../../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../../engine/route/markets.ts';
import { shardCounter } from '../../../schemas/counters.ts';
import { FrameResult, RecordType, RequestKind } from '../../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { clock as clockRecord, quote } from '../../../schemas/market-data.ts';
import { engineWords, shardWords } from '../../../schemas/shared-state.ts';
import { Dispatch } from '../../../workers/dispatch.ts';
import { DutyCycle } from '../../../workers/duty-cycle.ts';
import { UserSignals } from '../../../workers/user-signals.ts';

const TRADES = 1000;
const REQUESTS = 100;
/** A beat takes nanoseconds, a trade of a market that is known 0.1 µs: this many in a row are far from a deadline. */
const RECORDS_PER_BEAT_MAX = 256;

/** Puts all trades into the ring with one commit. */
function writeTrades(memory: EngineMemory, clock: EngineClock): void {
  const writer = new FrameWriter(memory, clock, 'drop');
  const markets = new MarketDirectory(memory);
  const session = new Session('json', DECODERS.json, writer, markets, memory.marketsMax, () => undefined);
  const trades = Array.from({ length: TRADES }, (_, id) => ({
    ...{ type: 'trade', exchange: 'x', symbol: 'A', id: String(id), price: '1', amount: '1' },
    timestamp: '2026-01-01T00:00:00Z',
  }));
  const bytes = new TextEncoder().encode(JSON.stringify(trades));
  writer.beginAt(0);
  assert.equal(session.take(new DataView(bytes.buffer), 0, bytes.length), FrameResult.applied);
  writer.commit();
}

/** Runs a shard over what lies in its rings, calling `between` once; gives its beats. */
function beatsOf(memory: EngineMemory, clock: EngineClock, between = (): void => undefined): number {
  const words = new Int32Array(memory.shards[0].words);
  const users = new UserSignals([], new Int32Array(memory.signalsOff), words, () => undefined);
  const options = { plans: marketPlansOf(), users, keepAll: false, tell: () => undefined };
  const engine = new Int32Array(memory.words);
  for (const word of [engineWords.at.stop, engineWords.at.ingressDone]) Atomics.store(engine, word, 1);
  const dispatch = new Dispatch(memory, 0, options);
  const shown = dispatch.showLatest.bind(dispatch);
  dispatch.showLatest = (): void => {
    shown();
    between();
  };
  new DutyCycle(memory, 0, clock, dispatch).run();
  return Atomics.load(words, shardWords.at.heartbeat);
}

test('a shard beats inside a batch too: one that works long is not taken for one that is stuck', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 4096, outputSlots: 4096 });
  const clock = new EngineClock(memory.anchor);
  writeTrades(memory, clock);
  const beats = beatsOf(memory, clock);
  const counters = new Float64Array(memory.shards[0].counters);
  assert.equal(counters[shardCounter.batches], 1);
  assert.ok(counters[shardCounter.records] > TRADES);
  assert.ok(beats > TRADES / RECORDS_PER_BEAT_MAX, `expected beats in the batch, was ${beats}`);
});

test('a shard beats between the answers it gives in one turn', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 4096, outputSlots: 4096 });
  const clock = new EngineClock(memory.anchor);
  const requests = new Requests(memory);
  const question = { market: 0, kind: RequestKind.book, limit: 0, barKind: 0 };
  for (let i = 0; i < REQUESTS; i++) requests.ask(question, 0, () => undefined);
  assert.ok(beatsOf(memory, clock) > REQUESTS);
  assert.equal(new Float64Array(memory.shards[0].counters)[shardCounter.requests], REQUESTS);
});

test('a market that was silent is shown as active once quotes come again, though they change nothing else of it', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 64, outputSlots: 64 });
  const writer = new RingWriter(memory.shards[0].input, new Doorbell(memory.shards[0].doorbell));
  const name = Buffer.from('x:A');
  const markets = new MarketDirectory(memory);
  markets.find(name, 0, 1, name, 2, name.length);
  markets.confirm();
  const words = new Int32Array(memory.shards[0].words);
  const users = new UserSignals([], new Int32Array(memory.signalsOff), words, () => undefined);
  const dispatch = new Dispatch(memory, 0, { plans: marketPlansOf(), users, keepAll: false, tell: () => undefined });
  const cycle = new DutyCycle(memory, 0, new EngineClock(memory.anchor), dispatch);
  const engine = new Int32Array(memory.words);
  for (const word of [engineWords.at.stop, engineWords.at.ingressDone]) Atomics.store(engine, word, 1);
  const shownAfter = (type: number, at: number, time: number): string => {
    const slot = writer.claim();
    writer.u32[slot * SLOT_U32] = type;
    writer.f64[slot * SLOT_F64 + at] = time;
    writer.endFrame();
    writer.commit();
    cycle.run();
    return new LatestReader(memory).read(0).activity;
  };
  const { anchor } = memory;
  assert.equal(shownAfter(RecordType.quote, quote.at.receiveTimeNs, 0), 'active');
  assert.equal(shownAfter(RecordType.clock, clockRecord.at.timeUs, anchor.wallUs + 3600e6), 'quiet');
  assert.equal(shownAfter(RecordType.quote, quote.at.receiveTimeNs, 3601e9), 'active');
});
