// How an engine ends, as a child process: signals, the summary on stdout, exit codes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { SHUTDOWN_TIMEOUT_MS } from '../../schemas/config.ts';
import { Client, eventually, type Json, LiveEngine } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';

const NAMES = [
  ...['pending_messages_flushed', 'pending_messages_dropped', 'connections_closed', 'background_tasks_stopped'],
  ...['metrics_cleaned', 'duration_seconds', 'forced', 'journal_entries_lost', 'totals'],
];
/** Far beyond what a stop takes: only an engine that would not end by itself is forced. */
const PATIENT_S = 120;
/** What the engine takes where nothing is said (schemas/config.ts). */
const DEFAULT_DEADLINE_S = SHUTDOWN_TIMEOUT_MS / 1000;

type Summary = {
  readonly pending_messages_flushed: number;
  readonly pending_messages_dropped: number;
  readonly connections_closed: number;
  readonly background_tasks_stopped: number;
  readonly metrics_cleaned: number;
  readonly duration_seconds: number;
  readonly forced: boolean;
  readonly journal_entries_lost: number;
  readonly totals: Readonly<Record<string, number>>;
};

function summaryOf(ended: Ended): Summary {
  assert.match(ended.stdout, /^\{[^\n]*\}\n$/, `expected one line of JSON and nothing else, was: ${ended.stdout}`);
  const summary = JSON.parse(ended.stdout) as Summary;
  assert.deepEqual(Object.keys(summary), NAMES);
  for (const name of NAMES.slice(0, 5) as (keyof Summary)[]) {
    const value = summary[name];
    assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, `${name}: expected a count, was ${value}`);
  }
  assert.ok(summary.duration_seconds >= 0 && summary.duration_seconds < PATIENT_S, `${summary.duration_seconds} s`);
  for (const [name, value] of Object.entries(summary.totals)) assert.ok(value >= 0, name);
  return summary;
}

const start = (...parameters: string[]): RunningCommand =>
  new RunningCommand('engine/cli.js', [
    'start',
    '--port',
    '0',
    '--ingest-port',
    '0',
    '--log-level',
    'warn',
    '--shutdown-timeout',
    `${PATIENT_S}s`,
    ...parameters,
  ]);

const trade = (id: number): string =>
  `{"e":"trade","E":1767225600000,"s":"BTCUSDT","t":${id},"p":"100.5","q":"1","T":1767225600000,"m":true,"M":true}`;

before(ensureBuilt);

describe('an engine on its synthetic feed', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`ends with 0 on ${signal}, its summary the only line on stdout`, async (t) => {
      const engine = start('--rate', '500', '--workers', '2');
      t.after(() => engine.kill());
      const { port } = await engine.ports();
      const reader = await Client.open(`ws://127.0.0.1:${port}/stream`);
      await reader.subscribe('book.*', 'trade.*', 'bar.1s.*', 'system');
      await eventually('data', () => reader.received.length > 500);
      engine.child.kill(signal);
      const ended = await engine.ended;
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
      const summary = summaryOf(ended);
      assert.equal(summary.forced, false);
      assert.equal(summary.pending_messages_dropped, 0);
      assert.ok(
        summary.connections_closed >= 1 && summary.background_tasks_stopped >= 4 && summary.metrics_cleaned > 0,
      );
      const { frames, applied, control = 0, unknown = 0 } = summary.totals;
      assert.equal(frames, applied + control + unknown, 'every frame has its fate');
      assert.equal(await reader.closed, 1001);
    });
  }

  test('says forced and ends with 1 on a second signal', async (t) => {
    const engine = start('--rate', '2000');
    t.after(() => engine.kill());
    const { port } = await engine.ports();
    const reader = await Client.open(`ws://127.0.0.1:${port}/stream`);
    await reader.subscribe('book.*');
    await eventually('data', () => reader.received.length > 100);
    // Held while both are sent: else it might end in order between the two.
    for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCONT'] as const) engine.child.kill(signal);
    const ended = await engine.ended;
    assert.deepEqual([ended.code, ended.signal], [1, null], ended.stderr);
    assert.equal(summaryOf(ended).forced, true);
  });
});

