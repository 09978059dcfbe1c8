// Owns the checks of markets that connections of a feed take turns at: whose changes belong on whose snapshot, also where the
// shard began anew between them, and which bars lack trades where one of them ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../../engine/base/clock.ts';
import { marketPlansOf } from '../../../engine/base/market-plans.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FeedMarkets, FeedSession } from '../../../engine/ingress/feed-session.ts';
import { FrameWriter } from '../../../engine/ingress/frame-writer.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LatestReader } from '../../../engine/memory/latest-values.ts';
import { MarketDirectory } from '../../../engine/route/markets.ts';
import { CLOCKS_DIFFER_MS } from '../../../schemas/feed-limits.ts';
import { Completeness, FrameResult, StateReason } from '../../../schemas/ids.ts';
import { engineWords } from '../../../schemas/shared-state.ts';
import { Dispatch } from '../../../workers/dispatch.ts';
import { DutyCycle } from '../../../workers/duty-cycle.ts';
import { UserSignals } from '../../../workers/user-signals.ts';
import { allBars } from './bars/records.ts';

/** A feed's side of one shard; the shard can be begun anew at any time. */
class Bench {
  private readonly memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 4096, outputSlots: 4096 });
  readonly clock = new EngineClock(this.memory.anchor);
  private readonly writer = new FrameWriter(this.memory, this.clock, 'block');
  private readonly markets = new MarketDirectory(this.memory);
  private readonly feeds = new FeedMarkets(8);
  private readonly latest = new LatestReader(this.memory);
  private dispatch: Dispatch;

  constructor() {
    const engine = new Int32Array(this.memory.words);
    // The shard returns when there is nothing left to do.
    for (const word of [engineWords.at.stop, engineWords.at.ingressDone]) Atomics.store(engine, word, 1);
    this.dispatch = this.shard();
  }

  connection(number: number): FeedSession {
    const { writer, markets, feeds } = this;
    const nothing = (): void => undefined;
    return new FeedSession('json', number, DECODERS.json, writer, markets, feeds, nothing, nothing);
  }

  restartShard(): void {
    this.dispatch = this.shard();
    this.dispatch.beginAgain(this.clock.nowNs());
  }

  /** A frame of the market found no room. */
  drop(): void {
    this.writer.markDropped(0);
  }

  /** State of the book and its best bid, once the shard has applied all there is. */
  book(): [string, string | null] {
    this.writer.commit();
    new DutyCycle(this.memory, 0, this.clock, this.dispatch).run();
    const { state, bid } = this.latest.read(0);
    return [state, bid?.price ?? null];
  }

  /** Completeness of the bars of one second, once the shard has applied all there is. */
  seconds(): string[] {
    this.book();
    const [market] = this.dispatch.markets;
    const names = Object.keys(Completeness) as (keyof typeof Completeness)[];
    return allBars(market.bars, 0).map((bar) => names.find((name) => Completeness[name] === bar.completeness) ?? '');
  }

  private shard(): Dispatch {
    const words = new Int32Array(this.memory.shards[0].words);
    const users = new UserSignals([], new Int32Array(this.memory.signalsOff), words, () => undefined);
    return new Dispatch(this.memory, 0, { plans: marketPlansOf(), users, keepAll: false, tell: () => undefined });
  }
}

function change(session: FeedSession, isSnapshot: boolean, bid: string): void {
  const level = { price: Number(bid), amount: 1 };
  const frame = { type: 'book_change', exchange: 'x', symbol: 'A', isSnapshot, bids: [level], asks: [] };
  const times = { timestamp: '2026-01-01T00:00:00Z', localTimestamp: '2026-01-01T00:00:00Z' };
  assert.equal(session.take(Buffer.from(JSON.stringify({ ...frame, ...times }))), FrameResult.applied);
}

/** Not yet: no clock closes bars of it. */
const START_MS = Math.ceil(Date.now() / 1000 + 60) * 1000;

function trade(session: FeedSession, id: string, seconds = 0): void {
  const timestamp = new Date(START_MS + seconds * 1000).toISOString();
  const frame = { type: 'trade', exchange: 'x', symbol: 'A', id, price: 1, amount: 1, timestamp };
  assert.equal(session.take(Buffer.from(JSON.stringify(frame))), FrameResult.applied);
}

