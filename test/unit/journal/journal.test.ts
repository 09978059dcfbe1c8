// What the journal keeps over the life of an engine: entries, segments, checkpoints, bounds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCheckpoint } from '../../../engine/journal/checkpoint-file.ts';
import { holeEntries } from '../../../engine/journal/entries.ts';
import { JournalTail, losesEntries } from '../../../engine/journal/journal-reader.ts';
import { scanJournal } from '../../../engine/journal/journal-scan.ts';
import { segmentOfName } from '../../../engine/journal/names.ts';
import { JOURNAL_GROUP_MS } from '../../../schemas/config.ts';
import { JournalKind } from '../../../schemas/journal.ts';
import {
  ANCHOR_WALL_US,
  checkpointOf,
  contentOf,
  framesOf,
  JournalRig,
  RigClock,
  textOf,
} from '../../support/journal-rig.ts';
import { MemoryFolder } from '../../support/memory-folder.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the journal', () => {
  test('gives every kind of entry back as it was given', () => {
    const rig = new JournalRig();
    const frame = bytesOf('..frame..');
    rig.log.start(bytesOf('{}'), 5);
    rig.log.open(3, 4, bytesOf('{"producer":null}'), 6);
    rig.log.frame(3, 4, 1, -12, 7, 9, new DataView(frame.buffer), 2, 5);
    rig.log.sent(3, 4, bytesOf('ping'), 8);
    rig.log.clock(1234.5, 9);
    rig.log.records(3, new Uint8Array(64).fill(7), 10);
    rig.log.checkpoint(2, 11);
    rig.log.close(3, 12);
    rig.write();
    const { entries, missing } = contentOf(rig.folder);
    assert.deepEqual(missing, []);
    assert.deepEqual(
      entries.map(({ kind, sequence, receiveTimeNs }) => [kind, sequence, receiveTimeNs]),
      [
        [JournalKind.start, 1, 5],
        [JournalKind.open, 2, 6],
        [JournalKind.frame, 3, 7],
        [JournalKind.sent, 4, 8],
        [JournalKind.clock, 5, 9],
        [JournalKind.records, 6, 10],
        [JournalKind.checkpoint, 7, 11],
        [JournalKind.close, 8, 12],
      ],
    );
    const { payload, ...head } = entries[2];
    assert.equal(new TextDecoder().decode(payload), 'frame');
    assert.deepEqual(head, {
      kind: JournalKind.frame,
      flags: 1,
      dialect: 4,
      result: -12,
      connection: 3,
      sequence: 3,
      receiveTimeNs: 7,
      anchorWallUs: ANCHOR_WALL_US,
      producerSequence: 9,
    });
    assert.equal(entries[0].dialect, 255);
    assert.equal(new DataView(entries[4].payload.buffer).getFloat64(0, true), 1234.5);
  });

  test('does not sleep over what came since it looked', () => {
    const rig = new JournalRig();
    rig.write();
    assert.ok(rig.writer.idleMs() > JOURNAL_GROUP_MS);
    rig.frame('a');
    rig.log.commit();
    assert.equal(rig.writer.idleMs(), 0);
    assert.equal(rig.writer.turn(), 0);
    assert.equal(rig.writer.idleMs(), JOURNAL_GROUP_MS);
  });

  test('writes a group once its first entry has waited, and a full block at once', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write(0);
    assert.equal(rig.number('blocks'), 0);
    rig.frame('b');
    rig.write(5);
    assert.equal(rig.number('blocks'), 1);
    for (let i = 0; i < 300; i++) rig.frame('x'.repeat(1000));
    rig.write(0);
    assert.equal(rig.number('blocks'), 2);
    rig.write(5);
    assert.equal(rig.number('written'), 302);
    assert.equal(framesOf(rig.folder).length, 302);
  });

  test('keeps nothing from readers that was not committed', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write();
    rig.frame('b');
    rig.pass(100);
    rig.writer.turn();
    assert.deepEqual(framesOf(rig.folder), ['a']);
    assert.equal(rig.log.sequence, 2);
  });

  test('writes an entry larger than a block as a block', () => {
    const rig = new JournalRig(new MemoryFolder(), {}, 1 << 22);
    const large = 'y'.repeat(1_000_000);
    for (const text of ['a', large, 'b']) rig.frame(text);
    rig.write();
    rig.write();
    assert.deepEqual(framesOf(rig.folder), ['a', large, 'b']);
  });

  test('goes on in a new segment with numbers and chain of the engine before', () => {
    const folder = new MemoryFolder();
    for (const text of ['a', 'b', 'c']) {
      const rig = new JournalRig(folder);
      rig.frame(text);
      rig.write();
      folder.die();
    }
    const { entries, missing } = contentOf(folder);
    assert.deepEqual(entries.map(textOf), ['a', 'b', 'c']);
    assert.deepEqual(
      entries.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
    assert.deepEqual(missing, []);
    assert.equal(scanJournal(folder, true).segments.length, 3);
  });

  test('counts entries without room as missed, and puts a hole ahead of the next that finds some', () => {
    const rig = new JournalRig(new MemoryFolder(), {}, 1024);
    const texts = Array.from({ length: 30 }, (_, i) => `frame ${i}`.padEnd(40));
    for (const text of texts) rig.frame(text);
    const missed = rig.number('missed');
    assert.equal(missed, 30 - Math.floor(1024 / 80));
    rig.write();
    rig.frame('after');
    rig.write();
    const { entries, missing } = contentOf(rig.folder);
    assert.deepEqual(entries.map(textOf), [...texts.slice(0, 12), 'after']);
    assert.deepEqual(
      missing.map(({ kind, afterSequence, beforeSequence }) => [kind, afterSequence, beforeSequence]),
      [['hole', 12, 31]],
    );
    assert.equal(entries.at(-1)?.sequence, 31);
    assert.equal(rig.number('holes'), 1);
    assert.equal(rig.number('missedBytes'), missed * 80);
  });

  test('tells a hole at the next commit, without waiting for an entry', () => {
    const rig = new JournalRig(new MemoryFolder(), {}, 1024);
    for (let i = 0; i < 20; i++) rig.frame('x'.repeat(40));
    rig.write();
    rig.write();
    assert.equal(rig.number('written'), 20);
    assert.equal(contentOf(rig.folder).missing[0].beforeSequence, 21);
  });

  test('calls nothing behind a hole safe before a checkpoint stands there', () => {
    const rig = new JournalRig(new MemoryFolder(), {}, 1024);
    for (let i = 0; i < 20; i++) rig.frame('x'.repeat(40));
    rig.write();
    rig.write();
    assert.equal(rig.log.safeSequence, 12);
    assert.equal(rig.number('checkpointWanted'), 20);
    rig.writer.writeCheckpoint(checkpointOf(1, 20), () => {});
    rig.write();
    assert.equal(rig.log.safeSequence, 20);
    assert.equal(rig.number('checkpointWanted'), 0);
  });

  test('calls safe what is written, or what is durable where the disk is always waited for', () => {
    const interval = new JournalRig();
    interval.frame('a');
    interval.write();
    assert.deepEqual([interval.log.safeSequence, interval.number('durable')], [1, 0]);
    interval.write(1000);
    assert.equal(interval.number('durable'), 1);
    const always = new JournalRig(new MemoryFolder(), { syncPolicy: 'always' });
    always.folder.faults.failing.set('sync', 'EIO');
    always.frame('a');
    always.write();
    assert.deepEqual([always.number('written'), always.log.safeSequence], [1, 0]);
    const none = new JournalRig(new MemoryFolder(), { syncPolicy: 'none' });
    none.frame('a');
    none.write(100_000);
    assert.deepEqual([none.log.safeSequence, none.number('syncs')], [1, 0]);
  });

  test('closes a segment at its size, and reads over many as over one', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 2000 });
    const texts = Array.from({ length: 60 }, (_, i) => `frame ${i}`.padEnd(100));
    for (const text of texts) {
      rig.frame(text);
      rig.write();
    }
    const sizes = rig.folder.list().map((name) => rig.folder.sizeOf(name));
    assert.ok(sizes.length > 5 && sizes.every((size) => size <= 2000), String(sizes));
    assert.deepEqual(framesOf(rig.folder), texts);
    assert.deepEqual(contentOf(rig.folder, 40).entries.map(textOf), texts.slice(39));
    assert.equal(rig.number('segments'), sizes.length);
    assert.equal(
      rig.number('heldBytes'),
      sizes.reduce((sum, size) => sum + size, 0),
    );
  });

  test('loses nothing at its end', () => {
    const rig = new JournalRig(new MemoryFolder(), { syncPolicy: 'none' });
    for (let i = 0; i < 500; i++) rig.frame(`${i}`);
    rig.log.commit();
    rig.writer.close();
    rig.folder.crash(() => 0);
    assert.equal(framesOf(rig.folder).length, 500);
    assert.equal(rig.number('durable'), 500);
  });
});

