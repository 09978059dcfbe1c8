// The compiled command line: help, wrong usage in one sentence, settings and their order, replay's files.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type Json, LiveEngine } from '../support/live-engine.ts';
import { type Ended, ensureBuilt, millrace, PROJECT, RunningCommand } from '../support/live-engine-process.ts';

const GOLDEN = join(PROJECT, 'test', 'golden', 'binance-1.ndjson');

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  await ensureBuilt();
});
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** One clear sentence, exit 2, nothing on stdout. */
function assertUsage(ended: Ended, ...parts: readonly string[]): void {
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [2, null, ''], ended.stderr);
  assert.match(ended.stderr, /^millrace: [^\n]+\n$/);
  for (const part of parts) assert.ok(ended.stderr.includes(part), `expected ${part} in: ${ended.stderr}`);
}

describe('help', () => {
  for (const command of [[], ['start'], ['replay'], ['record'], ['config']]) {
    test(`of ${['millrace', ...command].join(' ')} is told on stdout, with exit 0`, async () => {
      const ended = await millrace([...command, '--help']);
      assert.deepEqual([ended.code, ended.stderr], [0, '']);
      assert.match(ended.stdout, /^Usage: millrace/);
      if (command.length > 0) assert.match(ended.stdout, /Examples?:\n {2}.*millrace /);
    });
  }

  test('has examples for the command as a whole', async () => {
    const { stdout } = await millrace(['--help']);
    assert.match(stdout, /Examples?:\n {2}.*millrace /);
    for (const command of ['start', 'replay', 'record', 'config'])
      assert.match(stdout, new RegExp(`^ {2}${command}`, 'm'));
  });
});

describe('wrong usage is one sentence and exit 2:', () => {
  const empty = (): string => file('empty.ndjson', '');
  const cases: readonly (readonly [string, () => string[], readonly string[]])[] = [
    ['an unknown command', () => ['fly'], ['fly']],
    ['an unknown option', () => ['start', '--wings', '2'], ['--wings']],
    ['an option without its value', () => ['start', '--port'], ['--port']],
    ['a port that is no number', () => ['start', '--port', 'abc'], ['--port', 'abc']],
    ['a port out of range', () => ['start', '--port', '65536'], ['--port', '65536', '65535']],
    ['an empty port', () => ['config', '--port', ''], ['--port']],
    [
      'a signal file whose promises never end',
      () => [
        'start',
        '--signal',
        file('promises.ts', 'Promise.resolve().then(() => { for (;;); }); export default {};'),
      ],
      ['--signal', 'promises.ts', 'timed out'],
    ],
    ['a negative ingest port', () => ['config', '--ingest-port', '-1'], ['--ingest-port', '-1']],
    ['no workers', () => ['start', '--workers', '0'], ['--workers', '0']],
    ['half a worker', () => ['start', '--workers', '1.5'], ['--workers', '1.5']],
    ['too many markets', () => ['start', '--markets-max', '16385'], ['--markets-max', '16385', '16384']],
    ['a duration that is none', () => ['start', '--shutdown-timeout', 'soon'], ['--shutdown-timeout', 'soon', '10s']],
    ['an unknown feed', () => ['start', '--feed', 'magic'], ['--feed', 'magic', 'synthetic']],
    ['an unknown bar', () => ['start', '--bars', '7y,1m', '--port', '0', '--ingest-port', '0'], ['--bars', '7y']],
    ['a bar that is too short', () => ['start', '--bars', '50ms'], ['--bars', '50ms', '100ms']],
    ['a bar without a threshold', () => ['start', '--bars', '0v'], ['--bars', '0v']],
    ['an unknown signal', () => ['start', '--signals', 'luck(7)'], ['--signals', 'luck(7)', 'imbalance']],
    [
      'a signal with a parameter out of range',
      () => ['start', '--signals', 'rsi(0)'],
      ['--signals', 'period', 'rsi(0)'],
    ],
    ['a signal file that is not there', () => ['start', '--signal', 'absent.ts'], ['--signal absent.ts']],
    ['unknown empty bars', () => ['config', '--empty-bars', 'some'], ['--empty-bars', 'some']],
    ['a lateness that is none', () => ['config', '--lateness', 'soon'], ['--lateness', 'soon']],
    [
      'a pattern with an unknown key',
      () => ['config', '--config', file('patterns.json', '{"markets":[{"match":"*","bar":["1m"]}]}')],
      ['markets.0.bar'],
    ],
    [
      'a pattern with a book of no levels',
      () => ['config', '--config', file('patterns.json', '{"markets":[{"match":"a"},{"match":"*","book":0}]}')],
      ['markets.1.book', 'was 0'],
    ],
    ['an unknown log level', () => ['start', '--log-level', 'loud'], ['--log-level', 'loud']],
    ['an empty token', () => ['start', '--token', ''], ['--token']],
    ['a rate that is too high', () => ['start', '--rate', '1e9'], ['--rate', '1e9']],
    ['both ports the same', () => ['start', '--port', '40123', '--ingest-port', '40123'], ['40123', '--port']],
    ['a config file that is not there', () => ['config', '--config', '/no/such.json'], ['--config', '/no/such.json']],
    ['a config file that is no JSON', () => ['config', '--config', file('bad.json', '{')], ['--config', 'bad.json']],
    ['a config file that is a list', () => ['config', '--config', file('list.json', '[]')], ['--config', 'list.json']],
    [
      'a config file with an unknown setting',
      () => ['config', '--config', file('unknown.json', '{"wings":2}')],
      ['unknown.json', 'wings'],
    ],
    [
      'a config file with a bad value',
      () => ['config', '--config', file('value.json', '{"workers":"many"}')],
      ['value.json', 'workers', 'many'],
    ],
    ['a replay of nothing', () => ['replay', '--venue', 'binance'], ['file']],
    ['a replay without a venue', () => ['replay', empty()], ['--venue']],
    ['a replay of an unknown venue', () => ['replay', '--venue', 'mtgox', empty()], ['--venue', 'mtgox']],
    ['a recording that is not there', () => ['replay', '--venue', 'binance', '/no/such.ndjson'], ['/no/such.ndjson']],
    ['a recording that is a folder', () => ['replay', '--venue', 'binance', folder], [folder]],
    [
      'a recording that is broken gzip',
      () => {
        const path = join(folder, 'broken.gz');
        writeFileSync(path, Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]));
        return ['replay', '--venue', 'binance', path];
      },
      ['broken.gz'],
    ],
    ['a bad depth', () => ['replay', '--venue', 'binance', '--depth', '-1', GOLDEN], ['--depth', '-1']],
    ['a bad speed', () => ['replay', '--venue', 'binance', '--speed', 'warp', GOLDEN], ['--speed', 'warp']],
    ['bad bars', () => ['replay', '--venue', 'binance', '--bars', '1y', GOLDEN], ['--bars', '1y']],
    [
      'an output that cannot be written',
      () => ['replay', '--venue', 'binance', '--json', '/no/such/out.json', GOLDEN],
      ['--json', '/no/such/out.json'],
    ],
  ];
  for (const [name, parameters, parts] of cases) {
    test(name, async () => assertUsage(await millrace(parameters()), ...parts));
  }

  test('a bad value in the environment, by its name', async () => {
    assertUsage(await millrace(['config'], { MILLRACE_WORKERS: 'many' }), 'MILLRACE_WORKERS', 'many');
  });

  test('a port that another process holds, either of the two', async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    t.after(() => holder.close());
    await eventually('a held port', () => holder.listening);
    const port = String((holder.address() as AddressInfo).port);
    assertUsage(await millrace(['start', '--port', port, '--ingest-port', '0']), '--port', port);
    assertUsage(await millrace(['start', '--port', '0', '--ingest-port', port]), '--ingest-port', port);
  });

  test('a port that another engine holds, either of the two, whichever it uses it for', async (t) => {
    const engine = await LiveEngine.start();
    t.after(() => engine.stop());
    const ports = [engine.engine.port, engine.engine.ingestPort].map(String);
    for (const port of ports) {
      assertUsage(await millrace(['start', '--port', port, '--ingest-port', '0']), '--port', port);
      assertUsage(await millrace(['start', '--port', '0', '--ingest-port', port]), '--ingest-port', port);
    }
    assert.equal((await engine.text('/health')).status, 200, 'the running engine notices nothing');
  });
});

