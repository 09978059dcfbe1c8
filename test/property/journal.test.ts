// The journal against a list of what was given, over lives that end with the process or with the machine.

import '../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JournalLives } from '../support/journal-lives.ts';
import { contentOf, JournalRig } from '../support/journal-rig.ts';
import { MemoryFolder } from '../support/memory-folder.ts';
import { SEED } from '../support/seed.ts';

test('any entries come back as they were given, wherever the ring wraps', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 60 });
  fc.assert(
    fc.property(payloads, fc.integer({ min: 0, max: 9 }), (frames, offset) => {
      const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 4000 }, 4096);
      for (const frame of frames) {
        const padded = new Uint8Array(offset + frame.length + 3).fill(0xaa);
        padded.set(frame, offset);
        rig.log.frame(4, 5, 2, -3, 6.5, 7, new DataView(padded.buffer), offset, frame.length);
        rig.write();
      }
      const { entries, missing } = contentOf(rig.folder);
      assert.deepEqual(missing, []);
      assert.deepEqual(
        entries.map(({ payload }) => payload),
        frames,
      );
      for (const { connection, dialect, flags, result, receiveTimeNs, producerSequence } of entries)
        assert.deepEqual([connection, dialect, flags, result, receiveTimeNs, producerSequence], [4, 5, 2, -3, 6.5, 7]);
    }),
    { numRuns: 100 },
  );
});

test('groups of any size come back whole, with holes exactly where there was no room', () => {
  const groups = fc.array(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 12 }), { maxLength: 20 });
  fc.assert(
    fc.property(groups, (sizes) => {
      const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 3000 }, 4096);
      for (const group of sizes) {
        for (const size of group) rig.frame('x'.repeat(size));
        rig.write();
      }
      rig.write();
      rig.write();
      const { entries, missing } = contentOf(rig.folder);
      let expected = 1;
      const spans = [
        ...entries.map(({ sequence }) => [sequence, sequence]),
        ...missing.map(({ afterSequence, beforeSequence }) => [afterSequence + 1, (beforeSequence ?? 0) - 1]),
      ].sort(([a], [b]) => a - b);
      for (const [from, to] of spans) {
        assert.equal(from, expected);
        expected = to + 1;
      }
      assert.equal(expected, rig.log.sequence + 1);
      const sum = missing.reduce(
        (count, { afterSequence, beforeSequence }) => count + (beforeSequence ?? 0) - afterSequence - 1,
        0,
      );
      assert.equal(sum, rig.number('missed'));
    }),
    { numRuns: 150 },
  );
});

test('what was durable outlives the machine, and what was written the process, whatever the disk did', () => {
  for (let run = 0; run < 3000; run++) {
    const seed = (SEED + run) | 0;
    try {
      new JournalLives(seed).run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});
