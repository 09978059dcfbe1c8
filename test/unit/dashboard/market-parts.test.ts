// Parts of the dashboard that need no browser: texts, ladder, depth, bars, marks, the past of prices, rows, address, colours.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BARS_MAX, type BarNews, BarSeries } from '../../../engine/dashboard/bar-series.ts';
import { ladderLevels, stepsOf } from '../../../engine/dashboard/decimal-levels.ts';
import { depthView, marks } from '../../../engine/dashboard/depth-steps.ts';
import {
  ageText,
  arrowChange,
  bytesText,
  changeText,
  durationText,
  grouped,
  padded,
  shortCount,
  spanText,
} from '../../../engine/dashboard/format.ts';
import { filtered, MarketRows, ordered, windowOf } from '../../../engine/dashboard/market-rows.ts';
import { PriceRing } from '../../../engine/dashboard/price-ring.ts';
import { directionOf, groupsOf, SignalMarks } from '../../../engine/dashboard/signal-marks.ts';
import type { MarketRow, Signal } from '../../../schemas/feed.ts';

test('numbers, spans and ages are written as people read them', () => {
  assert.deepEqual([padded('1', 2), padded('1.5', 2), padded('1.525', 2)], ['1.00', '1.50', '1.525']);
  assert.deepEqual([grouped('1234567.12345'), grouped('-1000'), grouped('999')], ['1,234,567.12345', '-1,000', '999']);
  assert.deepEqual(
    [shortCount(9_999), shortCount(12_345), shortCount(4.56e6), shortCount(null)],
    ['9,999', '12.3k', '4.56M', '–'],
  );
  assert.deepEqual(
    [durationText(999), durationText(1_500), durationText(2e9), durationText(null)],
    ['999 ns', '1.5 µs', '2 s', '–'],
  );
  assert.deepEqual([bytesText(512), bytesText(1536), bytesText(3 * 2 ** 30)], ['512 B', '1.5 KiB', '3 GiB']);
  assert.deepEqual(
    [spanText(59_999), spanText(60_000), ageText(400), ageText(2_500)],
    ['59 s', '1 min', 'now', '2 s ago'],
  );
  assert.deepEqual([changeText(100, 101.5), changeText(100, 100), changeText(0, 5)], ['+1.50 %', '0.00 %', '–']);
  assert.deepEqual([arrowChange(100, 99), arrowChange(100, 100)], ['▼ 1.00 %', '0.00 %']);
});

