// Owns the measurement of drift: ten million trades, then each signal against a plain computation over its window.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TradeView } from '../../../../../workers/signals/signal.ts';
import { TRADE_SIGNALS } from '../../../../../workers/signals/trades/registry.ts';
import { type Expected, TRADE_REFERENCES } from './reference.ts';
import { ONE, shown, tradeOf } from './views.ts';

const UPDATES = 10_000_000;
/** Trades that repeat, their times going on; no multiple of any window. */
const PATTERN = 65_521;
/** Trades at the end that the plain computation gets: more than any window holds. */
const TAIL = 8000;
/** Quiet enough that a window of 10 s holds some 3,000 trades. */
const STEP_US_MAX = 6600;

let state = 12_345;
function random(below: number): number {
  state = (state * 48_271) % (2 ** 31 - 1);
  return state % below;
}

/** A walk of ticks about 67,000 that ends where it began; sizes of eight decimals, one in 500 a thousand times as large. */
function makePattern(): TradeView[] {
  let timeUs = 0;
  return Array.from({ length: PATTERN }, (_, index) => {
    timeUs += random(STEP_US_MAX);
    const phase = Math.min(index, PATTERN - index);
    const price = 67_000 + (phase % 5000) * 0.01 + random(100) * 0.01;
    const quantity = (BigInt(1 + random(200_000_000)) * ONE * (random(500) === 0 ? 1000n : 1n)) / 10n ** 8n;
    return tradeOf({ timeUs, price, quantity, side: 1 + random(2), matches: 1 + random(3) });
  });
}

const pattern = makePattern();
const CYCLE_US = pattern[PATTERN - 1].timeUs;
const START_US = 1_700_000_000_000_000;

/** Makes `view` the trade of a number. */
function fill(view: TradeView, number: number): TradeView {
  const cycle = Math.floor(number / PATTERN);
  const of = pattern[number - cycle * PATTERN];
  view.timeUs = START_US + cycle * CYCLE_US + of.timeUs;
  view.price = of.price;
  view.quantity = of.quantity;
  view.quantityMilli = of.quantityMilli;
  view.quantityAtto = of.quantityAtto;
  view.side = of.side;
  view.matches = of.matches;
  return view;
}

function differenceOf(actual: number, expected: Expected): number {
  return Math.abs(actual - expected.value) / Math.abs(expected.value);
}

// CVD is exact, trade sizes and sweeps add nothing up: no drift to measure.
const CASES: readonly (readonly [string, readonly number[], number])[] = [
  ['price-trend', [10], 1e-9],
  ['price-trend-count', [1000], 1e-9],
  ['volume-trend', [10], 1e-12],
  ['volume-trend-count', [1000], 1e-12],
  ['vwap', [10], 1e-14],
  ['vwap-count', [1000], 1e-13],
  ['realised-volatility', [10], 1e-12],
  ['kyle-lambda', [10], 1e-12],
];

describe('drift of trade signals over ten million trades', () => {
  const tail = Array.from({ length: TAIL }, (_, index) => fill(tradeOf({}), UPDATES - TAIL + index));

  for (const [name, parameters, bound] of CASES) {
    it(`stays under ${bound} of the value: ${name}`, (t) => {
      const signal = TRADE_SIGNALS[name](parameters);
      const view = tradeOf({});
      for (let number = 0; number < UPDATES; number++) signal.trade(fill(view, number));
      const expected = TRADE_REFERENCES[name](tail, parameters).values;
      const values = shown(signal).slice(0, expected.length);
      const differences = values.map((value, output) => differenceOf(value, expected[output]));
      t.diagnostic(
        `${name}: values ${values.join(', ')}, relative drift ${differences.map((each) => each.toExponential(1)).join(', ')}`,
      );
      assert.ok(
        differences.every((each) => each <= bound),
        `was ${differences}`,
      );
    });
  }

  it('stays under 1e-12 of the value: trade-burst, whose mean never forgets the whole of a trade', (t) => {
    const signal = TRADE_SIGNALS['trade-burst']([10, 3]);
    const bucketUs = 10e6 / 60;
    const view = tradeOf({});
    const matches: number[] = [];
    const first = Math.floor(fill(view, 0).timeUs / Math.round(bucketUs));
    for (let number = 0; number < UPDATES; number++) {
      signal.trade(fill(view, number));
      const bucket = Math.floor(view.timeUs / Math.round(bucketUs)) - first;
      while (matches.length <= bucket) matches.push(0);
      matches[bucket] += view.matches;
    }
    // From the oldest to the newest whole sub-bucket, each with its weight: no recurrence.
    const whole = matches.slice(1, -1);
    const weights = whole.map((_, index) => 0.5 ** ((whole.length - 1 - index) / 720));
    const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
    const mean =
      (sumOf(whole.map((each, index) => each * weights[index])) * 1e6) / sumOf(weights) / Math.round(bucketUs);
    const rate = (sumOf(matches.slice(-60)) * 1e6) / (Math.round(bucketUs) * 60);
    const differences = [signal.value / rate - 1, signal.second / mean - 1].map(Math.abs);
    t.diagnostic(
      `trade-burst: values ${shown(signal).slice(0, 2).join(', ')}, relative drift ${differences.join(', ')}`,
    );
    assert.ok(
      differences.every((each) => each <= 1e-12),
      `was ${differences}`,
    );
  });

  it('is nothing: cvd, to the last of its eighteen digits', () => {
    const signal = TRADE_SIGNALS['cvd']([]);
    const view = tradeOf({});
    for (let number = 0; number < UPDATES; number++) signal.trade(fill(view, number));
    const units = (to: number): bigint =>
      pattern.slice(0, to).reduce((sum, each) => {
        const size = BigInt(each.quantityMilli) * 10n ** 15n + BigInt(each.quantityAtto);
        return sum + (each.side === 1 ? size : -size);
      }, 0n);
    const expected = units(PATTERN) * BigInt(Math.floor(UPDATES / PATTERN)) + units(UPDATES % PATTERN);
    assert.ok(Math.abs(signal.value - Number(expected) / 1e18) <= Math.abs(signal.value) * 2 ** -52);
  });
});
