// What a shard is brought back with, death after death: memory that the collector does not count must not pile up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { type RebuildRun, ShardRebuilds } from '../../../engine/recovery/shard-rebuilds.ts';
import { DOORBELL_BYTES, Doorbell } from '../../../engine/ring/doorbell.ts';
import { RingReader, RingWriter } from '../../../engine/ring/spsc-ring.ts';
import { RecordType } from '../../../schemas/ids.ts';
import { JournalNumber } from '../../../schemas/journal.ts';
import { SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { stamp } from '../../../schemas/market-data.ts';
import { shardMarks } from '../../../schemas/shared-state.ts';

const SLOTS = 64;

/** A shard that stands behind entry 5, all of it in the journal. */
function died(): { rebuilds: ShardRebuilds; runs: { isOver: boolean }[] } {
  const memory = createEngineMemory({
    ...{ shards: 1, marketsMax: 16, inputSlots: SLOTS, outputSlots: SLOTS, journalRingBytes: 2 ** 16 },
  });
  const [shard] = memory.shards;
  const writer = new RingWriter(shard.input, new Doorbell(shard.doorbell));
  const slot = writer.claim();
  writer.u32[slot * SLOT_U32] = RecordType.stamp;
  writer.f64[slot * SLOT_F64 + stamp.at.sequence] = 5;
  writer.endFrame();
  writer.commit();
  const marks = new Float64Array(shard.marks);
  marks[shardMarks.at.releasedSequence] = 5;
  marks[shardMarks.at.firstPosition] = 1;
  assert.ok(memory.journal !== null);
  new Float64Array(memory.journal.numbers)[JournalNumber.written] = 5;
  const runs: { isOver: boolean }[] = [];
  const start = (): RebuildRun => {
    const run = {
      begun: Promise.resolve({ clockUs: [0, 0], markets: [] } as const),
      ended: Promise.resolve(null),
      isOver: false,
      close: () => undefined,
    };
    runs.push(run);
    return run;
  };
  const rebuilds = new ShardRebuilds({
    memory,
    poisons: { list: () => [], add: () => undefined },
    marketName: () => '',
    checkpoints: () => [],
    firstSequence: () => 1,
    start,
    keep: () => undefined,
    onEvent: (sentence) => assert.fail(sentence),
  });
  return { rebuilds, runs };
}

async function ringOf(rebuilds: ShardRebuilds): Promise<{ memory: SharedArrayBuffer; slots: number }> {
  const ring = (await rebuilds.recover(0))?.recovery.rebuild?.ring;
  assert.ok(ring !== undefined);
  return ring;
}

test('a shard that dies again is brought back through the same ring, made as new', async () => {
  const { rebuilds, runs } = died();
  const first = await ringOf(rebuilds);
  const used = new RingWriter(first, new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)));
  used.claim();
  used.endFrame();
  used.commit();
  runs[0].isOver = true;
  const second = await ringOf(rebuilds);
  assert.equal(second.memory, first.memory);
  assert.equal(new RingReader(second).available(), 0);
});

test('a ring that its rebuild may still write into is not used again', async () => {
  const { rebuilds } = died();
  const first = await ringOf(rebuilds);
  assert.notEqual((await ringOf(rebuilds)).memory, first.memory);
});
