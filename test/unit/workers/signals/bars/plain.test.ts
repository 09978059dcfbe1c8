// Owns the checks of every bar signal against a plain second computation over whole arrays, and of when each is warm.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SIGNAL_CATALOGUE } from '../../../../../schemas/signals.ts';
import { BAR_SIGNALS } from '../../../../../workers/signals/bars/registry.ts';
import { barWithoutPrices, outputsAfter, outputsOf, walkBars } from '../../../../support/bar-views.ts';
import { PLAIN_INDICATORS, shareApart, WARM_UP_BARS } from '../../../../support/plain-indicators.ts';

const ENTRIES = SIGNAL_CATALOGUE.filter(({ input }) => input === 'bar');
const usual = Object.fromEntries(ENTRIES.map(({ name, parameters }) => [name, parameters.map((p) => p.usual)]));

/** The smallest windows, windows that divide the bars and such that do not, and a fast one that is slower than the slow. */
const OTHERS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  sma: [[1], [2], [7], [100], [450]],
  ema: [[1], [2], [100]],
  wma: [[1], [2], [7], [100], [450]],
  dema: [[1], [3], [100]],
  rsi: [[1], [2], [50]],
  macd: [
    [26, 12, 9],
    [1, 2, 1],
    [5, 35, 5],
  ],
  bollinger: [
    [2, 2],
    [7, 0.5],
    [450, 3],
  ],
  atr: [[1], [2], [50]],
  adx: [[1], [2], [50]],
  stochastic: [
    [1, 1, 1],
    [5, 3, 1],
    [100, 7, 4],
  ],
  obv: [[]],
  'vwap-bands': [
    [2, 1],
    [7, 2],
    [450, 3],
  ],
  donchian: [[1], [2], [7], [450]],
  supertrend: [
    [1, 1],
    [7, 0.5],
    [50, 3],
  ],
  'ema-cross': [
    [26, 12],
    [1, 2],
  ],
  'sma-cross': [
    [20, 5],
    [1, 2],
    [7, 13],
  ],
  'price-cross': [[1], [7], [200]],
  'volume-spike': [
    [2, 3],
    [7, 1],
    [450, 3],
  ],
};

/** As a share of the value. */
const TOLERANCE = 1e-10;
/** Differences of averages come near 0 and are held against a ten-thousandth of the price of 50,000. */
const SCALE = 5;

describe('bar signals', () => {
  it('are those of the catalogue, each with a plain computation to hold it against', () => {
    const names = ENTRIES.map(({ name }) => name).sort();
    assert.deepEqual(Object.keys(BAR_SIGNALS).sort(), names);
    assert.deepEqual(Object.keys(PLAIN_INDICATORS).sort(), names);
    assert.deepEqual(Object.keys(OTHERS).sort(), names);
  });

  for (const { name, outputs } of ENTRIES) {
    it(`${name} equals the plain computation at every bar`, (t) => {
      const bars = walkBars(500, 17);
      let furthest = 0;
      for (const parameters of [usual[name], ...OTHERS[name]]) {
        const actual = outputsAfter(BAR_SIGNALS[name](parameters), bars);
        const expected = PLAIN_INDICATORS[name](bars, parameters);
        for (const [at, row] of expected.entries()) {
          for (const [output, value] of row.entries()) {
            const apart = shareApart(actual[at][output], value, SCALE);
            furthest = Math.max(furthest, apart);
            assert.ok(apart <= TOLERANCE, `(${parameters}) bar ${at} output ${output}: ${actual[at]}, expected ${row}`);
          }
        }
      }
      t.diagnostic(`furthest apart: ${furthest.toExponential(1)}`);
    });

    it(`${name} is warm from its stated bar on, and then has all its outputs and no other`, () => {
      const bars = walkBars(500, 23);
      for (const parameters of [usual[name], ...OTHERS[name]]) {
        const subject = BAR_SIGNALS[name](parameters);
        assert.equal(subject.isWarm, false);
        const first = WARM_UP_BARS[name](parameters) - 1;
        for (const [at, view] of bars.entries()) {
          subject.bar(view, false);
          assert.equal(subject.isWarm, at >= first, `(${parameters}) bar ${at}`);
          const present = outputsOf(subject).map((value) => !Number.isNaN(value));
          assert.deepEqual(present.slice(outputs.length), new Array(3 - outputs.length).fill(false));
          // A window of two bars may hold no volume at all, and then has no price or ratio.
          const mayLack = name === 'vwap-bands' || name === 'volume-spike';
          if (!mayLack) assert.equal(present.slice(0, outputs.length).every(Boolean), at >= first, `bar ${at}`);
        }
      }
    });

    it(`${name} passes over bars without prices, and tells nothing with them`, () => {
      const bars = walkBars(300, 29);
      const plain = BAR_SIGNALS[name](usual[name]);
      const gappy = BAR_SIGNALS[name](usual[name]);
      for (const [at, view] of bars.entries()) {
        plain.bar(view, false);
        gappy.bar(view, false);
        assert.equal(gappy.event, plain.event);
        for (let i = 0; i < at % 3; i++) {
          gappy.bar(barWithoutPrices(), false);
          assert.equal(gappy.event, 0);
          assert.deepEqual(outputsOf(gappy), outputsOf(plain));
          assert.equal(gappy.isWarm, plain.isWarm);
        }
      }
    });
  }
});
