// The command line: help that fits, examples that parse, versions, exit codes, and `millrace config`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { program } from '../../engine/program.ts';
import { SETTINGS } from '../../engine/settings/schema.ts';
import { TEST_CERTIFICATE } from '../support/test-certificate.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'millrace-program-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly out: string; readonly error: string };

function run(parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): Ended {
  const loader = join(ROOT, 'test/support/typescript.mjs');
  const ended = spawnSync(process.execPath, ['--import', loader, join(ROOT, 'engine/cli.ts'), ...parameters], {
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
  });
  return { code: ended.status, out: ended.stdout, error: ended.stderr };
}

/** All that a command's `--help` prints. */
function helpOf(name: string | null): string {
  const root = program();
  const command = name === null ? root : root.commands.find((known) => known.name() === name);
  assert.ok(command !== undefined);
  let text = '';
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

const names = program()
  .commands.map((command) => command.name())
  .filter((name) => name !== 'help' && name !== 'bench');

/** Words as a shell parts them; quotes hold words together. */
const wordsOf = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]);

describe('help', () => {
  for (const name of [null, ...names]) {
    test(`of ${name ?? 'millrace'} is at most 100 columns wide, with examples and exit codes`, () => {
      const text = helpOf(name);
      assert.deepEqual(
        text.split('\n').filter((line) => line.length > 100),
        [],
      );
      assert.match(text, /\nExamples:\n {2}(MILLRACE|millrace )/);
      assert.match(text, /\nExit codes: 0 /);
    });

    test(`of ${name ?? 'millrace'} has examples that parse`, async () => {
      const lines = [...helpOf(name).matchAll(/^ {2}((?:[A-Z_]+=\S+ )?millrace .*)$/gm)].map((match) => match[1]);
      assert.ok(lines.length > 0);
      for (const line of lines) {
        const root = program();
        const ran: string[] = [];
        for (const command of root.commands) command.action(() => void ran.push(command.name()));
        const words = wordsOf(line.replace(/^[A-Z_]+=\S+ /, '').replace(/ > \S+$/, '')).slice(1);
        if (words.includes('--help')) continue;
        await root.parseAsync(words, { from: 'user' });
        assert.deepEqual(ran, [words[0]], line);
      }
    });
  }
});

test('start and config take every setting that a flag can give, and the file', () => {
  for (const name of ['start', 'config']) {
    const command = program().commands.find((known) => known.name() === name);
    const flags = command?.options.map(({ long }) => long) ?? [];
    const expected = [...SETTINGS.flatMap(({ flag }) => flag ?? []), '--config'];
    assert.deepEqual(
      expected.filter((flag) => !flags.includes(flag)),
      [],
    );
  }
});

test('without a command help stands on stderr, and the exit code is 2', () => {
  const { code, out, error } = run([]);
  assert.deepEqual([code, out], [2, '']);
  assert.match(error, /^Usage: millrace/);
});

test('the version is that of the package', () => {
  assert.match(run(['--version']).out, /^\d+\.\d+\.\d+\n$/);
});

test('a command or a flag that is misspelt gets one sentence with the nearest known one', () => {
  assert.deepEqual(run(['strat']), {
    code: 2,
    out: '',
    error: "millrace: unknown command 'strat' (Did you mean start?)\n",
  });
  const flag = run(['config', '--tokn=hush']);
  assert.deepEqual([flag.code, flag.error], [2, "millrace: unknown option '--tokn' (Did you mean --token?)\n"]);
});

test('config tells where each value is from, and warns of variables that are no settings', () => {
  const config = join(folder, 'millrace.yaml');
  writeFileSync(config, 'host: 127.0.0.2\ntoken: hush\n');
  const { code, out, error } = run(['config', '--explain', '--config', config, '--port', '1'], {
    MILLRACE_SEED: '7',
    MILLRACE_PROT: 'hush',
  });
  assert.equal(code, 0);
  const from = (key: string): string | undefined => out.split('\n').find((line) => line.startsWith(`${key} `));
  assert.match(from('host') ?? '', /127\.0\.0\.2 +\S+millrace\.yaml line 1$/);
  assert.match(from('token') ?? '', /\(set\) +\S+millrace\.yaml line 2$/);
  assert.match(from('port') ?? '', / 1 +--port$/);
  assert.match(from('seed') ?? '', / 7 +MILLRACE_SEED$/);
  assert.match(from('rate') ?? '', / 1000 +default$/);
  assert.match(error, /^millrace: warning: MILLRACE_PROT: .*did you mean MILLRACE_PORT/);
  assert.doesNotMatch(out + error, /hush/);
});

