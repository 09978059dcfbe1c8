// Coverage: every market subscribed has its book and its trades, with few markets and with many, also after connections
// were cut and closed, over as few connections as the venue's limits allow, and never outside them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatorOptions } from '../../engine/simulate/simulator.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { allServed, assertWithinLimits, feedWhere, progressOf } from '../support/feed-checks.ts';
import { eventually } from '../support/live-engine.ts';
import { SEED } from '../support/seed.ts';
import { VenueRun } from '../support/venue-run.ts';

type Case = {
  readonly venue: Dialect;
  readonly markets: number;
  /** So many take all of them by the limits of the venue's connector. */
  readonly connections: number;
  readonly options?: Partial<SimulatorOptions>;
  readonly limitsScale?: number;
  /** Its connections are lost once; the largest would take minutes to have all its books again. */
  readonly isLost: boolean;
};

const CASES: readonly Case[] = [
  { venue: 'binance', markets: 10, connections: 1, isLost: true },
  { venue: 'binance', markets: 200, connections: 2, options: { rate: 1_500, levels: 20 }, isLost: true },
  // Snapshots of a thousand books are nine minutes of the venue's weight.
  {
    venue: 'binance',
    markets: 1_000,
    connections: 10,
    options: { rate: 3_000, levels: 20 },
    limitsScale: 600,
    isLost: false,
  },
  { venue: 'kraken', markets: 10, connections: 1, isLost: true },
  { venue: 'kraken', markets: 200, connections: 2, options: { rate: 1_500, levels: 20 }, isLost: false },
];

function start({ venue, markets, options, limitsScale = 60 }: Case): Promise<VenueRun> {
  return VenueRun.start(venue, { markets, seed: SEED, limitsScale, ...options }, { feed: () => ({ limitsScale }) });
}

/** One connection is cut in a frame, and when the engine is back the venue closes all that there are. */
async function loseConnections(run: VenueRun, connections: number): Promise<void> {
  const { simulator } = run;
  const opened = (): number => simulator.stats().sockets.opened;
  simulator.inject({ kind: 'cut' });
  await eventually('one connection made again', () => opened() === connections + 1);
  await run.allLive();
  const before = opened();
  assert.equal(simulator.end(0).connections, connections);
  await eventually('all connections made again', () => opened() >= before + connections);
}

for (const one of CASES) {
  const { venue, markets, connections, isLost } = one;
  const also = isLost ? ', also after all connections were lost' : '';
  test(`${venue}: book and trades of each of ${markets} markets come${also}`, async (t) => {
    const run = await start(one);
    t.after(() => run.stop());
    await run.allLive();
    await allServed(run);
    const first = await feedWhere(run, 'settled', ({ connections: all }) => all.every(({ pending }) => pending === 0));
    assert.deepEqual(
      [first.symbols, first.connections.length, first.open.sockets],
      [markets, connections, connections],
    );
    assert.deepEqual([first.unknownSymbols, first.totals.refusals, first.errors], [[], 0, {}]);
    assert.equal(
      first.connections.reduce((sum, { subscriptions }) => sum + subscriptions, 0),
      2 * markets,
    );
    if (!isLost) {
      assertWithinLimits(run);
      return;
    }
    await loseConnections(run, connections);
    await run.allLive();
    await allServed(run, progressOf(run));
    // Where the venue announces the end, successors were on their way already.
    await feedWhere(
      run,
      'all there again',
      (feed) => feed.counts.reconnects > 0 && feed.connections.length === connections,
    );
    assertWithinLimits(run);
  });
}
