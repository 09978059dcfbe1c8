// Marks of queues against a list of all that was noted, and against a ring whose consumer is slow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { HighWater, RingHighWater } from '../../../engine/publish/high-water.ts';
import { Queues } from '../../../engine/publish/queues.ts';
import { Doorbell } from '../../../engine/ring/doorbell.ts';
import { createRing, RingReader, RingWriter } from '../../../engine/ring/spsc-ring.ts';
import '../../support/seed.ts';

const MINUTE_SECONDS = 60;

test('the most of a minute is that of the last sixty seconds, and the most ever is never forgotten', () => {
  const seconds = fc.array(fc.array(fc.nat(1_000), { maxLength: 4 }), { minLength: 1, maxLength: 150 });
  fc.assert(
    fc.property(seconds, (noted) => {
      const marks = new HighWater();
      for (const [second, values] of noted.entries()) {
        if (second > 0) marks.advance();
        for (const value of values) marks.note(value);
      }
      assert.equal(marks.mostMinute, Math.max(0, ...noted.slice(-MINUTE_SECONDS).flat()));
      assert.equal(marks.most, Math.max(0, ...noted.flat()));
    }),
    { numRuns: 50 },
  );
});

test('a ring tells the most its consumer found, and what lies there where the consumer does not look', () => {
  const ring = createRing(64);
  const writer = new RingWriter(ring, new Doorbell(createEngineMemory({ shards: 1, marketsMax: 1 }).mainDoorbell));
  const reader = new RingReader(ring);
  const marks = new RingHighWater(ring);
  const write = (count: number): void => {
    for (let i = 0; i < count; i++) writer.claim();
    writer.endFrame();
    writer.commit();
  };
  write(7);
  reader.release(reader.available());
  write(3);
  reader.release(reader.available());
  assert.deepEqual(marks.report(), { held: 0, most: 7, mostMinute: 7 });
  for (let second = 0; second < MINUTE_SECONDS; second++) marks.eachSecond();
  assert.deepEqual(marks.report(), { held: 0, most: 7, mostMinute: 0 });
  write(20);
  assert.deepEqual(marks.report(), { held: 20, most: 20, mostMinute: 20 });
});

test('queues are those of every shard, and of the sockets', () => {
  const queues = new Queues(createEngineMemory({ shards: 2, marketsMax: 1, inputSlots: 64, outputSlots: 128 }));
  queues.look(5_000, 4_000);
  queues.look(100, 90);
  const told = queues.report().map(({ queue, shard, size, held, most }) => [queue, shard, size, held, most]);
  assert.deepEqual(told.slice(0, 4), [
    ['input', 0, 64, 0, 0],
    ['output', 0, 128, 0, 0],
    ['command', 0, 1_024, 0, 0],
    ['input', 1, 64, 0, 0],
  ]);
  assert.deepEqual(
    told.slice(6).map(([queue, , , held, most]) => [queue, held, most]),
    [
      ['sockets', 100, 5_000],
      ['longest-socket', 90, 4_000],
    ],
  );
});