describe('the ladder', () => {
  const asks = [
    { price: '100.01', amount: '0.1' },
    { price: '100.09', amount: '0.2' },
    { price: '100.11', amount: '3' },
  ];

  test('sums levels exactly, best first', () => {
    const shown = ladderLevels(asks, '', 2, true);
    assert.deepEqual(
      shown.map(({ price, amount, total }) => [price, amount, total]),
      [
        ['100.01', '0.1', '0.1'],
        ['100.09', '0.2', '0.3'],
      ],
    );
  });

  test('groups asks upward and bids downward', () => {
    assert.deepEqual(
      ladderLevels(asks, '0.1', 5, true).map(({ price, total }) => [price, total]),
      [
        ['100.1', '0.3'],
        ['100.2', '3.3'],
      ],
    );
    assert.deepEqual(
      ladderLevels([...asks].reverse(), '0.1', 5, false).map(({ price }) => price),
      ['100.1', '100.0'],
    );
    assert.deepEqual(stepsOf(asks), ['0.01', '0.1', '1', '10']);
  });

  test('groups hold what their levels hold, whatever the step', () => {
    const level = fc.record({ price: fc.integer({ min: 1, max: 99_999 }), amount: fc.integer({ min: 1, max: 1e9 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(level, { selector: ({ price }) => price, maxLength: 60 }),
        fc.constantFrom('0.1', '1', '10'),
        (side, step) => {
          const sorted = side.sort((a, b) => a.price - b.price);
          const texts = sorted.map(({ price, amount }) => ({
            price: (price / 100).toFixed(2),
            amount: String(amount),
          }));
          const expected = new Map<number, number>();
          const cents = Number(step) * 100;
          for (const { price, amount } of sorted) {
            const group = Math.ceil(price / cents) * cents;
            expected.set(group, (expected.get(group) ?? 0) + amount);
          }
          const shown = ladderLevels(texts, step, 1_000, true);
          assert.deepEqual(
            shown.map(({ price, amount }) => [Math.round(Number(price) * 100), Number(amount)]),
            [...expected],
          );
        },
      ),
    );
  });
});

test('the depth chart reaches as far to one side as to the other, and marks round numbers', () => {
  const view = depthView(
    [
      { price: '9', amount: '1' },
      { price: '5', amount: '2' },
    ],
    [
      { price: '11', amount: '4' },
      { price: '12', amount: '1' },
    ],
  );
  assert.ok(view !== null && Math.abs(view.mid - view.low - (view.high - view.mid)) < 1e-9);
  assert.deepEqual(
    view.bids.map(({ total }) => total),
    [1],
  );
  assert.deepEqual(
    view.asks.map(({ total }) => total),
    [4, 5],
  );
  assert.equal(depthView([], [{ price: '1', amount: '1' }]), null);
  assert.deepEqual(marks(0.13, 1.02, 4), [0.5, 1]);
  assert.deepEqual(marks(5, 5, 4), []);
});

describe('the bars', () => {
  const bar = (second: number, close: string, rest: Partial<BarNews> = {}): BarNews =>
    ({
      ...{ kind: 'time', startTimestamp: new Date(second * 1000).toISOString(), open: '1', high: '2', low: '1', close },
      ...{ revision: 0, isFinal: false, completeness: 'complete', ...rest },
    }) as BarNews;
  const closes = (series: BarSeries): (string | null)[] => series.all.map((shown) => shown.bar.close);

  test('live messages change the last bar, add one, or revise an older one', () => {
    const series = new BarSeries();
    series.load([bar(1, '1', { isFinal: true }), bar(2, '2')]);
    assert.equal(series.take(bar(2, '2.5')), 'last');
    assert.equal(series.take(bar(2, '2.6', { isFinal: true })), 'last');
    assert.equal(series.take(bar(2, '2.1')), 'none', 'a final bar is not changed by what is older');
    assert.equal(series.take(bar(3, '3')), 'last');
    assert.equal(series.take(bar(1, '1.5', { isFinal: true, revision: 1 })), 'all');
    assert.equal(series.take(bar(0, '9')), 'none');
    assert.equal(series.take(bar(4, '4', { open: null })), 'none', 'an empty interval has no candle');
    assert.deepEqual(closes(series), ['1.5', '2.6', '3']);
  });

  test('history that comes again keeps what is newer', () => {
    const series = new BarSeries();
    series.take(bar(5, '5'));
    series.load([bar(1, '1'), bar(2, '2')]);
    assert.deepEqual(closes(series), ['1', '2', '5']);
  });

  test('times grow even where bars begin together, and no more than the bound are kept', () => {
    const series = new BarSeries();
    for (let at = 0; at < 5 * BARS_MAX; at++)
      series.take(bar(Math.floor(at / 3), '1', { kind: 'tick', isFinal: true }));
    assert.ok(series.all.length <= BARS_MAX);
    assert.ok(series.all.every(({ time }, at) => at === 0 || time > series.all[at - 1].time));
  });
});

test('events become bounded marks, those of one bar and direction one of them', () => {
  const marksKept = new SignalMarks();
  const signal = (inputSeq: number, event?: string): Signal =>
    ({
      name: 'sweep',
      inputSeq,
      timestamp: new Date(inputSeq * 500).toISOString(),
      ...(event === undefined ? {} : { event }),
    }) as Signal;
  assert.equal(marksKept.take(signal(1)), false);
  assert.equal(marksKept.take(signal(2, 'sweep-buy')), true);
  assert.equal(marksKept.take(signal(2, 'sweep-buy')), false, 'told again');
  for (let seq = 3; seq < 1_000; seq++) marksKept.take(signal(seq, seq % 2 === 0 ? 'sweep-buy' : 'sweep-sell'));
  assert.equal(marksKept.of('').length, 200);
  assert.equal(marksKept.of('rsi').length, 0);
  const groups = groupsOf(marksKept.of(''), (atMs) => Math.floor(atMs / 2_000));
  assert.ok(groups.every(({ count }) => count <= 2) && groups.length > 90);
  assert.deepEqual(['sweep-sell', 'trend-up', 'wide'].map(directionOf), ['down', 'up', 'none']);
});

test('the past of a price is bounded, spans at most an hour and keeps the newest', () => {
  const ring = new PriceRing();
  for (let second = 0; second < 3 * 3_600; second++) ring.add(second * 1_000, second);
  assert.ok(ring.count <= 121 && ring.count > 60, String(ring.count));
  assert.equal(ring.last, 3 * 3_600 - 1);
  assert.ok(ring.spanMs > 3_400_000 && ring.spanMs <= 3_600_000, String(ring.spanMs));
  const young = new PriceRing();
  young.add(100_000, 5);
  young.prepend([
    { atMs: 40_000, price: 1 },
    { atMs: 160_000, price: 9 },
  ]);
  assert.deepEqual([young.first, young.last, young.count], [1, 5, 2]);
  const flat = young.points(60, 20);
  assert.deepEqual(
    [flat[0], flat[1]],
    [
      { x: 0, y: 20 },
      { x: 60, y: 0 },
    ],
  );
});

test('rows know their rate, are filtered by words and sorted, and only those in sight are drawn', () => {
  const rows = new MarketRows();
  const row = (market: string, updates: number, last: string, state = 'live'): MarketRow =>
    ({ market, updates, last, state, reason: null }) as MarketRow;
  rows.take([row('b:X', 10, '1'), row('a:Y', 0, '2', 'stale')], 1_000);
  assert.equal(rows.all[0].rate, null);
  rows.take([row('b:X', 30, '1.1'), row('a:Y', 5, '1', 'stale')], 3_000);
  assert.deepEqual(
    rows.all.map(({ rate }) => rate),
    [10, 2.5],
  );
  const names = (list: readonly { market: string }[]): string[] => list.map(({ market }) => market);
  assert.deepEqual(names(filtered(rows.all, 'STALE a:')), ['a:Y']);
  assert.deepEqual(names(ordered(rows.all, 'name')), ['a:Y', 'b:X']);
  assert.deepEqual(names(ordered(rows.all, 'state')), ['a:Y', 'b:X']);
  assert.deepEqual(names(ordered(rows.all, 'change')), ['b:X', 'a:Y']);
  assert.deepEqual(windowOf(500, 4_000, 400, 40, 2), { from: 98, to: 112 });
  assert.deepEqual(windowOf(3, 4_000, 400, 40, 2), { from: 2, to: 3 });
});

/** WCAG 2.1, relative luminance. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

test('text has a contrast of at least 4.5 on what it stands on, in both themes', () => {
  const css = readFileSync(new URL('../../../engine/dashboard/styles/theme.css', import.meta.url), 'utf8');
  for (const selector of [':root {', ':root[data-theme="dark"] {']) {
    const block = css.slice(css.indexOf(selector)).split('}')[0];
    const colours = Object.fromEntries(
      [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6})\b/g)].map(([, name, value]) => [name, value]),
    );
    for (const text of ['text', 'soft', 'accent', 'up', 'down', 'live', 'wait', 'bad']) {
      for (const ground of ['card', 'raised', 'ground', 'chosen']) {
        const found = contrast(colours[text], colours[ground]);
        assert.ok(found >= 4.5, `${selector} ${text} on ${ground}: ${found.toFixed(2)}`);
      }
    }
    assert.ok(contrast(colours['bad'], colours['bad-ground']) >= 4.5);
    assert.ok(contrast(colours['wait'], colours['wait-ground']) >= 4.5);
  }
});
