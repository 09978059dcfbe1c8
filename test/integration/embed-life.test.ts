// An embedded engine from its start to its end: settings, ports, tokens, logs, two at once, and what stop() tells.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createEngine, type EmbeddedEngine, UsageError } from '../../engine/embed/index.ts';
import { eventually } from '../support/live-engine.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/test-certificate.ts';

const QUIET = { port: 0, ingestPort: 0, workers: 1, feed: ['none'] };
const TRADE = {
  ...{ type: 'trade', exchange: 'mine', symbol: 'A', id: '1', price: '1', amount: '2', side: 'buy' },
  timestamp: '2026-01-01T00:00:00.000Z',
};

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-embed-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const names = async (engine: EmbeddedEngine): Promise<string[]> => (await engine.markets()).map(({ market }) => market);

describe('an embedded engine', () => {
  test('runs the synthetic feed of the command, and leaves signals and the log to the program', async () => {
    const listeners = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');
    const { title } = process;
    await using engine = await createEngine({ port: 0, ingestPort: 0, workers: 1, rate: 500 });
    const { value: bar } = await engine.subscribe('bar.1s.synthetic:BTC-USDT').next();
    assert.equal(bar?.name, '1s');
    assert.equal((await engine.markets()).length, 8);
    assert.equal(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'), listeners);
    assert.equal(process.title, title);
  });

  test('tells at its end what was pending, once; then it takes nothing more', async () => {
    const engine = await createEngine(QUIET);
    const loop = engine.subscribe('trade.*');
    for (let index = 0; index < 50; index++) await engine.push('json', TRADE);
    await engine.pushed();
    const [first, second] = await Promise.all([engine.stop(), engine.stop()]);
    assert.equal(first, second);
    assert.deepEqual([first.forced, first.pending_messages_dropped, first.totals['applied']], [false, 0, 50]);
    for (let result = await loop.next(); result.done !== true; ) result = await loop.next();
    const stopped = { name: 'UsageError', message: 'engine: expected one that runs, was stopped' };
    assert.throws(() => engine.on('trade.*', () => undefined), stopped);
    await assert.rejects(engine.push('json', TRADE), stopped);
    await assert.rejects(engine.markets(), stopped);
    await assert.rejects(fetch(`${engine.url}/health`));
  });

  test('stands beside another one in the process, on ports of its own', async () => {
    await using one = await createEngine(QUIET);
    await using two = await createEngine(QUIET);
    await one.push('json', TRADE);
    await two.push('json', { ...TRADE, symbol: 'B' });
    await Promise.all([one.pushed(), two.pushed()]);
    await eventually('both markets', async () => (await names(one)).length === 1 && (await names(two)).length === 1);
    assert.deepEqual([await names(one), await names(two)], [['mine:A'], ['mine:B']]);
    const inUse = { name: 'UsageError', message: /expected a free port, was in use/ };
    await assert.rejects(createEngine({ ...QUIET, port: one.port }), inUse);
    await one.stop();
    assert.equal((await (await fetch(`${two.url}/health`)).json()).status, 'ok');
  });

  test('comes in by its own token and certificate where its ports ask for them', async () => {
    const tlsCert = file('cert.pem', TEST_CERTIFICATE);
    const tlsKey = file('key.pem', TEST_KEY);
    const lines: string[] = [];
    const log = (fields: object, message?: string): void => {
      lines.push(`${JSON.stringify(fields)} ${message}`);
    };
    const logger = { debug: log, info: log, warn: log, error: log };
    const token = 'only-for-this-test-0123456789';
    await using engine = await createEngine({ ...QUIET, token, tlsCert, tlsKey, tlsPassphraseFile: null, logger });
    assert.deepEqual(lines, []);
    assert.match(engine.url, /^https:/);
    assert.match(engine.ingestUrl, /^wss:/);
    await engine.push('json', TRADE);
    await engine.pushed();
    await eventually('the market', async () => (await names(engine)).length === 1);
  });

  test('takes a frame as it was pushed, though its buffer is used again at once', async () => {
    await using engine = await createEngine(QUIET);
    const frame = Buffer.from(JSON.stringify(TRADE));
    // There is no connection yet.
    await engine.push('json', frame);
    frame.fill(0);
    await engine.pushed();
    await eventually('the trade', async () => (await engine.stats()).total['trades'] === 1);
  });

  test('warns once of each error nobody asked for', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    try {
      await using engine = await createEngine(QUIET);
      await engine.push('json', TRADE);
      await eventually('the market', async () => (await names(engine)).length === 1);
      engine.on('trade.mine:A', () => {
        throw new TypeError('my own fault');
      });
      for (let id = 2; id <= 4; id++) await engine.push('json', { ...TRADE, id: String(id) });
      await eventually('two calls', () => engine.listenerErrors >= 2);
      const told = warnings.filter(({ name }) => name === 'MillraceWarning').map(({ message }) => message);
      assert.equal(told.length, 1);
      assert.match(told[0], /^TypeError: my own fault\n +at /);
    } finally {
      process.off('warning', note);
    }
  });

  test('begins with its journal from what was pushed before', async () => {
    const settings = { ...QUIET, journal: join(folder, 'journal'), journalSync: 'always' as const };
    const first = await createEngine(settings);
    await first.push('json', TRADE);
    await first.pushed();
    await first.stop();
    await using second = await createEngine(settings);
    assert.deepEqual(await names(second), ['mine:A']);
    await second.push('json', { ...TRADE, id: '2' });
    await second.pushed();
    await eventually('both trades', async () => (await second.trades('mine:A')).length === 2);
  });

  test('reads a configuration file, below what the program gives, and no variables', async () => {
    process.env['MILLRACE_BARS'] = '5m';
    const config = file('engine.yaml', 'bars: [2s]\nworkers: 2\n');
    try {
      await using engine = await createEngine({ ...QUIET, config });
      await engine.push('json', TRADE);
      await engine.pushed();
      await eventually('the market', async () => (await names(engine)).length === 1);
      await engine.bars('mine:A', '2s');
      await assert.rejects(engine.bars('mine:A', '5m'), { message: /kind: expected one of 2s/ });
      const { shards } = await engine.stats();
      assert.equal((shards as unknown[]).length, 1);
    } finally {
      delete process.env['MILLRACE_BARS'];
    }
  });

  const wrong: readonly (readonly [Parameters<typeof createEngine>[0], RegExp])[] = [
    [{ port: -1 }, /^port: expected.*65535, was -1$/],
    [{ ingestPort: 70_000 }, /^ingestPort: expected.*was 70000$/],
    [{ shutdownTimeout: 'soon' }, /^shutdownTimeout: expected.*"soon"$/],
    [{ bars: ['7y'] }, /bars: expected.*7y/],
    [{ feed: ['magic'] }, /feed.*magic/],
    [{ host: '0.0.0.0' }, /host: expected a loopback address/],
    // @ts-expect-error: a program without types may do so
    [{ prot: 1 }, /prot/],
  ];
  for (const [options, sentence] of wrong) {
    test(`refuses ${JSON.stringify(options)} by the name of the setting`, async () => {
      await assert.rejects(createEngine(options), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, sentence);
        return true;
      });
    });
  }
});
