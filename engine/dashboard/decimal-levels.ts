// Levels of a book for the eye: grouped to a coarser price step and summed from the best on, in exact arithmetic.

import type { PriceLevel } from '../../schemas/feed.ts';
import { mostDecimals } from './format.ts';

export type LadderLevel = {
  readonly price: string;
  readonly amount: string;
  /** Of this level and all better ones. */
  readonly total: string;
  /** The same as a number, for lengths of bars. */
  readonly totalNumber: number;
};

/** The number as units of 10^-decimals. */
export function scaled(text: string, decimals: number): bigint {
  const isNegative = text.startsWith('-');
  const [whole = '0', rest = ''] = text.replace('-', '').split('.');
  const units = BigInt(whole + rest.slice(0, decimals).padEnd(decimals, '0'));
  return isNegative ? -units : units;
}

/** Text with exactly so many decimals. */
export function unscaled(units: bigint, decimals: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const sign = units < 0n ? '-' : '';
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(digits.length - decimals)}`;
}

/** The step's multiple that a price belongs to: bids go down, asks up, so that no group looks better than its levels. */
function groupOf(price: bigint, step: bigint, isAsk: boolean): bigint {
  const rest = price % step;
  if (rest === 0n) return price;
  return isAsk ? price - rest + step : price - rest;
}

/**
 * The best `count` groups of a side's levels, best first. `step` is a power of ten as text (`0.1`, `10`), or '' for the
 * levels as they are. Amounts and totals have the decimals of the finest amount.
 */
export function ladderLevels(side: readonly PriceLevel[], step: string, count: number, isAsk: boolean): LadderLevel[] {
  const priceDecimals = Math.max(mostDecimals(side.map(({ price }) => price)), step === '' ? 0 : mostDecimals([step]));
  const amountDecimals = mostDecimals(side.map(({ amount }) => amount));
  const stepUnits = step === '' ? 1n : scaled(step, priceDecimals);
  const groups: { price: bigint; amount: bigint }[] = [];
  for (const { price, amount } of side) {
    const group = groupOf(scaled(price, priceDecimals), stepUnits, isAsk);
    const last = groups.at(-1);
    if (last?.price === group) last.amount += scaled(amount, amountDecimals);
    else if (groups.length === count) break;
    else groups.push({ price: group, amount: scaled(amount, amountDecimals) });
  }
  const shownDecimals = step === '' ? priceDecimals : mostDecimals([step]);
  return summed(groups, priceDecimals, shownDecimals, amountDecimals);
}

function summed(
  groups: readonly { price: bigint; amount: bigint }[],
  priceDecimals: number,
  shownDecimals: number,
  amountDecimals: number,
): LadderLevel[] {
  let total = 0n;
  const shift = 10n ** BigInt(priceDecimals - shownDecimals);
  return groups.map(({ price, amount }) => {
    total += amount;
    const totalText = unscaled(total, amountDecimals);
    const shown = unscaled(price / shift, shownDecimals);
    return { price: shown, amount: unscaled(amount, amountDecimals), total: totalText, totalNumber: Number(totalText) };
  });
}

/** Steps a reader may group by: the finest the prices show, and ten, a hundred and a thousand of it. */
export function stepsOf(levels: readonly PriceLevel[]): string[] {
  const decimals = mostDecimals(levels.map(({ price }) => price));
  return [0, 1, 2, 3].map((power) => {
    const left = decimals - power;
    return left > 0 ? `0.${'0'.repeat(left - 1)}1` : `1${'0'.repeat(-left)}`;
  });
}
