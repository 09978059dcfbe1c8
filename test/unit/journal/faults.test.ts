// Disks that are full, slow, read-only or fail: the journal waits in bounds, says so, and goes on without a restart.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { JournalState, journalRingWords } from '../../../schemas/journal.ts';
import { checkpointOf, contentOf, framesOf, JournalRig, RigClock } from '../../support/journal-rig.ts';
import type { FolderCall } from '../../support/memory-folder.ts';
import { MemoryFolder } from '../../support/memory-folder.ts';

function stateOf(rig: JournalRig): number {
  return Atomics.load(new Int32Array(rig.memory.words), journalRingWords.at.state);
}

function kindsOf(rig: JournalRig): string[] {
  return rig.events.map(({ kind }) => kind);
}

/** Writes frames through a fault that is then mended. */
function through(rig: JournalRig, breaks: () => void, mend: () => void): void {
  const frames = (count: number): void => {
    for (let i = 0; i < count; i++) {
      rig.frame(`frame ${rig.log.sequence + 1}`.padEnd(60));
      rig.write();
    }
  };
  frames(5);
  breaks();
  frames(20);
  rig.write(1000);
  assert.equal(stateOf(rig), JournalState.degraded);
  mend();
  rig.write(600);
  frames(5);
  rig.write(1000);
}

const CODES: readonly (readonly [FolderCall, string])[] = [
  ['append', 'EIO'],
  ['append', 'EROFS'],
  ['sync', 'EIO'],
];

