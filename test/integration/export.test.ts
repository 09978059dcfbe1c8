// `millrace export` as a process: killed and started again it has each trade once, and the queries of its document run.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { queried } from '../support/export-rows.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { journalIn } from '../support/recovery-runs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-export-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Run = {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
};

function exporting(...args: string[]): Run {
  const child = spawn(
    process.execPath,
    ['--import', './test/support/typescript.mjs', 'engine/cli.ts', 'export', ...args],
    { cwd: ROOT },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

const venueMs = (n: number): number => Date.UTC(2026, 0, 1) + n * 600;

/** A hundred trades a minute. */
const tradeFrame = (n: number): string =>
  JSON.stringify({
    ...{
      type: 'trade',
      exchange: 'demo',
      symbol: n % 2 === 0 ? 'A' : 'B/C',
      id: String(n),
      price: `10.${n}`,
      amount: '0.5',
    },
    ...{ side: n % 3 === 0 ? 'sell' : 'buy', timestamp: new Date(venueMs(n)).toISOString() },
  });

describe('an engine with a journal', () => {
  const out = join(folder, 'live');
  const count = `SELECT count(*), count(DISTINCT symbol || id) FROM '${out}/trade/**/*.parquet'`;

  test('an export that is killed and started again has each of its trades exactly once', async () => {
    const plans = marketPlansOf({ usual: { bars: ['1m'], signals: [] } });
    const engine = await LiveEngine.start({ plans, journal: journalIn(join(folder, 'journal')) });
    const args = [
      '--target',
      `ws://127.0.0.1:${engine.engine.port}`,
      '--out',
      out,
      '--channels',
      'trade,bar.1m',
      '--roll',
      '1s',
    ];
    const producer = await engine.producer('json');
    let sent = 0;
    const send = async (frames: number): Promise<void> => {
      for (let i = 0; i < frames; i++) producer.send(tradeFrame(++sent));
      await engine.taken(sent);
    };
    const files = (least: number): Promise<unknown> =>
      eventually('rows in files', async () => {
        const [row] = await queried(count).catch(() => [['0']]);
        return Number(row[0]) >= least ? row : null;
      });
    await send(10);
    const first = exporting(...args);
    await eventually('the export subscribes', async () => {
      const { total } = await engine
        .get<{ total: object; subscribers: unknown[] } & { subscribers: { topics?: unknown }[] }>('/v1/stats?markets=0')
        .then((stats) => ({ total: stats.subscribers.length }));
      return total > 0;
    });
    await eventually('first rows', async () => {
      await send(5);
      return queried(count).then(
        ([[rows]]) => Number(rows) > 0,
        () => false,
      );
    });
    await send(300);
    first.child.kill('SIGKILL');
    await first.ended;
    await send(200);
    const second = exporting(...args);
    const began = sent;
    await files(began - 15);
    await send(100);
    await files(sent - 15);
    second.child.kill('SIGTERM');
    const { code, stdout, stderr } = await second.ended;
    assert.equal(code, 0, stderr);
    const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      rows: Record<string, number>;
      gaps: number;
    };
    assert.ok(summary.rows['trade'] > 200);
    const [[rows, distinct]] = await queried(count);
    assert.equal(rows, distinct, 'no trade is there twice');
    const [[from, to]] = await queried(`SELECT min(id::INT), max(id::INT) FROM '${out}/trade/**/*.parquet'`);
    // Those from before the first start are none of the export's: it begins with what comes.
    assert.ok(Number(from) <= 300 && Number(to) === sent, `${from} to ${to} of ${sent}`);
    assert.equal(Number(rows), sent - Number(from) + 1, 'none is missing');
    await producer.close();
    await engine.stop();
  });
});

test('each query of its document runs on what was exported', async () => {
  const recording = join(folder, 'session.ndjson');
  const line = (n: number): string => JSON.stringify({ k: 'recv', t: venueMs(n) * 1000 + 500, d: tradeFrame(n) });
  writeFileSync(recording, Array.from({ length: 1000 }, (_, n) => `${line(n)}\n`).join(''));
  const { code, stderr } = await exporting(recording, '--venue', 'json', '--out', join(folder, 'data')).ended;
  assert.equal(code, 0, stderr);
  const text = readFileSync(join(ROOT, 'docs/export.md'), 'utf8');
  const blocks = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql);
  assert.ok(blocks.length >= 4);
  for (const sql of blocks) {
    const rows = await queried(sql.replaceAll("'data/", `'${folder}/data/`));
    assert.ok(rows.length > 0, sql);
    if (sql.includes('missing')) for (const row of rows) assert.equal(row[4], '0', row.join());
  }
  const again = (...args: string[]) =>
    exporting(recording, '--venue', 'json', '--out', join(folder, 'data'), ...args).ended;
  const csv = await again('--format', 'csv');
  assert.equal(csv.code, 2, csv.stderr);
  assert.match(
    csv.stderr,
    /--format: expected parquet, as the rows in --out have been made, or another folder, was csv/,
  );
  const same = await again();
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stderr, /nothing new: all \d+ rows are in --out already/);
});

test('frames that the venue named does not know are told', async () => {
  const recording = join(folder, 'other.ndjson');
  writeFileSync(recording, `${JSON.stringify({ k: 'recv', t: venueMs(0) * 1000, d: tradeFrame(0) })}\n`);
  const { code, stderr } = await exporting(recording, '--venue', 'binance', '--out', join(folder, 'other')).ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /of 1 frames some were not taken: \S+ 1/);
});

test('a signal ends an export of a recording that has nothing to tell for long', async () => {
  const recording = join(folder, 'long.ndjson');
  const line = JSON.stringify({ k: 'recv', t: venueMs(0) * 1000, d: '{"type":"trade"}' });
  writeFileSync(recording, `${line}\n`.repeat(600_000));
  const out = join(folder, 'long');
  const run = exporting(recording, '--venue', 'json', '--out', out);
  await eventually('its folder', async () => existsSync(join(out, '.millrace')));
  run.child.kill('SIGTERM');
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { rows: { trade: number } }).rows.trade, 0);
  assert.doesNotMatch(stderr, /were not taken/, 'it did not read to the end');
});

test('wrong options are told in a sentence, with exit code 2', async () => {
  const cases: readonly [string[], RegExp][] = [
    [['--out', 'x'], /expected FILE, or --target of a running engine, was neither/],
    [['--target', 'nonsense', '--out', join(folder, 'x')], /--target: expected ws:\/\/HOST:PORT/],
    [['--target', 'ws://127.0.0.1:1', '--out', '/proc/x'], /--out: expected a folder that can be written/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await exporting(...args).ended;
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
