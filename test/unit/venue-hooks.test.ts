// What connectors tell the ingress thread of a loss becomes gap records of the right markets and times.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock } from '../../engine/base/clock.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { VenueHooks } from '../../engine/ingress/feeds.ts';
import { CLOCKS_DIFFER_MS } from '../../schemas/feed-limits.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { gap } from '../../schemas/market-data.ts';
import { IngressRig, recordFacts } from '../support/ingress-rig.ts';
import { feedPlan } from '../support/venue-run.ts';

const MARK_MS = 1_767_225_600_123;

const tradesOf = (...symbols: string[]): Buffer =>
  Buffer.from(
    `[${symbols.map((symbol) => `{"type":"trade","exchange":"x","symbol":"${symbol}","timestamp":1767225600000,"price":1,"amount":1}`)}]`,
  );

type Gap = { readonly market: number; readonly reason: number; readonly sinceUs: number };

class Bench {
  readonly rig = new IngressRig();
  readonly clock = new EngineClock(this.rig.memory.anchor);
  readonly hooks: VenueHooks;

  constructor() {
    const { memory, writer, markets, connections } = this.rig;
    const parts = { memory, clock: this.clock, writer, markets, connections };
    const ids = new Map([
      ['A', 0],
      ['B', 1],
    ]);
    const nothing = (): void => undefined;
    const all = { ...parts, before: nothing, log: nothing };
    this.hooks = new VenueHooks(feedPlan('json', ['A', 'B'], ''), 'stream', DECODERS.json, ids, all);
  }

  gaps(): Gap[] {
    this.rig.writer.commit();
    this.rig.drain();
    return this.rig.records[0]
      .filter((record) => recordFacts(record).type === RecordType.gap)
      .map((record) => {
        const { market, flags } = recordFacts(record);
        return { market, reason: flags, sinceUs: Buffer.from(record, 'latin1').readDoubleLE(8 * gap.at.sinceTimeUs) };
      });
  }
}

test('trades that may be missing are told of each market with a mark, from its mark on, and its book is not concerned', () => {
  const bench = new Bench();
  const session = bench.hooks.openSession(1);
  assert.equal(session.take(tradesOf('A', 'B')), FrameResult.applied);
  bench.hooks.tradesMissing(
    1,
    new Map([
      ['A', { lastId: 7, lastTimeMs: MARK_MS }],
      ['B', { lastId: null, lastTimeMs: null }],
      ['UNKNOWN', { lastId: 7, lastTimeMs: MARK_MS }],
    ]),
  );
  assert.deepEqual(bench.gaps(), [{ market: 0, reason: StateReason.none, sinceUs: MARK_MS * 1000 }]);
});

test('what a lost connection lacks began before its last frame came, and not before answers by REST', () => {
  const bench = new Bench();
  const session = bench.hooks.openSession(1);
  session.take(tradesOf('A'));
  const afterUs = bench.clock.wallUs(bench.clock.nowNs());
  while (bench.clock.wallUs(bench.clock.nowNs()) <= afterUs + 1_000);
  session.take(tradesOf('A'), true);
  bench.hooks.connectionLost(1, [{ symbol: 'A', channel: 'book' }], 'test');
  const [{ sinceUs, ...lost }, ...others] = bench.gaps();
  assert.deepEqual([lost, others], [{ market: 0, reason: StateReason.connectionLost }, []]);
  assert.ok(sinceUs <= afterUs - CLOCKS_DIFFER_MS * 1000, `${sinceUs - afterUs} µs`);
});
