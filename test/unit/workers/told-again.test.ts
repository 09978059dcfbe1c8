// Owns the proof that what a shard told stays told, however often those that take its place end before they come as far.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeAnchor } from '../../../engine/base/clock.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { toldPosition } from '../../../engine/recovery/shard-position.ts';
import { Doorbell } from '../../../engine/ring/doorbell.ts';
import { createRing } from '../../../engine/ring/spsc-ring.ts';
import { SHARD_COUNTERS } from '../../../schemas/counters.ts';
import { RecordType } from '../../../schemas/ids.ts';
import { shardWords } from '../../../schemas/shared-state.ts';
import type { Dispatch } from '../../../workers/dispatch.ts';
import { OutputWriter } from '../../../workers/output/writer.ts';
import { Takeover } from '../../../workers/takeover.ts';

const TIMES = new Float64Array(2);
const engineMemory = (): EngineMemory =>
  createEngineMemory({ shards: 1, marketsMax: 1, inputSlots: 8, outputSlots: 64 }, takeAnchor());

function writerOf({ shards, mainDoorbell }: EngineMemory): OutputWriter {
  return new OutputWriter(shards[0].output, mainDoorbell, new Float64Array(SHARD_COUNTERS.length), shards[0].marks);
}

test('commits of a shard that is behind what its forerunner told do not take the mark of it back', () => {
  const memory = engineMemory();
  const marks = new Float64Array(memory.shards[0].marks);
  const first = writerOf(memory);
  first.begin(0);
  first.claim(RecordType.trade, 0, 0);
  first.end();
  first.commit(TIMES, 0, 1, 10);
  const tail = first.ring.endedTail;
  assert.equal(toldPosition(marks, tail), 10);
  const second = writerOf(memory);
  for (const position of [3, 4, 5]) second.commit(TIMES, 0, 1, position);
  assert.equal(toldPosition(marks, tail), 10);
  const third = writerOf(memory);
  for (const position of [6, 12]) third.commit(TIMES, 0, 1, position);
  assert.equal(toldPosition(marks, tail), 12);
});

test('a take-over is not over before everything told is muted, though its forerunner had taken less', () => {
  const memory = engineMemory();
  // The forerunner took over itself and came one record far; the one before it had told three.
  new Int32Array(memory.shards[0].words)[shardWords.at.batchEnd] = 1;
  const muted: boolean[] = [];
  const output = { isMuted: false };
  const dispatch = {
    output,
    take: () => muted.push(output.isMuted),
    trades: { settleAll: () => undefined },
  } as unknown as Dispatch;
  const muted3 = { mutedSequence: 5, mutedRecords: 3, isBehindAnew: false };
  const rebuild = { ring: createRing(8), untilSequence: 5, skipUntilSequence: 0, ...muted3 };
  const takeover = new Takeover(memory, 0, dispatch, new Doorbell(memory.shards[0].doorbell), rebuild);
  takeover.passStamp(5);
  const isOver = [1, 2, 3, 4].map((position) => {
    takeover.takeAlone(RecordType.trade, 0);
    return takeover.isOverAt(position);
  });
  assert.deepEqual(muted, [true, true, true, false]);
  assert.deepEqual(isOver, [false, false, true, true]);
});
