// An engine opens its ports once its shards have applied what the journal brought: not before, and not never.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { caughtUp } from '../../../engine/pool/caught-up.ts';
import { Doorbell } from '../../../engine/ring/doorbell.ts';
import { RingReader, RingWriter } from '../../../engine/ring/spsc-ring.ts';
import { shardWords } from '../../../schemas/shared-state.ts';

const sizes = { shards: 2, marketsMax: 4, inputSlots: 16, outputSlots: 16 };

function filled(): { memory: ReturnType<typeof createEngineMemory>; write: () => void } {
  const memory = createEngineMemory(sizes, { hrtimeNs: 0, wallUs: 0 });
  const writer = new RingWriter(memory.shards[1].input, new Doorbell(memory.shards[1].doorbell));
  const write = (): void => {
    writer.claim();
    writer.endFrame();
    writer.commit();
  };
  write();
  write();
  return { memory, write };
}

test('what lies in a ring is waited for to its end, and nothing that comes later', async () => {
  const { memory, write } = filled();
  const ring = new RingReader(memory.shards[1].input);
  let isDone = false;
  const done = caughtUp(memory, () => false).then(() => {
    isDone = true;
  });
  write();
  ring.release(1);
  await sleep(20);
  assert.equal(isDone, false);
  ring.release(1);
  await done;
});

test('a shard that is given up is not waited for', async () => {
  const { memory } = filled();
  await caughtUp(memory, (shard) => shard === 1);
});

test('shards that take nothing more are not waited for without end, and those that do are', async () => {
  const { memory } = filled();
  const words = new Int32Array(memory.shards[1].words);
  const late = caughtUp(memory, () => false, 40);
  const message = 'shard 1: expected to apply the journal, took no record for 40 ms';
  await assert.rejects(late, { message });
  const ring = new RingReader(memory.shards[1].input);
  const done = caughtUp(memory, () => false, 2_000);
  words[shardWords.at.recordAt]++;
  ring.release(2);
  await done;
});
