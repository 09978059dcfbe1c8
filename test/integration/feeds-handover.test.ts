// Make before break: a connection that is to end, by the venue's notice or its age, is closed only once its successor has
// all its markets; books are live all the time, and no trade is lost or doubled.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dialect } from '../../schemas/ids.ts';
import { allServed, assertWithinLimits, feedWhere, progressOf, StatusWatch } from '../support/feed-checks.ts';
import { eventually } from '../support/live-engine.ts';
import { SEED } from '../support/seed.ts';
import { type RunOptions, VenueRun } from '../support/venue-run.ts';

const MARKETS = 10;
const WATCH_MS = 300;
/** After the notice the venue closes what is left: later than any handover of a run takes, so that none is cut short. */
const CLOSE_AFTER_MS = 60_000;

/** The fewest sockets that were open at once, and books that were not live, while `until` was not reached. */
async function watchUntil(run: VenueRun, until: () => boolean): Promise<{ openMin: number }> {
  let openMin = Number.POSITIVE_INFINITY;
  const looks = setInterval(() => {
    openMin = Math.min(openMin, run.simulator.stats().sockets.open);
  }, 1);
  await eventually('replaced', async () => {
    await run.watch(WATCH_MS);
    return until();
  });
  clearInterval(looks);
  return { openMin };
}

/** Everything was as if nothing had happened: live, whole, each trade once, and that without asking for any again. */
async function assertUndisturbed(run: VenueRun, statuses: StatusWatch, handovers: number): Promise<void> {
  await allServed(run, progressOf(run));
  const feed = await feedWhere(run, 'told', ({ counts }) => counts.handovers >= handovers);
  await run.settle();
  assert.deepEqual([statuses.disturbed, run.wrong, run.live], [[], [], run.looked]);
  for (const symbol of run.simulator.symbols) {
    await eventually(`trades of ${symbol}`, async () => (await run.tradesDiffer(symbol)) === '');
  }
  const { reconnects, forcedHandovers, resyncs, backfills } = feed.counts;
  assert.deepEqual([reconnects, forcedHandovers, resyncs, backfills, feed.errors], [0, 0, 0, 0, {}]);
  assertWithinLimits(run);
}

async function started(venue: Dialect, more: RunOptions = {}): Promise<[VenueRun, StatusWatch]> {
  const run = await VenueRun.start(venue, { markets: MARKETS, rate: 500, seed: SEED }, more);
  await run.allLive();
  await allServed(run);
  return [run, await StatusWatch.open(run)];
}

describe('an announced end', { concurrency: true }, () => {
  for (const venue of ['binance', 'okx', 'bitfinex'] as const) {
    test(`of ${venue} leaves books live and trades whole`, async (t) => {
      const [run, statuses] = await started(venue);
      t.after(() => run.stop());
      t.after(() => statuses.close());
      const { simulator } = run;
      const { announced, connections } = simulator.end(CLOSE_AFTER_MS);
      assert.ok(connections > 0);
      assert.equal(announced, connections);
      const { openMin } = await watchUntil(run, () => simulator.stats().sockets.closed >= connections);
      assert.ok(openMin >= connections, `${openMin} of ${connections} connections were open`);
      assert.equal(simulator.stats().sockets.opened, 2 * connections);
      await assertUndisturbed(run, statuses, connections);
    });
  }
});

describe('a planned end of life', { concurrency: true }, () => {
  for (const venue of ['binance', 'kraken'] as const) {
    test(`of ${venue}, again and again, leaves books live and trades whole`, async (t) => {
      const [run, statuses] = await started(venue, { feed: () => ({ lifeMs: 3_000 }) });
      t.after(() => run.stop());
      t.after(() => statuses.close());
      const { openMin } = await watchUntil(run, () => run.simulator.stats().sockets.closed >= 2);
      assert.ok(openMin >= 1, 'a connection was open all the time');
      await assertUndisturbed(run, statuses, 2);
    });
  }
});
