// A process that is killed while frames come, with a journal: the one after it goes on where it was.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeTraffic } from '../support/recovery-rig.ts';
import { killedProcessRun, undisturbedRun } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

const KILLS = 3;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-process-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('a process that is killed (-9) again and again', () => {
  test('comes to what an undisturbed one does, with any number of workers, and forgets nothing it acknowledged', async () => {
    const traffic = makeTraffic(SEED, 6, 4_000);
    const expected = await undisturbedRun(traffic, 2);
    const run = await killedProcessRun(traffic, { workers: [2, 1, 3], kills: KILLS, seed: SEED, folder });
    assert.equal(run.kills, KILLS);
    assert.equal(run.forgotten, 0);
    assert.deepEqual(run.state, expected.state);
    const trades = traffic.frames.filter((frame) => frame.includes('"trade"')).length;
    assert.equal(run.totals['tradeRecords'], trades);
    assert.equal(run.totals['bookChanges'], traffic.frames.length - trades);
    for (let i = 1; i < run.tradeSeqs.length; i++) assert.ok(run.tradeSeqs[i][0] > run.tradeSeqs[i - 1][0]);
  });
});