describe('config', () => {
  const settings = async (parameters: readonly string[], environment: Record<string, string> = {}): Promise<Json> => {
    const ended = await millrace(['config', ...parameters], environment);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    return JSON.parse(ended.stdout) as Json;
  };

  test('prints the defaults of the documentation', async () => {
    const found = await settings([]);
    assert.deepEqual(
      [found['feed'], found['host'], found['port'], found['ingestPort'], found['marketsMax'], found['token']],
      [['synthetic'], '127.0.0.1', 9002, 9001, 16_384, null],
    );
    assert.equal(found['shutdownTimeout'], 10_000);
  });

  test('lets a flag beat the environment, that the file, and that the default', async () => {
    const path = file('order.json', '{"port":7001,"ingestPort":7002,"host":"127.0.0.9"}');
    const environment = { MILLRACE_PORT: '8001', MILLRACE_INGEST_PORT: '8002', MILLRACE_FEED: 'none' };
    const found = await settings(['--config', path, '--port', '9999'], environment);
    assert.deepEqual(
      [found['port'], found['ingestPort'], found['host'], found['feed'], found['seed']],
      [9999, 8002, '127.0.0.9', ['none'], 1],
    );
    const named = await settings([], { MILLRACE_CONFIG: path });
    assert.equal(named['port'], 7001);
  });

  test('hides the token wherever it came from', async () => {
    const path = file('token.json', '{"token":"s3cret-file"}');
    for (const ended of [
      await millrace(['config', '--token', 's3cret-flag']),
      await millrace(['config'], { MILLRACE_TOKEN: 's3cret-environment' }),
      await millrace(['config', '--config', path]),
    ]) {
      assert.equal(ended.code, 0);
      assert.doesNotMatch(ended.stdout + ended.stderr, /s3cret/);
      assert.match(ended.stdout, /"token": "\(set\)"/);
    }
  });
});