test('a lost frame may have been of the connection that the book stands on, whichever sent the last record', () => {
  const bench = new Bench();
  const [old, successor] = [bench.connection(1), bench.connection(2)];
  change(old, true, '100');
  trade(successor, '1');
  bench.drop();
  change(old, false, '101');
  assert.deepEqual(bench.book(), ['resyncing', '100']);
});

test('a change belongs on the snapshot of its own connection', () => {
  const bench = new Bench();
  const [old, successor] = [bench.connection(1), bench.connection(2)];
  change(old, true, '100');
  trade(successor, '1');
  change(successor, false, '300');
  change(old, false, '101');
  assert.deepEqual(bench.book(), ['live', '101']);
  change(successor, true, '200');
  change(old, false, '300');
  assert.deepEqual(bench.book(), ['live', '200']);
});

test('a book that a shard began anew with does not stand still, and live, where its connection speaks again', () => {
  const bench = new Bench();
  const [old, successor] = [bench.connection(1), bench.connection(2)];
  change(old, true, '100');
  assert.deepEqual(bench.book(), ['live', '100']);
  bench.restartShard();
  change(old, true, '100');
  change(old, false, '101');
  assert.deepEqual(bench.book(), ['live', '101']);
  // A successor says something of the market, and the connection that has its book goes on.
  trade(successor, '1');
  change(old, false, '102');
  const [state, bid] = bench.book();
  assert.ok(
    state !== 'live' || bid === '102',
    `expected a book that follows or says that it does not, was ${bid} live`,
  );
  change(old, true, '103');
  change(old, false, '104');
  assert.deepEqual(bench.book(), ['live', '104']);
});

/** A trade in each of four seconds, the third and fourth on a successor that has brought the book anew. */
function succeeded(): { bench: Bench; old: FeedSession } {
  const bench = new Bench();
  const [old, successor] = [bench.connection(1), bench.connection(2)];
  change(old, true, '100');
  trade(old, '1', 0.5);
  trade(old, '2', 1.5);
  change(successor, true, '100');
  trade(successor, '3', 2.5);
  trade(successor, '4', 3.5);
  assert.deepEqual(bench.seconds(), ['partial', 'complete', 'complete', 'complete']);
  return { bench, old };
}

test('trades that were on their way on a connection with a successor may be on neither: bars since the last one say so', () => {
  const { bench, old } = succeeded();
  old.lose(0, StateReason.none, (START_MS + 1_500) * 1000);
  assert.deepEqual(bench.seconds(), ['partial', 'gap', 'gap', 'gap']);
  assert.equal(bench.book()[0], 'live');
});

test('the end of a connection that another has taken the place of concerns no bar', () => {
  const { bench, old } = succeeded();
  old.lose(0, StateReason.connectionLost, (START_MS + 1_500) * 1000);
  assert.deepEqual(bench.seconds(), ['partial', 'complete', 'complete', 'complete']);
});

for (const reason of [StateReason.connectionLost, StateReason.restart]) {
  test(`bars of trades that are known lack none, however long ago a loss began (reason ${reason})`, () => {
    const bench = new Bench();
    const old = bench.connection(1);
    change(old, true, '100');
    for (const seconds of [0.5, 1.5, 2.5]) trade(old, `${seconds}`, seconds);
    old.lose(0, reason, (START_MS + 700) * 1000);
    assert.deepEqual(bench.seconds(), ['partial', 'complete', 'gap']);
  });
}

test('what a venue made just before the last frame that came may be missing; past trades by REST are no such frame', () => {
  const bench = new Bench();
  const old = bench.connection(1);
  const { clock } = bench;
  trade(old, '1');
  const lastNs = old.lastFrameNs;
  const past = { type: 'trade', exchange: 'x', symbol: 'A', id: '2', price: 1, amount: 1, timestamp: START_MS };
  assert.equal(old.take(Buffer.from(JSON.stringify(past)), true), FrameResult.applied);
  assert.equal(old.missingSinceUs(clock), clock.wallUs(lastNs) - CLOCKS_DIFFER_MS * 1000);
});
