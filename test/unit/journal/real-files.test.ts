// The journal on the real file system: modes, locks, limits of the system, and its thread under load.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../../engine/base/errors.ts';
import { readCheckpoint } from '../../../engine/journal/checkpoint-file.ts';
import { FolderLock } from '../../../engine/journal/folder-lock.ts';
import { Journal } from '../../../engine/journal/journal.ts';
import type { JournalEvent } from '../../../engine/journal/journal-options.ts';
import { JournalTail } from '../../../engine/journal/journal-reader.ts';
import { NodeFolder } from '../../../engine/journal/node-folder.ts';
import { RingJournalLog } from '../../../engine/journal/ring-log.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { JOURNAL_RING_BYTES, PAYLOAD_BYTES_MAX } from '../../../schemas/config.ts';
import { checkpointOf, contentOf, JOURNAL_OPTIONS } from '../../support/journal-rig.ts';

const BASE = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
after(() => rmSync(BASE, { recursive: true }));

const TYPESCRIPT = fileURLToPath(new URL('../../support/typescript.mjs', import.meta.url));
const LIMITED = fileURLToPath(new URL('../../support/journal-limited.ts', import.meta.url));

function memoryWith(journalRingBytes: number): EngineMemory {
  return createEngineMemory({ shards: 1, marketsMax: 1, inputSlots: 2, outputSlots: 2, journalRingBytes });
}

describe('a folder of the file system', () => {
  test('is the owner’s alone, and so are its files', () => {
    const folder = NodeFolder.make(join(BASE, 'modes', 'journal'));
    folder.open('a.mrj').close();
    folder.replace('b.mrc', new Uint8Array([1]));
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    for (const name of folder.list()) assert.equal(statSync(join(folder.path, name)).mode & 0o777, 0o600);
  });

  test('appends, cuts, reads and replaces', () => {
    const folder = NodeFolder.make(join(BASE, 'calls'));
    const file = folder.open('a.mrj');
    assert.equal(file.append(new Uint8Array([1, 2, 3, 4]), 1, 4), 3);
    file.truncate(2);
    file.append(new Uint8Array([9]), 0, 1);
    file.sync();
    file.close();
    assert.equal(folder.open('a.mrj').sizeBytes, 3);
    assert.deepEqual([...folder.read('a.mrj', 1, 100)], [3, 9]);
    folder.replace('a.mrj', new Uint8Array([7]));
    assert.deepEqual([...folder.read('a.mrj', 0, 100)], [7]);
    folder.remove('a.mrj');
    assert.deepEqual(folder.list(), []);
  });

  test('takes no name that leads out of it', () => {
    const folder = NodeFolder.make(join(BASE, 'names'));
    for (const name of ['../a', '/etc/hosts', '', '.', 'a/b'])
      assert.throws(() => folder.open(name), /plain file name/);
  });

  test('that cannot be made is refused with its name', () => {
    writeFileSync(join(BASE, 'file'), '');
    assert.throws(() => NodeFolder.make(join(BASE, 'file', 'journal')), {
      name: 'UsageError',
      message: /^journal: expected a folder that can be made, was .*file.journal \(ENOTDIR\)$/,
    });
  });

  test('tells a full disk as the system does', () => {
    const folder = NodeFolder.make(join(BASE, 'full'));
    symlinkSync('/dev/full', join(folder.path, 'full.mrj'));
    const file = folder.open('full.mrj');
    assert.throws(() => file.append(new Uint8Array(10), 0, 10), { code: 'ENOSPC' });
    file.close();
  });
});

describe('the lock of a folder', () => {
  test('refuses a second engine, and lets the next in', () => {
    const folder = NodeFolder.make(join(BASE, 'lock')).path;
    const lock = FolderLock.take(folder);
    assert.throws(() => FolderLock.take(folder), {
      name: 'UsageError',
      message: new RegExp(`held by process ${process.pid}$`),
    });
    lock.release();
    lock.release();
    FolderLock.take(folder).release();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('of a process that ended, or whose number another has now, is taken over', () => {
    const folder = NodeFolder.make(join(BASE, 'stale')).path;
    const gone = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const stale = [JSON.stringify({ pid: gone, startedAt: null }), 'no lock', ''];
    if (process.platform === 'linux') stale.push(JSON.stringify({ pid: process.pid, startedAt: '1' }));
    for (const holder of stale) {
      writeFileSync(join(folder, 'lock'), holder);
      const lock = FolderLock.take(folder);
      assert.equal(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).pid, process.pid);
      lock.release();
    }
  });
});

test('a limit of the system on file sizes makes smaller segments, and nothing is lost', {
  skip: process.platform === 'win32',
}, () => {
  const folder = join(BASE, 'limited');
  const command = 'ulimit -f 100; exec "$0" --import "$1" "$2" "$3" 200';
  const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, TYPESCRIPT, LIMITED, folder], {
    encoding: 'utf8',
  });
  assert.equal(stdout.trim(), '["smaller-segments"]', stderr);
  const { entries, missing } = contentOf(NodeFolder.existing(folder));
  assert.deepEqual(missing, []);
  assert.equal(entries.length, 200);
  for (const [index, { payload }] of entries.entries()) assert.ok(payload.every((byte) => byte === index % 256));
});