describe('bounds of the journal', () => {
  const fill = (rig: JournalRig, frames: number): void => {
    for (let i = 0; i < frames; i++) {
      rig.frame('x'.repeat(500));
      rig.write();
    }
    rig.write(1000);
  };
  const segmentsOf = (rig: JournalRig): number =>
    rig.folder.list().filter((name) => segmentOfName(name) !== null).length;

  test('by bytes: the oldest segments go, but none that recovery needs', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 2000, bytesMax: 10_000 });
    fill(rig, 50);
    assert.equal(rig.log.sequence, 50);
    assert.equal(framesOf(rig.folder).length, 50);
    assert.ok(rig.number('checkpointWanted') > 0, 'a checkpoint is asked for');
    rig.writer.writeCheckpoint(checkpointOf(1, 45), () => {});
    rig.write(1000);
    rig.write(1000);
    assert.ok(rig.number('heldBytes') <= 10_000, `${rig.number('heldBytes')} bytes held`);
    const { entries, missing } = contentOf(rig.folder, 46);
    assert.equal(entries.length, 5);
    assert.deepEqual(missing, []);
    assert.equal(rig.number('checkpointWanted'), 0);
  });

  test('by bytes, in a journal that is only kept to be read', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 2000, bytesMax: 10_000, keepsForRecovery: false });
    fill(rig, 100);
    assert.ok(rig.number('heldBytes') <= 10_000);
    const { entries, missing } = contentOf(rig.folder);
    assert.equal(entries.at(-1)?.sequence, 100);
    assert.ok(entries.length < 20);
    assert.deepEqual(missing, [], 'a journal begins where it begins');
  });

  test('by age, with what the checkpoint before needs while there is room', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 2000, ageMsMax: 60_000 });
    fill(rig, 20);
    rig.writer.writeCheckpoint(checkpointOf(1, 10), () => {});
    rig.write(30_000);
    fill(rig, 20);
    rig.writer.writeCheckpoint(checkpointOf(2, 40), () => {});
    rig.write(100_000);
    rig.write(1000);
    const { entries } = contentOf(rig.folder);
    assert.ok(entries[0].sequence > 1 && entries[0].sequence <= 11, String(entries[0].sequence));
    assert.ok(segmentsOf(rig) > 1);
  });

  test('a failure to remove is told once and does not stop entries', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 2000, bytesMax: 4000, keepsForRecovery: false });
    rig.folder.faults.failing.set('remove', 'EIO');
    fill(rig, 20);
    fill(rig, 20);
    assert.deepEqual(
      rig.events.map(({ kind }) => kind),
      ['remove-failed'],
    );
    assert.equal(rig.number('written'), 40);
    rig.folder.faults.failing.clear();
    rig.write(1000);
    assert.ok(rig.number('heldBytes') <= 4000);
  });
});

