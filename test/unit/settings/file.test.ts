// Configuration files: YAML and JSON, where their faults are, and files that mean harm.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';
import { loadedSettings, loadSettings, SettingsError } from '../../../engine/settings/load.ts';
import { CONFIG_BYTES_MAX } from '../../../schemas/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function file(text: string | Uint8Array, ending = 'yaml'): string {
  const path = join(folder, `${++count}.${ending}`);
  writeFileSync(path, text);
  return path;
}

function refusal(path: string): string {
  try {
    loadSettings({ config: path }, {});
  } catch (error) {
    assert.ok(error instanceof UsageError, String((error as Error).stack));
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail('expected a refusal, was none');
}

const COMMENTED = `# yaml-language-server: $schema=./millrace.schema.json
host: 0.0.0.0   # all addresses
port: 8080
shutdownTimeout: 2m
journalBytes: 512MiB
insecure: true
signals: []
feed: [binance:BTCUSDT, ETHUSDT]
markets:
  - match: "*:BTC-*"
    bars: [1s, 0.5v]
  - match: synthetic:*
    book: none
`;

test('a YAML file with comments is read, and so is an empty one', () => {
  const found = loadSettings({ config: file(COMMENTED) }, {});
  assert.deepEqual(
    [found.port, found.shutdownTimeout, found.journalBytes, found.insecure, found.signals],
    [8080, 120_000, 2 ** 29, true, []],
  );
  assert.deepEqual(found.feed, ['binance:BTCUSDT', 'ETHUSDT']);
  assert.deepEqual(found.markets, [
    { match: '*:BTC-*', bars: ['1s', '0.5v'] },
    { match: 'synthetic:*', book: 'none' },
  ]);
  assert.deepEqual(loadSettings({ config: file('# nothing yet\n', 'yml') }, {}), loadSettings({}, {}));
});

test('a file may name its schema, begin with a byte order mark, share lists by aliases, and have no ending', () => {
  assert.equal(loadSettings({ config: file('\ufeff{"$schema":"./s.json","port":1}', 'json') }, {}).port, 1);
  const shared = 'bars: &mine [1s]\nmarkets:\n  - match: "*"\n    bars: *mine\n';
  assert.deepEqual(loadSettings({ config: file(shared) }, {}).markets, [{ match: '*', bars: ['1s'] }]);
  assert.equal(loadSettings({ config: file('port: 2', 'conf') }, {}).port, 2);
  assert.equal(loadSettings({ config: file(' {"port": 3}', 'conf') }, {}).port, 3);
});

describe('a fault in the text is told by line and column, and never quoted', () => {
  for (const [text, ending, expected] of [
    ['port: 1\nhush: 2\nport: 2', 'yaml', 'a key that was there before at line 3, column 1'],
    ['tokens:\n\t- secret: hush', 'yaml', 'a tab in the indentation: use spaces at line 2, column 1'],
    ['token: "hush', 'yaml', 'at line 1'],
    ['token: hush: hush', 'yaml', 'at line 1'],
    ['port: 1\n---\ntoken: hush', 'yaml', 'a second document at line 2'],
    ['token: !hush hush', 'yaml', 'a tag, which no setting takes at line 1'],
    ['token: *hush', 'yaml', 'at line 1, column 8'],
    ['tokens: &hush [*hush]', 'yaml', 'at line 1'],
    ['{"port":1,\n "token":"hush",\n "port":2}', 'json', 'a key that was there before at line 3, column 2'],
    ['{"token":"hush",\n}', 'json', 'no JSON at line 2, column 1'],
    ['{"token":"hush"', 'json', 'an end that comes too early at line 1'],
    ['token: hush', 'json', 'no JSON'],
    ['- hush', 'yaml', 'a list'],
    ['hush', 'yaml', 'a single value'],
    ['{"token": {"__proto__": {"hush": 1}}}', 'json', 'the key __proto__ at line 1'],
    ['tokens:\n  - __proto__: hush', 'yaml', 'the key __proto__ at line 2'],
  ] as const) {
    test(`${JSON.stringify(text)} as ${ending}`, () => {
      const sentence = refusal(file(text, ending));
      assert.ok(sentence.includes(expected), `expected ${expected} in: ${sentence}`);
      assert.doesNotMatch(sentence, /hush/);
      assert.equal(Object.hasOwn(Object.prototype, 'hush'), false);
    });
  }
});

describe('files that mean harm end in one sentence', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (const [name, before] of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].entries())
    bomb.push(`${before}: &${before} [${Array(9).fill(`*${'abcdefgh'[name]}`).join(',')}]`);
  const link = join(folder, 'loop.yaml');
  symlinkSync(link, link);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['one that is huge', file(Buffer.alloc(CONFIG_BYTES_MAX + 1, 0x20)), /more than 1048576 bytes/],
    ['a device without an end', '/dev/zero', /more than 1048576 bytes/],
    ['deep lists in YAML', file('['.repeat(20_000)), /nesting|nested|missing/],
    ['deep lists in JSON', file('['.repeat(20_000) + ']'.repeat(20_000), 'json'), /nesting|nested/],
    ['deep objects', file(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`, 'json'), /nested deeper than 16/],
    ['deep blocks', file(Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')), /nest/],
    ['binary', file(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1])), /binary/],
    ['no UTF-8', file(Buffer.from([0x70, 0xff, 0xfe])), /no UTF-8 text/],
    ['a bomb of aliases', file(bomb.join('\n')), /aliases that stand for too much/],
    ['a folder', folder, /a folder/],
    ['a loop of links', link, /a loop of links/],
    ['nothing', join(folder, 'none.yaml'), /not there/],
  ];
  for (const [name, path, expected] of cases) test(name, () => assert.match(refusal(path), expected));

  test('one that may not be read', (context) => {
    if (process.getuid?.() === 0) return context.skip('the superuser may read everything');
    const path = file('port: 1');
    chmodSync(path, 0);
    assert.match(refusal(path), /not readable by this user/);
  });
});

test('a pipe is read as a file is', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  execFileSync('sh', ['-c', `(echo 'port: 7' > "$0") > /dev/null 2>&1 &`, pipe]);
  assert.equal(loadSettings({ config: pipe }, {}).port, 7);
});

test('an unknown key is told with its line and the nearest known one', () => {
  assert.match(
    refusal(file('host: a\ningest_prot: 1')),
    /yaml line 2: expected known settings, was ingest_prot \(did you mean ingestPort\?\)$/,
  );
  assert.match(refusal(file('markets:\n  - match: a\n    bar: [1s]')), /was markets\.0\.bar \(did you mean bars\?\)$/);
  assert.match(refusal(file('completelyOther: 1')), /was completelyOther$/);
  assert.match(refusal(file('{"constructor": 1}', 'json')), /was constructor$/);
});

test('all faults of a file are known, the first of them is the message', () => {
  const path = file('port: 70000\nworkers: many\nlateness: soon\nprot: 1\nmarkets:\n  - book: 0\n');
  assert.throws(
    () => loadedSettings({ config: path }, {}),
    (error) => {
      assert.ok(error instanceof SettingsError);
      assert.equal(error.message, error.sentences[0]);
      const places = error.sentences.map((sentence) => sentence.slice(path.length + 1).split(':')[0]).sort();
      assert.deepEqual(
        places,
        [
          'line 1, port',
          'line 2, workers',
          'line 3, lateness',
          'line 4',
          'line 6, markets.0.book',
          'line 6, markets.0.match',
        ].map((place) => place),
      );
      return true;
    },
  );
});

test('each value says where it is from', () => {
  const path = file('host: a\nport: 2\nrate: 3\nseed: 4\n');
  const { origins } = loadedSettings({ config: path, port: '1' }, { MILLRACE_RATE: '5' });
  assert.deepEqual(
    [origins.host, origins.port, origins.rate, origins.seed, origins.workers],
    [`${path} line 1`, '--port', 'MILLRACE_RATE', `${path} line 4`, 'default'],
  );
});
