// ASCII digits to exact decimals and integers, straight from a frame's bytes into typed arrays. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import { DECIMALS_MAX, WHOLE_MAX } from '../base/decimal.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const EXPONENT_UPPER = 0x45;
const EXPONENT_LOWER = 0x65;

/** 10^0 to 10^22: all exact in float64. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Digits after the point of the decimal parsed last, as sent. One parse at a time on one thread: read it at once. */
export let lastDecimals = 0;

/** Digits of the largest whole part. */
const WHOLE_DIGITS_MAX = 13;
const MILLI_DECIMALS = 3;

/** Zeros that may follow the 18th decimal before the number is refused unread. */
const ZEROS_MAX = 400;

/** Digits that an int32 surely holds; numbers are added up in such pieces, which is twice as fast as in a double. */
const INT_DIGITS = 9;
/** Decimals of most venue numbers (Binance spot; USD-M prices): they are read at once, without a loop. */
const COMMON_DECIMALS = 8;
const FEW_DECIMALS = 2;
const QUOTE = 0x22;

/**
 * Parses an unsigned decimal at bytes[at..] into out[index] (milli) and out[index + 1] (atto).
 * Grammar: digits, then optionally a point and digits; no sign, no exponent, no leading zero before a digit, no blank.
 * Returns the offset after it, or a negative FrameResult: `type` where no digit stands, `range` above 9·10^12 or with a
 * sign, `precision` where a digit after the 18th decimal is not zero. The byte after it is the caller's to check.
 */
export function parseDecimal(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  let digit = at < end ? bytes[at] - ZERO : -1;
  if (digit < 0 || digit > 9) return notADigit(bytes, at, end);
  let whole = digit;
  let position = at + 1;
  const intEnd = Math.min(at + INT_DIGITS, end);
  for (; position < intEnd; position++) {
    digit = bytes[position] - ZERO;
    if (digit < 0 || digit > 9) break;
    whole = (whole * 10 + digit) | 0;
  }
  if (bytes[at] === ZERO && position > at + 1) return FrameResult.type;
  if (position >= end || bytes[position] !== POINT) return parseWhole(bytes, at, position, end, whole, out, index);
  position++;
  // The decimals of most venue numbers, read at once. A byte below `0` or above `9` makes its difference, or that from
  // nine, negative: the sign bit of all of them together.
  if (position + COMMON_DECIMALS < end && bytes[position + COMMON_DECIMALS] === QUOTE) {
    const a = bytes[position] - ZERO;
    const b = bytes[position + 1] - ZERO;
    const c = bytes[position + 2] - ZERO;
    const d = bytes[position + 3] - ZERO;
    const e = bytes[position + 4] - ZERO;
    const f = bytes[position + 5] - ZERO;
    const g = bytes[position + 6] - ZERO;
    const h = bytes[position + 7] - ZERO;
    const outside =
      a | b | c | d | e | f | g | h | (9 - a) | (9 - b) | (9 - c) | (9 - d) | (9 - e) | (9 - f) | (9 - g) | (9 - h);
    if (outside >= 0) {
      lastDecimals = COMMON_DECIMALS;
      out[index] = whole * 1000 + (a * 100 + b * 10 + c);
      out[index + 1] = (d * 10_000 + e * 1000 + f * 100 + g * 10 + h) * 1e10;
      return position + COMMON_DECIMALS;
    }
  } else if (position + FEW_DECIMALS < end && bytes[position + FEW_DECIMALS] === QUOTE) {
    const a = bytes[position] - ZERO;
    const b = bytes[position + 1] - ZERO;
    if ((a | b | (9 - a) | (9 - b)) >= 0) {
      lastDecimals = FEW_DECIMALS;
      out[index] = whole * 1000 + (a * 100 + b * 10);
      out[index + 1] = 0;
      return position + FEW_DECIMALS;
    }
  }
  return parseFraction(bytes, position, end, whole, out, index);
}

function notADigit(bytes: Uint8Array, at: number, end: number): number {
  const byte = at < end ? bytes[at] : 0;
  return byte === MINUS || byte === PLUS ? signed(bytes, at + 1, end) : FrameResult.type;
}

/** The rest of a whole part that has no point yet: it ends here, or is longer than an int32 holds. */
function parseWhole(
  bytes: Uint8Array,
  at: number,
  from: number,
  end: number,
  start: number,
  out: Float64Array,
  index: number,
): number {
  let whole = start;
  let position = from;
  for (; position < end && bytes[position] >= ZERO && bytes[position] <= NINE; position++)
    whole = whole * 10 + (bytes[position] - ZERO);
  if (position - at > WHOLE_DIGITS_MAX) return FrameResult.range;
  const byte = position < end ? bytes[position] : 0;
  if (byte === POINT) return parseFraction(bytes, position + 1, end, whole, out, index);
  if (whole > WHOLE_MAX) return FrameResult.range;
  if (byte === EXPONENT_LOWER || byte === EXPONENT_UPPER) return FrameResult.type;
  lastDecimals = 0;
  out[index] = whole * 1000;
  out[index + 1] = 0;
  return position;
}

/** The part after the point: three digits complete the milli, the next fifteen are the atto. */
function parseFraction(
  bytes: Uint8Array,
  at: number,
  end: number,
  whole: number,
  out: Float64Array,
  index: number,
): number {
  let position = at;
  let thousandths = 0;
  let digit = 0;
  const milliEnd = Math.min(at + MILLI_DECIMALS, end);
  for (; position < milliEnd; position++) {
    digit = bytes[position] - ZERO;
    if (digit < 0 || digit > 9) break;
    thousandths = thousandths * 10 + digit;
  }
  if (position === at) return FrameResult.type;
  if (position < at + MILLI_DECIMALS) thousandths *= position === at + 1 ? 100 : 10;
  let atto = 0;
  const attoEnd = Math.min(at + DECIMALS_MAX, end);
  for (; position < attoEnd; position++) {
    digit = bytes[position] - ZERO;
    if (digit < 0 || digit > 9) break;
    atto = atto * 10 + digit;
  }
  const decimals = position - at;
  if (atto !== 0) atto *= POWERS[DECIMALS_MAX - decimals];
  if (decimals === DECIMALS_MAX) {
    position = skipZeros(bytes, position, end);
    if (position < 0) return position;
  }
  const byte = position < end ? bytes[position] : 0;
  if (byte === EXPONENT_LOWER || byte === EXPONENT_UPPER) return FrameResult.type;
  if (whole > WHOLE_MAX) return FrameResult.range;
  lastDecimals = position - at;
  out[index] = whole * 1000 + thousandths;
  out[index + 1] = atto;
  return position;
}

/** Passes zeros after the 18th decimal: they do not change the value. Any other digit does not fit. */
function skipZeros(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && bytes[position] === ZERO) position++;
  if (position < end && bytes[position] > ZERO && bytes[position] <= NINE) return FrameResult.precision;
  return position - at > ZEROS_MAX ? FrameResult.precision : position;
}

/** A sign before a number: well-formed but outside the range (a price or quantity is never below zero); else no number. */
export function signed(bytes: Uint8Array, at: number, end: number): number {
  return at < end && bytes[at - 1] === MINUS && bytes[at] >= ZERO && bytes[at] <= NINE
    ? FrameResult.range
    : FrameResult.type;
}
