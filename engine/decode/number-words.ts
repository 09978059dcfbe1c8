// Reads decimals that are JSON numbers, four digits at a time through a DataView. Hot path.
//
// As in words.ts: the next offset, or 0 where something else stands there than is read.

import { fourDigits } from './words.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
/** `e` and `E` with the bit that tells them apart. */
const EXPONENT = 0x65;
const CASE_BIT = 0x20;
const DIGITS_MAX = 9;

const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`));
const INT_POWERS = Int32Array.from({ length: DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent);

/** Digits after the point of the last numberAt(). One read at a time on one thread: take it at once. */
export let numberDecimals = 0;

/**
 * Reads an unsigned number of at most nine digits before and nine behind its point, without an exponent, into out[index]
 * (milli) and out[index + 1] (atto). Returns the offset after it, at most `last`.
 */
export function numberAt(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
  if (at === 0 || at > last) return 0;
  let position = at;
  let whole = 0;
  const four = fourDigits(view.getInt32(position, true));
  if (four >= 0) {
    whole = four;
    position += 4;
  }
  let byte = 0;
  for (; position <= last; position++) {
    byte = view.getUint8(position);
    if (byte < ZERO || byte > NINE) break;
    whole = (whole * 10 + (byte - ZERO)) | 0;
    if (position - at >= DIGITS_MAX) return 0;
  }
  const digits = position - at;
  if (digits === 0 || position > last || (digits > 1 && view.getUint8(at) === ZERO)) return 0;
  if (byte === POINT) return fractionAt(view, position + 1, last, whole, out, index);
  if ((byte | CASE_BIT) === EXPONENT) return 0;
  numberDecimals = 0;
  out[index] = whole * 1000;
  out[index + 1] = 0;
  return position;
}

function fractionAt(view: DataView, at: number, last: number, whole: number, out: Float64Array, index: number): number {
  let position = at;
  let fraction = 0;
  while (position <= last) {
    const four = fourDigits(view.getInt32(position, true));
    if (four < 0) break;
    fraction = (fraction * 10_000 + four) | 0;
    position += 4;
    if (position - at > DIGITS_MAX) return 0;
  }
  let byte = 0;
  for (; position <= last; position++) {
    byte = view.getUint8(position);
    if (byte < ZERO || byte > NINE) break;
    fraction = (fraction * 10 + (byte - ZERO)) | 0;
  }
  const decimals = position - at;
  if (decimals === 0 || decimals > DIGITS_MAX || position > last || (byte | CASE_BIT) === EXPONENT) return 0;
  numberDecimals = decimals;
  if (decimals <= 3) {
    out[index] = whole * 1000 + fraction * INT_POWERS[3 - decimals];
    out[index + 1] = 0;
    return position;
  }
  const power = INT_POWERS[decimals - 3];
  const milli = (fraction / power) | 0;
  out[index] = whole * 1000 + milli;
  out[index + 1] = (fraction - milli * power) * POWERS[18 - decimals];
  return position;
}
