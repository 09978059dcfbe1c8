// `millrace load` as a person meets it: runs of each form, reports, thresholds, targets, losses, Ctrl-C, and wrong options.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, millrace, RunningCommand } from '../support/live-engine-process.ts';

type Report = {
  readonly verdict: string;
  readonly thresholds: readonly { readonly name: string; readonly pass: boolean }[];
  readonly run: Readonly<Record<string, unknown>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly stages: Readonly<Record<string, { readonly unit: string; readonly count: number; readonly max: number }>>;
  readonly overTime: readonly unknown[];
  readonly generator: {
    readonly lateness: { readonly count: number };
    readonly leftOut: number;
    readonly disconnects: number;
  };
  readonly process: Readonly<Record<string, unknown>>;
  readonly search: readonly { readonly ratePerS: number }[] | null;
  readonly notes: readonly string[];
};

const STAGES = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine', 'end-to-end'];
const SHORT = ['--rate', '500', '--duration', '2s', '--warmup', '1s'];
/** What must hold on the busiest machine. */
const HOLDS = [
  '--threshold',
  'counts.lost==0',
  '--threshold',
  'counts.duplicates==0',
  '--threshold',
  'counts.dropped==0',
];
const UPDATES = 1_000;

let folder = '';
const folderOf = (name: string): string => join(folder, name);
const reportOf = (name: string): Report =>
  JSON.parse(readFileSync(join(folderOf(name), 'report.json'), 'utf8')) as Report;
const load = (name: string, ...parameters: string[]): RunningCommand =>
  new RunningCommand('engine/cli.js', ['load', '--report', folderOf(name), ...SHORT, ...parameters]);

/** Passed, and every update got through each stage. */
function assertWhole(name: string, ended: Ended): Report {
  assert.equal(ended.code, 0, `${ended.stderr}${ended.stdout}`);
  const report = reportOf(name);
  const { counts } = report;
  assert.deepEqual(counts['lost'], 0);
  const seen = ['sent', 'processed', 'received'].map((field) => counts[field]);
  assert.deepEqual(seen, [UPDATES, UPDATES, UPDATES], JSON.stringify(report.notes));
  assert.equal(report.verdict, 'pass');
  return report;
}

const START = [
  'start',
  '--feed',
  'none',
  '--port',
  '0',
  '--ingest-port',
  '0',
  '--workers',
  '1',
  '--log-level',
  'error',
];
const HOST = '127.0.0.1';

type Target = { readonly engine: RunningCommand; readonly port: number; readonly ingestPort: number };

async function startTarget(...parameters: string[]): Promise<Target> {
  const engine = new RunningCommand('engine/cli.js', [...START, ...parameters]);
  return { engine, ...(await engine.ports()) };
}

const targetOptions = ({ port, ingestPort }: { port: number; ingestPort: number }): string[] => [
  ...['--target', `ws://${HOST}:${port}`, '--ingest-target', `ws://${HOST}:${ingestPort}`],
];

