// Owns a second computation of every signal on bars, over whole arrays and by the definitions written out: windows are
// sliced anew for every bar, averages are weighted sums, nothing is kept from bar to bar and nothing is shared.

import type { BarView } from '../../workers/signals/signal.ts';
import type { Outputs } from './bar-views.ts';

const NONE = Number.NaN;

type Series = number[];
type Plain = (bars: readonly BarView[], parameters: readonly number[]) => Outputs[];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const closesOf = (bars: readonly BarView[]): Series => bars.map(({ close }) => close);
const single = (values: Series): Outputs[] => values.map((value) => [value, NONE, NONE]);

/** A function of the last `count` values, where there are so many that are numbers. */
function windowed(values: Series, count: number, compute: (window: Series) => number): Series {
  return values.map((_, at) => {
    const window = values.slice(Math.max(0, at + 1 - count), at + 1);
    return window.length < count || window.some(Number.isNaN) ? NONE : compute(window);
  });
}

/** As one weighted sum for each value: the seed's mean and every later value with its own power of 1 − weight. */
function smoothed(values: Series, seedCount: number, weight: number): Series {
  const first = values.findIndex((value) => !Number.isNaN(value));
  return values.map((_, at) => {
    const seedEnd = first + seedCount;
    if (first < 0 || at < seedEnd - 1) return NONE;
    let total = mean(values.slice(first, seedEnd)) * (1 - weight) ** (at - seedEnd + 1);
    for (let i = seedEnd; i <= at; i++) total += values[i] * weight * (1 - weight) ** (at - i);
    return total;
  });
}

const ema = (values: Series, period: number): Series => smoothed(values, period, 2 / (period + 1));
const wilder = (values: Series, period: number): Series => smoothed(values, period, 1 / period);
const sma = (values: Series, period: number): Series => windowed(values, period, mean);

/** The change of each from the one before; the first has none. */
function changes(values: Series): Series {
  return values.map((value, at) => (at === 0 ? NONE : value - values[at - 1]));
}

function trueRanges(bars: readonly BarView[]): Series {
  return bars.map(({ high, low }, at) => {
    if (at === 0) return NONE;
    const before = bars[at - 1].close;
    return Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
  });
}

function deviation(values: Series, weights: Series, middle: number): number {
  return Math.sqrt(sum(values.map((value, i) => weights[i] * (value - middle) ** 2)) / sum(weights));
}

/** The last `count` bars at each bar, or null. */
function windowsOf(bars: readonly BarView[], count: number): (readonly BarView[] | null)[] {
  return bars.map((_, at) => (at + 1 < count ? null : bars.slice(at + 1 - count, at + 1)));
}

function wma(values: Series, period: number): Series {
  return windowed(values, period, (window) => sum(window.map((x, i) => x * (i + 1))) / ((period * (period + 1)) / 2));
}

function rsi(closes: Series, period: number): Series {
  const moves = changes(closes);
  const gains = wilder(
    moves.map((move) => Math.max(move, 0)),
    period,
  );
  const losses = wilder(
    moves.map((move) => Math.max(-move, 0)),
    period,
  );
  return gains.map((gain, at) => {
    if (Number.isNaN(gain)) return NONE;
    return losses[at] === 0 ? 100 : (100 * gain) / (gain + losses[at]);
  });
}

function macd(closes: Series, fast: number, slow: number, signal: number): Outputs[] {
  const slows = ema(closes, slow);
  const line = ema(closes, fast).map((value, at) => value - slows[at]);
  const signals = ema(line, signal);
  return line.map((value, at) => [value, signals[at], value - signals[at]]);
}

function bollinger(closes: Series, period: number, deviations: number): Outputs[] {
  const ones = new Array<number>(period).fill(1);
  const middles = sma(closes, period);
  const widths = windowed(closes, period, (window) => deviations * deviation(window, ones, mean(window)));
  return middles.map((middle, at) => [middle, middle + widths[at], middle - widths[at]]);
}

function adx(bars: readonly BarView[], period: number): Outputs[] {
  const up = changes(bars.map(({ high }) => high));
  const down = changes(bars.map(({ low }) => -low));
  const part = (one: Series, other: Series): Series =>
    one.map((move, at) => (Number.isNaN(move) ? NONE : move > other[at] && move > 0 ? move : 0));
  const ranges = wilder(trueRanges(bars), period);
  const toIndicator = (moves: Series): Series =>
    wilder(moves, period).map((value, at) => (ranges[at] === 0 ? 0 : (100 * value) / ranges[at]));
  const plus = toIndicator(part(up, down));
  const minus = toIndicator(part(down, up));
  const strength = plus.map((value, at) => {
    const total = value + minus[at];
    return total === 0 ? 0 : (100 * Math.abs(value - minus[at])) / total;
  });
  return wilder(strength, period).map((value, at) => [value, plus[at], minus[at]]);
}

function stochastic(bars: readonly BarView[], period: number, signal: number, smooth: number): Outputs[] {
  const raw = windowsOf(bars, period).map((window) => {
    if (window === null) return NONE;
    const lowest = Math.min(...window.map(({ low }) => low));
    const range = Math.max(...window.map(({ high }) => high)) - lowest;
    return range === 0 ? 0 : (100 * (window[period - 1].close - lowest)) / range;
  });
  const k = sma(raw, smooth);
  const d = sma(k, signal);
  return k.map((value, at) => [value, d[at], NONE]);
}

function obv(bars: readonly BarView[]): Series {
  const signed = bars.map(({ close, volume }, at) => (at === 0 ? 0 : Math.sign(close - bars[at - 1].close) * volume));
  let total = 0;
  return signed.map((volume) => {
    total += volume;
    return total;
  });
}

