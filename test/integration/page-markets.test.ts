// The page with many markets, with names that would be markup, and with no pointer at all.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Chromium } from '../support/browser.ts';
import { Dashboard, shot } from '../support/dashboard.ts';
import { type Client, eventually, LiveEngine } from '../support/live-engine.ts';

/** More than the `markets` channel tells of. */
const MARKETS = 3_000;
const HOSTILE = ['<img src=x onerror=window.hurt=1>', '<svg onload=window.hurt=1>', '\u202e<b>&lt;&amp;'];

const ALL = (MARKETS + HOSTILE.length).toLocaleString('en');

const messagesOf = (symbol: string): object[] => [
  {
    type: 'book_change',
    exchange: 'x',
    symbol,
    isSnapshot: true,
    bids: [{ price: '99.5', amount: '2' }],
    asks: [{ price: '100.5', amount: '3' }],
  },
  {
    type: 'trade',
    exchange: 'x',
    symbol,
    id: '1',
    price: '100',
    amount: '0.5',
    side: 'buy',
    timestamp: new Date().toISOString(),
  },
];

describe('the list of markets', () => {
  let browser: Chromium;
  let engine: LiveEngine;
  let producer: Client;
  before(async () => {
    browser = await Chromium.start();
    engine = await LiveEngine.start({ marketsMax: 4_000 });
    producer = await engine.producer('json');
    const symbols = [...Array.from({ length: MARKETS }, (_, i) => `M${String(i).padStart(4, '0')}`), ...HOSTILE];
    for (const symbol of symbols) producer.send(messagesOf(symbol));
    await engine.taken(symbols.length);
  });
  after(async () => {
    await browser.close();
    await producer.close();
    await engine.stop();
  });

  const open = (): Promise<Dashboard> => Dashboard.open(browser, engine.engine.port);
  const count = (page: Dashboard): Promise<string> => page.watched.text('#markets-panel .count');

  test('draws the rows in sight alone, filters, and reaches the last by key', async () => {
    const page = await open();
    const { page: browsed } = page.watched;
    await eventually('all', async () => (await count(page)).startsWith(`${ALL} markets. Each second the first 500;`));
    assert.ok((await page.markets()).length < 60);
    assert.ok((await browsed.locator('*').count()) < 2_500, 'a row out of sight is no element');
    await browsed.keyboard.press('/');
    await browsed.keyboard.type('m299 live');
    await eventually('ten', async () => (await count(page)).startsWith(`10 of ${ALL} markets`));
    await browsed.keyboard.press('ArrowDown');
    await browsed.keyboard.press('End');
    await browsed.keyboard.press('Enter');
    await eventually('the last of them', async () => (await page.watched.text('#headline .name')) === 'x:M2999');
    assert.match(browsed.url(), /#market=x%3AM2999/);
    assert.equal(await page.watched.text('#markets-panel tr.chosen .name'), 'M2999');
    await eventually('its price in the list, from bars', async () => (await page.markets()).at(-1)?.[1] === '100');
    await eventually('its best prices', async () => (await page.watched.text('#headline .last')) === '99.5 / 100.5');
    assert.equal(await page.watched.text('#headline .state'), '● live');
    await browsed.keyboard.press('k');
    await eventually('the one before', async () => (await page.watched.text('#headline .name')) === 'x:M2998');
    await browsed.fill('#markets-panel input', '');
    await browsed.focus('#markets-panel tr[data-index] button[tabindex="0"]');
    await browsed.keyboard.press('End');
    const last = await browsed.evaluate<string>('document.activeElement.closest("tr").dataset.index');
    assert.equal(Number(last), MARKETS + HOSTILE.length - 1);
    assert.ok((await page.markets()).length < 60);
    await shot(page.watched, 'many');
    assert.deepEqual(page.watched.complaints, []);
    await page.close();
  });

  test('shows hostile names as the text they are, wherever a name stands', async () => {
    const page = await open();
    const { page: browsed } = page.watched;
    for (const symbol of HOSTILE) {
      await browsed.evaluate(`location.hash = '#market=' + encodeURIComponent(${JSON.stringify(`x:${symbol}`)})`);
      await eventually(symbol, async () => (await page.watched.text('#headline .name')) === `x:${symbol}`);
      await eventually('its ladder', async () => (await page.ladder()).asks[0]?.[0] === '100.5');
      await eventually('its trade', async () => (await page.tape())[0]?.[1] === '100');
    }
    await browsed.fill('#markets-panel input', 'hurt');
    await eventually('names in the list', async () => (await page.markets()).length === HOSTILE.length - 1);
    await shot(page.watched, 'hostile');
    assert.equal(await browsed.evaluate('window.hurt'), undefined);
    assert.equal(await browsed.locator('main img, main script, main b').count(), 0);
    assert.deepEqual([page.watched.complaints, page.watched.strangers], [[], []]);
    await page.close();
  });

  test('ends a number that has no room in dots, and says all of it to a pointer', async () => {
    const [price, amount] = ['0.000000012345678901', '123456789.123456789'];
    const sides = { bids: [{ price, amount }], asks: [{ price: '98765432.1', amount: '3' }] };
    producer.send([{ type: 'book_change', exchange: 'x', symbol: HOSTILE[0], isSnapshot: true, ...sides }]);
    const page = await open();
    const { page: browsed } = page.watched;
    await browsed.evaluate(`location.hash = '#market=' + encodeURIComponent(${JSON.stringify(`x:${HOSTILE[0]}`)})`);
    await eventually('its ladder', async () => (await page.ladder()).bids[0]?.[0] === price);
    const cells = await browsed.evaluate<{ title: string; ends: string; isInside: boolean }[]>(`(() => {
      const panel = document.querySelector('#ladder-panel');
      const cells = [...panel.querySelectorAll('.bids tr:first-child td, .middle .mid')];
      const edge = panel.getBoundingClientRect().right;
      return cells.map((cell) => ({ title: cell.title, ends: getComputedStyle(cell).textOverflow,
        isInside: cell.getBoundingClientRect().right <= edge }));
    })()`);
    assert.ok(cells.every(({ ends, isInside }) => ends === 'ellipsis' && isInside));
    assert.deepEqual(cells.map(({ title }) => title).sort(), [
      '0.000000012345678901',
      '123,456,789.123456789',
      '123,456,789.123456789',
      '49,382,716.0500000061728394505',
    ]);
    await page.close();
  });

  test('is walked with the keyboard alone, and shows where it is', async () => {
    const page = await open();
    const { page: browsed } = page.watched;
    await eventually('all', async () => /markets/.test(await count(page)));
    await eventually('its ladder', async () => (await page.ladder()).seq > 0);
    const seen: string[] = [];
    for (let step = 0; step < 120; step++) {
      await browsed.keyboard.press('Tab');
      const at = await browsed.evaluate<{ name: string; outline: string } | null>(`(() => {
        const each = document.activeElement;
        if (each === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        const panel = each.closest('.panel')?.id ?? each.closest('header,footer,dialog')?.tagName.toLowerCase() ?? '';
        const name = each.getAttribute('aria-label') ?? each.textContent;
        return { name: panel + ' ' + each.tagName.toLowerCase() + ' ' + name.slice(0, 30), outline: outlineStyle + ' ' + outlineWidth };
      })()`);
      if (at === null) break;
      assert.match(at.outline, /^(solid|auto) [1-9]/, `${at.name}: where the focus is can be seen`);
      seen.push(at.name);
    }
    for (const expected of [
      ...['a Skip to the chart', 'header a Market', 'header button Token', 'header button Theme', 'header button Keys'],
      ...[
        'markets-panel input',
        'markets-panel select',
        'markets-panel button M0000',
        'markets-panel button Fold Markets',
      ],
      ...['candles-panel select Kind of bars', 'candles-panel select Signals', 'candles-panel div Candles'],
      ...['ladder-panel select Price step', 'depth-panel canvas', 'tape-panel div Trades', 'footer a TradingView'],
    ]) {
      assert.ok(
        seen.some((name) => name.includes(expected)),
        `${expected} in ${seen.join(' | ')}`,
      );
    }
    assert.equal(seen.filter((name) => name.startsWith('markets-panel button')).length, 2, 'the list is one stop');
    await browsed.keyboard.press('?');
    await browsed.waitForSelector('#keys-dialog[open]');
    await shot(page.watched, 'keys');
    await browsed.keyboard.press('Escape');
    await browsed.focus('#candles-panel .chart');
    await browsed.keyboard.press('ArrowLeft');
    await eventually('a bar read by key', async () => /C 100/.test(await page.legend()));
    await page.close();
  });

  test('has landmarks, headings and tables with captions', async () => {
    const page = await open();
    await eventually('all', async () => /markets/.test(await count(page)));
    const { page: browsed } = page.watched;
    for (const landmark of ['header', 'main', 'footer', 'nav[aria-label]']) {
      assert.equal(await browsed.locator(`body > ${landmark}, body > header ${landmark}`).count(), 1, landmark);
    }
    assert.equal(await browsed.locator('h1').count(), 1);
    const panels = await browsed.locator('.panel').count();
    assert.equal(await browsed.locator('.panel > header h3').count(), panels);
    const bare = 'table:not(:has(caption)):not(.chart table), .panel:not([aria-labelledby])';
    assert.equal(await browsed.locator(bare).count(), 0);
    assert.equal(await browsed.locator('#announcer[aria-live="polite"]').count(), 1);
    await page.close();
  });
});
