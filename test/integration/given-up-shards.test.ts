// Shards that nothing takes the place of: the engine still stops in order, and a replay ends with the reason.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import { replayFiles } from '../../engine/recordings/replay.ts';
import { loadUserSignals } from '../../engine/user-signals.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';

const NEVER_RETURNS = `
export default { name: 'stuck', on: 'trade', start: () => 0, update: () => { for (;;); } };
`;

let folder: string;
let plans: MarketPlans;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-given-up-'));
  const path = join(folder, 'stuck.ts');
  writeFileSync(path, NEVER_RETURNS);
  const { files, specs } = await loadUserSignals([path]);
  plans = marketPlansOf({ users: specs, signalFiles: files });
});
after(() => rmSync(folder, { recursive: true, force: true }));

const trade = (id: number): string =>
  JSON.stringify({
    ...{ type: 'trade', exchange: 'x', symbol: 'A', price: '10', amount: '1', id: String(id) },
    timestamp: '2026-01-01T00:00:00.000000Z',
  });

type Health = { readonly status: string; readonly reasons: readonly string[] };

describe('a shard that is given up', () => {
  test('leaves an engine that says so and stops with its summary', async () => {
    const live = await LiveEngine.start({ plans, workers: 2 });
    const producer = await live.producer('json');
    // No shard can begin anew with other layouts than those of main.
    Object.assign(live.engine.memory, { fingerprint: 'another' });
    producer.send(trade(1));
    const asked = async (): Promise<Health> => JSON.parse((await live.text('/health')).body) as Health;
    await eventually('given up', async () => {
      const { reasons } = await asked();
      return reasons.some((reason) => /shard 0 failed: .*layouts/.test(reason));
    });
    await eventually('five restarts', async () => {
      const { shardRestarts } = await live.get<{ shardRestarts: number }>('/v1/stats');
      return shardRestarts === 5;
    });
    assert.equal((await asked()).status, 'failed');
    const summary = await live.stop();
    assert.deepEqual([summary.totals['frames'], summary.background_tasks_stopped], [1, 3]);
  });

  test('is not one that is stuck when the engine stops: it is replaced, and waited for', async () => {
    const live = await LiveEngine.start({ plans, workers: 2 });
    const producer = await live.producer('json');
    producer.send(trade(1));
    await live.taken(1);
    const summary = await live.stop();
    assert.deepEqual([summary.forced, summary.background_tasks_stopped], [false, 4]);
  });

  test('ends a replay that has more to give than its ring takes', async () => {
    const file = join(folder, 'trades.ndjson');
    const lines = Array.from({ length: 10_000 }, (_, id) => trade(id));
    writeFileSync(file, `${lines.join('\n')}\n`);
    const options = { files: [file], venue: 'json' as const, workers: 1, marketsMax: 16, plans, inputSlots: 1024 };
    await assert.rejects(
      replayFiles({ ...options, speed: Number.POSITIVE_INFINITY, depth: 0 }),
      /shard 0: expected to run to the end, was: does not beat/,
    );
  });
});
