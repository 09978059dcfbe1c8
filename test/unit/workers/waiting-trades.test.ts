// Trades that wait for others of their market: only while there is more to do, and never lost without being counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { marketPlansOf, type PlanOptions } from '../../../engine/base/market-plans.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../../engine/ingress/frame-writer.ts';
import { Session } from '../../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LatestReader } from '../../../engine/memory/latest-values.ts';
import { Requests } from '../../../engine/publish/requests.ts';
import { livePlace } from '../../../engine/recovery/death-place.ts';
import { RingReader } from '../../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../../engine/route/markets.ts';
import { BATCH_RECORDS_MAX } from '../../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter, shardCounter } from '../../../schemas/counters.ts';
import { FrameResult, Interest, RecordType, RequestKind } from '../../../schemas/ids.ts';
import { SLOT_BYTES } from '../../../schemas/layout.ts';
import { engineWords, shardWords } from '../../../schemas/shared-state.ts';
import { Dispatch } from '../../../workers/dispatch.ts';
import { DutyCycle } from '../../../workers/duty-cycle.ts';
import { Market } from '../../../workers/market.ts';
import { UserSignals } from '../../../workers/user-signals.ts';

const MARKETS = 40;

class Shard {
  readonly memory: EngineMemory;
  readonly words: Int32Array;
  readonly counters: Float64Array;
  readonly dispatch: Dispatch;
  readonly cycle: DutyCycle;
  /** When a turn's work is shown: trades that wait, and how many others are told. */
  readonly waited: number[] = [];
  readonly told: number[] = [];
  private readonly clock: EngineClock;

  constructor(plan: PlanOptions = {}) {
    this.memory = createEngineMemory({ shards: 1, marketsMax: MARKETS, inputSlots: 16_384, outputSlots: 16_384 });
    this.clock = new EngineClock(this.memory.anchor);
    this.words = new Int32Array(this.memory.shards[0].words);
    this.counters = new Float64Array(this.memory.shards[0].counters);
    const files = plan.signalFiles ?? [];
    const users = new UserSignals(files, new Int32Array(this.memory.signalsOff), this.words, () => undefined);
    const options = { plans: marketPlansOf(plan), users, keepAll: false, tell: () => undefined };
    this.dispatch = new Dispatch(this.memory, 0, options);
    this.cycle = new DutyCycle(this.memory, 0, this.clock, this.dispatch);
    const show = this.dispatch.showLatest.bind(this.dispatch);
    this.dispatch.showLatest = (): void => {
      show();
      this.waited.push(this.dispatch.trades.waitingCount);
      this.told.push(Atomics.load(this.words, shardWords.at.waiting));
    };
  }

  /** Puts trades into the ring, the markets in turn, with one commit. */
  write(trades: number): void {
    const writer = new FrameWriter(this.memory, this.clock, 'drop');
    const markets = new MarketDirectory(this.memory);
    const session = new Session('json', DECODERS.json, writer, markets, MARKETS, () => undefined);
    const list = Array.from({ length: trades }, (_, index) => ({
      ...{ type: 'trade', exchange: 'x', symbol: `S${index % MARKETS}`, id: String(index), price: '1', amount: '1' },
      timestamp: '2026-01-01T00:00:00Z',
    }));
    const bytes = new TextEncoder().encode(JSON.stringify(list));
    writer.beginAt(0);
    assert.equal(session.take(new DataView(bytes.buffer), 0, bytes.length), FrameResult.applied);
    writer.commit();
  }

  run(): void {
    const engine = new Int32Array(this.memory.words);
    for (const word of [engineWords.at.stop, engineWords.at.ingressDone]) Atomics.store(engine, word, 1);
    this.cycle.run();
  }

  tradesOf(market: number): number {
    return new Float64Array(this.memory.marketCounters)[market * MARKET_COUNTER_COLUMNS + marketCounter.trades];
  }
}

