// Journals that are torn, flipped, swapped, zeroed or in part gone: nothing wrong is read, and what is missing is told.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournalDamage } from '../../../engine/journal/entry.ts';
import { losesEntries } from '../../../engine/journal/journal-reader.ts';
import { scanJournal } from '../../../engine/journal/journal-scan.ts';
import { segmentName } from '../../../engine/journal/names.ts';
import { checkpointOf, contentOf, JournalRig, textOf } from '../../support/journal-rig.ts';
import { MemoryFolder } from '../../support/memory-folder.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** Blocks of two entries, three in a segment. */
const ENTRIES_IN_BLOCK = 2;
const BLOCKS = 8;
const ENTRIES = ENTRIES_IN_BLOCK * BLOCKS;
const TEXTS = Array.from({ length: ENTRIES }, (_, i) => `entry ${i + 1}`.padEnd(7 + i));

function smallJournal(): Files {
  const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 700 });
  for (const [index, text] of TEXTS.entries()) {
    rig.frame(text);
    if (index % ENTRIES_IN_BLOCK === ENTRIES_IN_BLOCK - 1) rig.write();
  }
  return new Map(rig.folder.list().map((name) => [name, rig.folder.read(name, 0, 1e6)]));
}

const WHOLE = smallJournal();
const NAMES = [...WHOLE.keys()].sort();

function folderOf(files: Files): MemoryFolder {
  const folder = new MemoryFolder();
  for (const [name, bytes] of files) folder.replace(name, bytes);
  return folder;
}

function fileOf(files: Files, name: string): Uint8Array {
  return files.get(name) ?? assert.fail(`expected ${name}`);
}

function isTold(missing: readonly JournalDamage[], sequence: number): boolean {
  return missing.some(
    (damage) =>
      damage.afterSequence < sequence &&
      sequence < (damage.beforeSequence ?? Number.POSITIVE_INFINITY) &&
      losesEntries(damage),
  );
}

/** What is read is right, in order, and the rest is told; returns the numbers that are missing, and all that was told. */
function check(folder: MemoryFolder): { lost: number[]; missing: readonly JournalDamage[] } {
  const { entries, missing } = contentOf(folder);
  let last = 0;
  for (const entry of entries) {
    assert.ok(entry.sequence > last, `${entry.sequence} behind ${last}`);
    last = entry.sequence;
    assert.equal(textOf(entry), TEXTS[entry.sequence - 1]);
    assert.deepEqual([entry.connection, entry.dialect, entry.result, entry.receiveTimeNs], [1, 2, 1, 1000]);
  }
  const found = new Set(entries.map(({ sequence }) => sequence));
  const lost = TEXTS.map((_, index) => index + 1).filter((sequence) => !found.has(sequence));
  return { lost, missing };
}

function assertTold(result: { lost: number[]; missing: readonly JournalDamage[] }, what: string): void {
  for (const sequence of result.lost)
    assert.ok(isTold(result.missing, sequence), `${what}: entry ${sequence} is not told`);
}

