// An engine whose log cannot be written, as a child process: it goes on, and ends as any other.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { eventually, freePorts } from '../support/live-engine.ts';
import { ensureBuilt, PROJECT } from '../support/live-engine-process.ts';

before(ensureBuilt);

test('an engine goes on where the disk of its log is full', async (t) => {
  const { port, ingestPort } = await freePorts();
  const ports = ['--port', String(port), '--ingest-port', String(ingestPort)];
  // Every line of the log, and the line of the addresses, meets the full disk.
  const parameters = ['start', ...ports, '--workers', '1', '--log-level', 'trace'];
  const engine = spawn(process.execPath, [join(PROJECT, 'dist/engine/cli.js'), ...parameters], {
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  });
  t.after(() => engine.kill('SIGKILL'));
  let out = '';
  engine.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = once(engine, 'close');
  const trades = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/stats?markets=0`).catch(() => null);
    return answer === null ? 0 : ((await answer.json()) as { total: { trades: number } }).total.trades;
  };
  const before = await eventually('trades', async () => {
    assert.equal(engine.exitCode, null, 'it runs');
    return (await trades()) || null;
  });
  await eventually('more trades', async () => (await trades()) > before);
  engine.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.equal((JSON.parse(out) as { forced: boolean }).forced, false);
});
