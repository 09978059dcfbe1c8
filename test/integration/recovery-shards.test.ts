// Shards that die while frames come, with a journal: what they come to and what they tell is that of an undisturbed run.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeTraffic } from '../support/recovery-rig.ts';
import { killedRun, undisturbedRun } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

const KILLS = 6;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-recovery-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('with a journal, shards that are killed at any moment', () => {
  test('come back to the bytes of an undisturbed run, and tell nothing twice and leave nothing out', async () => {
    const traffic = makeTraffic(SEED, 8, 6_000);
    const expected = await undisturbedRun(traffic, 2);
    const { told, state, deaths, kills } = await killedRun(traffic, { workers: 2, kills: KILLS, seed: SEED, folder });
    assert.equal(kills, KILLS);
    assert.deepEqual(deaths, { ended: KILLS });
    assert.deepEqual(state, expected.state);
    assert.deepEqual([...told.keys()].sort(), [...expected.told.keys()].sort());
    for (const [channel, messages] of expected.told) assert.deepEqual(told.get(channel), messages, channel);
  });
});
