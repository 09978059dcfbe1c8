// Owns the checks of bar signals against the trading-signals package, each where its conventions meet ours.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ADX,
  ATR,
  BollingerBands,
  DEMA,
  DonchianChannels,
  EMA,
  MACD,
  OBV,
  RSI,
  RVOL,
  SMA,
  StochasticOscillator,
  SuperTrend,
  VWMA,
  WMA,
} from 'trading-signals';
import { BAR_SIGNALS } from '../../../../../workers/signals/bars/registry.ts';
import type { BarView } from '../../../../../workers/signals/signal.ts';
import { outputsAfter, walkBars } from '../../../../support/bar-views.ts';
import { shareApart } from '../../../../support/plain-indicators.ts';

/** As a share of the value, or of a ten-thousandth of the price for differences that come near 0. */
const TOLERANCE = 1e-10;
const SCALE = 5;
const BARS = 3_000;
/** The seed of an average of 26 weighs (25/27)^1000, which is 10^-33, after so many bars; of Wilder's of 14 10^-32. */
const FORGOTTEN = 1_000;

const bars = walkBars(BARS, 41);
const closes = bars.map(({ close }) => close);

/** `peer` gives the expected outputs at each bar, null where it has none. */
function assertEqualFrom(
  first: number,
  name: string,
  parameters: readonly number[],
  peer: (view: BarView, at: number) => readonly (number | null)[] | null,
): void {
  const rows = outputsAfter(BAR_SIGNALS[name](parameters), bars);
  let compared = 0;
  for (const [at, view] of bars.entries()) {
    const expected = peer(view, at);
    if (expected === null || at < first) continue;
    for (const [output, value] of expected.entries()) {
      const apart = shareApart(rows[at][output], value ?? Number.NaN, SCALE);
      assert.ok(apart <= TOLERANCE, `${name} bar ${at} output ${output}: ${rows[at]}, expected ${expected}`);
    }
    compared++;
  }
  assert.ok(compared >= BARS - Math.max(first, 50), `${compared} compared`);
}

/** A close's place in a series that starts with the mean of the first N closes in place of those. */
function seeded(
  period: number,
  update: (value: number) => number | null,
): (view: BarView, at: number) => number[] | null {
  const seed = closes.slice(0, period).reduce((total, close) => total + close, 0) / period;
  return ({ close }, at) => {
    if (at < period - 1) return null;
    const value = update(at === period - 1 ? seed : close);
    return value === null ? null : [value];
  };
}

describe('bar signals and trading-signals agree', () => {
  it('on SMA, WMA and their differences, from the first value on', () => {
    const [sma, fast, slow, mean] = [new SMA(20), new SMA(50), new SMA(200), new SMA(20)];
    const wma = new WMA(20);
    assertEqualFrom(19, 'sma', [20], ({ close }) => [sma.update(close, false)]);
    assertEqualFrom(19, 'wma', [20], ({ close }) => [wma.update(close, false)]);
    assertEqualFrom(199, 'sma-cross', [50, 200], ({ close }) => {
      const value = fast.update(close, false);
      const other = slow.update(close, false);
      return value === null || other === null ? null : [value - other];
    });
    assertEqualFrom(19, 'price-cross', [20], ({ close }) => {
      const value = mean.update(close, false);
      return value === null ? null : [close - value];
    });
  });

  it('on EMA and DEMA when it is given our seed for its first input; its own is the first close', () => {
    const ema = new EMA(20);
    const dema = new DEMA(20);
    assertEqualFrom(
      19,
      'ema',
      [20],
      seeded(20, (value) => ema.update(value, false)),
    );
    assertEqualFrom(
      19,
      'dema',
      [20],
      seeded(20, (value) => dema.update(value, false)),
    );
  });

  it('on MACD and the EMA cross once the seeds are forgotten; it seeds all EMAs with their first inputs', () => {
    const macd = new MACD(new EMA(12), new EMA(26), new EMA(9));
    const [fast, slow] = [new EMA(12), new EMA(26)];
    assertEqualFrom(FORGOTTEN, 'macd', [12, 26, 9], ({ close }) => {
      const result = macd.update(close, false);
      return result && [result.macd, result.signal, result.histogram];
    });
    assertEqualFrom(FORGOTTEN, 'ema-cross', [12, 26], ({ close }) => [
      fast.update(close, false) - slow.update(close, false),
    ]);
  });

  it('on RSI and Bollinger bands, from the first value on', () => {
    const rsi = new RSI(14);
    const bands = new BollingerBands(20, 2);
    assertEqualFrom(14, 'rsi', [14], ({ close }) => [rsi.update(close, false)]);
    assertEqualFrom(19, 'bollinger', [20, 2], ({ close }) => {
      const result = bands.update(close, false);
      return result && [result.middle, result.upper, result.lower];
    });
  });

  it('on ATR and ADX once the seeds are forgotten; it gives the first bar a true range and starts one bar earlier', () => {
    const atr = new ATR(14);
    const adx = new ADX(14);
    assertEqualFrom(FORGOTTEN, 'atr', [14], (view) => [atr.update(view, false)]);
    assertEqualFrom(FORGOTTEN, 'adx', [14], (view) => {
      const value = adx.update(view, false);
      // It gives the directional indicators as shares, not in percent.
      return [value, 100 * Number(adx.pdi), 100 * Number(adx.mdi)];
    });
  });

  it('on the stochastic oscillator from its first d on, before which it has no k', () => {
    const stochastic = new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 });
    assertEqualFrom(17, 'stochastic', [14, 3, 3], (view) => {
      const result = stochastic.update(view, false);
      return result && [result.stochK, result.stochD];
    });
  });

  it('on OBV from the second bar on, with which it begins', () => {
    const obv = new OBV(2);
    assertEqualFrom(1, 'obv', [], (view) => [obv.update(view, false)]);
  });

  it('on the Donchian channel of the bar before: its own holds the bar it is told at', () => {
    const channels = new DonchianChannels(20);
    let before: { lower: number; middle: number; upper: number } | null = null;
    assertEqualFrom(20, 'donchian', [20], (view) => {
      const result = before;
      before = channels.update(view, false);
      return result && [result.middle, result.upper, result.lower];
    });
  });

  it('on Supertrend once both have turned and the seeds are forgotten; it begins with a trend down', () => {
    const supertrend = new SuperTrend({ interval: 10, multiplier: 3 });
    assertEqualFrom(FORGOTTEN, 'supertrend', [10, 3], (view) => {
      const result = supertrend.update(view, false);
      return result && [result.supertrend];
    });
  });

  it('on relative volume and on the VWAP of a window, from the first value on', () => {
    const volume = new RVOL(20);
    const vwma = new VWMA(20);
    assertEqualFrom(20, 'volume-spike', [20, 3], (view) => [volume.update(view.volume, false)]);
    assertEqualFrom(19, 'vwap-bands', [20, 2], (view) => {
      const price = view.volume > 0 ? view.vwap : 0;
      return [vwma.update({ ...view, close: price }, false)];
    });
  });
});