/** Processes that a process started and that still run. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** One that has ended may still wait to be reaped. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Passes everything on; `cut` ends the connections that are WebSockets. */
async function startProxy(port: number): Promise<{ port: number; server: Server; cut(): void }> {
  const upgraded = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect({ host: HOST, port });
    client.once('data', (head) => {
      if (/upgrade: websocket/i.test(head.toString('latin1'))) upgraded.add(client);
    });
    client.pipe(engine).pipe(client);
    client.on('error', () => engine.destroy());
    engine.on('error', () => client.destroy());
    client.on('close', () => engine.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const cut = (): void => {
    for (const socket of upgraded) socket.destroy();
  };
  return { port: address.port, server, cut };
}

describe('a load test', { concurrency: 3 }, () => {
  before(async () => {
    await ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'millrace-load-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("of a venue's own frames writes a whole report, with the fields that others rely on", async () => {
    const ended = await load('native', ...HOLDS).ended;
    const report = assertWhole('native', ended);
    const files = ['report.txt', 'report.html', 'report.json', ...STAGES.map((stage) => `${stage}.hgrm`)];
    assert.deepEqual(
      files.filter((file) => !existsSync(join(folderOf('native'), file))),
      [],
    );
    assert.deepEqual(Object.keys(report.stages), STAGES);
    assert.equal(report.stages['end-to-end'].count, UPDATES);
    assert.equal(report.stages['end-to-end'].unit, 'ns');
    for (const stage of STAGES) assert.ok(report.stages[stage].count > 0, stage);
    const { seed, offeredRate, achievedRate, durationS, warmupS, markets, format } = report.run;
    assert.deepEqual([seed, offeredRate, achievedRate, durationS, warmupS, markets], [1, 500, 500, 2, 1, 50]);
    assert.equal(format, 'native');
    for (const field of ['commit', 'node', 'cpu', 'cores']) assert.ok(field in report.run, field);
    for (const field of ['rssStart', 'rssEnd', 'gcPauses', 'eventLoopDelay']) assert.ok(field in report.process, field);
    assert.equal(report.overTime.length, 2);
    assert.ok(report.generator.lateness.count > 0);
    assert.match(ended.stdout, /end-to-end/);
    assert.match(readFileSync(join(folderOf('native'), 'report.html'), 'utf8'), /<html/);
  });

  test('of JSON batches fails where a threshold does, and says which', async () => {
    const ended = await load('json', '--format', 'json', '--batch', '10', '--threshold', 'end-to-end.p50<1us', ...HOLDS)
      .ended;
    assert.equal(ended.code, 1);
    const report = reportOf('json');
    assert.equal(report.verdict, 'fail');
    assert.deepEqual(
      report.thresholds.filter(({ pass }) => !pass).map(({ name }) => name),
      ['end-to-end.p50<1us'],
    );
    assert.deepEqual([report.counts['received'], report.counts['lost']], [UPDATES, 0]);
  });

  test('of FlatBuffers in both directions from processes, with two generators and two subscribers', async () => {
    const forms = ['--format', 'flatbuffers', '--batch', '4', '--encoding', 'flatbuffers', '--updates', 'books'];
    const ended = await load(
      'flatbuffers',
      ...forms,
      '--generator',
      'process',
      '--generators',
      '2',
      '--subscribers',
      '2',
      ...HOLDS,
    ).ended;
    const report = assertWhole('flatbuffers', ended);
    assert.equal(report.stages['end-to-end'].count, 2 * UPDATES);
  });

  test('whose report cannot be written tells the result all the same, and exits with 1', async () => {
    mkdirSync(join(folderOf('half'), 'report.txt'), { recursive: true });
    const { code, stdout, stderr } = await load('half', '--duration', '1s', '--threshold', 'counts.lost==0').ended;
    assert.equal(code, 1);
    assert.match(stdout, /^PASS: .* nothing lost; the threshold holds\n/);
    assert.match(stderr, /^millrace: --report \S+half: the report could not be written whole: EISDIR[^\n]*\n$/m);
  });

  test('without subscribers judges by what the engine took in', async () => {
    const ended = await load('none', '--subscribers', '0', '--updates', 'trades', '--profile', 'burst').ended;
    assert.equal(ended.code, 0, ended.stdout);
    const { counts, thresholds } = reportOf('none');
    assert.deepEqual([counts['processed'], counts['received'], counts['lost']], [UPDATES, 0, 0]);
    assert.ok(!thresholds.some(({ name }) => name.startsWith('end-to-end')));
  });

  test('of a running engine needs its token, and leaves the engine running', async () => {
    const target = await startTarget('--token', 'right');
    try {
      const where = targetOptions(target);
      const wrong = await load('wrong', ...where, '--token', 'wrong').ended;
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /^millrace: --token: expected the token of the target, was another or none\n$/);
      const ended = await load('target', ...where, '--token', 'right', ...HOLDS).ended;
      const report = assertWhole('target', ended);
      assert.equal(report.run['target'], `http://${HOST}:${target.port}`);
      assert.ok(!JSON.stringify(report).includes('right'), 'the token is not in the report');
      assert.ok(!target.engine.hasEnded);
    } finally {
      await target.engine.kill();
    }
  });

  test('whose engine is killed fails, and the report says what happened', async () => {
    const target = await startTarget();
    const running = load('killed', ...targetOptions(target), '--duration', '3s');
    await eventually('traffic', async () => {
      const { total } = (await (await fetch(`http://${HOST}:${target.port}/v1/stats`)).json()) as {
        total: { frames: number };
      };
      return total.frames > 800;
    });
    await target.engine.kill();
    const ended = await running.ended;
    assert.equal(ended.code, 1, ended.stderr);
    const { verdict, counts, generator, notes } = reportOf('killed');
    assert.equal(verdict, 'fail');
    assert.ok(counts['received'] + counts['lost'] === counts['sent'], JSON.stringify(counts));
    assert.ok(generator.disconnects > 0 && generator.leftOut > 0, JSON.stringify(generator));
    assert.match(notes.join(' '), /did not answer at the end/);
  });

  test('whose subscriber is cut off reports the rest as lost', async () => {
    const target = await startTarget();
    const proxy = await startProxy(target.port);
    try {
      const where = targetOptions({ port: proxy.port, ingestPort: target.ingestPort });
      const running = load('cut-off', ...where, '--duration', '3s');
      await eventually('traffic', async () => {
        const { total } = (await (await fetch(`http://${HOST}:${target.port}/v1/stats`)).json()) as {
          total: { frames: number };
        };
        return total.frames > 1_000;
      });
      proxy.cut();
      const ended = await running.ended;
      assert.equal(ended.code, 1);
      const { counts, notes, thresholds } = reportOf('cut-off');
      assert.equal(counts['received'] + counts['lost'], counts['sent']);
      assert.ok(counts['lost'] > 0);
      assert.match(notes.join(' '), /1 connections of subscribers ended during the test \(codes 1006\)/);
      assert.equal(thresholds.find(({ name }) => name === 'counts.lost==0')?.pass, false);
    } finally {
      proxy.server.close();
      await target.engine.kill();
    }
  });

  test('ends early at Ctrl-C with a report of what there was, and its engine with it', async () => {
    const running = load('early', '--duration', '60s', '--threshold', 'counts.lost==0', '--generator', 'process');
    const pid = running.child.pid ?? 0;
    await eventually('progress', () => /\d s of 60 s/.test(running.stderr));
    const children = childrenOf(pid);
    assert.equal(children.length, 3, 'engine, generator and subscriber');
    running.child.kill('SIGINT');
    const ended = await running.ended;
    assert.equal(ended.code, 0, ended.stdout);
    const { run, counts, notes } = reportOf('early');
    assert.ok(Number(run['durationS']) > 0.5 && Number(run['durationS']) < 60);
    assert.ok(counts['received'] > 0 && counts['lost'] === 0, JSON.stringify(counts));
    assert.match(notes.join(' '), /cut short after/);
    assert.deepEqual(children.filter(isRunning), []);
  });

  test('that is killed leaves no engine behind', async () => {
    const running = load('dead', '--duration', '60s', '--generator', 'process');
    const pid = running.child.pid ?? 0;
    await eventually('all processes', () => childrenOf(pid).length === 3);
    await sleep(500);
    const children = childrenOf(pid);
    await running.kill();
    await eventually('their end', () => !children.some(isRunning));
  });

  test('for the highest rate tells each step, also when it is cut short', async () => {
    const running = load('search', '--max', '--max-p99', '10s');
    await eventually('a step', () => /500\/s {2}p99 .* {2}sustained/.test(running.stderr));
    running.child.kill('SIGINT');
    await running.ended;
    const { search, notes } = reportOf('search');
    assert.deepEqual(
      search?.slice(0, 2).map(({ ratePerS }) => ratePerS),
      [500, 1000],
    );
    assert.match(notes.join(' '), /search was cut short/);
  });

  test('with wrong options says what is wrong in one sentence and exits with 2', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--rate', 'fast'], /^millrace: --rate: expected a whole number from 1 to 20000000, was "fast"\n$/],
      [['--threshold', 'p99<5ms'], /^millrace: --threshold: expected .*, was "p99<5ms"\n$/],
      [
        ['--target', `ws://${HOST}:1`],
        /^millrace: --target http:\/\/127\.0\.0\.1:1: expected a running engine, was: .*\n$/,
      ],
      [
        ['--report', '/dev/null/x'],
        /^millrace: --report \/dev\/null\/x: expected a folder that can be made, was: .*\n$/,
      ],
      [['--nothing'], /^millrace: unknown option '--nothing'\n$/],
    ];
    for (const [parameters, sentence] of wrong) {
      const { code, stdout, stderr } = await millrace(['load', ...parameters]);
      assert.equal(code, 2, parameters.join(' '));
      assert.match(stderr, sentence);
      assert.equal(stdout, '');
    }
  });
});
