// The outlier rule: against sums over the whole list, on random walks, on recorded trades, and with errors put in.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  OUTLIER_DEVIATION_MIN,
  OUTLIER_PRICE_TRADES,
  OUTLIER_SCALE_TRADES,
  OUTLIER_SCALES,
  OUTLIER_SHIFT_TRADES,
  OUTLIER_WARM_TRADES,
} from '../../../../schemas/config.ts';
import { OutlierRule } from '../../../../workers/quality/outlier-rule.ts';
import { numbersOf, recordingTest } from '../../../support/recordings.ts';
import { SEED } from '../../../support/seed.ts';

/** A slot offset other than 0, so that one forgotten shows. */
const AT = 3;

class Judge {
  readonly rule = new OutlierRule();
  private readonly f64 = new Float64Array(AT + 2);

  /** Milli and atto of a price in decimal text. */
  take(text: string): boolean {
    const [whole, fraction = ''] = text.split('.');
    const digits = fraction.padEnd(18, '0');
    this.f64[AT] = Number(whole + digits.slice(0, 3));
    this.f64[AT + 1] = Number(digits.slice(3));
    return this.rule.isOutlier(this.f64, AT);
  }

  takeAll(prices: readonly number[]): boolean[] {
    return prices.map((price) => this.take(price.toFixed(9)));
  }
}

type Sample = { readonly value: number; readonly weight: number };

/** A mean whose samples each took over 1/weight of it, as one sum. */
function weighted(samples: readonly Sample[]): number {
  const share = (i: number): number =>
    samples.slice(i + 1).reduce((left, { weight }) => left * (1 - 1 / weight), 1 / samples[i].weight);
  return samples.reduce((sum, { value }, i) => sum + value * share(i), 0);
}

/** The same rule over a whole list, with no state but the lists of what was kept. */
function plainFlags(prices: readonly number[]): boolean[] {
  const sizes: Sample[] = [];
  let kept: Sample[] = [];
  let sides: number[] = [];
  return prices.map((price, i) => {
    const deviation = i === 0 ? 0 : Math.log(price / weighted(kept));
    const limit = Math.max(OUTLIER_DEVIATION_MIN, OUTLIER_SCALES * weighted(sizes));
    const size = Math.abs(deviation);
    sizes.push({ value: Math.min(size, limit), weight: Math.min(i + 1, OUTLIER_SCALE_TRADES) });
    if (size <= limit) {
      kept.push({ value: price, weight: Math.min(kept.length === 0 ? 1 : i + 1, OUTLIER_PRICE_TRADES) });
      sides = [];
      return false;
    }
    sides.push(Math.sign(deviation));
    const run = sides.slice(-OUTLIER_SHIFT_TRADES);
    if (run.length === OUTLIER_SHIFT_TRADES && run.every((side) => side === run[0])) {
      kept = [{ value: price, weight: 1 }];
      sides = [];
      return false;
    }
    return i >= OUTLIER_WARM_TRADES;
  });
}

/** A random walk whose steps are up to `step` of the price. */
function walk(count: number, step: number, seed: number): number[] {
  const random = numbersOf(seed);
  let price = 100;
  return Array.from({ length: count }, () => {
    price *= 1 + (step * (random(2001) - 1000)) / 1000;
    return price;
  });
}

