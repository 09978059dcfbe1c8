// ASCII digits to integers that a double holds exactly. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import { signed } from './decimal.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const MINUS = 0x2d;
const EXPONENT_UPPER = 0x45;
const EXPONENT_LOWER = 0x65;

/** Digits of 2^53. */
const SAFE_DIGITS_MAX = 16;

/** The number of six digits at `at`, all inside `bytes`, or -1 where one of them is no digit. Read at once, without a loop. */
export function sixDigits(bytes: Uint8Array, at: number): number {
  const a = bytes[at] - ZERO;
  const b = bytes[at + 1] - ZERO;
  const c = bytes[at + 2] - ZERO;
  const d = bytes[at + 3] - ZERO;
  const e = bytes[at + 4] - ZERO;
  const f = bytes[at + 5] - ZERO;
  // A byte below `0` or above `9` makes its difference, or that from nine, negative: the sign bit of all of them.
  const outside = a | b | c | d | e | f | (9 - a) | (9 - b) | (9 - c) | (9 - d) | (9 - e) | (9 - f);
  return outside < 0 ? -1 : a * 100_000 + b * 10_000 + c * 1000 + d * 100 + e * 10 + f;
}

/**
 * Parses an unsigned integer up to 2^53 - 1 (above it, neighbours could not be told apart) into out[index]. Returns the
 * offset after it, or a negative FrameResult.
 */
export function parseInteger(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at >= end || bytes[at] < ZERO || bytes[at] > NINE) return notAnInteger(bytes, at, end);
  let value = 0;
  let position = at;
  while (position + 6 < end) {
    const six = sixDigits(bytes, position);
    if (six < 0) break;
    value = value * 1e6 + six;
    position += 6;
  }
  for (; position < end; position++) {
    const digit = bytes[position] - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const byte = position < end ? bytes[position] : 0;
  if (bytes[at] === ZERO && position - at > 1) return FrameResult.type;
  if (byte === POINT || byte === EXPONENT_LOWER || byte === EXPONENT_UPPER) return FrameResult.type;
  if (value > Number.MAX_SAFE_INTEGER || position - at > SAFE_DIGITS_MAX) return FrameResult.range;
  out[index] = value;
  return position;
}

function notAnInteger(bytes: Uint8Array, at: number, end: number): number {
  return at < end && bytes[at] === MINUS ? signed(bytes, at + 1, end) : FrameResult.type;
}
