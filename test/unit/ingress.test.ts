// Owns the checks of the main thread's side of an ingress thread that fails before it can say anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainAccess } from '../../engine/base/access.ts';
import { Ingress } from '../../engine/ingress/ingress.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { engineWords } from '../../schemas/shared-state.ts';

test('a thread that cannot be loaded is told of, and ends what the shards wait for', async () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 8, inputSlots: 16, outputSlots: 16 });
  const words = new Int32Array(memory.words);
  // Other layouts: the thread throws while its module is loaded.
  const ingress = new Ingress({
    memory: { ...memory, fingerprint: 'of other layouts' },
    listen: { host: '127.0.0.1', port: 0, access: plainAccess('127.0.0.1', null) },
    replay: null,
    feeds: [],
    accepts: [],
  });
  await assert.rejects(ingress.listening(), /expected the layouts of the main thread/);
  await ingress.end();
  assert.equal(Atomics.load(words, engineWords.at.ingressDone), 1);
  assert.deepEqual(await ingress.close(), { connectionsClosed: 0, feeds: [] });
});
