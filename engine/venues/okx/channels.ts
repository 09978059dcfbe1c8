// Names of the channels, what each carries, and what a name says of it: levels a side, or the length of a candle.
//
// Source: OKX API guide v5, "Order book channel", "Trades channel", "All trades channel", "Tickers channel",
// "Candlesticks channel", "Mark price channel", "Index tickers channel", "Funding rate channel", "Open interest channel",
// "Liquidation orders channel" (2026-08); venues.md §7.2, §7.4.

import { keyBytes, matches } from '../../decode/scan.ts';

const BOOKS = keyBytes('books');
const BOOKS_TICK = keyBytes('books-l2-tbt');
const BOOKS_50_TICK = keyBytes('books50-l2-tbt');
const BOOKS_5 = keyBytes('books5');
const BBO_TICK = keyBytes('bbo-tbt');
const TRADES = keyBytes('trades');
const TRADES_ALL = keyBytes('trades-all');
const TICKERS = keyBytes('tickers');
const MARK_PRICE = keyBytes('mark-price');
const INDEX_TICKERS = keyBytes('index-tickers');
const FUNDING_RATE = keyBytes('funding-rate');
const OPEN_INTEREST = keyBytes('open-interest');
const LIQUIDATION_ORDERS = keyBytes('liquidation-orders');
const CANDLE = keyBytes('candle');
const UTC = keyBytes('utc');

/** `book` has an action; `wholeBook` is a snapshot each time; from `book` on, messages make records. */
export const Kind = {
  unknown: 0,
  book: 1,
  wholeBook: 2,
  bbo: 3,
  trades: 4,
  allTrades: 5,
  tickers: 6,
  candles: 7,
  markPrice: 8,
  indexPrice: 9,
  fundingRate: 10,
  openInterest: 11,
  liquidations: 12,
} as const;

/** The kind of the channel named by bytes[from..to). Variants with other rows (`books-rpi`) are unknown. */
export function kindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, BOOKS) || matches(bytes, from, to, BOOKS_TICK)) return Kind.book;
  if (matches(bytes, from, to, TRADES)) return Kind.trades;
  if (matches(bytes, from, to, BBO_TICK)) return Kind.bbo;
  if (matches(bytes, from, to, TICKERS)) return Kind.tickers;
  if (matches(bytes, from, to, BOOKS_50_TICK)) return Kind.book;
  if (matches(bytes, from, to, BOOKS_5)) return Kind.wholeBook;
  if (matches(bytes, from, to, TRADES_ALL)) return Kind.allTrades;
  return candleInterval(bytes, from, to) < 0 ? derivativeKindOf(bytes, from, to) : Kind.candles;
}

function derivativeKindOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, MARK_PRICE)) return Kind.markPrice;
  if (matches(bytes, from, to, INDEX_TICKERS)) return Kind.indexPrice;
  if (matches(bytes, from, to, FUNDING_RATE)) return Kind.fundingRate;
  if (matches(bytes, from, to, OPEN_INTEREST)) return Kind.openInterest;
  return matches(bytes, from, to, LIQUIDATION_ORDERS) ? Kind.liquidations : Kind.unknown;
}

/** Levels a side of a book channel. */
export function depthOf(bytes: Uint8Array, from: number, to: number): number {
  if (matches(bytes, from, to, BOOKS_50_TICK)) return 50;
  return matches(bytes, from, to, BOOKS_5) ? 5 : 400;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 604_800_000;
/** Digits of the count: 15 minutes and 30 minutes are the longest there are. */
const DIGITS_MAX = 2;

/**
 * Milliseconds of a candle by its channel's name, `candle1m`, `candle12Hutc`; 0 for months and years, which differ in
 * length; -1 where the name is no candle's.
 */
export function candleInterval(bytes: Uint8Array, from: number, to: number): number {
  const digits = from + CANDLE.length;
  if (to <= digits || !matches(bytes, from, digits, CANDLE)) return -1;
  const end = matches(bytes, to - UTC.length, to, UTC) ? to - UTC.length : to;
  let count = 0;
  let position = digits;
  for (; position < end && position - digits < DIGITS_MAX; position++) {
    const digit = bytes[position] - 0x30;
    if (digit < 0 || digit > 9) break;
    count = count * 10 + digit;
  }
  if (count === 0 || position !== end - 1) return -1;
  const unit = unitMs(bytes[position]);
  return unit < 0 ? -1 : count * unit;
}

function unitMs(letter: number): number {
  switch (letter) {
    case 0x73: // s
      return SECOND_MS;
    case 0x6d: // m
      return MINUTE_MS;
    case 0x48: // H
      return HOUR_MS;
    case 0x44: // D
      return DAY_MS;
    case 0x57: // W
      return WEEK_MS;
    case 0x4d: // M
    case 0x59: // Y
      return 0;
    default:
      return -1;
  }
}
