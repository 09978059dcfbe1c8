// Owns the four signals of a market, each computed afresh from exact state.
import type { Book } from './book.ts';
import { formatDecimal } from './decimal.ts';
import type { Level } from './ladder.ts';
import type { Trades } from './trades.ts';

export type Signal = { value: number | null; isWarm: boolean };

const IMBALANCE_LEVELS = 5;
const FAST = 12;
const SLOW = 26;
const COLD: Signal = { value: null, isWarm: false };

export function allSignals(book: Book, trades: Trades): Record<string, Signal> {
  return {
    imbalance: imbalance(book),
    microprice: microprice(book),
    cvd: trades.count === 0 ? { ...COLD } : warm(Number(formatDecimal(trades.cvd))),
    'ema-cross': emaCross(trades.kinds.get('1m')?.closes.map((bar) => Number(formatDecimal(bar.close))) ?? []),
  };
}

function warm(value: number): Signal {
  return { value, isWarm: true };
}

function hasBothSides(book: Book): boolean {
  return book.state === 'live' && book.bids.levels.length > 0 && book.asks.levels.length > 0;
}

function imbalance(book: Book): Signal {
  if (!hasBothSides(book)) return { ...COLD };
  const total = (levels: Level[]): bigint =>
    levels.slice(0, IMBALANCE_LEVELS).reduce((sum, level) => sum + level.quantity, 0n);
  const bids = total(book.bids.levels);
  const asks = total(book.asks.levels);
  return warm(Number(bids - asks) / Number(bids + asks));
}

function microprice(book: Book): Signal {
  if (!hasBothSides(book)) return { ...COLD };
  const bid = book.bids.levels[0];
  const ask = book.asks.levels[0];
  const weighted = bid.price * ask.quantity + ask.price * bid.quantity;
  return warm(Number(weighted) / Number(bid.quantity + ask.quantity) / 1e18);
}

/** EMA12 - EMA26, each seeded with the mean of its first closes. */
export function emaCross(closes: readonly number[]): Signal {
  if (closes.length < SLOW) return { ...COLD };
  return warm(ema(closes, FAST) - ema(closes, SLOW));
}

function ema(closes: readonly number[], period: number): number {
  const seed = closes.slice(0, period).reduce((sum, close) => sum + close, 0) / period;
  const alpha = 2 / (period + 1);
  return closes.slice(period).reduce((mean, close) => mean + alpha * (close - mean), seed);
}
