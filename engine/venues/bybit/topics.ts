// What a topic's name says: the channel, levels a side or the length of a candle, and the symbol. Hot path.
//
// Source: Bybit API v5 docs, "Orderbook", "Trade", "Ticker", "Kline", "All Liquidation" (2026-08); venues.md §8.

import { keyBytes } from '../../decode/scan.ts';
import { startsWith } from '../../decode/walk.ts';

const ORDERBOOK = keyBytes('orderbook.');
const TRADE = keyBytes('publicTrade.');
const TICKERS = keyBytes('tickers.');
const KLINE = keyBytes('kline.');
const LIQUIDATIONS = keyBytes('allLiquidation.');
const LIQUIDATION = keyBytes('liquidation.');
const POINT = 0x2e;

/** `best` is the order book of one level, which is a quote. */
export const Kind = {
  unknown: 0,
  book: 1,
  best: 2,
  trades: 3,
  tickers: 4,
  candles: 5,
  liquidations: 6,
} as const;

/** Depths sold; 500 is that of the venue's own archive and of the years before. */
const DEPTHS = Uint16Array.of(50, 200, 500, 1000);

/** True for a depth whose messages build books. */
export function isDeep(depth: number): boolean {
  return DEPTHS.includes(depth);
}

/** Longest number in a topic, `1000`. */
const DIGITS_MAX = 4;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 604_800_000;

/** Reads one topic at a time. */
export class TopicReader {
  kind: number = Kind.unknown;
  /** Levels a side of an order book. */
  depth = 0;
  /** Length of a candle; 0 for months, which differ. */
  intervalMs = 0;
  /** Where the symbol begins; it goes on to the topic's end. */
  symbolFrom = 0;

  /** Reads the topic bytes[from..to). A form that is not known leaves `kind` unknown. */
  read(bytes: Uint8Array, from: number, to: number): void {
    this.kind = Kind.unknown;
    this.symbolFrom = to;
    if (startsWith(bytes, from, to, ORDERBOOK)) this.orderbook(bytes, from + ORDERBOOK.length, to);
    else if (startsWith(bytes, from, to, TRADE)) this.plain(Kind.trades, from + TRADE.length);
    else if (startsWith(bytes, from, to, TICKERS)) this.plain(Kind.tickers, from + TICKERS.length);
    else if (startsWith(bytes, from, to, KLINE)) this.kline(bytes, from + KLINE.length, to);
    else if (startsWith(bytes, from, to, LIQUIDATIONS)) this.plain(Kind.liquidations, from + LIQUIDATIONS.length);
    else if (startsWith(bytes, from, to, LIQUIDATION)) this.plain(Kind.liquidations, from + LIQUIDATION.length);
  }

  private plain(kind: number, symbolFrom: number): void {
    this.kind = kind;
    this.symbolFrom = symbolFrom;
  }

  /** `200.BTCUSDT`; `full` and `rpi` have other frames and stay unknown. */
  private orderbook(bytes: Uint8Array, at: number, to: number): void {
    const depth = this.number(bytes, at, to);
    if (depth < 0) return;
    if (depth === 1) this.plain(Kind.best, this.symbolFrom);
    else if (isDeep(depth)) {
      this.kind = Kind.book;
      this.depth = depth;
    }
  }

  /** `1.BTCUSDT` in minutes, or a day, week or month by its letter. */
  private kline(bytes: Uint8Array, at: number, to: number): void {
    const minutes = this.number(bytes, at, to);
    if (minutes > 0) this.intervalMs = minutes * MINUTE_MS;
    else if (at + 1 >= to || bytes[at + 1] !== POINT) return;
    else {
      this.intervalMs = letterMs(bytes[at]);
      if (this.intervalMs < 0) return;
      this.symbolFrom = at + 2;
    }
    this.kind = Kind.candles;
  }

  /** The digits at `at`, which a point must end; notes where the symbol begins. -1 where none stand there. */
  private number(bytes: Uint8Array, at: number, to: number): number {
    let value = 0;
    let position = at;
    for (; position < to && position - at < DIGITS_MAX; position++) {
      const digit = bytes[position] - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (position === at || position >= to || bytes[position] !== POINT) return -1;
    this.symbolFrom = position + 1;
    return value;
  }
}

function letterMs(letter: number): number {
  switch (letter) {
    case 0x44: // D
      return DAY_MS;
    case 0x57: // W
      return WEEK_MS;
    case 0x4d: // M
      return 0;
    default:
      return -1;
  }
}