describe('the journal thread', () => {
  test('writes what another thread gives, and a tail reads it meanwhile', async () => {
    const folder = join(BASE, 'thread');
    const memory = memoryWith(1 << 18);
    const events: JournalEvent[] = [];
    const options = {
      ...JOURNAL_OPTIONS,
      segmentBytes: 1 << 20,
      folder,
      onEvent: (event: JournalEvent) => events.push(event),
    };
    const journal = await Journal.start(memory, options);
    assert.equal(journal.opened.sequence, 0);
    const log = new RingJournalLog(memory.journal ?? assert.fail('expected a journal'), 0);
    const sizes: number[] = [];
    const frame = new Uint8Array(5000);
    for (let i = 0; i < 20_000; i++) {
      const size = (i * 7919) % 700;
      sizes.push(size);
      log.frame(1, 0, 0, 1, i, 0, new DataView(frame.fill(i & 0xff, 0, size).buffer), 0, size);
      log.commit();
      if (i % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const wait = (ms: number): void => {
      log.commit();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    };
    const tail = new JournalTail(NodeFolder.existing(folder), 1, { nowMs: () => performance.now(), wait });
    let next = 1;
    let missed = 0;
    for (const item of tail.readTo(log.sequence, performance.now() + 20_000)) {
      if (item.kind === 'missing') {
        assert.equal(item.damage.afterSequence, next - 1);
        missed += (item.damage.beforeSequence ?? 0) - next;
        next = item.damage.beforeSequence ?? 0;
        continue;
      }
      const { sequence, payload, receiveTimeNs } = item.entry;
      assert.deepEqual([sequence, payload.length, receiveTimeNs], [next, sizes[next - 1], next - 1]);
      assert.ok(payload.every((byte) => byte === ((next - 1) & 0xff)));
      next++;
    }
    assert.equal(next, log.sequence + 1);
    const { numbers, state } = journal.stats();
    assert.equal(numbers.missed, missed);
    assert.equal(state, 'on');
    assert.equal(await journal.writeCheckpoint(checkpointOf(1, log.sequence)), true);
    assert.equal(readCheckpoint(NodeFolder.existing(folder)).checkpoint?.sequence, log.sequence);
    assert.equal(await journal.stop(10_000), true);
    assert.equal(journal.stats().numbers.durable, log.sequence);
    assert.equal(journal.stats().state, 'closed');
    assert.deepEqual(events, []);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('lock')),
      [],
    );
  });

  test('writes everything that was committed before it stops', async () => {
    const folder = join(BASE, 'stop');
    const memory = memoryWith(1 << 22);
    const start = { ...JOURNAL_OPTIONS, folder, onEvent: () => {} };
    const journal = await Journal.start(memory, start);
    await assert.rejects(Journal.start(memoryWith(1 << 10), start), UsageError);
    const log = new RingJournalLog(memory.journal ?? assert.fail('expected a journal'), 0);
    for (let i = 0; i < 10_000; i++) log.clock(i, i);
    log.commit();
    assert.equal(await journal.stop(10_000), true);
    assert.equal(contentOf(NodeFolder.existing(folder)).entries.length, 10_000);
    const next = await Journal.start(memoryWith(1 << 10), start);
    assert.equal(next.opened.sequence, 10_000);
    await next.stop(10_000);
  });

  test('has room for the largest frame there may be, with others before it', async () => {
    const largest = Math.max(...Object.values(PAYLOAD_BYTES_MAX));
    const folder = join(BASE, 'largest');
    const memory = memoryWith(JOURNAL_RING_BYTES);
    const journal = await Journal.start(memory, { ...JOURNAL_OPTIONS, folder, onEvent: () => {} });
    const log = new RingJournalLog(memory.journal ?? assert.fail('expected a journal'), 0);
    for (const size of [1_000_000, largest]) log.frame(1, 0, 0, 1, 0, 0, new DataView(new ArrayBuffer(size)), 0, size);
    log.commit();
    assert.equal(await journal.stop(10_000), true);
    const { entries } = contentOf(NodeFolder.existing(folder));
    assert.deepEqual(
      entries.map(({ payload }) => payload.length),
      [1_000_000, largest],
    );
  });

  test('that ends by itself is told, and the state says so', async () => {
    const memory = memoryWith(1 << 12);
    const shared = memory.journal ?? assert.fail('expected a journal');
    let tell = (_event: JournalEvent): void => {};
    const told = new Promise<JournalEvent>((resolve) => {
      tell = resolve;
    });
    const journal = await Journal.start(memory, { ...JOURNAL_OPTIONS, folder: join(BASE, 'ends'), onEvent: tell });
    const log = new RingJournalLog(shared, 0);
    log.clock(1, 1);
    new Uint32Array(shared.ring)[0] = 0;
    log.commit();
    const { kind, text } = await told;
    assert.equal(kind, 'failed');
    assert.match(text, /stopped for good \(journal ring: expected an entry/);
    assert.equal(journal.stats().state, 'degraded');
    assert.equal(await journal.writeCheckpoint(checkpointOf(1, 1)), false);
    await journal.stop(1000);
  });
});
