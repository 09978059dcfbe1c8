// The benches cannot rot: each suite runs at its smallest size and checks its own answers.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ensureBuilt, RunningCommand } from '../support/live-engine-process.ts';

type Row = { readonly suite: string; readonly name: string; readonly unit: string; readonly values: readonly number[] };

before(ensureBuilt);

for (const suite of ['path', 'decode', 'books', 'state']) {
  test(`the ${suite} suite computes the right answers and writes its rows`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'rows.json');
    const ended = await new RunningCommand('bench/cli.js', [suite, '--smoke', '--json', path]).ended;
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
    const { rows } = JSON.parse(readFileSync(path, 'utf8')) as { rows: Row[] };
    assert.ok(rows.length > 10);
    for (const row of rows) {
      assert.equal(row.suite, suite);
      assert.ok(row.values.length > 0 && row.values.every((value) => Number.isFinite(value)), row.name);
      assert.ok(ended.stdout.includes(row.name), `${row.name} is printed`);
    }
  });
}

test('without recordings the decode suite says so and compares the drawn frames of every venue', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ended = await new RunningCommand('bench/cli.js', ['decode', '--smoke'], { MILLRACE_RECORDINGS: folder }).ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^recording \S+: absent, left out; MILLRACE_RECORDINGS names/m);
  const names = [
    'binance',
    'binance-futures',
    'binance-delivery',
    'coinbase',
    'kraken v1',
    'kraken v2',
    'okx',
    'bybit',
  ];
  for (const name of [...names, 'bybit-spot', 'bitfinex', 'hyperliquid', 'dydx', 'injective']) {
    assert.ok(ended.stdout.includes(`\n${name}: baseline / decode`), name);
  }
});

test('without recordings the books suite says so and compares the drawn streams', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ended = await new RunningCommand('bench/cli.js', ['books', '--smoke'], { MILLRACE_RECORDINGS: folder }).ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^recording \S+: absent, left out; MILLRACE_RECORDINGS names/m);
  assert.match(ended.stdout, /^near the touch, 1 level a change: market book \/ tardis-dev/m);
});

test('an unknown suite, or a file name left out, is one sentence and exit 2', async () => {
  for (const [parameters, word] of [
    [['paths'], 'paths'],
    [['path', '--json'], '--json'],
  ] as const) {
    const ended = await new RunningCommand('bench/cli.js', parameters).ended;
    assert.deepEqual([ended.code, ended.stdout], [2, '']);
    assert.match(ended.stderr, /^bench: [^\n]+\n$/);
    assert.ok(ended.stderr.includes(word));
  }
});

test('help names the suites and gives examples', async () => {
  const ended = await new RunningCommand('bench/cli.js', ['--help']).ended;
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
  assert.match(ended.stdout, /suites: path, decode, books, state/);
  assert.match(ended.stdout, /examples:\n {2}npm run bench/);
});
