// Writes messages as Coinbase Advanced Trade does: texts without zeros at their end, times to the microsecond.

import type { PriceLevel, SimTrade } from '../../simulate/protocol.ts';

/** A decimal text without zeros at its end (recording). */
export function decimalText(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** `2026-08-09T21:05:48.170000Z`. */
export function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, -1)}000Z`;
}

/** The Go form of heartbeats, which is no RFC 3339. */
export function goTimeText(timeMs: number): string {
  const [day, time] = new Date(timeMs).toISOString().slice(0, -1).split('T');
  return `${day} ${time} +0000 UTC m=+${(timeMs % 1e8) / 1000}`;
}

export type Entry = Readonly<Record<string, string>>;

export function levelEntry([price, quantity]: PriceLevel, side: 'bid' | 'offer', timeMs: number): Entry {
  return { side, event_time: timeText(timeMs), price_level: decimalText(price), new_quantity: decimalText(quantity) };
}

/** The side is the maker's: where the taker bought, an offer was resting. */
export function tradeEntry(product: string, { id, timeMs, price, quantity, takerSide }: SimTrade): Entry {
  const size = decimalText(quantity);
  const side = takerSide === 'buy' ? 'SELL' : 'BUY';
  return { product_id: product, trade_id: `${id}`, price: decimalText(price), size, time: timeText(timeMs), side };
}
