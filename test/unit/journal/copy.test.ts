// A journal's blocks on their way into a recording: from a place on, through bounds that take segments away, and damage.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { BlockStream, StreamDamageError } from '../../../engine/journal/block-stream.ts';
import { SEGMENT_HEAD_BYTES, sealSegment } from '../../../engine/journal/blocks.ts';
import { JournalCopy } from '../../../engine/journal/journal-copy.ts';
import { type BlockPlace, OtherJournalError, RawBlocks } from '../../../engine/journal/raw-blocks.ts';
import { ANCHOR_WALL_US, contentOf, framesOf, JournalRig } from '../../support/journal-rig.ts';
import { MemoryFolder } from '../../support/memory-folder.ts';

const ALL: BlockPlace = { afterSequence: 0, afterChecksum: null, fromUs: null };
const OPTIONS = { syncPolicy: 'interval', syncMs: 1000, bytesMax: null } as const;
const SEGMENT_BYTES = 700;

/** A journal of small segments, a block for each frame. */
function journalOf(texts: readonly string[], options: object = {}): JournalRig {
  const rig = new JournalRig(new MemoryFolder(), { segmentBytes: SEGMENT_BYTES, keepsForRecovery: false, ...options });
  for (const text of texts) writeFrame(rig, text);
  return rig;
}

function writeFrame(rig: JournalRig, text: string): void {
  rig.frame(text);
  rig.write();
}

const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `frame ${from + i} ${'x'.repeat(50)}`);

/** Moves all there is into a copy; returns how many entries were missing. */
function move(blocks: RawBlocks, copy: JournalCopy): number {
  let missing = 0;
  for (let block = blocks.next(); block !== null; block = blocks.next()) {
    missing += copy.missingBefore(block.head);
    copy.take(block);
  }
  return missing;
}

const placeOf = ({ lastSequence, lastChecksum }: JournalCopy): BlockPlace => ({
  ...{ afterSequence: lastSequence, afterChecksum: lastChecksum, fromUs: null },
});

/** The copy lacks nothing that the journal has. */
function assertSame(copy: MemoryFolder, journal: MemoryFolder): void {
  assert.deepEqual(contentOf(copy), contentOf(journal));
}

