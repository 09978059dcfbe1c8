// A record that ends every shard that applies it: left out after the second time, kept to be looked at, and met no more.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type Json } from '../support/live-engine.ts';
import { POISON_ID } from '../support/poison-preload.ts';
import { EngineProcess, makeTraffic, NamedProducer, stateOf } from '../support/recovery-rig.ts';
import { BARS, undisturbedRun } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

const MARKETS = 4;
const POISONED = 'rig:M1';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-poison-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

type Stats = { recovery: { poisonedRecords: number; deaths: Record<string, number> }; rings: { held: number }[] };

const statsOf = async (port: number): Promise<Stats> =>
  (await (await fetch(`http://127.0.0.1:${port}/v1/stats?markets=0`)).json()) as Stats;

describe('a record that ends its shard', () => {
  test('is left out after the second time, with its market resynced, and never met again', async () => {
    const traffic = makeTraffic(SEED, MARKETS, 800);
    const poison = JSON.stringify({
      ...{ type: 'trade', exchange: 'rig', symbol: 'M1', price: '1000', amount: '1', side: 'buy' },
      ...{ id: String(POISON_ID), timestamp: new Date().toISOString() },
    });
    const frames = [...traffic.frames.slice(0, 400), poison, ...traffic.frames.slice(400)];
    const expected = (await undisturbedRun(traffic, 2)).state as Record<string, unknown>;
    const start = (): EngineProcess =>
      new EngineProcess(
        ['--journal', folder, '--workers', '2', '--bars', BARS.join(','), '--signals', 'imbalance,vwap'],
        null,
        ['./poison-preload.ts'],
      );
    const engine = start();
    try {
      const { port, ingestPort } = await engine.ports();
      await new NamedProducer('p', frames, () => ingestPort).run();
      const stats = await eventually('the poison is isolated', async () => {
        const found = await statsOf(port);
        const { poisonedRecords } = found.recovery;
        return poisonedRecords === 1 && found.rings.every(({ held }) => held === 0) ? found : null;
      });
      assert.deepEqual([stats.recovery.deaths['throw'], stats.recovery.deaths['stuck']], [2, 0]);
      const state = (await stateOf(port, traffic.markets, BARS)) as Record<string, { book: Json }>;
      for (const market of traffic.markets.filter((name) => name !== POISONED))
        assert.deepEqual(state[market], expected[market], market);
      assert.deepEqual([state[POISONED].book['state'], state[POISONED].book['reason']], ['resyncing', 'poison']);
      const letters = await eventually('the frame is kept', () => {
        const lines = readFileSync(join(folder, 'dead-letter.ndjson'), 'utf8').trim().split('\n');
        return lines[0] === '' ? null : lines.map((line) => JSON.parse(line) as Json);
      });
      assert.deepEqual([letters.length, letters[0]['category'], letters[0]['frame']], [1, 'poison', poison]);
    } finally {
      await engine.kill();
    }
    const again = start();
    try {
      const { port } = await again.ports();
      const { recovery } = await statsOf(port);
      assert.deepEqual(recovery.deaths['throw'], 0);
      const state = (await stateOf(port, traffic.markets, BARS)) as Record<string, { book: Json }>;
      assert.equal(state[POISONED].book['reason'], 'poison');
      assert.deepEqual(state['rig:M0'], expected['rig:M0']);
    } finally {
      await again.stop();
    }
  });
});