describe('replay', () => {
  const FIELDS = ['hash', 'frames', 'applied', 'control', 'ignored', 'unknown', 'rejected', 'markets'];
  const MARKET_FIELDS = [
    ...['state', 'reason', 'seq', 'venueSequence', 'gaps', 'resyncs', 'checksums', 'levels', 'bids', 'asks'],
    ...['trades', 'bars', 'signals'],
  ];
  type Result = {
    hash: string;
    frames: number;
    rejected: Record<string, number>;
    markets: Record<string, Json>;
  } & Json;

  const replayed = async (name: string, ...flags: readonly string[]): Promise<{ result: Result; ended: Ended }> => {
    const path = join(folder, name);
    const ended = await millrace(['replay', '--venue', 'binance', ...flags, '--json', path, GOLDEN]);
    assert.deepEqual([ended.code, ended.stderr], [0, '']);
    return { result: JSON.parse(readFileSync(path, 'utf8')) as Result, ended };
  };

  test('writes the documented fields in their order, and a hash that anyone can recompute', async () => {
    const { result: whole } = await replayed('whole.json', '--depth', '0');
    assert.deepEqual(Object.keys(whole), FIELDS);
    const names = Object.keys(whole.markets);
    assert.deepEqual(names, [...names].sort());
    for (const market of Object.values(whole.markets)) {
      assert.deepEqual(Object.keys(market), MARKET_FIELDS);
      const { bids, asks, levels } = market as {
        bids: unknown[];
        asks: unknown[];
        levels: { bids: number; asks: number };
      };
      assert.deepEqual([bids.length, asks.length], [levels.bids, levels.asks]);
      assert.deepEqual(Object.keys(market['bars'] as Json), ['1s', '1m']);
    }
    const sum = ['applied', 'control', 'ignored', 'unknown'].reduce((total, key) => total + Number(whole[key]), 0);
    assert.equal(whole.frames, sum + Object.values(whole.rejected).reduce((total, count) => total + count, 0));
    assert.equal(whole.hash, createHash('sha256').update(JSON.stringify(whole.markets)).digest('hex'));

    const { result: cut, ended } = await replayed('cut.json', '--workers', '3');
    assert.equal(cut.hash, whole.hash, 'the hash covers every level whatever the depth and workers');
    for (const market of Object.values(cut.markets)) assert.equal((market['bids'] as unknown[]).length, 20);
    assert.ok(ended.stdout.includes(`hash ${whole.hash}\n`));
  });
});

test('where stderr is no terminal, each line of it but the first is a record of the log, the status too', async (t) => {
  const ports = ['--port', '0', '--ingest-port', '0'];
  const engine = new RunningCommand('engine/cli.js', ['start', ...ports, '--shutdown-timeout', '120s']);
  t.after(() => engine.kill());
  await engine.ports();
  await eventually('a status', () => /"framesPerSecond":\d+.*"msg":"running"\}\n/.test(engine.stderr));
  engine.child.kill('SIGTERM');
  const ended = await engine.ended;
  assert.equal(ended.code, 0);
  const lines = ended.stderr.trimEnd().split('\n');
  const [plain, ...more] = lines.filter((line) => !line.startsWith('{'));
  assert.match(plain, /^millrace: dashboard http/);
  assert.deepEqual(more, []);
  for (const line of lines) if (line !== plain) assert.equal(typeof JSON.parse(line).msg, 'string');
});

describe('output that cannot be written', () => {
  const cli = join(PROJECT, 'dist', 'engine', 'cli.js');
  const shell = (script: string): string =>
    execFileSync('bash', ['-c', script, process.execPath, cli], { encoding: 'utf8' });

  for (const command of ['--help', 'config', 'config --schema', `replay --ndjson --venue binance ${GOLDEN}`]) {
    test(`of ${command.replace(GOLDEN, 'FILE')}: its reader may go, and a full disk is told in a sentence`, () => {
      assert.equal(shell(`{ "$0" "$1" ${command} 2>&3 | true; echo \${PIPESTATUS[0]}; } 3>&1`), '0\n');
      const full = shell(`"$0" "$1" ${command} 2>&1 >/dev/full; echo $?`);
      assert.equal(full, 'millrace: stdout: ENOSPC: no space left on device, write\n1\n');
    });
  }

  test('of a running engine: it goes on without the reader of its log, and ends in order', async (t) => {
    const engine = new RunningCommand('engine/cli.js', [
      'start',
      '--port',
      '0',
      '--ingest-port',
      '0',
      '--workers',
      '1',
    ]);
    t.after(() => engine.kill());
    const { port } = await engine.ports();
    engine.child.stderr?.destroy();
    const health = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/health`)).status;
    await eventually('a log line', async () => (await health()) === 200);
    engine.child.kill('SIGTERM');
    const { code, signal, stdout } = await engine.ended;
    assert.deepEqual([code, signal, JSON.parse(stdout).forced], [0, null, false]);
  });
});
