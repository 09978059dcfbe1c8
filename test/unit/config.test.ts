// Settings from all their sources, and the sentence about a wrong one.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../engine/base/errors.ts';
import { flagOf, loadSettings, settings, withoutSecrets } from '../../engine/config.ts';
import { DEFAULT_INGEST_PORT, DEFAULT_PORT, MARKETS_MAX, SHUTDOWN_TIMEOUT_MS } from '../../schemas/config.ts';
import '../support/seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, `${Math.floor(performance.now() * 1000)}.json`);
  writeFileSync(path, text);
  return path;
}

function assertRefused(flags: Record<string, unknown>, environment: NodeJS.ProcessEnv, ...parts: string[]): void {
  assert.throws(
    () => loadSettings(flags, environment),
    (error) => {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(error.message, /\n/);
      for (const part of parts) assert.ok(error.message.includes(part), `expected ${part} in: ${error.message}`);
      return true;
    },
  );
}

test('the defaults are those of schemas/config.ts', () => {
  const found = loadSettings({}, {});
  assert.deepEqual(
    [found.port, found.ingestPort, found.marketsMax, found.shutdownTimeout, found.feed, found.bars, found.token],
    [DEFAULT_PORT, DEFAULT_INGEST_PORT, MARKETS_MAX, SHUTDOWN_TIMEOUT_MS, ['synthetic'], ['1s', '1m'], null],
  );
  assert.ok(found.workers >= 1);
});

test('each setting has its flag and its variable', () => {
  assert.equal(flagOf('ingestPort'), '--ingest-port');
  const environment = {
    MILLRACE_FEED: 'none',
    MILLRACE_INGEST_PORT: '1',
    MILLRACE_MARKETS_MAX: '2',
    MILLRACE_BARS: '1s,5m',
    MILLRACE_SHUTDOWN_TIMEOUT: '1.5s',
    MILLRACE_LOG_LEVEL: 'warn',
    MILLRACE_OTHER: 'left alone',
  };
  const found = loadSettings({}, environment);
  assert.deepEqual(
    [found.feed, found.ingestPort, found.marketsMax, found.bars, found.shutdownTimeout, found.logLevel],
    [['none'], 1, 2, ['1s', '5m'], 1500, 'warn'],
  );
  assert.ok(Object.keys(settings.shape).length >= 12);
});

test('a flag beats the environment, that the file, and that the default', () => {
  const config = file('{"port":1,"host":"a","rate":5,"seed":9}');
  const found = loadSettings({ port: '3', host: undefined, config }, { MILLRACE_PORT: '2', MILLRACE_HOST: 'b' });
  assert.deepEqual([found.port, found.host, found.rate, found.seed, found.workers >= 1], [3, 'b', 5, 9, true]);
  assert.equal(loadSettings({}, { MILLRACE_CONFIG: config }).port, 1);
  assert.equal(loadSettings({ config }, { MILLRACE_CONFIG: '/not/read' }).port, 1);
});

test('durations have units', () => {
  for (const [text, ms] of [
    ['10s', 10_000],
    ['500ms', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['250', 250],
    ['0', 0],
    [750, 750],
  ] as const) {
    assert.equal(loadSettings({ shutdownTimeout: text }, {}).shutdownTimeout, ms);
  }
  for (const text of ['', 's', '2d', '-1s', '1 s', '1e3', 'ten']) {
    assertRefused({ shutdownTimeout: text }, {}, '--shutdown-timeout', JSON.stringify(text), '10s');
  }
});

test('a wrong value names where it stands and what it was', () => {
  assertRefused({ port: '65536' }, {}, '--port', '65535', '"65536"');
  assertRefused({}, { MILLRACE_INGEST_PORT: 'x' }, 'MILLRACE_INGEST_PORT', '"x"');
  const path = file('{"workers":0}');
  assertRefused({ config: path }, {}, path, 'workers', '0');
  assertRefused({ config: file('{"wings":2}') }, {}, 'wings');
  assertRefused({ config: file('{"constructor":2}') }, {}, 'constructor');
  assertRefused({ config: file('{"__proto__":{"port":1},"constructor":2}') }, {}, '__proto__ at line 1');
  assertRefused({ config: file('[]') }, {}, '--config', 'JSON object');
  assertRefused({ config: file('{') }, {}, '--config');
  assertRefused({ config: join(folder, 'missing.json') }, {}, 'missing.json');
  assertRefused({ feed: ['synthetic', 'magic'] }, {}, '--feed', 'magic');
  assertRefused({ token: '' }, {}, '--token');
});

test('empty text is no number', () => {
  assertRefused({ port: '' }, {}, '--port');
  assertRefused({}, { MILLRACE_WORKERS: '' }, 'MILLRACE_WORKERS');
  assertRefused({}, { MILLRACE_SEED: ' ' }, 'MILLRACE_SEED');
  assertRefused({ config: file('{"port":null}') }, {}, 'port');
  assertRefused({ config: file('{"port":[]}') }, {}, 'port');
});

test('the secret is hidden, whether it is there or not', () => {
  const shown = withoutSecrets(loadSettings({ token: 'hush' }, {}));
  assert.equal(shown['token'], '(set)');
  assert.doesNotMatch(JSON.stringify(shown), /hush/);
  assert.equal(withoutSecrets(loadSettings({}, {}))['token'], null);
});

test('users and passwords in addresses are not shown', () => {
  const flags = {
    venueProxy: 'http://me:hush@proxy:8080',
    venueUrl: ['okx=wss://me:hush@relay/a@b', 'dydx=ws://plain:1'],
  };
  const shown = withoutSecrets(loadSettings(flags, {}));
  assert.equal(shown['venueProxy'], 'http://(set)@proxy:8080');
  assert.deepEqual(shown['venueUrl'], ['okx=wss://(set)@relay/a@b', 'dydx=ws://plain:1']);
});

test('a wrong secret is not told', () => {
  const path = file('{"token":["hush"]}');
  assert.throws(
    () => loadSettings({ config: path }, {}),
    (error: Error) => !error.message.includes('hush'),
  );
});