describe('a disk that fails', () => {
  for (const [call, code] of CODES) {
    test(`with ${code} in ${call} degrades the journal and loses nothing that fits the ring`, () => {
      const rig = new JournalRig();
      const { failing } = rig.folder.faults;
      through(
        rig,
        () => failing.set(call, code),
        () => failing.clear(),
      );
      assert.equal(stateOf(rig), JournalState.on);
      assert.deepEqual(kindsOf(rig), ['degraded', 'resumed']);
      assert.match(rig.events[0].text, new RegExp(`journal-\\d+\\.mrj \\(${code}`));
      assert.equal(framesOf(rig.folder).length, 30);
      assert.deepEqual(contentOf(rig.folder).missing, []);
      assert.ok(
        rig.number('failures') >= 1 && rig.number('failures') <= 4,
        'tried again at its time, not in each turn',
      );
    });
  }

  test('that loses the newest file calls nothing more safe before a checkpoint stands behind it', () => {
    const rig = new JournalRig();
    const frame = (text: string): void => {
      rig.frame(text);
      for (let i = 0; i < 3; i++) rig.write(1000);
    };
    frame('a');
    for (const name of rig.folder.list()) rig.folder.remove(name);
    frame('b');
    const safe = rig.number('safe');
    frame('c');
    assert.deepEqual(kindsOf(rig), ['degraded', 'resumed']);
    assert.deepEqual(framesOf(rig.folder), ['c']);
    assert.deepEqual([rig.number('safe'), rig.number('checkpointWanted')], [safe, 2]);
    rig.writer.writeCheckpoint(checkpointOf(1, 3), () => {});
    frame('d');
    assert.deepEqual([rig.number('safe'), rig.number('checkpointWanted')], [4, 0]);
    assert.deepEqual(kindsOf(rig), ['degraded', 'resumed']);
  });

  test('that is full takes a short write, cuts it, and goes on when there is room', () => {
    const rig = new JournalRig();
    through(
      rig,
      () => {
        rig.folder.faults.spaceBytes = 64 + 5 * (64 + 104) + 100;
      },
      () => {
        rig.folder.faults.spaceBytes = Number.POSITIVE_INFINITY;
      },
    );
    assert.equal(framesOf(rig.folder).length, 30);
    assert.deepEqual(contentOf(rig.folder).missing, []);
    assert.deepEqual(kindsOf(rig), ['degraded', 'resumed']);
  });

  test('that is full for long bounds what waits, and the hole is told', () => {
    const rig = new JournalRig(new MemoryFolder(), {}, 2048);
    through(
      rig,
      () => {
        rig.folder.faults.spaceBytes = 0;
      },
      () => {
        rig.folder.faults.spaceBytes = Number.POSITIVE_INFINITY;
      },
    );
    for (let i = 0; i < 100; i++) rig.frame('x'.repeat(60));
    rig.write();
    rig.frame('after');
    rig.write();
    rig.write();
    const { entries, missing } = contentOf(rig.folder);
    assert.ok(rig.number('bufferBytesMost') <= 2 * 2048 + 64, String(rig.number('bufferBytesMost')));
    assert.ok(missing.length > 0 && missing.every(({ kind }) => kind === 'hole'));
    const told = missing.reduce(
      (sum, { afterSequence, beforeSequence }) => sum + (beforeSequence ?? 0) - afterSequence - 1,
      0,
    );
    assert.equal(told, rig.number('missed'));
    assert.equal(entries.length + told, rig.log.sequence);
    assert.equal(rig.number('holes'), missing.length);
  });

  test('that can neither write nor cut leaves the segment, and goes on in a new one', () => {
    const rig = new JournalRig();
    through(
      rig,
      () => {
        rig.folder.faults.spaceBytes = 64 + 5 * (64 + 104) + 100;
        rig.folder.faults.failing.set('truncate', 'EIO');
      },
      () => {
        rig.folder.faults.spaceBytes = Number.POSITIVE_INFINITY;
        rig.folder.faults.failing.clear();
      },
    );
    const { entries, missing } = contentOf(rig.folder);
    assert.equal(entries.length, 30);
    assert.deepEqual(
      missing.map(({ kind, afterSequence, beforeSequence }) => [kind, afterSequence, beforeSequence]),
      [['bad-checksum', 5, 6]],
      'a torn place without loss',
    );
    assert.equal(rig.number('segments'), 2);
  });

  test('without file handles keeps entries until there are some', () => {
    const rig = new JournalRig(new MemoryFolder(), { segmentBytes: 500 });
    through(
      rig,
      () => {
        rig.folder.faults.handlesMax = 0;
      },
      () => {
        rig.folder.faults.handlesMax = 10;
      },
    );
    assert.equal(framesOf(rig.folder).length, 30);
    assert.match(rig.events[0].text, /EMFILE, too many files are open in this process/);
  });

  test('that allows only small files gets small segments', () => {
    const rig = new JournalRig();
    rig.folder.faults.fileBytesMax = 600;
    for (let i = 0; i < 30; i++) {
      rig.frame(`frame ${i}`.padEnd(60));
      rig.write();
    }
    assert.equal(framesOf(rig.folder).length, 30);
    assert.deepEqual(kindsOf(rig), ['smaller-segments']);
    assert.ok(rig.folder.list().every((name) => rig.folder.sizeOf(name) <= 600));
  });

  test('that allows no file as large as an entry gets a hole in its place', () => {
    const rig = new JournalRig();
    rig.folder.faults.fileBytesMax = 600;
    for (const text of ['a', 'x'.repeat(1000), 'b']) {
      rig.frame(text);
      rig.write();
    }
    assert.deepEqual(framesOf(rig.folder), ['a', 'b']);
    assert.deepEqual(
      contentOf(rig.folder).missing.map(({ kind, afterSequence, beforeSequence }) => [
        kind,
        afterSequence,
        beforeSequence,
      ]),
      [['hole', 1, 3]],
    );
    assert.deepEqual([rig.number('lost'), rig.log.safeSequence], [1, 1]);
  });

  test('after a failed sync promises nothing of what that left uncertain before a checkpoint has it', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write(2000);
    rig.frame('b');
    rig.write();
    rig.folder.faults.failing.set('sync', 'EIO');
    rig.write(2000);
    rig.folder.faults.failing.clear();
    rig.frame('c');
    rig.write(2000);
    rig.write(2000);
    assert.deepEqual([rig.number('written'), rig.number('durable')], [3, 1]);
    rig.writer.writeCheckpoint(checkpointOf(1, 3), () => {});
    rig.write();
    assert.equal(rig.number('durable'), 3);
  });

  test('that is slow is told once, and once when it is quick again', () => {
    const clock = new RigClock();
    const rig = new JournalRig(new MemoryFolder(clock.pass), {}, 1 << 16, clock);
    rig.folder.faults.syncMs = 5000;
    for (let i = 0; i < 10; i++) {
      rig.frame('a');
      rig.write(1000);
    }
    assert.equal(stateOf(rig), JournalState.degraded);
    rig.folder.faults.syncMs = 1;
    for (let i = 0; i < 10; i++) {
      rig.frame('a');
      rig.write(1000);
    }
    assert.equal(stateOf(rig), JournalState.on);
    assert.deepEqual(kindsOf(rig), ['slow', 'resumed']);
    assert.equal(framesOf(rig.folder).length, 20);
  });

  test('at the end is told with what it did not take', () => {
    const rig = new JournalRig();
    rig.frame('a');
    rig.write();
    rig.folder.faults.isReadOnly = true;
    rig.frame('b');
    rig.frame('c');
    rig.log.commit();
    rig.writer.close();
    assert.deepEqual(kindsOf(rig), ['degraded', 'lost']);
    assert.equal(rig.number('lost'), 2);
    assert.equal(stateOf(rig), JournalState.closed);
  });
});
