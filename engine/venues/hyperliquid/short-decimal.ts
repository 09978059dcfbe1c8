// Reads decimals of few digits in one pass, as nearly all of a book are: the usual case of parseDecimal. Hot path.

const ZERO = 0x30;
const QUOTE = 0x22;
const POINT = 0x2e;
/** Digits that an int32 surely holds. */
const DIGITS_MAX = 9;
const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`));
const MILLI_DECIMALS = 3;
const ATTO_DECIMALS = 18;

/** Digits after the point of the decimal read last. One read at a time on one thread: read it at once. */
export let shortDecimals = 0;

/**
 * Reads up to nine digits, a point and up to nine more, followed by a quote, into out[index] (milli), out[index + 1] (atto).
 * Returns the offset of the quote, or 0 where something else stands there, which parseDecimal judges.
 */
export function shortDecimal(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  let position = at;
  let whole = 0;
  let digit = bytes[position] - ZERO;
  while (position < end && digit >= 0 && digit <= 9) {
    whole = (whole * 10 + digit) | 0;
    digit = bytes[++position] - ZERO;
  }
  const wholeDigits = position - at;
  if (wholeDigits === 0 || wholeDigits > DIGITS_MAX || digit !== POINT - ZERO) return 0;
  if (wholeDigits > 1 && bytes[at] === ZERO) return 0;
  const from = ++position;
  let fraction = 0;
  digit = bytes[position] - ZERO;
  while (position < end && digit >= 0 && digit <= 9) {
    fraction = (fraction * 10 + digit) | 0;
    digit = bytes[++position] - ZERO;
  }
  const decimals = position - from;
  if (decimals === 0 || decimals > DIGITS_MAX || digit !== QUOTE - ZERO) return 0;
  shortDecimals = decimals;
  if (decimals <= MILLI_DECIMALS) {
    out[index] = whole * 1000 + fraction * POWERS[MILLI_DECIMALS - decimals];
    out[index + 1] = 0;
    return position;
  }
  const power = POWERS[decimals - MILLI_DECIMALS];
  const milli = Math.floor(fraction / power);
  out[index] = whole * 1000 + milli;
  out[index + 1] = (fraction - milli * power) * POWERS[ATTO_DECIMALS - decimals];
  return position;
}
