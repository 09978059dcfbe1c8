// The engine's shared memory: what of it is resident, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngineMemory, takeRingPages } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';

test('rings are resident once their pages are taken, and empty', () => {
  const sizes = { inputSlots: 2 ** 19, outputSlots: 2 ** 19, journalRingBytes: 2 ** 25 };
  const memory = createEngineMemory({ shards: 1, marketsMax: 16, ...sizes });
  const before = process.memoryUsage.rss();
  takeRingPages(memory);
  const bytes = (sizes.inputSlots + sizes.outputSlots) * SLOT_BYTES + sizes.journalRingBytes;
  const grown = process.memoryUsage.rss() - before;
  assert.ok(grown > 0.9 * bytes, `expected about ${bytes} bytes more, was ${grown}`);
  assert.equal(new RingReader(memory.shards[0].input).available(), 0);
});
