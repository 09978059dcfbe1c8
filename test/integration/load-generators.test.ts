// Owns the tests of generators as threads and processes against a real engine: what is sent is what is processed.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EngineClock, takeAnchor } from '../../engine/base/clock.ts';
import { type GeneratorKind, startGenerators } from '../../engine/load/generators.ts';
import type { LoadPlan } from '../../engine/load/protocol.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { loadPlan } from '../support/load-frames.ts';

type Totals = {
  readonly trades: number;
  readonly gaps: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly drops: number;
  readonly rejected: Readonly<Record<string, number>>;
};
type Market = { readonly market: string; readonly state: string };

const LEAD_NS = 30e6;

describe('load generators', () => {
  let live: LiveEngine;

  before(async () => {
    live = await LiveEngine.start();
  });
  after(() => live.stop());

  /** Runs one load and checks that the engine has had all of it. `framesBefore` came before its updates. */
  async function check(kind: GeneratorKind, count: number, changes: Partial<LoadPlan>): Promise<void> {
    const anchor = takeAnchor();
    const ingestUrl = `ws://127.0.0.1:${live.engine.ingestPort}`;
    const plan = loadPlan({
      ingestUrl,
      anchor,
      markets: 12,
      connections: 3,
      ratePerS: 4_000,
      durationS: 0.3,
      ...changes,
    });
    const generators = await startGenerators(plan, { kind, count });
    try {
      assert.equal(generators.markets.length, 12);
      await eventually('all markets live', async () => {
        const states = new Map((await live.get<Market[]>('/v1/markets')).map(({ market, state }) => [market, state]));
        return generators.markets.every((market) => states.get(market) === 'live');
      });
      const framesBefore = live.ingress('frames');
      const { trades: tradesBefore } = (await live.get<{ total: Totals }>('/v1/stats')).total;
      generators.start(new EngineClock(anchor).nowNs() + LEAD_NS);
      const { sent, frames, leftOut, disconnects, rejected, lateness } = await generators.done;
      assert.deepEqual([sent, leftOut, disconnects, rejected], [1_200, 0, 0, {}]);
      assert.equal(lateness.count, 1_200);
      assert.deepEqual(generators.counts().sent, 1_200);
      await live.taken(framesBefore + frames);
      const { total } = await eventually('all trades counted', async () => {
        const stats = await live.get<{ total: Totals }>('/v1/stats');
        return plan.updates !== 'trades' || stats.total.trades - tradesBefore >= sent ? stats : null;
      });
      assert.deepEqual([total.gaps, total.lost, total.duplicates, total.drops], [0, 0, 0, 0]);
      assert.deepEqual(
        Object.values(total.rejected).filter((refused) => refused > 0),
        [],
      );
      if (plan.updates === 'trades') assert.equal(total.trades - tradesBefore, sent);
    } finally {
      await generators.stop();
    }
  }

  it('as threads send the frames of a venue, all of which are processed', async () => {
    await check('thread', 2, { dialect: 'binance' });
  });

  it('as processes send batches, all of which are processed', async () => {
    await check('process', 1, { format: 'flatbuffers', dialect: 'batches', batch: 8, updates: 'trades' });
  });

  it('tell why they cannot begin, and end', async () => {
    const plan = loadPlan({ ingestUrl: 'ws://127.0.0.1:1', anchor: takeAnchor() });
    await assert.rejects(startGenerators(plan, { kind: 'thread', count: 2 }), /load generator \d: .*ECONNREFUSED/);
  });
});