test('SIGTERM in the middle of a burst: every frame taken is applied and told to the subscriber', async (t) => {
  const engine = start('--feed', 'none');
  t.after(() => engine.kill());
  const { port, ingestPort } = await engine.ports();
  const ingest = await openFrameSocket(ingestPort, '/ingest/binance');
  await write(ingest, wireFrame(Buffer.from(trade(1))));
  const reader = await Client.open(`ws://127.0.0.1:${port}/stream`);
  await eventually('the market', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/markets`);
    return ((await response.json()) as Json[]).length === 1;
  });
  await reader.subscribe('trade.binance:BTCUSDT');
  // Less than a subscriber may lag behind, so that one who is slow to read is not cut off.
  const frames = Array.from({ length: 10_000 }, (_, i) => wireFrame(Buffer.from(trade(i + 2))));
  ingest.write(Buffer.concat(frames));
  await eventually('the first trades', () => reader.received.length > 1000);
  engine.child.kill('SIGTERM');
  const ended = await engine.ended;
  await reader.closed;
  ingest.destroy();
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  const summary = summaryOf(ended);
  const ids = reader.received.filter((each) => each['type'] === 'trade').map((each) => Number(each['id']));
  assert.deepEqual([summary.forced, summary.pending_messages_dropped], [false, 0]);
  assert.equal(summary.totals['applied'], summary.totals['frames']);
  assert.equal(ids.length, summary.totals['applied'] - 1, 'all trades but the one before the subscription');
  assert.ok(ids.every((id, i) => id === i + 2));
});

test('a subscriber that reads nothing does not hold the engine beyond its deadline', async (t) => {
  const engine = start('--feed', 'none', '--shutdown-timeout', '1s');
  t.after(() => engine.kill());
  const { port, ingestPort } = await engine.ports();
  const ingest = await openFrameSocket(ingestPort, '/ingest/binance');
  await write(ingest, wireFrame(Buffer.from(trade(1))));
  await eventually('the market', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/markets`);
    return ((await response.json()) as Json[]).length === 1;
  });
  const stuck = await openFrameSocket(port, '/stream');
  await write(stuck, wireFrame(Buffer.from('{"op":"subscribe","args":["trade.binance:BTCUSDT"]}')));
  stuck.pause();
  const buffered = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const line = /^\S*buffered\S* (\d+)/m.exec(text);
    return line === null ? 0 : Number(line[1]);
  };
  const told = async (): Promise<number> => {
    const { total } = (await (await fetch(`http://127.0.0.1:${port}/v1/stats`)).json()) as {
      total: { trades: number };
    };
    return total.trades;
  };
  let id = 1;
  await eventually('a queue to the subscriber', async () => {
    const frames = Array.from({ length: 2000 }, () => wireFrame(Buffer.from(trade(++id))));
    await write(ingest, Buffer.concat(frames));
    // One step at a time: a queue that grew unseen would be cut as a slow subscriber's.
    await eventually('the step', async () => (await told()) === id);
    return (await buffered()) > 100_000;
  });
  engine.child.kill('SIGTERM');
  const ended = await engine.ended;
  stuck.destroy();
  ingest.destroy();
  assert.deepEqual([ended.code, ended.signal], [1, null], `${ended.stderr}${ended.stdout}`);
  const summary = summaryOf(ended);
  assert.ok(summary.duration_seconds < DEFAULT_DEADLINE_S, `its own deadline, was ${summary.duration_seconds} s`);
  assert.equal(summary.forced, true);
  assert.ok(summary.pending_messages_dropped > 0, 'what the subscriber never read is dropped, and said so');
});