test('trades wait while there is more than one batch to do, and none once the shard has caught up', () => {
  const shard = new Shard();
  const trades = BATCH_RECORDS_MAX + 10 * MARKETS;
  shard.write(trades);
  shard.run();
  assert.ok(shard.waited[0] > 0, 'after the first batch there is more to come');
  assert.equal(shard.waited.at(-1), 0);
  assert.deepEqual(shard.told, shard.waited, 'told before anything else that may fail');
  assert.equal(Atomics.load(shard.words, shardWords.at.waiting), 0);
  let counted = 0;
  for (let market = 0; market < MARKETS; market++) counted += shard.tradesOf(market);
  assert.equal(counted, trades);
  assert.equal(new LatestReader(shard.memory).read(0).lastPrice, '1');
});

test('trades of a market that someone listens to do not wait', () => {
  const shard = new Shard();
  new Int32Array(shard.memory.interest).fill(Interest.trade);
  shard.write(BATCH_RECORDS_MAX + 10 * MARKETS);
  shard.run();
  assert.deepEqual(new Set(shard.waited), new Set([0]));
});

test("no trade waits with a user's signal on bars, which one market's trade may switch off in all", () => {
  const source = 'var userSignal = { default: { start: () => 0, update: (state) => ({ state, value: state }) } }';
  const mine = { name: 'mine', base: 'mine', input: 'bar', parameters: [], outputs: ['value'] } as const;
  const users = [{ ...mine, barKind: '1s', threshold: null, user: 0 }];
  const shard = new Shard({ users, signalFiles: [{ path: 'mine.ts', source }] });
  shard.write(BATCH_RECORDS_MAX + 10 * MARKETS);
  shard.run();
  assert.deepEqual(new Set(shard.waited), new Set([0]));
});

test('a request is answered after the trades of its market that wait, and those alone, have been applied', () => {
  const shard = new Shard();
  shard.write(3 * MARKETS);
  const { dispatch } = shard;
  const input = new RingReader(shard.memory.shards[0].input);
  for (let offset = 0; offset < input.available(); offset++) {
    const slot = input.slotAt(offset);
    // Clock records would end the waiting.
    if (input.u8[slot * SLOT_BYTES] !== RecordType.trade) continue;
    if (dispatch.trades.takeRun(slot, 1) === 0) dispatch.record(RecordType.trade, slot);
  }
  assert.equal(shard.tradesOf(0), 1);
  assert.equal(dispatch.trades.waitingCount, 2 * MARKETS);
  new Requests(shard.memory).ask({ market: 0, kind: RequestKind.trades, limit: 0, barKind: 0 }, 0, () => undefined);
  const command = new RingReader(shard.memory.shards[0].command);
  dispatch.request(command, command.slotAt(0));
  assert.equal(shard.tradesOf(0), 3);
  assert.equal(dispatch.trades.waitingCount, 2 * (MARKETS - 1));
});

test('trades that waited when a shard ended count as cut short, once', () => {
  const shard = new Shard();
  Atomics.store(shard.words, shardWords.at.waiting, 7);
  shard.cycle.skipCutShort();
  assert.equal(shard.counters[shardCounter.cutShort], 7);
  shard.cycle.skipCutShort();
  assert.equal(shard.counters[shardCounter.cutShort], 7);
});

test('a shard that dies of trades that waited leaves their market, and none where it does not', () => {
  const settling = (shard: Shard): number => shard.words[shardWords.at.settling];
  const calm = new Shard();
  calm.write(3 * MARKETS);
  calm.run();
  assert.equal(settling(calm), 0);
  const hurt = new Shard();
  hurt.write(3 * MARKETS);
  const settle = Market.prototype.applyRun;
  Market.prototype.applyRun = function (...args): number {
    if (this.id === 7) throw new Error('poison');
    return settle.apply(this, args);
  };
  try {
    assert.throws(() => hurt.run(), { message: 'poison' });
  } finally {
    Market.prototype.applyRun = settle;
  }
  assert.equal(settling(hurt), 8);
  assert.equal(livePlace(hurt.memory.shards[0], null)?.market, 7);
});