describe('a damaged journal', () => {
  test('is whole before anything is done to it', () => {
    assert.ok(NAMES.length >= 3);
    assert.deepEqual(check(folderOf(WHOLE)), { lost: [], missing: [] });
  });

  test('loses no more than a block by any one flipped bit, and tells it', () => {
    let flips = 0;
    for (const name of NAMES) {
      const folder = folderOf(WHOLE);
      const bytes = fileOf(WHOLE, name);
      for (let bit = 0; bit < bytes.length * 8; bit++, flips++) {
        const flip = (held: Uint8Array): void => {
          held[bit >> 3] ^= 1 << (bit & 7);
        };
        folder.damage(name, flip);
        const result = check(folder);
        folder.damage(name, flip);
        const what = `bit ${bit} of ${name}`;
        assert.ok(result.missing.length > 0, `${what} is not noticed`);
        assert.ok(result.lost.length <= ENTRIES_IN_BLOCK, `${what}: lost ${result.lost}`);
        if (result.lost.length > 0)
          assert.equal(Math.floor((result.lost[0] - 1) / 2), Math.floor(((result.lost.at(-1) ?? 0) - 1) / 2));
        assertTold(result, what);
      }
    }
    assert.ok(flips > 10_000, String(flips));
  });

  test('cut at any byte gives all whole blocks before it, and goes on behind them', () => {
    const last = NAMES.at(-1) ?? '';
    const bytes = fileOf(WHOLE, last);
    for (let size = 0; size < bytes.length; size++) {
      const folder = folderOf(new Map([...WHOLE, [last, bytes.subarray(0, size)]]));
      const before = check(folder);
      const scan = scanJournal(folder);
      const rig = new JournalRig(folder);
      assert.deepEqual(rig.opened.tornTail, scan.tornTail);
      assert.equal(rig.opened.sequence, ENTRIES - before.lost.length);
      const isTorn = size > 0 && before.missing.length > 0;
      assert.deepEqual(
        rig.events.map(({ kind }) => kind),
        isTorn ? ['torn-tail'] : [],
      );
      rig.frame(TEXTS[rig.opened.sequence]);
      rig.write();
      const after = check(folder);
      assert.deepEqual(after.missing, [], `${size} bytes: told once, then cut`);
      assert.equal(after.lost.length, before.lost.length - 1);
    }
  });

  test('with a zero-filled end is cut there', () => {
    for (const size of [0, 30, 64, 150, 200]) {
      const name = NAMES.at(-1) ?? '';
      const bytes = fileOf(WHOLE, name).slice();
      bytes.fill(0, size);
      const folder = folderOf(new Map([...WHOLE, [name, bytes]]));
      assertTold(check(folder), `${size} bytes`);
      const { opened } = new JournalRig(folder);
      assert.ok((opened.tornTail?.bytes ?? 0) > 0);
      assert.deepEqual(contentOf(folder).missing, []);
    }
  });

  test('without one of its segments reads the others and tells the range', () => {
    for (const gone of NAMES.slice(1, -1)) {
      const result = check(folderOf(new Map([...WHOLE].filter(([name]) => name !== gone))));
      assertTold(result, gone);
      assert.deepEqual(
        result.missing.map(({ kind, afterSequence, beforeSequence }) => [kind, afterSequence, beforeSequence]),
        [['missing-segment', result.lost[0] - 1, (result.lost.at(-1) ?? 0) + 1]],
      );
    }
  });

  test('with a segment of zeros reads the others and tells the range', () => {
    for (const name of NAMES.slice(0, -1)) {
      const result = check(folderOf(new Map([...WHOLE, [name, new Uint8Array(fileOf(WHOLE, name).length)]])));
      assert.equal(result.lost.length, ENTRIES_IN_BLOCK * 3, name);
      assertTold(result, name);
    }
  });

  test('with swapped files is read in the order of their heads', () => {
    const [first, second] = NAMES;
    const folder = folderOf(new Map([...WHOLE, [first, fileOf(WHOLE, second)], [second, fileOf(WHOLE, first)]]));
    assert.deepEqual(check(folder), { lost: [], missing: [] });
  });

  test('with a copy of a segment gives no entry twice', () => {
    const folder = folderOf(new Map([...WHOLE, [segmentName(9), fileOf(WHOLE, NAMES[0])]]));
    const result = check(folder);
    assert.deepEqual(result.lost, []);
  });

  test('with a segment of another journal takes none of it for its own', () => {
    const other = new JournalRig(new MemoryFolder(), { segmentBytes: 700 });
    for (const text of TEXTS) {
      other.frame(text);
      other.write();
    }
    const name = NAMES[1];
    const folder = folderOf(new Map([...WHOLE, [name, other.folder.read(name, 0, 1e6)]]));
    const { missing } = contentOf(folder);
    assert.ok(missing.some((damage) => losesEntries(damage)));
  });

  test('goes on behind the newest checkpoint where more of it than that is gone', () => {
    const rig = new JournalRig(folderOf(new Map([[NAMES[0], fileOf(WHOLE, NAMES[0])]])));
    assert.equal(rig.opened.sequence, ENTRIES_IN_BLOCK * 3);
    const folder = folderOf(WHOLE);
    const before = new JournalRig(folder);
    before.writer.writeCheckpoint(checkpointOf(1, ENTRIES), () => {});
    before.write();
    for (const name of NAMES.slice(1)) folder.remove(name);
    folder.die();
    const next = new JournalRig(folder);
    assert.equal(next.opened.sequence, ENTRIES);
    next.frame('later');
    next.write();
    const { entries, missing } = contentOf(folder);
    assert.equal(entries.at(-1)?.sequence, ENTRIES + 1);
    assert.deepEqual([missing[0].afterSequence, missing[0].beforeSequence], [6, ENTRIES + 1]);
  });
});