describe('the outlier rule', () => {
  test('is the same as sums over the whole list of prices', () => {
    const move = fc.oneof(
      { weight: 30, arbitrary: fc.double({ min: -0.004, max: 0.004, noNaN: true }) },
      { weight: 1, arbitrary: fc.double({ min: -0.5, max: 0.5, noNaN: true }) },
    );
    let flagged = 0;
    fc.assert(
      fc.property(fc.array(move, { minLength: 100, maxLength: 160 }), fc.array(fc.nat(159)), (moves, errorsAt) => {
        let price = 100;
        const prices = moves.map((by, i) => {
          price *= Math.exp(by);
          return Math.round((errorsAt.includes(i) ? price * 10 : price) * 1e9) / 1e9;
        });
        const expected = plainFlags(prices);
        flagged += expected.filter(Boolean).length;
        assert.deepEqual(new Judge().takeAll(prices), expected);
      }),
      { numRuns: 100 },
    );
    assert.ok(flagged > 100, `only ${flagged} outliers were among the prices`);
  });

  test('flags a price ten times too high or too low wherever it stands, and nothing after it', () => {
    for (const step of [0, 0.0001, 0.002, 0.01]) {
      const prices = walk(400, step, SEED);
      for (const factor of [10, 0.1]) {
        for (let i = OUTLIER_WARM_TRADES; i < prices.length; i += 7) {
          const flags = new Judge().takeAll([...prices.slice(0, i), prices[i] * factor, ...prices.slice(i)]);
          assert.deepEqual(
            flags.flatMap((is, at) => (is ? [at] : [])),
            [i],
            `step ${step}, factor ${factor}`,
          );
        }
      }
    }
  });

  test('goes on flagging errors that come again and again', () => {
    const prices = walk(2000, 0.0005, SEED).map((price, i) => (i % 20 === 19 && i > 60 ? price * 10 : price));
    const flags = new Judge().takeAll(prices);
    assert.deepEqual(flags.map((is, i) => is !== (i % 20 === 19 && i > 60)).filter(Boolean), []);
  });

  test('flags two trades of a market that moves to another level, and believes the third', () => {
    for (const level of [150, 60]) {
      const flags = new Judge().takeAll([...walk(200, 0.0005, SEED), level, level, level, level * 1.001, level]);
      assert.deepEqual(flags.slice(200), [true, true, false, false, false]);
      assert.ok(!flags.slice(0, 200).includes(true));
    }
  });

  test('never believes errors that fall on both sides in turn', () => {
    const prices = [...walk(200, 0.0005, SEED), 1000, 10, 1000, 10, 1000, 10];
    assert.deepEqual(new Judge().takeAll(prices).slice(200), [true, true, true, true, true, true]);
  });

  test('does not take the ticks of a calm market for outliers', () => {
    const prices = [...new Array<number>(300).fill(100), 100.1, 99.8, 100.4, 100];
    assert.ok(!new Judge().takeAll(prices).includes(true));
  });

  test('measures by the scale of the market: the same step is far in one and near in another', () => {
    const step = 1.05;
    for (const [scale, isFar] of [
      [0.001, true],
      [0.03, false],
    ] as const) {
      const prices = walk(300, scale, SEED);
      assert.equal(new Judge().takeAll([...prices, prices[299] * step])[300], isFar);
    }
  });

  test('flags nothing before it has seen enough, also where the first price is the wrong one', () => {
    const prices = walk(300, 0.0005, SEED);
    const early = new Judge().takeAll(
      prices.slice(0, OUTLIER_WARM_TRADES).map((price, i) => (i % 9 === 0 ? 10 * price : price)),
    );
    assert.ok(!early.includes(true));
    const flags = new Judge().takeAll([prices[0] * 10, ...prices, prices[299] * 10]);
    assert.deepEqual(
      flags.flatMap((is, at) => (is ? [at] : [])),
      [301],
    );
  });

  test('works at the ends of what a decimal can hold', () => {
    const judge = new Judge();
    for (let i = 0; i < 60; i++) assert.equal(judge.take('0.000000000000000123'), false);
    assert.equal(judge.take('0.00000000000000123'), true);
    const large = new Judge();
    for (let i = 0; i < 60; i++) assert.equal(large.take('800000000000.5'), false);
    assert.equal(large.take('8000000000000.5'), true);
    assert.equal(large.take('0'), true);
  });
});

type Frame = { readonly e?: string; readonly s: string; readonly p: string; readonly X?: string };

/** Prices of the trades of each market of a Binance recording, in their order. */
function recordedPrices(path: string): Map<string, string[]> {
  const prices = new Map<string, string[]>();
  for (const line of gunzipSync(readFileSync(path)).toString().split('\n')) {
    if (!line.includes('rade')) continue;
    const { k, d } = JSON.parse(line) as { k: string; d: string };
    if (k !== 'recv') continue;
    const parsed = JSON.parse(d) as Frame & { data?: Frame };
    const { e, s, p, X } = parsed.data ?? parsed;
    if ((e !== 'trade' && e !== 'aggTrade') || (X !== undefined && X !== 'MARKET')) continue;
    const known = prices.get(s);
    if (known === undefined) prices.set(s, [p]);
    else known.push(p);
  }
  return prices;
}

const RECORDINGS: readonly (readonly [string, number])[] = [
  ['binance/spot-20210404-btc-eth-dot.ndjson.gz', 1910],
  ['binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz', 28],
  ['binance/spot-20240808-btcusdt.ndjson.gz', 19_904],
  ['binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz', 91],
  ['binance/usdm-20240808-btcusdt.ndjson.gz', 21_313],
];

for (const [name, trades] of RECORDINGS) {
  recordingTest(`no trade of ${name} is an outlier, and every one put in is`, [name], (_, path) => {
    const random = numbersOf(SEED);
    let seen = 0;
    for (const [market, prices] of recordedPrices(path)) {
      seen += prices.length;
      const [clean, wrong] = [new Judge(), new Judge()];
      for (const [i, price] of prices.entries()) {
        assert.equal(clean.take(price), false, `${market} trade ${i} at ${price}`);
        assert.equal(wrong.take(price), false, `${market} trade ${i} at ${price}, among errors`);
        if (i < OUTLIER_WARM_TRADES || random(25) > 0) continue;
        const factor = random(2) === 0 ? 10 : 0.1;
        assert.equal(
          wrong.take((Number(price) * factor).toFixed(9)),
          true,
          `${market} after trade ${i}, times ${factor}`,
        );
      }
    }
    assert.equal(seen, trades);
  });
}
