// Writes what the simulated Hyperliquid sends: books, best quotes, trades and answers, as the venue writes them.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions" (2026-06); the recorded frames of venues.md §4.2.

import type { PriceLevel, SimMarket, SimTrade } from '../../simulate/protocol.ts';

/** Levels a side of a push: the normal mode, and `fast`. */
export const BOOK_LEVELS = 20;
export const FAST_LEVELS = 5;

const TID_BITS = 50;
/** Odd, so that different trades have different ids (2^64 divided by the golden ratio). */
const TID_STEP = 0x9e3779b97f4a7c15n;
const HASH_DIGITS = 64;
const USERS = ['0x31ca8395cf837de08b24da3f660e77761dfb974b', '0x010461c14e146ac35fe42271bdc1134ee31c703a'];
/** Orders at a level are told, but not simulated: some small number that stays with the price. */
const ORDERS_MAX = 5;

/** As the venue writes numbers: no zeros at the end, but one decimal at least. */
export function venueNumber(text: string): string {
  const [whole, fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  return `${whole}.${digits === '' ? '0' : digits}`;
}

function levelObject([price, quantity]: PriceLevel): { px: string; sz: string; n: number } {
  const px = venueNumber(price);
  return { px, sz: venueNumber(quantity), n: 1 + (px.charCodeAt(px.length - 1) % ORDERS_MAX) };
}

/** `levels` a side, as a push and the REST answer have it. */
export function bookData(market: SimMarket, timeMs: number, levels: number): object {
  const sides = [market.bids(levels).map(levelObject), market.asks(levels).map(levelObject)];
  return { coin: market.symbol, time: timeMs, levels: sides };
}

export function bookFrame(market: SimMarket, timeMs: number, isFast: boolean): string {
  const data = bookData(market, timeMs, isFast ? FAST_LEVELS : BOOK_LEVELS);
  return frame('l2Book', isFast ? { ...data, fast: true } : data);
}

/** Best bid and ask; null is an empty side. */
export function bestLevels(market: SimMarket): object {
  return [market.bids(1), market.asks(1)].map(([best]) => (best === undefined ? null : levelObject(best)));
}

export function tradeObject(coin: string, { timeMs, id, price, quantity, takerSide }: SimTrade): object {
  return {
    coin,
    side: takerSide === 'buy' ? 'B' : 'A',
    px: venueNumber(price),
    sz: venueNumber(quantity),
    time: timeMs,
    hash: `0x${id.toString(16).padStart(HASH_DIGITS, '0')}`,
    // A hash of the order ids at the venue: neither rising nor without gaps.
    tid: Number(BigInt.asUintN(TID_BITS, BigInt(id + 1) * TID_STEP)),
    users: takerSide === 'buy' ? USERS : [...USERS].reverse(),
  };
}

export function tradesFrame(coin: string, trades: readonly SimTrade[]): string {
  return frame(
    'trades',
    trades.map((trade) => tradeObject(coin, trade)),
  );
}

/** A message of a channel. */
export function frame(channel: string, data: unknown): string {
  return JSON.stringify({ channel, data });
}
