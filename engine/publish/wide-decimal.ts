// Exact sums and averages that need more digits than one decimal holds, as canonical text; BigInt, so never per trade.

const UNIT = 10n ** 18n;
const MILLI = 10n ** 15n;
const TERA = 10n ** 30n;
/** Limbs of a notional count in this base. */
const LIMB = 10n ** 12n;

/** `value` counts 10^-decimals; the text has no trailing zeros, no exponent, and is `0` for zero. */
export function scaledText(value: bigint, decimals: number): string {
  const size = value < 0n ? -value : value;
  const digits = size.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** numerator / denominator, rounded half-even; the denominator is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const sign = numerator < 0n ? -1n : 1n;
  const size = numerator * sign;
  const quotient = size / denominator;
  const twice = (size % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return sign * (up ? quotient + 1n : quotient);
}

/** A decimal in units of 10^-18. */
export function units(milli: number, atto: number): bigint {
  return BigInt(milli) * MILLI + BigInt(atto);
}

/** A volume sum in units of 10^-18. */
export function volumeUnits(tera: number, milli: number, atto: number): bigint {
  return BigInt(tera) * TERA + units(milli, atto);
}

/** A notional in units of 10^-36 from its six limbs, lowest first. */
export function notionalUnits(limbs: ArrayLike<number>): bigint {
  let value = 0n;
  for (let i = limbs.length - 1; i >= 0; i--) value = value * LIMB + BigInt(limbs[i]);
  return value;
}

/** Text of a value in units of 10^-18. */
export function unitsText(value: bigint): string {
  return scaledText(value, 18);
}

/** Text of a notional, which counts 10^-36. */
export function notionalText(value: bigint): string {
  return scaledText(value, 36);
}

/** VWAP as text, rounded half-even to 18 decimals; null without volume. Notional counts 10^-36, volume 10^-18. */
export function vwapText(notional: bigint, volume: bigint): string | null {
  return volume === 0n ? null : scaledText(divideHalfEven(notional, volume), 18);
}

export type TopMeasures = {
  readonly spread: string | null;
  readonly mid: string | null;
  readonly microprice: string | null;
  /** (bids - asks) / (bids + asks) of the quantities given. */
  readonly imbalance: number | null;
};

const NO_MEASURES: TopMeasures = { spread: null, mid: null, microprice: null, imbalance: null };

/** Sum of the quantities of levels of four numbers each. */
function quantitySum(levels: Float64Array): bigint {
  let sum = 0n;
  for (let at = 0; at < levels.length; at += 4) sum += units(levels[at + 2], levels[at + 3]);
  return sum;
}

/**
 * Measures of a book's best levels, all absent unless both sides have one. Spread and mid are exact (mid may have 19
 * decimals); the microprice weighs each price with the quantity opposite and is rounded half-even to 18 decimals.
 */
export function topMeasures(bids: Float64Array, asks: Float64Array): TopMeasures {
  if (bids.length === 0 || asks.length === 0) return NO_MEASURES;
  const bid = units(bids[0], bids[1]);
  const ask = units(asks[0], asks[1]);
  const bidQuantity = units(bids[2], bids[3]);
  const askQuantity = units(asks[2], asks[3]);
  const weight = bidQuantity + askQuantity;
  const bidSum = quantitySum(bids);
  const askSum = quantitySum(asks);
  const all = bidSum + askSum;
  return {
    spread: unitsText(ask - bid),
    mid: scaledText((ask + bid) * 5n, 19),
    microprice: weight === 0n ? null : unitsText(divideHalfEven(bid * askQuantity + ask * bidQuantity, weight)),
    imbalance: all === 0n ? null : Number(((bidSum - askSum) * UNIT) / all) / 1e18,
  };
}
