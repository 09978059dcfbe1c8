// Writes rows of books and trades as Bitfinex does: JSON numbers, the side in the sign of the amount.

import type { PriceLevel, SimMarket, SimTrade } from '../../simulate/protocol.ts';

/** Below this a number has an exponent, as JavaScript writes it; the venue's frames do so, too (recording: `1.1e-7`). */
const EXPONENT_ZEROS = 6;

/** A decimal text as the venue's JSON number: no zeros at the end, `0.00000011` as `1.1e-7`. */
export function numberText(text: string): string {
  const plain = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const small = /^0\.(0*)([1-9]\d*)$/.exec(plain);
  if (small === null || small[1].length < EXPONENT_ZEROS) return plain;
  const [, zeros, digits] = small;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e-${zeros.length + 1}`;
}

/** `[price,count,amount]`; the simulated market does not count orders. */
export function levelRow([price, quantity]: PriceLevel, isAsk: boolean): string {
  return `[${numberText(price)},1,${isAsk ? '-' : ''}${numberText(quantity)}]`;
}

/** A level taken out: count 0, and an amount that only tells the side. */
export function removalRow(price: string, isAsk: boolean): string {
  return `[${numberText(price)},0,${isAsk ? -1 : 1}]`;
}

/** The best levels, bids first, each side from its best. */
export function bookRows(market: SimMarket, levels: number): string[] {
  const bids = market.bids(levels).map((level) => levelRow(level, false));
  return [...bids, ...market.asks(levels).map((level) => levelRow(level, true))];
}

/** `[id,ms,amount,price]`. */
export function tradeRow({ id, timeMs, price, quantity, takerSide }: SimTrade): string {
  return `[${id},${timeMs},${takerSide === 'sell' ? '-' : ''}${numberText(quantity)},${numberText(price)}]`;
}
