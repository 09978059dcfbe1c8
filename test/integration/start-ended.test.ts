// An engine that is told to end while it starts, as a child process: a sentence, a summary, and an exit code as of any end.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { eventually, freePort } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, RunningCommand } from '../support/live-engine-process.ts';

const FREE = ['--port', '0', '--ingest-port', '0', '--workers', '1', '--shutdown-timeout', '120s'];
const start = (...parameters: string[]): RunningCommand =>
  new RunningCommand('engine/cli.js', ['start', ...FREE, ...parameters]);

before(ensureBuilt);

/** SIGHUP is the last of the signals that the engine comes to hear, and none that Node itself takes. */
function hearsSignals(pid: number | undefined): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & 1n) === 1n;
}

/** Sends them at the first moment at which they are heard, long before there is an engine. */
async function endedBy(engine: RunningCommand, ...signals: NodeJS.Signals[]): Promise<Ended> {
  await eventually('ears for signals', () => hearsSignals(engine.child.pid));
  for (const signal of signals) engine.child.kill(signal);
  return engine.ended;
}

function forcedOf({ stdout }: Ended): boolean {
  assert.match(stdout, /^\{[^\n]*\}\n$/, 'one line of JSON and nothing else');
  const { forced, totals, ...counts } = JSON.parse(stdout) as { forced: boolean; totals: unknown };
  assert.deepEqual(
    { ...counts, duration_seconds: 0 },
    {
      pending_messages_flushed: 0,
      pending_messages_dropped: 0,
      connections_closed: 0,
      background_tasks_stopped: 0,
      metrics_cleaned: 0,
      duration_seconds: 0,
      journal_entries_lost: 0,
    },
  );
  assert.deepEqual(totals, { frames: 0 });
  return forced;
}

test('a signal during the start ends it in order, with 0', async (t) => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  const engines = signals.map(() => start());
  t.after(() => Promise.all(engines.map((engine) => engine.kill())));
  const ends = await Promise.all(engines.map((engine, index) => endedBy(engine, signals[index])));
  for (const [index, ended] of ends.entries()) {
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
    assert.equal(ended.stderr, `millrace: ${signals[index]} while it starts: ends in order\n`);
    assert.equal(forcedOf(ended), false);
  }
});

test('a second signal during the start forces its end, with 1', async (t) => {
  const engine = start();
  t.after(() => engine.kill());
  // Held while both are sent: else it might end in order between the two.
  const ended = await endedBy(engine, 'SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCONT');
  assert.deepEqual([ended.code, ended.signal], [1, null], ended.stderr);
  assert.match(ended.stderr, /^millrace: SIG(TERM|INT) while it starts: ends in order\n$/);
  assert.equal(forcedOf(ended), true);
});

const trade = (id: number): string =>
  `{"e":"trade","E":1767225600000,"s":"BTCUSDT","t":${id},"p":"100.5","q":"1","T":1767225600000,"m":true,"M":true}`;
/** More than are applied before an end is looked for. */
const ENTRIES = 110_000;

test('a signal while a journal is applied does not wait for all of it, and leaves it as it was', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-ended-'));
  const engines: RunningCommand[] = [];
  t.after(async () => {
    for (const engine of engines) await engine.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const begin = (...more: string[]): RunningCommand => {
    const usual = ['--feed', 'none', '--journal', folder, '--checkpoint-interval', '1h'];
    engines.push(start(...usual, ...more));
    return engines[engines.length - 1];
  };
  const port = String(await freePort());
  const first = begin('--port', port);
  const { ingestPort } = await first.ports();
  const metric = async (name: string): Promise<number> => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(new RegExp(`^millrace_${name} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
  };
  // The first is made at once; what came before it would not be applied again.
  await eventually('its first checkpoint', async () => (await metric('journal_checkpoint')) > 0);
  const ingest = await openFrameSocket(ingestPort, '/ingest/binance');
  const frames = Array.from({ length: ENTRIES }, (_, i) => wireFrame(Buffer.from(trade(i + 1))));
  await write(ingest, Buffer.concat(frames));
  await eventually('all entries in the journal', async () => (await metric('journal_written')) > ENTRIES);
  ingest.destroy();
  await first.kill();
  const ended = await endedBy(begin(), 'SIGTERM');
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  assert.equal(forcedOf(ended), false);
  assert.doesNotMatch(ended.stderr, /recovered|"level":[4-6]0/);
  const last = begin();
  const { port: lastPort } = await last.ports();
  assert.match(last.stderr, /"damages":0,[^\n]*recovered/);
  const asked = await fetch(`http://127.0.0.1:${lastPort}/v1/trades/binance%3ABTCUSDT?limit=1`);
  const [{ id }] = (await asked.json()) as { id: string }[];
  assert.equal(id, String(ENTRIES), 'all that had been journalled is there');
});
