// A rebuild that is ended because its shard needs it no more has no problem: a shard that is well must not die of it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Rebuild } from '../../../engine/ingress/rebuild.ts';
import { checkpointName } from '../../../engine/journal/names.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { createRing } from '../../../engine/ring/spsc-ring.ts';

/** The start of one, of a journal whose one entry never comes. */
function startIn(folder: string): ConstructorParameters<typeof Rebuild>[0] {
  const sizes = { shards: 1, marketsMax: 4, inputSlots: 16, outputSlots: 16 };
  const memory = createEngineMemory(sizes, { hrtimeNs: 0, wallUs: 0 });
  return {
    ...{ memory, shard: 0, ring: createRing(16), folder, accepts: ['*'], checkpoint: null },
    ...{ mutedSequence: 1, untilSequence: 1, poisons: [], poisonAt: null },
  };
}

test('a rebuild of which nothing comes is ended, before it began too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rebuild-'));
  try {
    const idle = new Rebuild(startIn(folder), () => undefined, 40);
    assert.equal(await idle.ended, 'nothing came of the journal for 40 ms');
    // A read that hangs: nobody writes into the pipe.
    const pipe = join(folder, checkpointName(1));
    execFileSync('mkfifo', [pipe]);
    const hung = new Rebuild({ ...startIn(folder), checkpoint: 1 }, () => undefined, 1_000);
    await assert.rejects(hung.begun, { message: 'nothing came of the journal for 1000 ms' });
    closeSync(openSync(pipe, 'r+'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a rebuild that is closed at its work ends without a problem', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rebuild-'));
  try {
    const rebuild = new Rebuild(startIn(folder), () => undefined);
    await rebuild.begun;
    rebuild.close();
    assert.equal(await rebuild.ended, null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
