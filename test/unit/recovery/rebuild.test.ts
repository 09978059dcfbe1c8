// A rebuild that is ended because its shard needs it no more has no problem: a shard that is well must not die of it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Rebuild } from '../../../engine/ingress/rebuild.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { createRing } from '../../../engine/ring/spsc-ring.ts';

test('a rebuild that is closed at its work ends without a problem', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rebuild-'));
  try {
    const sizes = { shards: 1, marketsMax: 4, inputSlots: 16, outputSlots: 16 };
    const memory = createEngineMemory(sizes, { hrtimeNs: 0, wallUs: 0 });
    const start = {
      ...{ memory, shard: 0, ring: createRing(16), folder, accepts: ['*'], checkpoint: null },
      // An entry that never comes.
      ...{ mutedSequence: 1, untilSequence: 1, poisons: [], poisonAt: null },
    };
    const rebuild = new Rebuild(start, () => undefined);
    await rebuild.begun;
    rebuild.close();
    assert.equal(await rebuild.ended, null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
