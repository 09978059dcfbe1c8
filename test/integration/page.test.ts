// The page of a running engine in a real browser: its market panels show what the engine tells over HTTP, and move with it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Chromium } from '../support/browser.ts';
import { Dashboard, DESK, type Fed, fed, PHONE, SYNTHETIC_MARKETS, shot } from '../support/dashboard.ts';
import { type Book, eventually, type Json } from '../support/live-engine.ts';

const MARKET = 'synthetic:BTC-USDT';
const PATH = encodeURIComponent(MARKET);

type Level = readonly [price: number, amount: number];
const numbers = (rows: readonly string[][]): Level[] => rows.map(([price, amount]) => [Number(price), Number(amount)]);
const levels = (side: Book['bids'], count: number): Level[] =>
  side.slice(0, count).map(({ price, amount }) => [Number(price), Number(amount)]);

describe('the page', () => {
  let browser: Chromium;
  let source: Fed;
  before(async () => {
    browser = await Chromium.start();
    source = await fed();
  });
  after(async () => {
    await browser.close();
    await source.feed.stop();
    await source.engine.stop();
  });

  const open = (...rest: [size?: typeof DESK, scheme?: 'dark' | 'light', hash?: string]): Promise<Dashboard> =>
    Dashboard.open(browser, source.engine.engine.port, ...rest);

  test('moves in every market panel, without a complaint or a request to another host', async () => {
    const page = await open();
    await page.filled();
    const [rows, ladder, tape, legend] = [
      await page.markets(),
      await page.ladder(),
      await page.tape(),
      await page.legend(),
    ];
    const [candles, depth] = [await page.pixels('candles'), await page.pixels('depth')];
    await eventually('other prices in the list', async () => {
      const now = await page.markets();
      return now.some((row, index) => row[1] !== rows[index][1]) && now.every((row) => /^\d/.test(row[3]));
    });
    await eventually('another ladder', async () => (await page.ladder()).seq > ladder.seq);
    await eventually('other trades', async () => (await page.tape())[0].join() !== tape[0].join());
    await eventually('another bar', async () => (await page.legend()) !== legend);
    await eventually('other candles', async () => (await page.pixels('candles')) !== candles);
    await eventually('another depth', async () => (await page.pixels('depth')) !== depth);
    await eventually('a change with an arrow', async () =>
      (await page.markets()).some((row) => /[▲▼] [\d.]+ %/.test(row[2])),
    );
    await eventually('a signal event', async () =>
      /\S+: \S+ at \d\d:/.test(await page.watched.text('#candles-panel .event')),
    );
    await eventually('figures', async () => /^[\d,]+$/.test(await page.watched.text('#pulse-updates')));
    await eventually('latency', async () => /^[\d.]+ (ns|µs|ms|s)$/.test(await page.watched.text('#pulse-p99')));
    assert.equal(await page.watched.text('#pulse-books'), `${SYNTHETIC_MARKETS} / ${SYNTHETIC_MARKETS}`);
    await shot(page.watched, 'dark');
    assert.deepEqual([page.watched.complaints, page.watched.strangers], [[], []]);
    await page.close();
  });

  test('is whole in light, and turns its theme by button, by key and by address', async () => {
    const page = await open(DESK, 'light');
    await page.filled();
    const ground = (): Promise<string> => page.watched.page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await shot(page.watched, 'light');
    await page.watched.page.click('#theme-button');
    assert.notEqual(await ground(), light, 'dark by choice on a light system');
    assert.match(page.watched.page.url(), /#.*theme=dark/);
    await page.watched.page.keyboard.press('t');
    assert.equal(await ground(), light);
    assert.equal(await page.watched.text('#theme-button'), 'Theme: light');
    const again = await open(DESK, 'light', '#theme=dark&market=synthetic%3AETH-USDT&bars=1m');
    await again.filled();
    assert.equal(await again.watched.text('#headline .name'), 'synthetic:ETH-USDT');
    assert.equal(await again.watched.page.inputValue('#candles-panel select'), '1m');
    assert.deepEqual([page.watched.complaints, again.watched.complaints], [[], []]);
    await page.close();
    await again.close();
  });

  test('is one column on a phone, nothing wider than the window, and draws what is scrolled to', async () => {
    const page = await open(PHONE);
    const { watched } = page;
    await eventually('a bar', async () => /C [\d.]+/.test(await page.legend()));
    assert.equal((await page.tape()).length, 0, 'what was never in sight has asked for nothing');
    await shot(watched, 'phone');
    for (const panel of ['ladder', 'depth', 'tape']) {
      await watched.page.locator(`#${panel}-panel`).scrollIntoViewIfNeeded();
      await eventually(`${panel} in time`, async () => (await page.age(panel)) === 'now');
      await shot(watched, `phone-${panel}`);
    }
    const lefts = await watched.page
      .locator('#market-panels > .panel')
      .evaluateAll((all) => [...new Set(all.map((panel) => panel.getBoundingClientRect().left))]);
    assert.equal(lefts.length, 1);
    assert.equal(await watched.isWiderThanWindow(), false);
    const small = await watched.page
      .locator('button:visible, select:visible, input:visible')
      .evaluateAll(
        (all) =>
          all.map((each) => each.getBoundingClientRect()).filter(({ width, height }) => width < 38 || height < 38)
            .length,
      );
    assert.equal(small, 0, 'everything to press is large enough for a finger');
    assert.deepEqual(watched.complaints, []);
    await page.close();
  });

  test('asks for nothing but the engine’s past in a hidden tab, and for less where panels are folded', async () => {
    const page = await open();
    await page.filled();
    type Subscriber = { subscriptions: number };
    const subscribers = async (): Promise<Subscriber[]> =>
      (await source.engine.get<{ subscribers: Subscriber[] }>('/v1/stats?markets=0')).subscribers;
    const counted = await eventually('one connection', async () => {
      const all = await subscribers();
      return all.length === 1 && all[0].subscriptions > 5 ? all[0].subscriptions : null;
    });
    await page.watched.page.click('#ladder-panel .collapse');
    await page.watched.page.click('#depth-panel .collapse');
    await eventually('fewer', async () => (await subscribers())[0].subscriptions === counted - 1);
    const hide = (isHidden: boolean): Promise<void> =>
      page.watched.page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
         document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await hide(true);
    await eventually('the past of the engine alone', async () => (await subscribers())[0].subscriptions <= 2);
    await hide(false);
    await eventually(
      'back',
      async () => (await page.age('candles')) === 'now' && (await subscribers())[0].subscriptions > 2,
    );
    assert.deepEqual(page.watched.complaints, []);
    await page.close();
  });

  test('is served with headers that keep strangers out, and carries its licences', async () => {
    const response = await fetch(`http://127.0.0.1:${source.engine.engine.port}/`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html; *charset=utf-8$/i);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    const text = await response.text();
    assert.match(text, /TradingView Lightweight Charts™ v[\d.]+\n.*Copyright/);
    assert.match(text, /uPlot:\nThe MIT License[\s\S]+Leon Sorokin/);
    assert.match(text, /<a href="https:\/\/www\.tradingview\.com\/"/);
    assert.doesNotMatch(text, /<(script|link|img|iframe)[^>]+(src|href)="(?!data:)/);
  });

  // Last: it ends the feed.
  test('shows exactly what the engine says over HTTP', async () => {
    const page = await open(DESK, 'dark', `#market=${PATH}&bars=1s`);
    await page.filled();
    await source.feed.stop();
    const book = await eventually('a book at rest', async () => {
      const now = await source.engine.get<Book>(`/v1/book/${PATH}?depth=100`);
      return (await page.ladder()).seq === now.seq ? now : null;
    });
    const ladder = await page.ladder();
    assert.ok(ladder.asks.length >= 5);
    assert.deepEqual(numbers(ladder.asks), levels(book.asks, ladder.asks.length));
    assert.deepEqual(numbers(ladder.bids), levels(book.bids, ladder.bids.length));
    const trades = (await source.engine.get<Json[]>(`/v1/trades/${PATH}?limit=60`)).reverse();
    const tape = await eventually('the last trades', async () => {
      const rows = await page.tape();
      return Number(rows[0][2]) === Number(trades[0]['amount']) ? rows : null;
    });
    assert.deepEqual(
      tape.map(([, price, amount, side]) => [Number(price), Number(amount), side.split(' ')[1]]),
      trades.map(({ price, amount, side }) => [Number(price), Number(amount), side]),
    );
    const [bar] = (await source.engine.get<Json[]>(`/v1/bars/${PATH}?kind=1s&limit=1`)).slice(-1);
    await eventually('the last bar', async () => {
      const [, close = '', volume = ''] = /C ([\d.]+) .* vol ([\d.]+)/.exec(await page.legend()) ?? [];
      return Number(close) === Number(bar['close']) && volume === bar['volume'];
    });
    await page.close();
  });
});
