// A disk that takes no large files, and one that never answers: the engine goes on, and comes to its end.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_ANSWER_INTERVAL_MS } from '../../schemas/config.ts';
import { Client } from '../support/live-engine.ts';
import { EngineProcess, makeTraffic, NamedProducer, stateOf } from '../support/recovery-rig.ts';
import { BARS, undisturbedRun } from '../support/recovery-runs.ts';
import { SEED } from '../support/seed.ts';

/** Of the shell's `ulimit -f`, in KiB: a fifth of what the run writes. */
const FILE_KIB = 128;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('a file that never answers keeps no engine from its end', async () => {
  const path = join(folder, 'hangs');
  // To open it waits for a reader, which never comes.
  execFileSync('mkfifo', [path]);
  const engine = new EngineProcess(['--dead-letter', path, '--workers', '1', '--shutdown-timeout', '500ms']);
  try {
    const { ingestPort } = await engine.ports();
    const producer = await Client.open(`ws://127.0.0.1:${ingestPort}/ingest/json`);
    producer.socket.send('no JSON');
    await producer.next('an error', ({ op }) => op === 'error');
    await sleep(ERROR_ANSWER_INTERVAL_MS);
    engine.child.kill('SIGTERM');
    assert.equal(await engine.ended, 'SIGKILL');
    assert.match(engine.stdout, /"forced":true/);
  } finally {
    await engine.kill();
  }
});

test('an engine whose files may not grow goes on, and the one after it has all', async () => {
  const traffic = makeTraffic(SEED, 2, 3_000);
  const expected = await undisturbedRun(traffic, 1);
  const parameters = [
    ...['--journal', folder, '--workers', '1', '--bars', BARS.join(','), '--signals', 'imbalance,vwap'],
    ...['--checkpoint-interval', '1h', '--markets-max', '64'],
  ];
  const limited = new EngineProcess(parameters, (command) => `ulimit -f ${FILE_KIB}; ${command}`);
  try {
    const { ingestPort } = await limited.ports();
    await new NamedProducer('p', traffic.frames, () => ingestPort, 8).run();
  } finally {
    await limited.kill();
  }
  const free = new EngineProcess(parameters);
  try {
    const { port } = await free.ports();
    assert.deepEqual(await stateOf(port, traffic.markets, BARS), expected.state);
  } finally {
    await free.stop();
  }
});
