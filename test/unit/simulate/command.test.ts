// `millrace simulate` as a person meets it: what it prints, what it refuses, how it ends.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../support/plain-venue.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LOADER = join(ROOT, 'test/support/typescript.mjs');

class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(...parameters: string[]) {
    this.child = spawn(process.execPath, ['--import', LOADER, join(ROOT, 'engine/cli.ts'), 'simulate', ...parameters]);
    this.child.stdout?.on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr?.on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** The port, once it is open. */
  async port(): Promise<number> {
    await until(() => /on ws:\/\/127\.0\.0\.1:\d+/.test(this.stderr) || this.child.exitCode !== null);
    const match = /on ws:\/\/127\.0\.0\.1:(\d+)/.exec(this.stderr);
    assert.ok(match !== null, this.stderr);
    return Number(match[1]);
  }
}

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
});
after(() => rmSync(folder, { recursive: true }));

test('it says where to connect and with what, and ends on SIGTERM with a JSON summary', async () => {
  const truth = join(folder, 'truth.ndjson');
  const command = new Command(
    ...[
      'binance',
      '--port',
      '0',
      '--markets',
      '3',
      '--rate',
      '500',
      '--levels',
      '20',
      '--faults',
      'gap=1,cut=0.1',
      '--truth',
      truth,
    ],
  );
  const port = await command.port();
  await until(() => command.stderr.includes('try'));
  assert.match(
    command.stderr,
    new RegExp(`millrace start --feed binance:BTCUSDT,ETHUSDT --venue-url binance=ws://127.0.0.1:${port}`),
  );
  const stats = (await (await fetch(`http://127.0.0.1:${port}/sim/stats`)).json()) as { markets: number };
  assert.equal(stats.markets, 3);
  await fetch(`http://127.0.0.1:${port}/sim/pause`, { method: 'POST' });
  command.child.kill('SIGTERM');
  assert.equal(await command.ended, 0);
  const summary = JSON.parse(command.stdout) as Record<string, unknown>;
  for (const name of [
    'changes',
    'trades',
    'violations',
    'faults',
    'connections_closed',
    'duration_seconds',
    'errors',
  ]) {
    assert.ok(name in summary, name);
  }
  const lines = readFileSync(truth, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string });
  assert.equal(lines.filter(({ kind }) => kind === 'change').length, summary['changes']);
  assert.equal(lines.filter(({ kind }) => kind === 'book').length, 3);
});

test('it serves a recording', async () => {
  const recording = join(folder, 'session.ndjson');
  const frame = { e: 'trade', s: 'ADAUSDT', t: 1, p: '1.0', q: '2.0' };
  writeFileSync(recording, `${JSON.stringify({ k: 'recv', t: 1_700_000_000_000_000, d: JSON.stringify(frame) })}\n`);
  const command = new Command('binance', '--port', '0', '--recording', recording);
  await command.port();
  assert.match(command.stderr, /with 1 markets/);
  command.child.kill('SIGINT');
  assert.equal(await command.ended, 0);
});

const WRONG: readonly (readonly [RegExp, ...string[]])[] = [
  [/simulate: expected a venue that can be simulated \(.*binance.*\), was "nowhere"/, 'nowhere'],
  [/missing required argument 'venue'/],
  [/--port: expected a whole number from 0 to 65535, was "70000"/, 'binance', '--port', '70000'],
  [/--markets: expected a whole number from 1 to 10000, was "0"/, 'binance', '--markets', '0'],
  [/--faults: expected .*gap.*was "gaps"/, 'binance', '--faults', 'gaps=1'],
  [/--speed: expected a number above 0/, 'binance', '--speed', 'fast'],
  [/recording .*: expected a readable file/, 'binance', '--recording', 'no-such-file.ndjson'],
  [/--truth .*: expected a writable file/, 'binance', '--port', '0', '--truth', 'no/such/folder/truth.ndjson'],
  [/--tls-key, --tls-cert: expected both, was no certificate/, 'binance', '--tls-key', 'key.pem'],
  [/--tls-key key.pem: expected a readable PEM file/, 'binance', '--tls-key', 'key.pem', '--tls-cert', 'cert.pem'],
];

test('wrong usage is one sentence and exit code 2', async () => {
  const commands = WRONG.map(([sentence, ...parameters]) => ({ sentence, command: new Command(...parameters) }));
  for (const { sentence, command } of commands) {
    assert.equal(await command.ended, 2, `${sentence} ${command.stderr}`);
    assert.match(command.stderr, sentence);
    assert.equal(command.stderr.trimEnd().split('\n').length, 1, command.stderr);
    assert.equal(command.stdout, '');
  }
});

test('a port that is taken is refused', async () => {
  const first = new Command('binance', '--port', '0', '--markets', '1');
  const port = await first.port();
  const second = new Command('kraken', '--port', String(port), '--markets', '1');
  assert.equal(await second.ended, 2);
  assert.match(second.stderr, new RegExp(`--port ${port}: expected a free port`));
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0);
});

test('--help shows the options and examples', async () => {
  const command = new Command('--help');
  assert.equal(await command.ended, 0);
  assert.match(command.stdout, /--faults <plan>[\s\S]*Examples:\n {2}millrace simulate/);
});
