// Numbers with an exponent or a scale to exact decimals, by moving the point of their digits: the slow path of parseDecimal.

import { FrameResult } from '../../schemas/ids.ts';
import { parseDecimal } from './decimal.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const EXPONENT_UPPER = 0x45;
const EXPONENT_LOWER = 0x65;

/** Digits a number with an exponent may have, and places its point may move, before it is refused unread. */
const DIGITS_MAX = 400;

const exponentDigits = new Uint8Array(DIGITS_MAX);
const plainText = new Uint8Array(2 * DIGITS_MAX + 2);

/**
 * As parseDecimal, but accepts the exponent that a JSON number may carry (`1e-8`, `2.5E3`), exactly.
 * The plain form is tried first; an exponent moves the point of the digits and parses them again. `lastDecimals` then
 * counts the decimals of the plain text, and none for zero.
 */
export function parseNumber(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const plain = parseDecimal(bytes, at, end, out, index);
  if (plain >= 0) return plain;
  return parseExponent(bytes, at, end, out, index, plain, 0);
}

/** As parseNumber, for a number whose value is the text's × 10^shift: exact, `precision` or `range` where it does not fit. */
export function parseScaled(
  bytes: Uint8Array,
  at: number,
  end: number,
  shift: number,
  out: Float64Array,
  index: number,
): number {
  if (shift === 0) return parseNumber(bytes, at, end, out, index);
  const isDigit = at < end && bytes[at] >= ZERO && bytes[at] <= NINE;
  if (!isDigit) return parseDecimal(bytes, at, end, out, index);
  return parseExponent(bytes, at, end, out, index, FrameResult.type, shift);
}

function parseExponent(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Float64Array,
  index: number,
  plain: number,
  shift: number,
): number {
  let position = at;
  let digits = 0;
  let decimals = 0;
  let hasPoint = false;
  for (; position < end; position++) {
    const byte = bytes[position];
    if (byte === POINT && !hasPoint && digits > 0) hasPoint = true;
    else if (byte >= ZERO && byte <= NINE) {
      if (digits === DIGITS_MAX) return FrameResult.range;
      exponentDigits[digits++] = byte;
      if (hasPoint) decimals++;
    } else break;
  }
  const byte = position < end ? bytes[position] : 0;
  const hasExponent = byte === EXPONENT_LOWER || byte === EXPONENT_UPPER;
  if (digits === 0 || (!hasExponent && shift === 0) || (hasPoint && decimals === 0)) return plain;
  if (exponentDigits[0] === ZERO && digits - decimals > 1) return plain;
  if (!hasExponent) {
    const moved = parseShifted(digits, decimals - shift, out, index);
    return moved < 0 ? moved : position;
  }
  position++;
  let sign = 1;
  if (position < end && (bytes[position] === MINUS || bytes[position] === PLUS)) {
    sign = bytes[position] === MINUS ? -1 : 1;
    position++;
  }
  let exponent = 0;
  const exponentAt = position;
  while (position < end && bytes[position] >= ZERO && bytes[position] <= NINE) {
    if (exponent < DIGITS_MAX) exponent = exponent * 10 + (bytes[position] - ZERO);
    position++;
  }
  if (position === exponentAt) return FrameResult.type;
  const result = parseShifted(digits, decimals - sign * exponent - shift, out, index);
  return result < 0 ? result : position;
}

/** Parses `digits` digits of exponentDigits with `decimals` of them after the point (negative: zeros follow). */
function parseShifted(digits: number, decimals: number, out: Float64Array, index: number): number {
  let first = 0;
  while (first < digits - 1 && exponentDigits[first] === ZERO) first++;
  if (exponentDigits[first] === ZERO) return parseDecimal(exponentDigits, first, first + 1, out, index);
  if (decimals > DIGITS_MAX) return FrameResult.precision;
  if (decimals < -DIGITS_MAX) return FrameResult.range;
  const wholeDigits = digits - first - decimals;
  if (wholeDigits > 13) return FrameResult.range;
  let length = 0;
  if (wholeDigits <= 0) plainText[length++] = ZERO;
  for (let i = 0; i < wholeDigits; i++) plainText[length++] = first + i < digits ? exponentDigits[first + i] : ZERO;
  if (decimals > 0) {
    plainText[length++] = POINT;
    for (let i = 0; i < -wholeDigits; i++) plainText[length++] = ZERO;
    for (let i = wholeDigits > 0 ? first + wholeDigits : first; i < digits; i++)
      plainText[length++] = exponentDigits[i];
  }
  return parseDecimal(plainText, 0, length, out, index);
}
