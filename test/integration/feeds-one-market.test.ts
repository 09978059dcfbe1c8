// The trouble of one market, or of one connection, is not that of others: a gap, a book that falls silent while the rest goes
// on, one that was silent from the start, and a half-open connection.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { RATE_WARM_GAPS } from '../../schemas/config.ts';
import { allServed, assertWithinLimits, feedWhere, progressOf, StatusWatch } from '../support/feed-checks.ts';
import { eventually } from '../support/live-engine.ts';
import { SEED } from '../support/seed.ts';
import { type RunOptions, VenueRun } from '../support/venue-run.ts';

const MARKETS = 6;
const STALE_AFTER_MS = 2_000;
/** Of a gap that was not noticed to the next one. */
const AGAIN_MS = 3_000;

/** Books are stale after a short silence, so that it is not the test that waits for most of the time. */
const SOON_STALE: RunOptions = {
  engine: { plans: marketPlansOf({ usual: { bars: ['1s'], staleAfterMs: STALE_AFTER_MS } }) },
};

describe('a gap in one book', { concurrency: true }, () => {
  for (const venue of ['binance', 'kraken', 'bybit', 'okx'] as const) {
    test(`of ${venue} is mended without a change for any other`, async (t) => {
      const run = await VenueRun.start(venue, { markets: MARKETS, rate: 300, seed: SEED });
      t.after(() => run.stop());
      await run.allLive();
      const [, symbol] = run.simulator.symbols;
      const statuses = await StatusWatch.open(run);
      t.after(() => statuses.close());
      let injectedAtMs = Number.NEGATIVE_INFINITY;
      await eventually(`${symbol} is mended`, () => {
        const told = statuses.statesOf(symbol);
        // A gap below the ten levels of Kraken's checksum shows nowhere, and the next change of its levels mends it: another one.
        if (told.length < 2 && performance.now() - injectedAtMs > AGAIN_MS) {
          injectedAtMs = performance.now();
          run.simulator.inject({ kind: 'gap', symbol, channel: 'book' });
        }
        return told.length >= 3 && told.at(-1) === 'live';
      });
      await allServed(run, progressOf(run));
      await run.settle();
      assert.deepEqual(statuses.disturbed, [symbol]);
      const { counts, errors } = await feedWhere(run, 'told', () => true);
      assert.deepEqual([counts.reconnects, counts.handovers, errors], [0, 0, {}]);
      assert.equal(run.simulator.stats().sockets.opened, 1);
      assertWithinLimits(run);
    });
  }
});

describe('silence', { concurrency: true }, () => {
  test('of one book is noticed, and ended by asking anew, while the others and the connection go on', async (t) => {
    const run = await VenueRun.start('kraken', { markets: MARKETS, rate: 300, seed: SEED }, SOON_STALE);
    t.after(() => run.stop());
    await run.allLive();
    const [, symbol] = run.simulator.symbols;
    // A silence is too long only where it is known how often the book changes.
    await eventually('its rate is known', () => progressOf(run).markets[1].bookChanges > 2 * RATE_WARM_GAPS);
    await allServed(run);
    const statuses = await StatusWatch.open(run);
    t.after(() => statuses.close());
    run.simulator.inject({ kind: 'silent', symbol, channel: 'book' });
    await eventually('stale', () => statuses.statesOf(symbol).includes('stale silent'));
    await eventually('live again', () => statuses.statesOf(symbol).at(-1) === 'live');
    assert.deepEqual(statuses.disturbed, [symbol]);
    await allServed(run, progressOf(run));
    const { counts } = await feedWhere(run, 'told', ({ counts }) => counts.stale > 0);
    assert.ok(counts.resyncs > 0);
    assert.deepEqual([counts.reconnects, run.simulator.stats().sockets.opened], [0, 1]);
    assertWithinLimits(run);
  });

  test('of a subscription that was acknowledged and never had data is ended by asking anew', async (t) => {
    // Five markets are one message: none that follows names the market, which would end its silence.
    const run = await VenueRun.start(
      'bybit',
      { markets: 5, rate: 300, seed: SEED },
      { before: (simulator) => simulator.inject({ kind: 'silent', symbol: simulator.symbols[1], channel: 'book' }) },
    );
    t.after(() => run.stop());
    await run.allLive();
    await allServed(run);
    const { totals, counts } = await feedWhere(run, 'told', (feed) => feed.totals.silent > 0);
    assert.ok(totals.resubscribes > 0);
    assert.deepEqual(
      [counts.reconnects, run.simulator.faultLog().map(({ symbol }) => symbol)],
      [0, [run.simulator.symbols[1]]],
    );
    assertWithinLimits(run);
  });

  test('of a whole connection ends it after the limit of the venue, and those of other connections go on', async (t) => {
    // Kraken has a hundred books on a connection; its limit of silence is 10 s.
    const run = await VenueRun.start('kraken', { markets: 104, rate: 1_500, seed: SEED, levels: 20 });
    t.after(() => run.stop());
    await run.allLive();
    const statuses = await StatusWatch.open(run);
    t.after(() => statuses.close());
    const [symbol] = run.simulator.symbols;
    run.simulator.inject({ kind: 'half-open', symbol });
    await eventually('half-open', () => run.simulator.stats().sockets.halfOpen === 1);
    const { errors } = await feedWhere(run, 'given up', ({ counts }) => counts.reconnects > 0);
    assert.deepEqual(errors, { dead: 1 });
    await eventually('all are live again', () =>
      run.simulator.symbols.slice(0, 100).every((one) => statuses.statesOf(one).slice(1).at(-1) === 'live'),
    );
    assert.deepEqual(new Set(statuses.disturbed), new Set(run.simulator.symbols.slice(0, 100)));
    await allServed(run, progressOf(run));
    await eventually('the dead one is gone', () => run.simulator.stats().sockets.halfOpen === 0);
    assertWithinLimits(run);
  });
});
