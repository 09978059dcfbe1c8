// Coverage of one feed: every market subscribed has its book and its trades, also after connections were cut and closed, over
// as few connections as the venue's limits allow, and never outside them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatorOptions } from '../../engine/simulate/simulator.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { allServed, assertWithinLimits, feedWhere, progressOf } from './feed-checks.ts';
import { eventually } from './live-engine.ts';
import { SEED } from './seed.ts';
import { VenueRun } from './venue-run.ts';

export type CoverageCase = {
  readonly venue: Dialect;
  readonly markets: number;
  /** So many take all of them by the limits of the venue's connector. */
  readonly connections: number;
  readonly options?: Partial<SimulatorOptions>;
  readonly limitsScale?: number;
  /** Its connections are lost once; the largest would take minutes to have all its books again. */
  readonly isLost: boolean;
};

function start({ venue, markets, options, limitsScale = 60 }: CoverageCase): Promise<VenueRun> {
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

export function coverageTest(one: CoverageCase): void {
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
