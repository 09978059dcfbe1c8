// Reads frames four bytes at a time through a DataView: digits, texts and literals in the venue's own writing. Hot path.
//
// Why: uWebSockets.js detaches each frame's buffer, and from the first detached buffer on V8 checks every access to any
// view of the thread for it. So the number of accesses counts, not the number of bytes (decisions/0006).
//
// Every function returns the next offset, or 0 where something else stands there than it reads: the caller then takes
// the way that reads any JSON. What is accepted here is a part of what is accepted there, with the same result.

const ZEROS = 0x30303030;
const HIGH_BITS = 0x80808080 | 0;
const ONES = 0x01010101;
const ABOVE_QUOTES = 0x23232323;
const BACKSLASHES = 0x5c5c5c5c;
const POINT = 0x2e;
const ZERO = 0x30;
const QUOTE = 0x22;
const WHOLE_DIGITS_MAX = 9;
const FRACTION_DIGITS_MAX = 9;
const ID_DIGITS_MAX = 15;

const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`));

/** Four ASCII characters as the number getInt32() reads from them. */
export function wordOf(text: string): number {
  return new DataView(Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer).getInt32(0, true);
}

/** The number that four digits stand for, or -1 where one of the four bytes is no digit. */
export function fourDigits(word: number): number {
  const digits = (word ^ ZEROS) | 0;
  // A byte above 9 gets its high bit set by adding 0x76, or has it already; one below `0` became above 9 by the xor.
  if ((((digits + 0x76767676) | digits) & HIGH_BITS) !== 0) return -1;
  const pairs = (digits * 10 + (digits >>> 8)) & 0x00ff00ff;
  return ((pairs & 0xff) * 100 + (pairs >>> 16)) | 0;
}

/** Reads 1 to 15 digits into out[index]. A leading zero is left to the other way. */
export function integerAt(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
  let position = at;
  let value = 0;
  while (position <= last) {
    const four = fourDigits(view.getInt32(position, true));
    if (four < 0) break;
    value = value * 10_000 + four;
    position += 4;
  }
  for (; position <= last; position++) {
    const digit = view.getUint8(position) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const digits = position - at;
  if (digits === 0 || digits > ID_DIGITS_MAX || (digits > 1 && view.getUint8(at) === ZERO)) return 0;
  out[index] = value;
  return position;
}

/** Digits after the point of the last decimalAt(). */
export let decimalsRead = 0;

/**
 * Reads a decimal of at most nine digits before and nine after the point, followed by a quote, into out[index] (milli)
 * and out[index + 1] (atto). Returns the offset after the quote.
 */
export function decimalAt(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
  let position = at;
  let whole = 0;
  if (position > last) return 0;
  const four = fourDigits(view.getInt32(position, true));
  if (four >= 0) {
    whole = four;
    position += 4;
  }
  let byte = 0;
  for (; position <= last; position++) {
    byte = view.getUint8(position);
    if (byte < ZERO || byte > 0x39) break;
    whole = (whole * 10 + (byte - ZERO)) | 0;
    if (position - at >= WHOLE_DIGITS_MAX) return 0;
  }
  const digits = position - at;
  if (digits === 0 || position > last || (digits > 1 && view.getUint8(at) === ZERO)) return 0;
  if (byte === QUOTE) {
    decimalsRead = 0;
    out[index] = whole * 1000;
    out[index + 1] = 0;
    return position + 1;
  }
  return byte === POINT ? fractionAt(view, position + 1, last, whole, out, index) : 0;
}

function fractionAt(view: DataView, at: number, last: number, whole: number, out: Float64Array, index: number): number {
  let position = at;
  let fraction = 0;
  while (position <= last) {
    const four = fourDigits(view.getInt32(position, true));
    if (four < 0) break;
    fraction = fraction * 10_000 + four;
    position += 4;
    if (position - at > FRACTION_DIGITS_MAX) return 0;
  }
  let byte = 0;
  for (; position <= last; position++) {
    byte = view.getUint8(position);
    if (byte < ZERO || byte > 0x39) break;
    fraction = fraction * 10 + (byte - ZERO);
  }
  const decimals = position - at;
  if (byte !== QUOTE || decimals === 0 || decimals > FRACTION_DIGITS_MAX || position > last) return 0;
  decimalsRead = decimals;
  if (decimals <= 3) {
    out[index] = whole * 1000 + fraction * POWERS[3 - decimals];
    out[index + 1] = 0;
    return position + 1;
  }
  const power = POWERS[decimals - 3];
  const milli = Math.floor(fraction / power);
  out[index] = whole * 1000 + milli;
  out[index + 1] = (fraction - milli * power) * POWERS[18 - decimals];
  return position + 1;
}

/**
 * Offset of the quote that ends a text of plain ASCII characters beginning at `at`: no escape, no blank or `!` or control
 * character, nothing above 0x7f.
 */
export function textEndAt(view: DataView, at: number, last: number): number {
  let position = at;
  for (; position <= last; position += 4) {
    const word = view.getInt32(position, true);
    const slashes = word ^ BACKSLASHES;
    // A byte up to the quote, a zero byte in `slashes`, or one above 0x7f ends the plain run.
    const found = ((word - ABOVE_QUOTES) & ~word) | ((slashes - ONES) & ~slashes) | word;
    if ((found & HIGH_BITS) !== 0) break;
  }
  for (; position <= last + 3; position++) {
    const byte = view.getUint8(position);
    if (byte === QUOTE) return position;
    if (byte < QUOTE || byte > 0x7f || byte === 0x5c) return 0;
  }
  return 0;
}
