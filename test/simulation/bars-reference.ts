// Bars as anyone would build them from a list of trades: plain integers, one pass, nothing closed early.

import type { TrueTrade } from './truth.ts';
import type { SentFrame } from './venue-feed.ts';

export type PlainBar = {
  readonly startMs: number;
  readonly prices: readonly [open: string, high: string, low: string, close: string];
  readonly volume: number;
  readonly buyVolume: number;
  readonly trades: number;
};

/** Milli-units of a decimal text. */
export function milliOf(text: string): number {
  return Math.round(Number(text) * 1000);
}

function barOf(startMs: number, trades: readonly TrueTrade[]): PlainBar {
  // Of equal times the first and the last to come: sorting keeps their order.
  const byTime = [...trades].sort((a, b) => a.timeMs - b.timeMs);
  const byPrice = [...trades].sort((a, b) => Number(a.price) - Number(b.price));
  const volume = (list: readonly TrueTrade[]): number => list.reduce((sum, { amount }) => sum + milliOf(amount), 0);
  const buys = trades.filter(({ side }) => side === 'buy');
  const [first, last] = [byTime[0], byTime[byTime.length - 1]];
  const [low, high] = [byPrice[0], byPrice[byPrice.length - 1]];
  const prices = [first.price, high.price, low.price, last.price] as const;
  return { startMs, prices, volume: volume(trades), buyVolume: volume(buys), trades: trades.length };
}

/** Time bars by when they begin. */
export function timeBars(trades: readonly TrueTrade[], intervalMs: number): Map<number, PlainBar> {
  const buckets = new Map<number, TrueTrade[]>();
  for (const trade of trades) {
    const startMs = Math.floor(trade.timeMs / intervalMs) * intervalMs;
    buckets.set(startMs, [...(buckets.get(startMs) ?? []), trade]);
  }
  return new Map([...buckets].map(([startMs, own]) => [startMs, barOf(startMs, own)]));
}

/** Trades of frames, in their order. */
export function tradesIn(frames: readonly SentFrame[]): TrueTrade[] {
  return frames.flatMap(({ trade }) => (trade === undefined ? [] : [trade]));
}
