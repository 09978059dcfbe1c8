// The client where its users run it: in a page, from one script without any package, and the example bot as a program.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Chromium } from '../support/browser.ts';
import { browserBundle, exampleBundle } from '../support/client-bundle.ts';
import { eventually, LiveEngine, type Client as Producer } from '../support/live-engine.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NAMED = { exchange: 'demo', symbol: 'A', timestamp: '2026-01-01T00:00:01.000002Z' };

function push(producer: Producer, bid: string, ask: string): void {
  const [bids, asks] = [[{ price: '9', amount: bid }], [{ price: '11', amount: ask }]];
  producer.send({ type: 'book_snapshot', ...NAMED, bids, asks });
}

async function withEngine(run: (live: LiveEngine, producer: Producer) => Promise<void>): Promise<void> {
  const live = await LiveEngine.start();
  const producer = await live.producer('json');
  try {
    push(producer, '1', '1');
    await live.book('demo:A', 1);
    await run(live, producer);
  } finally {
    producer.socket.close();
    await live.stop();
  }
}

test('the browser entry takes in nothing but the client, and follows a verified book in Chromium', async () => {
  const { text, inputs, outputs } = await browserBundle();
  assert.deepEqual(
    Object.values(outputs).flatMap((output) => output.imports),
    [],
  );
  const strangers = Object.keys(inputs).filter((path) => !/^(engine\/(client|base)|schemas)\//.test(path));
  assert.deepEqual(strangers, []);
  await withEngine(async (live) => {
    const chromium = await Chromium.start();
    try {
      const { page } = await chromium.open(
        `http://127.0.0.1:${live.engine.port}/`,
        { width: 400, height: 300 },
        'light',
      );
      const book = await page.evaluate(`(async () => {
        ${text}
        const client = millrace.createClient();
        const { value } = await client.book('demo:A').next();
        const found = value.toJSON();
        const [{ market }] = await client.markets();
        await client.close();
        return { ...found, listed: market };
      })()`);
      const { isVerified, bids, listed } = book as { isVerified: boolean; bids: unknown; listed: string };
      assert.deepEqual([isVerified, bids, listed], [true, [{ price: '9', amount: '1' }], 'demo:A']);
    } finally {
      await chromium.close();
    }
  });
});

test('the example bot says what it would do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bot-'));
  const path = join(folder, 'bot.mjs');
  writeFileSync(path, (await exampleBundle('examples/bot.ts')).text);
  await withEngine(async (live, producer) => {
    const env = { NODE_PATH: join(ROOT, 'node_modules'), MILLRACE_URL: `ws://127.0.0.1:${live.engine.port}` };
    const bot = spawn(process.execPath, [path, 'demo:A'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    bot.stdout.on('data', (chunk) => {
      output += chunk;
    });
    bot.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    const says = (words: RegExp): Promise<unknown> =>
      eventually(`${words} of the bot`, () => {
        assert.equal(bot.exitCode, null, errors);
        return words.exec(output);
      });
    try {
      await eventually('the connection', () => errors.includes('connection: open'));
      push(producer, '5', '1');
      await says(/would buy 1 at 11, imbalance 0\.67, result -1\.00\n/);
      push(producer, '1', '5');
      await says(/would sell 2 at 9, imbalance -0\.67, result -3\.00\n/);
    } finally {
      bot.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