test('a start on a taken port ends with 2, never aborted, however often', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  t.after(() => holder.close());
  await eventually('a held port', () => holder.listening);
  const port = String((holder.address() as AddressInfo).port);
  for (const ports of [
    ['--port', port, '--ingest-port', '0'],
    ['--port', '0', '--ingest-port', port],
  ]) {
    for (let i = 0; i < 3; i++) {
      const ended = await millrace(['start', ...ports, '--workers', '2']);
      assert.deepEqual([ended.code, ended.signal], [2, null], ended.stderr);
    }
  }
});

test('a token of any characters starts, feeds and ends as any other', async (t) => {
  const engine = start('--token', 't\u00f8ken-\u2713');
  t.after(() => engine.kill());
  await engine.ports();
  // The feed has connected with the token when the ports are told; frames come each millisecond.
  await sleep(1000);
  engine.child.kill('SIGTERM');
  const ended = await engine.ended;
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  assert.ok(summaryOf(ended).totals['frames'] > 0);
});

describe('an engine with a journal', () => {
  for (const isFull of [false, true]) {
    test(`ends with ${isFull ? '1 on a disk that takes no more, and says how much is lost' : '0 where all is written'}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'millrace-shutdown-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const engine = start('--rate', '500', '--workers', '1', '--journal', folder);
      t.after(() => engine.kill());
      const { port } = await engine.ports();
      const health = async (): Promise<Json> =>
        (await fetch(`http://127.0.0.1:${port}/health`)).json() as Promise<Json>;
      // No file may grow from now on, which every write is told as by a full disk.
      if (isFull) execFileSync('prlimit', ['--pid', String(engine.child.pid), '--fsize=0:0']);
      await eventually('the state', async () => (await health())['status'] === (isFull ? 'degraded' : 'ok'));
      engine.child.kill('SIGTERM');
      const ended = await engine.ended;
      const { forced, journal_entries_lost: lost } = summaryOf(ended);
      assert.deepEqual(
        [ended.code, ended.signal, forced, lost > 0],
        [isFull ? 1 : 0, null, false, isFull],
        ended.stderr,
      );
      if (isFull) assert.match(ended.stderr, /journal: closed without its last \d+ entries/);
    });
  }
});

test('an engine is not ready from the moment it is told to end', async () => {
  const { engine } = await LiveEngine.start();
  assert.match(await engine.answer('/metrics'), /^millrace_ready 1$/m);
  const ended = engine.stop();
  assert.match(await engine.answer('/metrics'), /^millrace_ready 0$/m);
  await ended;
});

test('/ready on a connection that is open says 503 from the signal on, while subscribers are drained', async (t) => {
  const engine = start('--feed', 'none', '--shutdown-timeout', '3s');
  t.after(() => engine.kill());
  const { port, ingestPort } = await engine.ports();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ready = (by: Agent | false = agent): Promise<number> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/ready', agent: by }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      }).once('error', reject);
    });
  assert.equal(await ready(), 200);
  const ingest = await openFrameSocket(ingestPort, '/ingest/binance');
  t.after(() => ingest.destroy());
  await write(ingest, wireFrame(Buffer.from(trade(1))));
  await eventually('the market', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/markets`);
    return ((await response.json()) as Json[]).length === 1;
  });
  // A subscriber that reads nothing holds the end up.
  const stuck = await openFrameSocket(port, '/stream');
  t.after(() => stuck.destroy());
  await write(stuck, wireFrame(Buffer.from('{"op":"subscribe","args":["trade.binance:BTCUSDT"]}')));
  stuck.pause();
  const buffered = async (): Promise<number> =>
    Number(
      /^millrace_publish_buffered_bytes (\d+)/m.exec(
        await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
      )?.[1],
    );
  let id = 1;
  await eventually('a queue to the subscriber', async () => {
    await write(ingest, Buffer.concat(Array.from({ length: 2000 }, () => wireFrame(Buffer.from(trade(++id))))));
    return (await buffered()) > 0;
  });
  assert.equal(await ready(), 200);
  engine.child.kill('SIGTERM');
  await eventually('503', async () => (await ready()) === 503);
  await assert.rejects(ready(false), { code: 'ECONNREFUSED' });
  await engine.ended;
});
