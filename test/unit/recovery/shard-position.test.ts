// Where a shard stood when it died, told by its rings and marks alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngineMemory, type ShardMemory } from '../../../engine/memory/engine-memory.ts';
import { livePlace, NO_RECORD, rebuiltPlace } from '../../../engine/recovery/death-place.ts';
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
  const among = { market: 1, afterSequence: 5, untilSequence: 9, record: null, isRebuilt: false };
  const alone = { ...among, record };
  const rebuilt = { ...alone, afterSequence: 5, untilSequence: 6, isRebuilt: true };
  assert.equal(suspects.note(0, among), false);
  assert.equal(suspects.note(1, alone), false);
  assert.equal(suspects.note(0, among), false, 'which of them is not known');
  assert.equal(suspects.note(0, alone), true);
  assert.equal(suspects.note(0, alone), false, 'it was isolated');
  assert.equal(suspects.note(0, null), false);
  assert.equal(suspects.note(0, among), false);
  assert.equal(suspects.note(0, rebuilt), true, 'the same record, made again');
  assert.equal(suspects.note(0, among), false);
  assert.equal(suspects.note(0, { ...rebuilt, market: 2 }), false);
  assert.equal(suspects.note(0, among), false);
  assert.equal(suspects.note(0, { ...rebuilt, afterSequence: 9, untilSequence: 10 }), false);
});

test('a trade that waited is placed in its own market, from before what the ring still holds', () => {
  const shard = shardWith([
    [2, 5],
    [3, 9],
  ]);
  const words = new Int32Array(shard.words);
  mark(shard, 5, 0);
  new RingReader(shard.input).release(3);
  new Float64Array(shard.marks)[shardMarks.at.waitingAfter] = 2;
  words[shardWords.at.batchEnd] = 7;
  words[shardWords.at.recordAt] = 4;
  words[shardWords.at.settling] = 4;
  const waited = { market: 3, afterSequence: 2, untilSequence: 9, record: null, isRebuilt: false };
  assert.deepEqual(livePlace(shard, null), waited);
  words[shardWords.at.recordAt] = 7;
  assert.deepEqual(livePlace(shard, 4), waited, 'between two batches');
  words[shardWords.at.recordAt] = 4;
  const alone = livePlace(shard, 7);
  assert.deepEqual(
    [alone?.market, alone?.afterSequence, alone?.record?.index],
    [MARKET, 5, 1],
    'one by one, none waits',
  );
  assert.equal(rebuiltPlace(shard, shard.input, 0)?.afterSequence, 8, 'each entry made again has its own stamp');
  words[shardWords.at.recordAt] = NO_RECORD;
  assert.equal(rebuiltPlace(shard, shard.output, 0), null);
});