function vwapBands(bars: readonly BarView[], period: number, deviations: number): Outputs[] {
  return windowsOf(bars, period).map((window) => {
    const traded = window?.filter(({ volume }) => volume > 0) ?? [];
    if (traded.length === 0) return [NONE, NONE, NONE];
    const weights = traded.map(({ volume }) => volume);
    const vwap = sum(traded.map(({ notional }) => notional)) / sum(weights);
    const prices = traded.map((view) => view.vwap);
    const width = deviations * deviation(prices, weights, vwap);
    return [vwap, vwap + width, vwap - width];
  });
}

function donchian(bars: readonly BarView[], period: number): Outputs[] {
  return bars.map((_, at) => {
    if (at < period) return [NONE, NONE, NONE];
    const window = bars.slice(at - period, at);
    const upper = Math.max(...window.map(({ high }) => high));
    const lower = Math.min(...window.map(({ low }) => low));
    return [(upper + lower) / 2, upper, lower];
  });
}

/** One step of the recipe at a time: the basic bands, the final ones, then the side. */
function supertrend(bars: readonly BarView[], period: number, multiplier: number): Series {
  const atr = wilder(trueRanges(bars), period);
  const basic = bars.map(({ high, low }, at) => ({
    upper: (high + low) / 2 + multiplier * atr[at],
    lower: (high + low) / 2 - multiplier * atr[at],
  }));
  const final = basic.map((bands) => ({ ...bands }));
  for (let at = period + 1; at < bars.length; at++) {
    const { close } = bars[at - 1];
    if (!(basic[at].upper < final[at - 1].upper || close > final[at - 1].upper)) final[at].upper = final[at - 1].upper;
    if (!(basic[at].lower > final[at - 1].lower || close < final[at - 1].lower)) final[at].lower = final[at - 1].lower;
  }
  let isUp = true;
  return bars.map(({ high, low, close }, at) => {
    if (at < period) return NONE;
    if (at === period) isUp = close >= (high + low) / 2;
    isUp = isUp ? close > final[at].lower : close > final[at].upper;
    return isUp ? final[at].lower : final[at].upper;
  });
}

function volumeRatio(bars: readonly BarView[], period: number): Series {
  return bars.map(({ volume }, at) => {
    const before = sum(bars.slice(Math.max(0, at - period), at).map((bar) => bar.volume));
    return at < period || before === 0 ? NONE : (volume * period) / before;
  });
}

function difference(one: Series, other: Series): Series {
  return one.map((value, at) => value - other[at]);
}

/** By the names of the catalogue; parameters in its order. */
export const PLAIN_INDICATORS: Readonly<Record<string, Plain>> = {
  sma: (bars, [period]) => single(sma(closesOf(bars), period)),
  ema: (bars, [period]) => single(ema(closesOf(bars), period)),
  wma: (bars, [period]) => single(wma(closesOf(bars), period)),
  dema: (bars, [period]) => {
    const inner = ema(closesOf(bars), period);
    const outer = smoothed(inner, 1, 2 / (period + 1));
    return single(inner.map((value, at) => 2 * value - outer[at]));
  },
  rsi: (bars, [period]) => single(rsi(closesOf(bars), period)),
  macd: (bars, [fast, slow, signal]) => macd(closesOf(bars), fast, slow, signal),
  bollinger: (bars, [period, deviations]) => bollinger(closesOf(bars), period, deviations),
  atr: (bars, [period]) => single(wilder(trueRanges(bars), period)),
  adx: (bars, [period]) => adx(bars, period),
  stochastic: (bars, [period, signal, smooth]) => stochastic(bars, period, signal, smooth),
  obv: (bars) => single(obv(bars)),
  'vwap-bands': (bars, [period, deviations]) => vwapBands(bars, period, deviations),
  donchian: (bars, [period]) => donchian(bars, period),
  supertrend: (bars, [period, multiplier]) => single(supertrend(bars, period, multiplier)),
  'ema-cross': (bars, [fast, slow]) => single(difference(ema(closesOf(bars), fast), ema(closesOf(bars), slow))),
  'sma-cross': (bars, [fast, slow]) => single(difference(sma(closesOf(bars), fast), sma(closesOf(bars), slow))),
  'price-cross': (bars, [period]) => single(difference(closesOf(bars), sma(closesOf(bars), period))),
  'volume-spike': (bars, [period]) => single(volumeRatio(bars, period)),
};

/** Which bar, counted from 1, is the first with all outputs. */
export const WARM_UP_BARS: Readonly<Record<string, (parameters: readonly number[]) => number>> = {
  sma: ([period]) => period,
  ema: ([period]) => period,
  wma: ([period]) => period,
  dema: ([period]) => period,
  rsi: ([period]) => period + 1,
  macd: ([fast, slow, signal]) => Math.max(fast, slow) + signal - 1,
  bollinger: ([period]) => period,
  atr: ([period]) => period + 1,
  adx: ([period]) => 2 * period,
  stochastic: ([period, signal, smooth]) => period + smooth + signal - 2,
  obv: () => 1,
  'vwap-bands': ([period]) => period,
  donchian: ([period]) => period + 1,
  supertrend: ([period]) => period + 1,
  'ema-cross': ([fast, slow]) => Math.max(fast, slow),
  'sma-cross': ([fast, slow]) => Math.max(fast, slow),
  'price-cross': ([period]) => period,
  'volume-spike': ([period]) => period + 1,
};

/** How far two values are apart, as a share of the greater of the expected one and `scale`. NaN equals NaN alone. */
export function shareApart(actual: number, expected: number, scale: number): number {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Number.POSITIVE_INFINITY;
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), scale);
}
