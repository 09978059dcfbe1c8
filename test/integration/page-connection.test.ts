// The page when the engine goes, comes back, wants a token, or does not trust a book: it says so, in words.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { Chromium } from '../support/browser.ts';
import { Dashboard, fed, shot } from '../support/dashboard.ts';
import { eventually, freePorts, LiveEngine } from '../support/live-engine.ts';

const TOKEN = 's3cret/+=~';
const PANELS = ['markets', 'candles', 'ladder', 'depth', 'tape'];

describe('the page and its connection', () => {
  let browser: Chromium;
  before(async () => {
    browser = await Chromium.start();
  });
  after(() => browser.close());

  test('greys out and says so when the engine stops, and comes back with it', async () => {
    const ports = await freePorts();
    const own = await fed(ports);
    const page = await Dashboard.open(browser, ports.port);
    await page.filled();
    await own.feed.stop();
    await own.engine.stop();
    await eventually('said', async () => /disconnected, reconnecting/.test(await page.watched.text('#connection')));
    for (const panel of PANELS) {
      await eventually(
        `${panel} in grey`,
        async () => (await page.isStale(panel)) && /⚠ stale \d+ s/.test(await page.age(panel)),
      );
    }
    await shot(page.watched, 'stopped');
    const again = await fed(ports);
    await eventually('said again', async () => /connected \(again, 1×\)/.test(await page.watched.text('#connection')));
    for (const panel of PANELS) {
      await eventually(
        `${panel} in time`,
        async () => !(await page.isStale(panel)) && (await page.age(panel)) === 'now',
      );
    }
    await page.filled();
    assert.deepEqual(page.watched.strangers, []);
    await page.close();
    await again.feed.stop();
    await again.engine.stop();
  });

  test('asks for the token, keeps it for the tab alone, and never puts it into an address', async () => {
    const own = await fed({ token: TOKEN });
    const page = await Dashboard.open(browser, own.engine.engine.port);
    const { watched } = page;
    const addresses: string[] = [];
    watched.page.on('websocket', (socket) => addresses.push(socket.url()));
    watched.page.on('request', (request) => addresses.push(request.url()));
    await watched.page.waitForSelector('#token-dialog[open]');
    assert.match(await watched.text('#connection'), /a token is needed/);
    await shot(watched, 'token');
    await watched.page.fill('#token', 'wrong');
    await watched.page.keyboard.press('Enter');
    await eventually('refused', async () => /did not take that token/.test(await watched.text('#token-why')));
    await watched.page.fill('#token', TOKEN);
    await watched.page.click('#token-send');
    await page.filled();
    assert.equal(await watched.page.locator('#token-dialog[open]').count(), 0);
    await watched.page.reload();
    await page.filled();
    for (const address of [...addresses, watched.page.url()])
      assert.doesNotMatch(address, /s3cret|czNjcmV0|token|bearer/i);
    const kept = await watched.page.evaluate<string>('JSON.stringify([localStorage, document.cookie])');
    assert.doesNotMatch(kept, /s3cret/);
    await page.close();
    await own.feed.stop();
    await own.engine.stop();
  });

  test('warns of a book that is not live, by word and sign', async () => {
    const engine = await LiveEngine.start({
      plans: marketPlansOf({ usual: { bars: ['1s', '1m'], staleAfterMs: 500 } }),
    });
    const producer = await engine.producer('json');
    const levels = (amount: number): object => ({
      bids: [{ price: '10', amount: String(amount) }],
      asks: [{ price: '11', amount: '1' }],
    });
    const send = (change: number): void =>
      producer.send({
        type: 'book_change',
        exchange: 'x',
        symbol: 'A',
        isSnapshot: change === 0,
        ...levels(change + 1),
      });
    for (let change = 0; change < 60; change++) {
      send(change);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const page = await Dashboard.open(browser, engine.engine.port);
    await eventually('stale', async () => /■ stale \(silent\)/.test(await page.watched.text('#ladder-panel .banner')));
    await eventually('in the list', async () => /■ stale/.test((await page.markets())[0]?.[0] ?? ''));
    assert.match(await page.watched.text('#headline .state'), /■ stale \(silent\)/);
    await shot(page.watched, 'not-live');
    const live = setInterval(() => send(Math.floor(performance.now())), 20);
    await eventually('live', async () => !(await page.watched.page.isVisible('#ladder-panel .banner')));
    clearInterval(live);
    await page.close();
    await producer.close();
    await engine.stop();
  });
});
