// Owns the checks of bar signals against series published with another library, bar by bar, warm-up included.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { BAR_SIGNALS } from '../../../../../workers/signals/bars/registry.ts';
import type { BarSignal, BarView } from '../../../../../workers/signals/signal.ts';
import { barView, type Outputs, outputsAfter } from '../../../../support/bar-views.ts';
import { shareApart } from '../../../../support/plain-indicators.ts';
import { recordingTest } from '../../../../support/recordings.ts';

type Series = readonly (number | null)[];
type Expected = {
  readonly indicators: Readonly<Record<string, { readonly params: string; readonly values: Record<string, Series> }>>;
};
/** Signal, its parameters, the indicator's name and parameters in the file, and its series for value, second, third. */
type Pair = {
  readonly signal: string;
  readonly parameters: readonly number[];
  readonly indicator: string;
  readonly params: string;
  readonly outputs: readonly string[];
};

const FILES = ['indicators/daily-quotes.csv', 'indicators/expected-daily.json.gz'];
/** As a share of the expected value. A double holds 2.2e-16; the furthest apart are ten times that. */
const TOLERANCE = 1e-13;

const pair = (
  signal: string,
  parameters: readonly number[],
  indicator: string,
  params: string,
  ...outputs: readonly string[]
): Pair => ({ signal, parameters, indicator, params, outputs });

const PAIRS: readonly Pair[] = [
  pair('sma', [20], 'sma', '(20)', 'sma'),
  pair('sma', [14], 'stdev', '(14)', 'mean'),
  pair('ema', [20], 'ema', '(20)', 'ema'),
  pair('ema', [12], 'macd', '(12, 26, 9)', 'fastEma'),
  pair('ema', [26], 'macd', '(12, 26, 9)', 'slowEma'),
  pair('wma', [14], 'wma', '(14)', 'wma'),
  pair('dema', [14], 'dema', '(14)', 'dema'),
  pair('rsi', [14], 'rsi', '(14)', 'rsi'),
  pair('macd', [12, 26, 9], 'macd', '(12, 26, 9)', 'macd', 'signal', 'histogram'),
  pair('ema-cross', [12, 26], 'macd', '(12, 26, 9)', 'macd'),
  pair('bollinger', [20, 2], 'bb', '(20, 2)', 'sma', 'upperBand', 'lowerBand'),
  pair('atr', [14], 'atr', '(14)', 'atr'),
  pair('atr', [1], 'tr', '()', 'tr'),
  pair('adx', [14], 'adx', '(14)', 'adx', 'pdi', 'mdi'),
  pair('stochastic', [14, 3, 3], 'stoch', '(14, 3, 3)', 'k', 'd'),
  pair('obv', [], 'obv', '()', 'obv'),
  pair('donchian', [20], 'donchian', '(20)', 'centerline', 'upperBand', 'lowerBand'),
  pair('supertrend', [10, 3], 'supertrend', '(10, 3)', 'superTrend'),
];

/** `priceOf` is the bar's VWAP, of which the file knows nothing. */
function readBars(path: string, priceOf: (view: BarView) => number): BarView[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return lines.map((line, at) => {
    const [open, high, low, close, volume] = line.split(',').slice(1).map(Number);
    const view = barView(open, high, low, close, volume, at);
    const vwap = priceOf(view);
    return { ...view, vwap, notional: vwap * volume };
  });
}

function readExpected(path: string): Expected {
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as Expected;
}

/** The furthest share apart over all bars; a value on one side alone is infinitely far. */
function furthest(actual: readonly number[], expected: Series): number {
  assert.equal(actual.length, expected.length);
  return Math.max(...actual.map((value, at) => shareApart(value, expected[at] ?? Number.NaN, 0)));
}

function make(name: string, parameters: readonly number[]): BarSignal {
  return BAR_SIGNALS[name](parameters);
}

recordingTest(
  'signals equal the published series at every bar, and have a value where those have',
  FILES,
  (t, csv, gz) => {
    const bars = readBars(csv, ({ close }) => close);
    const { indicators } = readExpected(gz);
    for (const { signal, parameters, indicator, params, outputs } of PAIRS) {
      assert.equal(indicators[indicator].params, params);
      const rows = outputsAfter(make(signal, parameters), bars);
      for (const [output, series] of outputs.entries()) {
        const apart = furthest(
          rows.map((row: Outputs) => row[output]),
          indicators[indicator].values[series],
        );
        t.diagnostic(`${signal}(${parameters}) ${indicator}.${series}: ${apart.toExponential(1)}`);
        assert.ok(apart <= TOLERANCE, `${signal}(${parameters}) against ${indicator}.${series}: ${apart} apart`);
      }
    }
  },
);

recordingTest(
  'a signal is warm with the first bar for which all its published series have a value',
  FILES,
  (_t, csv, gz) => {
    const bars = readBars(csv, ({ close }) => close);
    const { indicators } = readExpected(gz);
    for (const { signal, parameters, indicator, outputs } of PAIRS) {
      const subject = make(signal, parameters);
      const warm = bars.map((view) => {
        subject.bar(view, false);
        return subject.isWarm;
      });
      const first = Math.max(...outputs.map((name) => indicators[indicator].values[name].findIndex((x) => x !== null)));
      assert.equal(warm.indexOf(true), first, signal);
      assert.ok(warm.slice(first).every(Boolean), signal);
    }
  },
);

recordingTest('the VWAP of a window equals the published averages weighted by volume', FILES, (_t, csv, gz) => {
  const { indicators } = readExpected(gz);
  assert.equal(indicators['vwma'].params, '(14)');
  const byClose = readBars(csv, ({ close }) => close);
  const rows = outputsAfter(make('vwap-bands', [14, 2]), byClose);
  const apart = furthest(
    rows.map(([value]) => value),
    indicators['vwma'].values['vwma'],
  );
  assert.ok(apart <= TOLERANCE, `${apart} apart`);
});

recordingTest('the VWAP of all bars so far equals the published one of typical prices', FILES, (_t, csv, gz) => {
  const expected = readExpected(gz).indicators['vwap'].values['vwap'];
  const byTypical = readBars(csv, ({ high, low, close }) => (high + low + close) / 3);
  for (let period = 2; period <= byTypical.length; period += 20) {
    const rows = outputsAfter(make('vwap-bands', [period, 2]), byTypical.slice(0, period));
    const apart = shareApart(rows[period - 1][0], Number(expected[period - 1]), 0);
    assert.ok(apart <= TOLERANCE, `${apart} apart after ${period}`);
  }
});