test('config --check tells every fault of a file, and no flag or variable counts', () => {
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, 'port: no\nworkers: 0\nbars: [1x]\n');
  const refused = run(['config', '--check', wrong]);
  assert.deepEqual([refused.code, refused.out], [2, '']);
  assert.equal(refused.error.trim().split('\n').length, 3);
  writeFileSync(wrong, 'bars: [1x]\norigin: [nowhere]\n');
  const deeper = run(['config', '--check', wrong]);
  assert.equal(deeper.code, 2);
  assert.match(deeper.error, /line 1, bars: [^\n]*bar kinds such as[^\n]*\n[^\n]*line 2, origin/);
  const right = join(folder, 'right.yaml');
  writeFileSync(right, 'port: 1\nhost: localhost\n');
  const passed = run(['config', '--check', right], { MILLRACE_PORT: 'no' });
  assert.deepEqual(passed, { code: 0, out: `${right}: 2 settings, all right\n`, error: '' });
});

test('config --check looks at names, addresses and files beside what the schema refuses', () => {
  const wrong = join(folder, 'all.yaml');
  const lines = [
    'port: 99999',
    'prot: 1',
    'bars: [1m, 5x, 7y]',
    'signals: [imbalanse]',
    'host: 0.0.0.0:9002',
    'tokenFile: not-there',
    'tlsCert: not-there.pem',
    'tlsKey: not-there.key',
    'origin: [nowhere, "https://market.example", nobody]',
    'feed: ["binance:BTCUSDT"]',
    'venueUrl: ["binance=localhost:9100", "foo=ws://localhost"]',
    'venueCa: not-there.ca',
    'markets: [{ match: "*", bars: [8z] }]',
  ];
  writeFileSync(wrong, lines.join('\n'));
  const { code, out, error } = run(['config', '--check', wrong]);
  assert.deepEqual([code, out], [2, '']);
  const sentences = error.trim().split('\n');
  const places = sentences.map((sentence) => /(?:line \d+|markets\.0\.bars)/.exec(sentence)?.[0]);
  assert.deepEqual(
    places,
    ['1', '2', '3', '3', '4', 'markets.0.bars', '11', '11', '12', '6', '7', '8', '9', '9', '5'].map((place) =>
      place.startsWith('markets') ? place : `line ${place}`,
    ),
  );
  for (const sentence of sentences) assert.match(sentence, /expected .*, was/);
});

test('config --check does not tell what is only wrong to be missing', () => {
  const wrong = join(folder, 'missing.yaml');
  const certificate = join(folder, 'cert.pem');
  writeFileSync(certificate, TEST_CERTIFICATE);
  writeFileSync(wrong, `host: 0.0.0.0\ntoken: 5\ntlsCert: ${certificate}\ntlsKey: 7\n`);
  assert.match(
    run(['config', '--check', wrong]).error,
    /^[^\n]*line 2, token: [^\n]*\n[^\n]*line 4, tlsKey: [^\n]*\n$/,
  );
  writeFileSync(wrong, 'host: 0.0.0.0\ntokenFile: not-there\n');
  assert.match(run(['config', '--check', wrong]).error, /^[^\n]*line 2, tokenFile [^\n]*not there \(ENOENT\)\n$/);
});

test('config prints a file of settings in either format, and its schema', () => {
  assert.match(run(['config', '--format', 'yaml']).out, /^feed:\n {2}- synthetic\n/);
  const schema = JSON.parse(run(['config', '--schema']).out) as { properties: Record<string, unknown> };
  assert.ok(SETTINGS.every(({ key }) => key in schema.properties));
  assert.match(run(['config', '--format', 'toml']).error, /--format: expected json or yaml, was "toml"/);
});
