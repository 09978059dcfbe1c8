// Owns the tests of what is kept of which market: patterns, bar kinds, signals and what they need.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../engine/base/errors.ts';
import { acceptsOf, marketPlansOf, matchesPattern, planFor } from '../../engine/base/market-plans.ts';
import { signalSpecOf, splitSignals } from '../../engine/base/signal-specs.ts';
import { EmptyBars } from '../../schemas/ids.ts';
import { DEFAULT_SIGNALS, SIGNAL_CATALOGUE } from '../../schemas/signals.ts';
import { BAR_SIGNALS } from '../../workers/signals/bars/registry.ts';
import { BOOK_SIGNALS } from '../../workers/signals/book/registry.ts';
import { TRADE_SIGNALS } from '../../workers/signals/trades/registry.ts';

describe('a pattern', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['*', 'binance:BTCUSDT', true],
    ['binance:*', 'binance:BTCUSDT', true],
    ['binance:*', 'binance-us:BTCUSDT', false],
    ['*:BTC*', 'kraken:BTC/USD', true],
    ['*:BTC*', 'kraken:XBTC', false],
    ['*USDT', 'binance:USDT', true],
    ['*a*a', 'a', false],
    ['*a*a', 'aa', true],
    ['a**b', 'ab', true],
    ['binance:BTCUSDT', 'binance:BTCUSDT', true],
    ['binance:BTCUSDT', 'binance:BTCUSD', false],
    ['a*bc*c', 'abcc', true],
    ['a*bc*c', 'abc', false],
    ['.*', 'anything', false],
  ];
  for (const [pattern, name, expected] of rows) {
    test(`${pattern} ${expected ? 'matches' : 'does not match'} ${name}`, () => {
      assert.equal(matchesPattern(pattern, name), expected);
    });
  }
});

describe('plans', () => {
  test('without patterns hold for every market', () => {
    const plans = marketPlansOf();
    const plan = planFor(plans, 'x:Y');
    assert.ok(plan !== null);
    assert.deepEqual(
      plan.bars.slice(0, plan.visibleBars).map((number) => plans.barKinds[number].name),
      ['1s', '1m'],
    );
    assert.deepEqual(
      plan.signals.map((number) => plans.signals[number].name),
      DEFAULT_SIGNALS,
    );
    assert.deepEqual(
      [plan.hasBook, plan.levelsKept, plan.emptyBars, plan.latenessMs],
      [true, 0, EmptyBars.skip, 10_000],
    );
  });

  test('are taken from the first pattern that matches, and a market without one is not taken', () => {
    const plans = marketPlansOf({
      usual: { bars: ['1m'], emptyBars: 'flat' },
      patterns: [
        { match: 'binance:BTC*', bars: ['100t', '0.5v'], signals: ['rsi(7)@5m'], book: 50 },
        { match: 'binance:*', book: 'none', latenessMs: 500 },
      ],
    });
    const first = planFor(plans, 'binance:BTCUSDT');
    const second = planFor(plans, 'binance:ETHUSDT');
    assert.ok(first !== null && second !== null);
    const names = (numbers: readonly number[]): string[] => numbers.map((number) => plans.barKinds[number].name);
    assert.deepEqual([names(first.bars), first.visibleBars], [['100t', '0.5v', '5m'], 2]);
    assert.deepEqual([first.hasBook, first.levelsKept, first.emptyBars], [true, 50, EmptyBars.flat]);
    assert.deepEqual([names(second.bars), second.visibleBars], [['1m'], 1]);
    assert.deepEqual([second.hasBook, second.latenessMs], [false, 500]);
    assert.equal(planFor(plans, 'kraken:BTC/USD'), null);
    assert.deepEqual(acceptsOf(plans), ['binance:BTC*', 'binance:*']);
  });

  test('keep a bar kind once, whoever asks for it', () => {
    const plans = marketPlansOf({ usual: { bars: ['1m', '5m', '1m'], signals: ['sma@5m', 'ema(9)@5m', 'sma@5m'] } });
    assert.deepEqual(
      plans.barKinds.map(({ name }) => name),
      ['1m', '5m'],
    );
    assert.deepEqual([plans.plans[0].bars, plans.plans[0].visibleBars, plans.plans[0].signals], [[0, 1], 2, [0, 1]]);
  });
});

describe('a signal text', () => {
  test('gives name, parameters, bar kind and threshold, with what is usual where it says nothing', () => {
    const rsi = signalSpecOf(' rsi( 7 )@ 5m > 70 ');
    assert.equal(rsi.name, 'rsi(7)@5m>70');
    assert.deepEqual([rsi.base, rsi.parameters, rsi.barKind], ['rsi', [7], '5m']);
    assert.deepEqual(rsi.threshold, { isAbove: true, value: 70 });
    const macd = signalSpecOf('macd(5)');
    assert.deepEqual([macd.parameters, macd.barKind, macd.threshold], [[5, 26, 9], '1m', null]);
    assert.deepEqual(signalSpecOf('imbalance<-0.5').threshold, { isAbove: false, value: -0.5 });
    assert.equal(signalSpecOf('sma@0.5v').barKind, '0.5v');
  });

  for (const text of [
    '',
    'nothing',
    'rsi(0)',
    'rsi(1.5)',
    'rsi(14,2)',
    'rsi(x)',
    'imbalance@1m',
    'rsi@7x!',
    'rsi>',
    '__proto__',
  ]) {
    test(`${JSON.stringify(text)} is refused in one sentence`, () => {
      assert.throws(
        () => signalSpecOf(text),
        (error) => error instanceof UsageError && error.message.startsWith('--signals: expected '),
      );
    });
  }

  test('of a bar kind that is none is refused when plans are made', () => {
    assert.throws(() => marketPlansOf({ usual: { signals: ['rsi@7x'] } }), UsageError);
  });

  test('lists are parted at commas outside parentheses', () => {
    assert.deepEqual(splitSignals('macd(12,26,9)@5m, rsi'), ['macd(12,26,9)@5m', 'rsi']);
  });
});

test('every signal of the catalogue can be made, with its usual parameters, and no other', () => {
  const registries = { bar: BAR_SIGNALS, book: BOOK_SIGNALS, trade: TRADE_SIGNALS };
  for (const { name, input, parameters } of SIGNAL_CATALOGUE) {
    const signal = registries[input][name](parameters.map(({ usual }) => usual));
    assert.ok(Number.isNaN(signal.value) && !signal.isWarm, name);
  }
  for (const [input, registry] of Object.entries(registries)) {
    const known = SIGNAL_CATALOGUE.filter((entry) => entry.input === input).map(({ name }) => name);
    assert.deepEqual(Object.keys(registry).sort(), known.sort());
  }
});
