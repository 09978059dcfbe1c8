// Closed bars for tests of signals: made of a few numbers, walked at random, or left without prices.

import type { BarSignal, BarView } from '../../workers/signals/signal.ts';

const MINUTE_US = 60_000_000;
const START_US = 1_786_000_020_000_000;

/** A bar of the given prices and volume, bought and sold in halves; its VWAP is the mean of its four prices. */
export function barView(open: number, high: number, low: number, close: number, volume: number, minute = 0): BarView {
  const vwap = volume > 0 ? (open + high + low + close) / 4 : Number.NaN;
  return {
    startTimeUs: START_US + minute * MINUTE_US,
    closeTimeUs: START_US + (minute + 1) * MINUTE_US - 1,
    open,
    high,
    low,
    close,
    volume,
    buyVolume: volume / 2,
    sellVolume: volume / 2,
    notional: volume > 0 ? vwap * volume : 0,
    vwap,
    trades: volume > 0 ? 10 : 0,
  };
}

/** A bar with one price and some volume. */
export function flatBar(price: number, volume = 1): BarView {
  return barView(price, price, price, price, volume);
}

/** An empty interval told as null. */
export function barWithoutPrices(): BarView {
  return barView(Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0);
}

/** Numbers in [0, 1), the same for the same seed. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % (2 ** 31 - 1);
    return state / (2 ** 31 - 1);
  };
}

/** A random walk around `price` in cents; one bar in ten is flat and without volume, one in fifty jumps. */
export function walkBars(count: number, seed: number, price = 50_000): BarView[] {
  const draw = numbersFrom(seed);
  const cents = (value: number): number => Math.max(1, Math.round(value * 100)) / 100;
  let last = price;
  return Array.from({ length: count }, (_, minute) => {
    if (draw() < 0.1) return barView(last, last, last, last, 0, minute);
    const step = draw() < 0.02 ? price / 20 : price / 500;
    const open = cents(last + (draw() - 0.5) * step);
    const close = cents(open + (draw() - 0.5) * step);
    const high = cents(Math.max(open, close) + draw() * step);
    const low = cents(Math.min(open, close) - draw() * step);
    last = close;
    return barView(open, high, low, close, Math.round(draw() ** 3 * 1e8) / 1e5, minute);
  });
}

/** value, second, third. */
export type Outputs = readonly [number, number, number];

export function outputsOf(signal: BarSignal): Outputs {
  return [signal.value, signal.second, signal.third];
}

/** The outputs after each bar, none of them a revision. */
export function outputsAfter(signal: BarSignal, bars: readonly BarView[]): Outputs[] {
  return bars.map((view) => {
    signal.bar(view, false);
    return outputsOf(signal);
  });
}
