// The benches cannot rot: each suite runs at its smallest size and checks its own answers.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Report } from '../../bench/harness.ts';
import { ensureBuilt, RunningCommand } from '../support/live-engine-process.ts';

/** The environment of commands is cleared of a person's own settings; recordings are looked for where these tests look. */
const RECORDINGS: Readonly<Record<string, string>> =
  process.env['MILLRACE_RECORDINGS'] === undefined ? {} : { MILLRACE_RECORDINGS: process.env['MILLRACE_RECORDINGS'] };
const SUITES = ['micro', 'path', 'peers', 'resilience', 'memory', 'dashboards'];
/** Those whose book frames a library maps. */
const VENUES = [
  'binance',
  'binance-futures',
  'binance-delivery',
  'coinbase',
  'kraken v1',
  'kraken v2',
  'okx',
  'bybit',
  'bybit-spot',
  'bitfinex',
  'hyperliquid',
  'dydx',
];

before(ensureBuilt);

for (const suite of SUITES) {
  test(`the ${suite} suite computes the right answers and writes its rows`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'rows.json');
    const recordings = suite === 'peers' ? { MILLRACE_RECORDINGS: folder } : RECORDINGS;
    const ended = await new RunningCommand('bench/cli.js', [suite, '--smoke', '--json', path], recordings).ended;
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
    const { rows, size, commit, aims } = JSON.parse(readFileSync(path, 'utf8')) as Report;
    assert.ok(rows.length > 10);
    for (const row of rows) {
      assert.equal(row.suite, suite);
      assert.ok(row.values.length > 0 && row.values.every((value) => Number.isFinite(value)), row.name);
      assert.ok(ended.stdout.includes(row.name), `${row.name} is printed`);
      assert.equal(row.isMet, null, 'a small run judges no aim');
      assert.ok(row.aim === null || (/^[≥≤<>]$/.test(row.aim.op) && Number.isFinite(row.aim.value)), row.name);
    }
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length, 'names of rows are unique');
    assert.deepEqual([size, aims], ['smoke', { met: [], missed: [] }]);
    assert.match(commit ?? 'none', /^(none|[0-9a-f]{7,}(-dirty)?)$/);
    if (suite !== 'peers') return;
    // Its recordings were left out: the drawn frames and streams of every venue are there without them.
    assert.match(ended.stdout, /^recording \S+: absent, left out; MILLRACE_RECORDINGS names/m);
    const names = rows.map(({ name }) => name);
    for (const venue of VENUES) assert.ok(names.includes(`${venue}: decode to records`), venue);
    assert.ok(names.includes('near the touch, 1 level a change: market book / tardis-dev'));
  });
}

test('wrong usage is one sentence that names what was found, and exit 2', async () => {
  for (const [parameters, words] of [
    [['paths'], ['micro, path', '"paths"']],
    [['path', '--json'], ['--json']],
    [
      ['path', '--json', 'no-such-folder/rows.json'],
      ['--json', 'no-such-folder'],
    ],
    [['path', '--jsn', 'x'], ['--jsn']],
    [
      ['--filter', 'no such bench'],
      ['--filter', 'no such bench'],
    ],
  ] as const) {
    const ended = await new RunningCommand('bench/cli.js', parameters).ended;
    assert.deepEqual([ended.code, ended.stdout], [2, '']);
    assert.match(ended.stderr, /^bench: [^\n]+\n$/);
    for (const word of words) assert.ok(ended.stderr.includes(word), ended.stderr);
  }
});

test('help names the suites and gives examples', async () => {
  const ended = await new RunningCommand('bench/cli.js', ['--help']).ended;
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
  assert.ok(ended.stdout.includes(`suites: ${SUITES.join(', ')} (all`), ended.stdout);
  assert.match(ended.stdout, /examples:\n {2}npm run bench/);
});

test('a filter selects benches by their names, whatever their case', async () => {
  const listed = await new RunningCommand('bench/cli.js', ['--list', '--filter', 'RING']).ended;
  const lines = listed.stdout.trim().split('\n');
  assert.ok(lines.includes('micro: ring'), listed.stdout);
  assert.ok(lines.every((line) => line.toLowerCase().includes('ring')));
  const ended = await new RunningCommand('bench/cli.js', ['micro', '--smoke', '--filter', 'ring']).ended;
  assert.match(ended.stdout, /^records in batches of 256: ring, one thread/m);
  assert.ok(!ended.stdout.includes('decode to records'));
});
