// The test of one venue: an engine on its simulator with 50 markets, while 800 faults and more are put in its way.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { eventually } from './live-engine.ts';
import { SEED } from './seed.ts';
import { VenueRun } from './venue-run.ts';

/** Thirteen venues with 800 each are over 10,000: by the rule of three fewer than 3 in 10,000 go unnoticed, if none does. */
const FAULTS_MIN = 800;
const MARKETS = 50;
/** Far more than any venue takes to be dealt its faults. */
const FAULTS_MS_MAX = 60_000;
const WATCH_MS = 500;

export type VenueTestOptions = {
  /** Faults by kind, per 1,000 frames, requests, or per second; and what bounds them. */
  readonly faults: Readonly<Record<string, unknown>>;
  /**
   * Lost trades can be asked for again, so none may be missing in the end; else bars that lack some must say so. Where a
   * lost trade shows in nothing, faults are for books alone.
   */
  readonly hasBackfill: boolean;
};

/**
 * Every kind that each venue must bear, at rates that a stream of a thousand frames a second makes 800 faults of in seconds.
 * A connection that is cut again before it was stable waits longer each time, so cuts are rare; one is dealt for certain.
 */
export const COMMON_FAULTS = {
  gap: 6,
  duplicate: 60,
  reorder: 20,
  delay: 10,
  delayMsMax: 200,
  cut: 0.05,
  '429': 50,
  'slow-snapshot': 50,
  'stale-snapshot': 50,
  slowMsMax: 1_000,
} as const;

async function dealFaults(run: VenueRun, faults: Readonly<Record<string, unknown>>): Promise<void> {
  const until = performance.now() + FAULTS_MS_MAX;
  run.simulator.startFaults(faultPlanOf({ ...faults, seed: SEED }));
  await run.watch(WATCH_MS);
  run.simulator.inject({ kind: 'cut' });
  while (run.simulator.stats().faultsTotal < FAULTS_MIN && performance.now() < until) await run.watch(WATCH_MS);
  run.simulator.stopFaults();
  assert.ok(run.simulator.stats().faultsTotal >= FAULTS_MIN, `${run.simulator.stats().faultsTotal} faults`);
}

/** The last trade before a calm may have been lost, which only the next one shows: every market makes one more. */
async function tradesGoOn(run: VenueRun): Promise<void> {
  const before = run.simulator.symbols.map((symbol) => run.simulator.truth.trades(symbol).at(-1)?.id ?? -1);
  await eventually('every market trades again', () =>
    run.simulator.symbols.every((symbol, index) => run.simulator.truth.trades(symbol, before[index]).length > 1),
  );
}

async function assertTrades(run: VenueRun, mayLack: boolean): Promise<void> {
  for (const symbol of run.simulator.symbols) {
    let differs = '';
    try {
      await eventually(`${symbol} has all trades`, async () => {
        differs = await run.tradesDiffer(symbol, mayLack);
        return differs === '';
      });
    } catch {
      assert.fail(differs);
    }
  }
}

/** Nothing was against the venue's limits, its code had no fault, and no client read too slowly. */
function assertSound(run: VenueRun): void {
  const { violations, violationLog, errors, slowClients } = run.simulator.stats();
  assert.deepEqual([violations, errors, slowClients], [{}, 0, 0], JSON.stringify(violationLog));
}

export function venueTest(venue: Dialect, { faults, hasBackfill }: VenueTestOptions): void {
  test(`${venue}: ${MARKETS} markets through faults end as the venue's own, and no live book was ever another`, async (t) => {
    const run = await VenueRun.start(venue, { markets: MARKETS, rate: 2_000, seed: SEED });
    t.after(() => run.stop());
    await run.allLive();
    await dealFaults(run, faults);
    await run.allLive();
    await tradesGoOn(run);
    await run.settle();
    assert.deepEqual(run.wrong, [], `${run.live} live books of ${run.looked} looked at`);
    assert.ok(run.live > 0);
    await assertTrades(run, !hasBackfill);
    assertSound(run);
    const { open, unknownSymbols } = await run.feed();
    assert.deepEqual(unknownSymbols, []);
    assert.ok(open.sockets > 0);
    t.diagnostic(
      `${run.live} live books of ${run.looked} equal; faults ${JSON.stringify(run.simulator.stats().faults)}`,
    );
  });
}