describe('checkpoints', () => {
  test('are written once the journal has their entry, and read back as they were', () => {
    const rig = new JournalRig();
    const told: boolean[] = [];
    const checkpoint = checkpointOf(1, 2, new Uint8Array(9_000_000).fill(5));
    rig.writer.writeCheckpoint(checkpoint, (isWritten) => told.push(isWritten));
    rig.frame('a');
    rig.write();
    assert.deepEqual(told, []);
    rig.frame('b');
    rig.write();
    assert.deepEqual(told, [true]);
    assert.deepEqual(readCheckpoint(rig.folder), { checkpoint, refused: [] });
    assert.deepEqual([rig.number('checkpoint'), rig.number('checkpointSequence')], [1, 2]);
    assert.ok(rig.number('durable') >= 2, 'the journal is on the disk before the checkpoint');
  });

  test('the newest two are kept, and the one before is taken where the newest is damaged', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write();
    for (const number of [1, 2, 3]) {
      rig.writer.writeCheckpoint(checkpointOf(number, 1), () => {});
      rig.write();
    }
    assert.deepEqual(
      rig.folder
        .list()
        .filter((name) => name.startsWith('checkpoint'))
        .sort(),
      ['checkpoint-2.mrc', 'checkpoint-3.mrc'],
    );
    rig.folder.damage('checkpoint-3.mrc', (bytes) => {
      bytes[bytes.length - 8] ^= 1;
    });
    const found = readCheckpoint(rig.folder);
    assert.equal(found.checkpoint?.number, 2);
    assert.match(found.refused[0].reason, /the checksum of part 2 differs/);
    rig.folder.die();
    const next = new JournalRig(rig.folder);
    assert.equal(next.opened.nextCheckpoint, 4);
    assert.equal(next.number('checkpoint'), 2);
  });

  test('no flipped bit and no cut leaves one that is read', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write();
    rig.writer.writeCheckpoint(checkpointOf(1, 1), () => {});
    rig.write();
    const name = 'checkpoint-1.mrc';
    const whole = rig.folder.read(name, 0, 1e6);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      rig.folder.replace(name, bytes);
      const { checkpoint } = readCheckpoint(rig.folder);
      if (checkpoint !== null) assert.deepEqual(checkpoint, checkpointOf(1, 1), `bit ${bit} of the padding`);
    }
    for (let size = 0; size < whole.length; size++) {
      rig.folder.replace(name, whole.subarray(0, size));
      assert.equal(readCheckpoint(rig.folder).checkpoint, null, `${size} bytes`);
    }
  });

  test('those that an engine removes while they are looked for are no loss: the newer one is read', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write();
    rig.writer.writeCheckpoint(checkpointOf(1, 1), () => {});
    rig.write();
    const { folder } = rig;
    const sizeOf = folder.sizeOf.bind(folder);
    folder.sizeOf = (name) => {
      if (name === 'checkpoint-1.mrc') {
        folder.sizeOf = sizeOf;
        rig.writer.writeCheckpoint(checkpointOf(2, 1), () => {});
        rig.write();
        folder.remove(name);
      }
      return sizeOf(name);
    };
    const { checkpoint, refused } = readCheckpoint(folder);
    assert.deepEqual([checkpoint?.number, refused], [2, []]);
  });

  test('one that fails leaves the one before, and entries are written all the same', () => {
    const rig = new JournalRig();
    const told: boolean[] = [];
    rig.frame('a');
    rig.write();
    rig.writer.writeCheckpoint(checkpointOf(1, 1), (isWritten) => told.push(isWritten));
    rig.write();
    rig.folder.faults.failing.set('rename', 'EIO');
    rig.writer.writeCheckpoint(checkpointOf(2, 1), (isWritten) => told.push(isWritten));
    rig.frame('b');
    rig.write();
    assert.deepEqual(told, [true, false]);
    assert.equal(readCheckpoint(rig.folder).checkpoint?.number, 1);
    assert.deepEqual(framesOf(rig.folder), ['a', 'b']);
    assert.deepEqual(
      rig.events.map(({ kind }) => kind),
      ['checkpoint-failed'],
    );
  });
});

