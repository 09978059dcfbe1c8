// Where a shard stood when it died, told by its rings and marks alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngineMemory, type ShardMemory } from '../../../engine/memory/engine-memory.ts';
import { positionOf, recordAtDeath, toldPosition } from '../../../engine/recovery/shard-position.ts';
import { Suspects } from '../../../engine/recovery/suspects.ts';
import { Doorbell } from '../../../engine/ring/doorbell.ts';
import { RingReader, RingWriter } from '../../../engine/ring/spsc-ring.ts';
import { RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { stamp } from '../../../schemas/market-data.ts';
import { shardMarks, shardWords } from '../../../schemas/shared-state.ts';

const MARKET = 7;

/** A ring with commits: how many trades each has, and the entry its stamp speaks of. */
function shardWith(commits: readonly (readonly [records: number, sequence: number])[]): ShardMemory {
  const [shard] = createEngineMemory({ shards: 1, marketsMax: 16, inputSlots: 64, outputSlots: 64 }).shards;
  const writer = new RingWriter(shard.input, new Doorbell(shard.doorbell));
  for (const [records, sequence] of commits) {
    for (let i = 0; i < records; i++) writer.u32[writer.claim() * SLOT_U32] = RecordType.trade | (MARKET << 16);
    const slot = writer.claim();
    writer.u32[slot * SLOT_U32] = RecordType.stamp;
    writer.f64[slot * SLOT_F64 + stamp.at.sequence] = sequence;
    writer.endFrame();
    writer.commit();
  }
  return shard;
}

function mark(shard: ShardMemory, releasedSequence: number, told: number): void {
  const marks = new Float64Array(shard.marks);
  marks[shardMarks.at.releasedSequence] = releasedSequence;
  marks[shardMarks.at.firstPosition] = told;
}

test('of two marks the one of the last commit counts, and the later position where both are', () => {
  const marks = new Float64Array(shardMarks.sizeBytes / 8);
  const set = (...values: number[]): void => marks.set(values, shardMarks.at.firstOutputTail);
  set(10, 100, 20, 200);
  assert.deepEqual([toldPosition(marks, 10), toldPosition(marks, 20), toldPosition(marks, 30)], [100, 200, null]);
  set(10, 100, 10, 200);
  assert.equal(toldPosition(marks, 10), 200);
  set(10, -(2 ** 31), 10, 2 ** 31 - 1);
  assert.equal(toldPosition(marks, 10), -(2 ** 31), 'positions wrap');
});

test('records whose output was told count from behind the released stamp', () => {
  const shard = shardWith([
    [2, 5],
    [3, 9],
  ]);
  mark(shard, 0, 2);
  assert.deepEqual(positionOf(shard), { releasedSequence: 0, isStampInRing: false, mutedRecords: 2 });
  mark(shard, 5, 5);
  assert.deepEqual(positionOf(shard), { releasedSequence: 5, isStampInRing: true, mutedRecords: 2 });
  new RingReader(shard.input).release(3);
  assert.deepEqual(positionOf(shard), { releasedSequence: 5, isStampInRing: false, mutedRecords: 2 });
  mark(shard, 5, 2);
  assert.equal(positionOf(shard), null, 'what was told lies before what is left');
});

test('the record a shard died at is placed behind the stamp before it, where it was applying one', () => {
  const shard = shardWith([
    [2, 5],
    [3, 9],
  ]);
  const words = new Int32Array(shard.words);
  mark(shard, 3, 0);
  words[shardWords.at.batchEnd] = 7;
  words[shardWords.at.recordAt] = 4;
  const found = recordAtDeath(shard);
  assert.deepEqual([found?.afterSequence, found?.index, found?.untilSequence, found?.market], [5, 1, 9, MARKET]);
  words[shardWords.at.recordAt] = 1;
  const first = recordAtDeath(shard);
  assert.deepEqual([first?.afterSequence, first?.index, first?.untilSequence], [3, 1, 5]);
  words[shardWords.at.batchEnd] = 1;
  assert.equal(recordAtDeath(shard), null, 'the batch had ended');
});

test('two deaths in a row at one record make it poison, and others between them do not', () => {
  const suspects = new Suspects(2);
  const record = { afterSequence: 5, untilSequence: 9, index: 1, market: 1, type: 1, slot: new Uint8Array(0) };
  const live = { ring: 'live' as const, record };
  assert.equal(suspects.note(0, live), false);
  assert.equal(suspects.note(1, live), false);
  assert.equal(suspects.note(0, { ring: 'live', record: { ...record, index: 0 } }), true);
  assert.equal(suspects.note(0, live), false, 'it was isolated');
  assert.equal(suspects.note(0, null), false);
  assert.equal(suspects.note(0, live), false);
  assert.equal(suspects.note(0, { ring: 'rebuilt', record }), false);
  assert.equal(suspects.note(0, { ring: 'rebuilt', record: { ...record, market: 2 } }), false);
});