describe('a copy of a journal', () => {
  test('has every entry, over segments, while it grows', () => {
    const rig = journalOf(texts(0, 20));
    const blocks = new RawBlocks(rig.folder, ALL);
    assert.deepEqual(blocks.begin(), { sequence: 1, timeUs: ANCHOR_WALL_US + 1 });
    const folder = new MemoryFolder();
    const copy = new JournalCopy(folder, OPTIONS);
    assert.equal(move(blocks, copy), 0);
    assertSame(folder, rig.folder);
    for (const text of texts(20, 60)) {
      writeFrame(rig, text);
      assert.equal(move(blocks, copy), 0);
    }
    assertSame(folder, rig.folder);
    assert.deepEqual(folder.list().sort(), rig.folder.list().sort());
    assert.deepEqual(contentOf(folder).missing, []);
  });

  test('goes on where it ended, also within a segment, and after its end was torn', () => {
    const rig = journalOf([]);
    const folder = new MemoryFolder();
    for (let round = 0; round < 12; round++) {
      for (const text of texts(round * 3, round * 3 + 3)) writeFrame(rig, text);
      const copy = new JournalCopy(folder, OPTIONS);
      const blocks = new RawBlocks(rig.folder, placeOf(copy));
      blocks.begin();
      assert.equal(move(blocks, copy), 0);
      copy.close();
      // What a process that was killed leaves behind a whole block.
      const last = folder.list().sort().at(-1) ?? '';
      const file = folder.open(last);
      file.append(new Uint8Array(20).fill(7), 0, 20);
      file.close();
    }
    new JournalCopy(folder, OPTIONS).close();
    assertSame(folder, rig.folder);
  });

  test('has the head of a segment alone taken away, and goes on', () => {
    const rig = journalOf(texts(0, 10));
    const folder = new MemoryFolder();
    const file = folder.open('journal-00000001.mrj');
    file.append(new Uint8Array(30), 0, 30);
    file.close();
    const copy = new JournalCopy(folder, OPTIONS);
    move(new RawBlocks(rig.folder, placeOf(copy)), copy);
    assertSame(folder, rig.folder);
  });

  test('begins with the block of a moment', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: SEGMENT_BYTES });
    const timesUs: number[] = [];
    for (let i = 0; i < 30; i++) {
      const bytes = new TextEncoder().encode(`frame ${i}`);
      timesUs.push(ANCHOR_WALL_US + 10_000 * i);
      rig.log.frame(1, 2, 0, 1, 10_000_000 * i + 1, 0, new DataView(bytes.buffer), 0, bytes.length);
      rig.write(10);
    }
    for (const [index, fromUs] of timesUs.entries()) {
      const copy = new JournalCopy(new MemoryFolder(), OPTIONS);
      move(new RawBlocks(rig.folder, { ...ALL, fromUs }), copy);
      assert.equal(copy.lastSequence, 30);
      const folder = new MemoryFolder();
      move(new RawBlocks(rig.folder, { ...ALL, fromUs }), new JournalCopy(folder, OPTIONS));
      const { entries, missing } = contentOf(folder);
      assert.deepEqual([entries[0].sequence, missing.length], [index + 1, 0], `from frame ${index}`);
    }
    assert.equal(new RawBlocks(rig.folder, { ...ALL, fromUs: timesUs[29] + 1_000_000 }).next(), null);
  });

  test('counts what the bounds of the journal took away, and shows it as missing', () => {
    const rig = journalOf(texts(0, 8), { bytesMax: 1500 });
    const folder = new MemoryFolder();
    const copy = new JournalCopy(folder, OPTIONS);
    move(new RawBlocks(rig.folder, ALL), copy);
    const before = copy.lastSequence;
    for (const text of texts(8, 60)) writeFrame(rig, text);
    rig.write(2_000);
    const blocks = new RawBlocks(rig.folder, placeOf(copy));
    const begin = blocks.begin();
    assert.ok(begin !== null && begin.sequence > before + 1, 'segments have gone');
    assert.equal(move(blocks, copy), begin.sequence - before - 1);
    const [damage, ...others] = contentOf(folder).missing;
    assert.deepEqual([damage.afterSequence, damage.beforeSequence, others], [before, begin.sequence, []]);
  });

  test('passes over a damaged block, and shows its entries as missing', () => {
    const rig = journalOf(texts(0, 20));
    const name = rig.folder.list().sort()[1];
    const damaged = rig.folder.read(name, 0, rig.folder.sizeOf(name)).slice();
    damaged[SEGMENT_HEAD_BYTES + 64 + 50] ^= 1;
    rig.folder.replace(name, damaged);
    const folder = new MemoryFolder();
    const copy = new JournalCopy(folder, OPTIONS);
    assert.equal(move(new RawBlocks(rig.folder, ALL), copy), 1);
    assert.deepEqual(framesOf(folder), framesOf(rig.folder));
    assert.equal(contentOf(folder).missing.length, 1);
  });

  test('refuses another journal, and one that has lost its end', () => {
    const rig = journalOf(texts(0, 12));
    const copy = new JournalCopy(new MemoryFolder(), OPTIONS);
    move(new RawBlocks(rig.folder, ALL), copy);
    for (const other of [journalOf(texts(100, 120)), journalOf(texts(100, 112)), journalOf(texts(0, 5)), journalOf([])])
      assert.throws(() => new RawBlocks(other.folder, placeOf(copy)).begin(), OtherJournalError);
    assert.doesNotThrow(() => new RawBlocks(rig.folder, placeOf(copy)).begin());
    const block = new RawBlocks(journalOf(texts(0, 5)).folder, ALL).next();
    assert.throws(() => copy.missingBefore(block?.head ?? assert.fail()), UsageError);
  });

  test('loses and doubles nothing where its disk fails and is tried again', () => {
    const rig = journalOf(texts(0, 60));
    const folder = new MemoryFolder();
    const copy = new JournalCopy(folder, OPTIONS);
    let failures = 0;
    for (let attempt = 0; copy.lastSequence < 60; attempt++) {
      assert.ok(attempt < 500);
      folder.faults.spaceBytes = attempt * 61;
      try {
        move(new RawBlocks(rig.folder, placeOf(copy)), copy);
      } catch {
        failures++;
      }
    }
    assert.ok(failures > 3);
    assertSame(folder, rig.folder);
  });

  test('keeps the newest segments alone where it has bounds', () => {
    const rig = journalOf(texts(0, 60));
    const folder = new MemoryFolder();
    move(new RawBlocks(rig.folder, ALL), new JournalCopy(folder, { ...OPTIONS, bytesMax: 2000 }));
    const { entries, missing } = contentOf(folder);
    assert.deepEqual([entries.at(-1)?.sequence, missing.length], [60, 0]);
    assert.ok(entries[0].sequence > 30 && folder.list().length < 5);
  });
});

describe('a stream of blocks', () => {
  const rig = journalOf(texts(0, 30));
  const zeros = new Uint8Array(24);
  const bytes = ((): Buffer => {
    const parts: Uint8Array[] = [zeros];
    const blocks = new RawBlocks(rig.folder, ALL);
    let segment = 0;
    for (let block = blocks.next(); block !== null; block = blocks.next()) {
      const { head } = block;
      if (head.segment !== segment) parts.push(sealSegment({ ...head, createdAtUs: head.writtenAtUs }));
      segment = head.segment;
      parts.push(block.bytes.slice(), zeros);
    }
    return Buffer.concat(parts);
  })();

  test('is the same in pieces of any size', () => {
    for (const size of [1, 7, 64, 100, 1000, bytes.length]) {
      const stream = new BlockStream();
      const folder = new MemoryFolder();
      const copy = new JournalCopy(folder, OPTIONS);
      for (let at = 0; at < bytes.length; at += size) {
        stream.push(bytes.subarray(at, at + size));
        for (const block of stream.blocks()) copy.take(block);
      }
      assertSame(folder, rig.folder);
    }
  });

  test('shows every flipped bit before an entry behind it is taken', () => {
    for (let at = 0; at < bytes.length; at += 3) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 1 << (at % 8);
      const stream = new BlockStream();
      stream.push(damaged);
      const folder = new MemoryFolder();
      const copy = new JournalCopy(folder, OPTIONS);
      let isShown = false;
      try {
        for (const block of stream.blocks()) copy.take(block);
        // The size in a head may be what was flipped: then more is waited for, and never comes.
        isShown = copy.lastSequence < 30;
      } catch (error) {
        assert.ok(error instanceof StreamDamageError, String(error));
        isShown = true;
      }
      assert.ok(isShown, `bit at ${at}`);
      const { entries, missing } = contentOf(folder);
      assert.deepEqual([entries.length, missing.length], [copy.lastSequence, 0]);
    }
  });
});