describe('a tail', () => {
  test('follows a journal while it is written, over segments, up to the entry it was asked for', () => {
    const clock = new RigClock();
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 1000 }, 1 << 16, clock);
    let given = 0;
    const wait = (): void => {
      for (let i = 0; i < 3; i++) rig.frame(`frame ${given++}`.padEnd(90));
      rig.write(5);
    };
    const tail = new JournalTail(rig.folder, 1, { nowMs: clock.nowMs, wait });
    const texts: string[] = [];
    for (const item of tail.readTo(50, 10_000)) if (item.kind === 'entry') texts.push(textOf(item.entry).trim());
    assert.deepEqual(
      texts,
      Array.from({ length: 50 }, (_, i) => `frame ${i}`),
    );
    assert.equal(tail.sequence, 50);
  });

  test('waits for the rest of a block that is half written, and gives up at its deadline', () => {
    const rig = new JournalRig();
    for (const text of ['a', 'b']) {
      rig.frame(text);
      rig.write();
    }
    const [name] = rig.folder.list();
    const whole = rig.folder.read(name, 0, 1e6);
    const growing = new MemoryFolder();
    let size = 0;
    const clock = new RigClock();
    const wait = (): void => {
      clock.pass(1);
      size = Math.min(whole.length, size + 1);
      growing.replace(name, whole.subarray(0, size));
    };
    const tail = new JournalTail(growing, 1, { nowMs: clock.nowMs, wait });
    const items = [...tail.readTo(3, 2000)];
    assert.deepEqual(
      items.map((item) => item.kind),
      ['entry', 'entry'],
    );
    assert.equal(tail.sequence, 2);
  });
});

test('a hole tells how many entries it stands for', () => {
  const payload = new Uint8Array(new Float64Array([7, 700]).buffer);
  const entry = { ...contentOf(oneEntry()).entries[0], kind: JournalKind.hole, sequence: 10, payload };
  assert.equal(holeEntries(entry), 7);
  const place = { kind: 'bad-head', file: '', offsetBytes: 0, bytes: 0 } as const;
  assert.equal(losesEntries({ ...place, afterSequence: 3, beforeSequence: 4 }), false);
  assert.equal(losesEntries({ ...place, afterSequence: 3, beforeSequence: 5 }), true);
});

function oneEntry(): MemoryFolder {
  const rig = new JournalRig();
  rig.frame('a');
  rig.write();
  return rig.folder;
}
