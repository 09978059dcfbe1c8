// `millrace record --target` as a process: it goes on when its engine is killed, and says in one sentence what it cannot do.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, eventually, freePorts } from '../support/live-engine.ts';
import { ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';
import { assertPrefix, SESSIONS } from '../support/recorded-engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-record-engine-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('millrace record --target', () => {
  before(ensureBuilt);

  test('goes on when its engine is killed and comes back, and its recording is replayed, converted and exported', async (t) => {
    const journal = join(folder, 'killed');
    const { port, ingestPort } = await freePorts();
    const parameters = ['start', '--feed', 'none', '--port', `${port}`, '--ingest-port', `${ingestPort}`];
    const start = async (): Promise<RunningCommand> => {
      const command = new RunningCommand('engine/cli.js', [...parameters, '--journal', journal]);
      t.after(() => command.kill());
      await command.ports();
      return command;
    };
    const { frames: all } = SESSIONS[0];
    const middle = Math.floor(all.length / 2);
    /** Ends when they are in the journal's file: kill -9 loses what is not. */
    const push = async (from: number, to: number): Promise<void> => {
      const client = await Client.open(`ws://127.0.0.1:${ingestPort}/ingest/binance`);
      for (const frame of all.slice(from, to)) client.send(frame);
      await eventually('the frames are written', async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/stats?markets=0`);
        const { total, journal: kept } = (await answer.json()) as {
          readonly total: { readonly frames: number };
          readonly journal: { readonly numbers: { readonly written: number } };
        };
        return total.frames >= to - from && kept.numbers.written >= to - from;
      });
      await client.close();
      await sleep(100);
    };
    const first = await start();
    await push(0, middle);
    const out = join(folder, 'of-killed');
    const recorder = new RunningCommand('engine/cli.js', [
      ...['record', '--target', `http://127.0.0.1:${port}`, '--out', out, '--log-level', 'warn'],
    ]);
    t.after(() => recorder.kill());
    await eventually('a recording', () => existsSync(join(out, 'journal-00000001.mrj')));
    await first.kill();
    await eventually('it is told', () => recorder.stderr.includes('trying again behind entry'));
    const second = await start();
    await push(middle, all.length);
    recorder.child.kill('SIGINT');
    const ended = await recorder.ended;
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
    const summary = JSON.parse(ended.stdout) as Record<string, unknown>;
    const { frames, damages, missed, reconnects, firstSequence } = summary;
    assert.deepEqual([frames, damages, missed, firstSequence], [all.length, 0, 0, 1]);
    assert.ok(Number(reconnects) >= 1);
    await second.kill();
    assertPrefix(out, journal);
    const whole = await millrace(['replay', out]);
    const hash = (stdout: string): string => /^hash (\w+)$/m.exec(stdout)?.[1] ?? '';
    assert.match(hash(whole.stdout), /^\w{64}$/);
    assert.equal(hash(whole.stdout), hash((await millrace(['replay', journal])).stdout));
    const lines = join(folder, 'of-killed.ndjson');
    const converted = await millrace(['record', '--convert', out, '--out', lines]);
    assert.equal(converted.code, 0, converted.stderr);
    assert.ok(readFileSync(lines, 'utf8').split('\n').length > all.length);
    const exported = await millrace(['export', out, '--out', join(folder, 'exported'), '--format', 'csv']);
    assert.equal(exported.code, 0, exported.stderr);
  });

  const target = ['--target', 'http://127.0.0.1:9'];
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['a feed beside it', [...target, '--feed', 'binance:A', '--out', 'x'], ['--target', '--feed']],
    ['no folder', target, ['--out', 'missing']],
    ['an address that is none', ['--target', 'engine', '--out', 'x'], ['--target', 'ws://HOST:PORT', 'engine']],
    ['a moment that is none', [...target, '--out', 'x', '--from', 'soon'], ['--from', 'ISO 8601', 'soon']],
    ['a moment of a venue', ['--feed', 'binance:A', '--out', 'x', '--from', '2026-01-01'], ['--from', '--target']],
    ['a conversion', ['--convert', 'x', ...target, '--out', 'y'], ['--convert', '--target']],
  ];
  for (const [name, parameters, parts] of cases)
    test(`wrong usage is one sentence and exit 2: ${name}`, async () => {
      const ended = await millrace(['record', ...parameters]);
      assert.deepEqual([ended.code, ended.stdout], [2, ''], ended.stderr);
      assert.match(ended.stderr, /^millrace: [^\n]+\n$/);
      for (const part of parts) assert.ok(ended.stderr.includes(part), `expected ${part} in: ${ended.stderr}`);
    });

  test('says that nothing came from an engine that cannot be reached, and exits 1', async () => {
    const out = join(folder, 'unreached');
    const ended = await millrace(['record', ...target, '--out', out, '--duration', '100ms', '--log-level', 'silent']);
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /trying again[\s\S]*no frame came[\s\S]*could not be reached at the end/);
    assert.equal((JSON.parse(ended.stdout) as { frames: number }).frames, 0);
    assert.equal(existsSync(out), false);
  });
});
