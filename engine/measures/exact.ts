// Owns exact arithmetic for measures that need more digits than one decimal holds; BigInt, so never per record.

const MILLI = 10n ** 15n;
/** Digits after the point of a price or a quantity in units. */
export const UNIT_DECIMALS = 18;

/** A decimal in units of 10^-18. */
export function units(milli: number, atto: number): bigint {
  return BigInt(milli) * MILLI + BigInt(atto);
}

/** `value` counts 10^-decimals; the text has no trailing zeros, no exponent, and is `0` for zero. */
export function scaledText(value: bigint, decimals: number): string {
  const size = value < 0n ? -value : value;
  const digits = size.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Text of a value in units of 10^-18. */
export function unitsText(value: bigint): string {
  return scaledText(value, UNIT_DECIMALS);
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

/** Bits a quotient has at least: a float has 53, so those behind it only say how to round. */
const QUOTIENT_BITS = 64;

/** Bits of a number not negative, up to three too many. */
const bitsOf = (size: bigint): number => size.toString(16).length * 4;

/** The float nearest to numerator / denominator, null for a denominator of 0; the denominator is not negative. */
export function ratio(numerator: bigint, denominator: bigint): number | null {
  if (denominator === 0n) return null;
  const size = numerator < 0n ? -numerator : numerator;
  const shift = Math.max(0, QUOTIENT_BITS + 4 + bitsOf(denominator) - bitsOf(size));
  const scaled = size << BigInt(shift);
  // A last bit stands for all that is left: without it a value just above half-way would round down.
  const rest = scaled % denominator === 0n ? 0n : 1n;
  const value = Number((scaled / denominator) * 2n + rest) / 2 ** (shift + 1);
  return numerator < 0n ? -value : value;
}
