// Owns exact decimals of the referee: BigInts counting 10^-18, and products of two of them counting 10^-36.
import { Rejected } from './rejection.ts';

export const DECIMALS = 18;
export const PRODUCT_DECIMALS = 36;
const ONE = 10n ** 18n;

/** Largest value: 2^53 - 1 thousandths (DESIGN §2), and every fraction below the next one. */
const LIMIT = 2n ** 53n * 10n ** 15n;

/** Writes out an exponent: `1.5e-8` becomes `0.000000015`, digits and trailing zeros of the mantissa kept. */
export function plainText(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new Rejected('type', `expected a number, was ${text.slice(0, 40)}`);
  const [, sign, whole, fraction = '', exponentText] = match;
  if (exponentText === undefined) return text;
  const exponent = Number(exponentText);
  if (exponent > 40) throw new Rejected('range', `exponent ${exponentText}`);
  if (exponent < -400) throw new Rejected('precision', `exponent ${exponentText}`);
  const zeros = '0'.repeat(Math.abs(exponent));
  const digits = exponent < 0 ? zeros + whole + fraction : whole + fraction + zeros;
  const pointAt = exponent < 0 ? whole.length : whole.length + exponent;
  const left = digits.slice(0, pointAt).replace(/^0+(?=\d)/, '');
  const right = digits.slice(pointAt, exponent < 0 ? undefined : whole.length + Math.max(fraction.length, exponent));
  return `${sign}${left}${right === '' ? '' : `.${right}`}`;
}

/** Reads a non-negative decimal text without exponent into units of 10^-18; never rounds. */
export function parseDecimal(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Rejected('type', `expected a decimal, was ${text.slice(0, 40)}`);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (match[1] === '-' && /[1-9]/.test(text)) throw new Rejected('range', `negative value ${text.slice(0, 40)}`);
  const whole = match[2].replace(/^0+(?=\d)/, '');
  if (whole.length > 20) throw new Rejected('range', `value ${text.slice(0, 40)} is too large`);
  if (fraction.length > DECIMALS) throw new Rejected('precision', `more than 18 decimals in ${text.slice(0, 60)}`);
  const value = BigInt(whole) * ONE + BigInt(fraction.padEnd(DECIMALS, '0'));
  if (value >= LIMIT) throw new Rejected('range', `value ${text.slice(0, 40)} is too large`);
  return value;
}

/** Canonical decimal text (INTERFACES) of an integer that counts 10^-decimals. */
export function formatDecimal(value: bigint, decimals: number = DECIMALS): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Quotient of two non-negative integers, rounded to the nearest, halves to the even one. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}
