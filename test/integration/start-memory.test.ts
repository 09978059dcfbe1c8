// The memory of an engine as `start` leaves it: what its rings will ever take is resident before the first frame.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { INPUT_RING_SLOTS, JOURNAL_RING_BYTES, OUTPUT_RING_SLOTS } from '../../schemas/config.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { ensureBuilt, RunningCommand } from '../support/live-engine-process.ts';

before(ensureBuilt);

/** So many that their rings are more than all else that an idle engine holds. */
const WORKERS = 6;
const RING_BYTES = WORKERS * (INPUT_RING_SLOTS + OUTPUT_RING_SLOTS) * SLOT_BYTES + JOURNAL_RING_BYTES;

test('an engine takes all memory of its rings when it starts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-memory-'));
  const parameters = ['start', '--feed', 'none', '--port', '0', '--ingest-port', '0', '--workers', String(WORKERS)];
  const engine = new RunningCommand('engine/cli.js', [...parameters, '--journal', folder]);
  t.after(async () => {
    await engine.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await engine.ports();
  const status = readFileSync(`/proc/${engine.child.pid}/status`, 'utf8');
  const residentBytes = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
  assert.ok(
    residentBytes > RING_BYTES,
    `expected more than the ${RING_BYTES} bytes of its rings, was ${residentBytes}`,
  );
  t.diagnostic(`${(residentBytes / 2 ** 20).toFixed()} MiB resident, of it ${(RING_BYTES / 2 ** 20).toFixed()} rings`);
});
