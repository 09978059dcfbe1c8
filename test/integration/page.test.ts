// The page of a running engine in a real browser: it shows what the engine does, and says when it no longer does.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FeedThread } from '../../engine/synthetic/feed-thread.ts';
import { Chromium, type Scheme, type WatchedPage } from '../support/browser.ts';
import { eventually, freePorts, LiveEngine } from '../support/live-engine.ts';

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SHOTS = join(tmpdir(), 'millrace-page');

async function fed(
  options: Parameters<typeof LiveEngine.start>[0] = {},
): Promise<{ engine: LiveEngine; feed: FeedThread }> {
  const engine = await LiveEngine.start(options);
  const url = `ws://127.0.0.1:${engine.engine.ingestPort}/ingest/json`;
  const feed = await FeedThread.start({ url, token: options.token ?? null, rate: 1000, seed: 1 });
  return { engine, feed };
}

const shot = (watched: WatchedPage, name: string): Promise<unknown> =>
  watched.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });

describe('the page', () => {
  let browser: Chromium;
  let engine: LiveEngine;
  let feed: FeedThread;
  before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    browser = await Chromium.start();
    ({ engine, feed } = await fed());
  });
  after(async () => {
    await browser.close();
    await feed.stop();
    await engine.stop();
  });

  const open = (size: typeof DESK, scheme: Scheme): Promise<WatchedPage> =>
    browser.open(`http://127.0.0.1:${engine.engine.port}/`, size, scheme);

  /** Waits until all that comes by the second is there. */
  async function filled(watched: WatchedPage): Promise<string[][]> {
    return eventually('eight live markets', async () => {
      const rows = await watched.rows();
      return rows.length === 8 && rows.every((row) => row[1] === 'live' && /\d/.test(row[5] ?? '')) ? rows : null;
    });
  }

  test('shows markets, states, best bid and offer, rate and p99, and they move', async () => {
    const watched = await open(DESK, 'light');
    const first = await filled(watched);
    await shot(watched, 'light');
    assert.match(await watched.text('#connection'), /connected/);
    for (const [market, state, bid, ask] of first) {
      assert.match(market, /^[a-z-]+:.+/);
      assert.equal(state, 'live');
      assert.ok(Number(bid) > 0 && Number(bid) < Number(ask), `${market}: ${bid} / ${ask}`);
    }
    await eventually('a rate', async () => /^[\d,]+$/.test(await watched.text('#rate')));
    await eventually('latency', async () => /^[\d.]+ (ns|µs|ms|s)$/.test(await watched.text('#p99')));
    await eventually('live books', async () => /^8 \/ 8$/.test(await watched.text('#books')));
    await eventually('other prices', async () => {
      const rows = await watched.rows();
      return rows.some((row, i) => row[2] !== first[i][2]) && rows.every((row, i) => row[6] !== first[i][6]);
    });
    await shot(watched, 'light');
    assert.equal(await watched.isWiderThanWindow(), false);
    assert.deepEqual([watched.complaints, watched.strangers], [[], []]);
    await watched.page.context().close();
  });

  test('is whole in the dark and on a phone', async () => {
    const [dark, phone] = [await open(DESK, 'dark'), await open(PHONE, 'light')];
    const back = (watched: WatchedPage): Promise<string> =>
      watched.page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    await Promise.all([filled(dark), filled(phone)]);
    await Promise.all([shot(dark, 'dark'), shot(phone, 'phone')]);
    assert.notEqual(await back(dark), await back(phone));
    assert.equal(await phone.isWiderThanWindow(), false, 'the table scrolls inside its frame');
    assert.deepEqual([dark.complaints, dark.strangers, phone.complaints, phone.strangers], [[], [], [], []]);
    for (const each of [dark, phone]) await each.page.context().close();
  });

  test('greys out and says so when the engine stops, and comes back with it', async () => {
    const { port, ingestPort } = await freePorts();
    const own = await fed({ port, ingestPort });
    const watched = await browser.open(`http://127.0.0.1:${port}/`, DESK, 'light');
    await filled(watched);
    await own.feed.stop();
    await own.engine.stop();
    await eventually('grey', async () => (await watched.page.locator('main.stale').count()) === 1);
    assert.match(await watched.text('#connection'), /disconnected|reconnecting/);
    await shot(watched, 'stopped');
    const again = await fed({ port, ingestPort });
    await eventually('current again', async () => (await watched.page.locator('main.stale').count()) === 0);
    assert.deepEqual(watched.strangers, []);
    await watched.page.context().close();
    await again.feed.stop();
    await again.engine.stop();
  });

  test('asks for the token and never puts it into an address', async () => {
    const own = await fed({ token: 's3cret/+=~' });
    const watched = await browser.open(`http://127.0.0.1:${own.engine.engine.port}/`, DESK, 'light');
    const addresses: string[] = [];
    watched.page.on('websocket', (socket) => addresses.push(socket.url()));
    await eventually('refused', async () => /disconnected/.test(await watched.text('#connection')));
    await shot(watched, 'token');
    await watched.page.fill('#token', 's3cret/+=~');
    await watched.page.click('#access button');
    await filled(watched);
    for (const address of [...addresses, watched.page.url()]) assert.doesNotMatch(address, /s3cret|token|bearer/i);
    await watched.page.context().close();
    await own.feed.stop();
    await own.engine.stop();
  });

  test('is served with headers that keep strangers out', async () => {
    const response = await fetch(`http://127.0.0.1:${engine.engine.port}/`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html; *charset=utf-8$/i);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  });
});
