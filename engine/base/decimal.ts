// Exact decimals as two integers in float64: milli counts 10^-3, atto counts 10^-18 with 0 <= atto < 10^15 (DESIGN §2).

/** atto at which a milli is full. */
export const ATTO_PER_MILLI = 1e15;
/** Whole units one decimal can hold, inclusive; milli then stays under 2^53. */
export const WHOLE_MAX = 9_000_000_000_000;
/** Largest milli of a decimal that fits: 9·10^12 whole units and 999 thousandths. */
export const MILLI_MAX = WHOLE_MAX * 1000 + 999;
export const DECIMALS_MAX = 18;

const MILLI_DIGITS = 3;
const ATTO_DIGITS = 15;

/** A decimal outside hot paths. */
export type Decimal = { readonly milli: number; readonly atto: number };

/** -1, 0 or 1 as a is less than, equal to or greater than b. */
export function compareDecimals(aMilli: number, aAtto: number, bMilli: number, bAtto: number): number {
  if (aMilli !== bMilli) return aMilli < bMilli ? -1 : 1;
  if (aAtto !== bAtto) return aAtto < bAtto ? -1 : 1;
  return 0;
}

function fits(milli: number): boolean {
  return milli <= MILLI_MAX && milli >= -MILLI_MAX - 1;
}

/** The exact sum, or null where it does not fit one decimal. */
export function addDecimals(a: Decimal, b: Decimal): Decimal | null {
  const atto = a.atto + b.atto;
  const carry = atto >= ATTO_PER_MILLI ? 1 : 0;
  const milli = a.milli + b.milli + carry;
  return fits(milli) ? { milli, atto: atto - carry * ATTO_PER_MILLI } : null;
}

/** The exact difference, or null where it does not fit one decimal. */
export function subtractDecimals(a: Decimal, b: Decimal): Decimal | null {
  const atto = a.atto - b.atto;
  const borrow = atto < 0 ? 1 : 0;
  const milli = a.milli - b.milli - borrow;
  return fits(milli) ? { milli, atto: atto + borrow * ATTO_PER_MILLI } : null;
}

/** Largest milli whose nano still are exact in float64. */
const NANO_MILLI_MAX = 9e9;
const ATTO_PER_NANO = 1e9;

/** As a float, for signals only: the nearest one up to nine decimals and nine million units, else within one step of it. */
export function decimalToFloat(milli: number, atto: number): number {
  if (milli < NANO_MILLI_MAX && milli > -NANO_MILLI_MAX && atto % ATTO_PER_NANO === 0) {
    return (milli * 1e6 + atto / ATTO_PER_NANO) / 1e9;
  }
  return milli / 1e3 + atto / 1e18;
}

/** Magnitude of a negative decimal: floor representation turned into sign and size. */
function magnitude(milli: number, atto: number): Decimal {
  if (milli >= 0) return { milli, atto };
  return atto === 0 ? { milli: -milli, atto: 0 } : { milli: -milli - 1, atto: ATTO_PER_MILLI - atto };
}

function fractionDigits(milli: number, atto: number): string {
  return String(milli % 1000).padStart(MILLI_DIGITS, '0') + (atto === 0 ? '' : String(atto).padStart(ATTO_DIGITS, '0'));
}

/** Canonical text: no exponent, no leading or trailing zeros, `0` for zero. */
export function formatDecimal(milli: number, atto: number): string {
  const size = magnitude(milli, atto);
  const whole = String(Math.floor(size.milli / 1000));
  if (size.atto === 0 && size.milli % 1000 === 0) return (milli < 0 ? '-' : '') + whole;
  return `${milli < 0 ? '-' : ''}${whole}.${fractionDigits(size.milli, size.atto).replace(/0+$/, '')}`;
}

/**
 * Text with exactly `decimals` digits after the point, any number of them.
 * @throws RangeError where the value has more: nothing is ever rounded.
 */
export function formatFixed(milli: number, atto: number, decimals: number): string {
  const text = formatDecimal(milli, atto);
  const point = text.indexOf('.');
  const has = point < 0 ? 0 : text.length - point - 1;
  if (has > decimals) throw new RangeError(`formatFixed: expected at most ${decimals} decimals, was ${text}`);
  if (decimals === 0) return text;
  return (point < 0 ? `${text}.` : text) + '0'.repeat(decimals - has);
}
