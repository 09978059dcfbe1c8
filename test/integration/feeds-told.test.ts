// What an engine tells of its connections: breakers in statistics, metrics and health, series that go with their connection,
// and an end that leaves nothing behind.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import type { Simulator } from '../../engine/simulate/simulator.ts';
import { allServed, feedWhere, progressOf } from '../support/feed-checks.ts';
import { eventually } from '../support/live-engine.ts';
import { SEED } from '../support/seed.ts';
import { VenueRun } from '../support/venue-run.ts';

const MARKETS = 4;
const OPTIONS = { markets: MARKETS, rate: 200, seed: SEED };
/** Every connection is refused until the faults are stopped. */
const OUTAGE = { refuse: 10, outageMsMax: 600_000 };

type Health = { readonly status: string; readonly reasons: readonly string[] };

async function metrics(run: VenueRun): Promise<string> {
  return (await run.engine.text('/metrics')).body;
}

/** Values by series of one metric. */
async function series(run: VenueRun, name: string): Promise<Record<string, number>> {
  const lines = [...(await metrics(run)).matchAll(/^(millrace_feed_\w+)(\{[^}]*\})? (\S+)$/gm)];
  return Object.fromEntries(
    lines.filter((line) => line[1] === `millrace_feed_${name}`).map(([, , labels, value]) => [labels, Number(value)]),
  );
}

async function health(run: VenueRun): Promise<{ code: number; health: Health }> {
  const { status: code, body } = await run.engine.text('/health');
  return { code, health: JSON.parse(body) as Health };
}

/** The venue refuses from now on. */
function refuse(simulator: Simulator): void {
  simulator.startFaults(faultPlanOf(OUTAGE));
  simulator.inject({ kind: 'refuse' });
}

/** It refuses, and the connection that there is ends. */
function beginOutage({ simulator }: VenueRun): void {
  refuse(simulator);
  simulator.inject({ kind: 'cut' });
}

describe('a breaker', { concurrency: true }, () => {
  test('that opens is told in statistics and metrics, and closes once the venue is back for good', async (t) => {
    const run = await VenueRun.start('binance', OPTIONS, { feed: () => ({ breakerFailures: 2 }) });
    t.after(() => run.stop());
    await run.allLive();
    assert.deepEqual(await health(run), { code: 200, health: { status: 'ok', reasons: [] } });
    beginOutage(run);
    const open = await feedWhere(run, 'open', ({ slots }) => slots[0]?.breaker.state === 'open');
    assert.ok(open.slots[0].breaker.failuresInARow >= 2);
    await eventually('open in the metrics', async () => {
      return (await series(run, 'breaker_state'))['{venue="binance",slot="0",state="open"}'] === 1;
    });
    run.simulator.stopFaults();
    await run.allLive();
    await allServed(run, progressOf(run));
    const closed = await feedWhere(run, 'closed', ({ slots }) => slots[0].breaker.state === 'closed');
    const { transitions } = closed.slots[0].breaker;
    assert.deepEqual([transitions.closed, transitions['given-up']], [1, 0]);
    assert.ok(transitions.open >= 1 && transitions['half-open'] >= 1);
    const states = await series(run, 'breaker_state');
    assert.equal(states['{venue="binance",slot="0",state="closed"}'], 1);
    assert.equal(
      Object.values(states).reduce((sum, value) => sum + value),
      1,
      'one state at a time',
    );
    assert.equal((await series(run, 'breaker_transitions_total'))['{venue="binance",state="closed"}'], 1);
    const errors = await series(run, 'errors_total');
    assert.ok(Object.keys(errors).length > 0 && Object.values(errors).every((count) => count > 0));
  });

  test('that gives up makes the health degraded, and says why', async (t) => {
    const run = await VenueRun.start('binance', OPTIONS, { feed: () => ({ breakerFailures: 1, breakerRetries: 1 }) });
    t.after(() => run.stop());
    await run.allLive();
    beginOutage(run);
    await feedWhere(run, 'given up', ({ slots }) => slots[0]?.breaker.state === 'given-up');
    const { code, health: told } = await health(run);
    assert.deepEqual([code, told.status, told.reasons.length], [200, 'degraded', 1]);
    assert.match(told.reasons[0], /^feed binance: connection 0 \(4 markets\) is given up: /);
    const ready = await run.engine.text('/ready');
    assert.equal(ready.status, 200);
    assert.deepEqual((await run.notLive()).length, MARKETS);
  });
});

describe('a connection', { concurrency: true }, () => {
  test('has the series of its slot, which its successor takes over; its counts stay in the sums', async (t) => {
    const run = await VenueRun.start('binance', OPTIONS);
    t.after(() => run.stop());
    await run.allLive();
    await allServed(run);
    const slot = '{venue="binance",slot="0"}';
    await eventually('the first', async () => Object.keys(await series(run, 'slot_subscriptions')).join() === slot);
    const [before] = Object.values(await series(run, 'messages_total'));
    run.simulator.inject({ kind: 'cut' });
    await eventually('the second', async () => {
      const subscriptions = await series(run, 'slot_subscriptions');
      return (
        (await series(run, 'reconnects_total'))['{venue="binance"}'] === 1 && Object.keys(subscriptions).length > 0
      );
    });
    for (const name of ['subscriptions', 'pending_subscriptions', 'connection_age_seconds', 'latency_seconds'])
      await eventually(name, async () => Object.keys(await series(run, `slot_${name}`)).join() === slot);
    const [after] = Object.values(await series(run, 'messages_total'));
    assert.ok(after > before);
    assert.equal((await series(run, 'reconnects_total'))['{venue="binance"}'], 1);
  });

  test('that is half-open, and requests under way, are gone when the engine has stopped', async () => {
    const run = await VenueRun.start('kraken', { ...OPTIONS, markets: 104, levels: 20 });
    await run.allLive();
    const [symbol] = run.simulator.symbols;
    run.simulator.inject({ kind: 'half-open', symbol });
    await eventually('half-open', () => run.simulator.stats().sockets.halfOpen === 1);
    const summary = await run.stop();
    assert.deepEqual([run.simulator.stats().sockets.open, run.simulator.stats().sockets.halfOpen], [0, 0]);
    // Two connections, each with its metrics; of the feed its four queues and looks, and two breakers.
    assert.equal(summary.connections_closed, 2);
    assert.ok(summary.metrics_cleaned >= 2 && summary.background_tasks_stopped >= 6);
    assert.equal(summary.forced, false);
  });

  test('that waits for its turn or its venue is no more when the engine has stopped', async () => {
    const run = await VenueRun.start('binance', OPTIONS, {
      before: refuse,
    });
    await feedWhere(run, 'refused', ({ errors }) => Object.keys(errors).length > 0);
    const summary = await run.stop();
    assert.deepEqual([summary.connections_closed, summary.forced], [0, false]);
  });
});
