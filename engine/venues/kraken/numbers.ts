// Reads the numbers that only Kraken v1 and REST have: seconds with a fraction, and checksums as digits. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { wrongType } from '../../decode/scan.ts';
import { textEnd } from '../../decode/walk.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;

/** Digits of whole seconds; more is far beyond the year 2255, where µs cease to be exact. */
const SECONDS_DIGITS_MAX = 10;
const TIME_US_MAX = 9e15;
/** A CRC32 has at most ten digits. One above 2^32 is kept, and will match no book. */
const CHECKSUM_DIGITS_MAX = 10;

/**
 * `"1618678133.365913"` to out[index] in µs (finer digits are cut). Returns the offset after the closing quote, or a
 * negative FrameResult.
 */
export function secondsTime(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const close = textEnd(bytes, at, end);
  if (close < 0) return close;
  const after = readSeconds(bytes, at + 1, close, out, index);
  if (after < 0) return after;
  return after === close ? close + 1 : FrameResult.type;
}

/** `1688669597.8277369` as a JSON number, as secondsTime(). */
export function secondsNumber(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = readSeconds(bytes, at, end, out, index);
  if (after === FrameResult.type) return wrongType(bytes, at, end);
  return after;
}

/** Seconds from bytes[at] on, at most to bytes[close]; returns the offset after them, or `type` or `range`. */
function readSeconds(bytes: Uint8Array, at: number, close: number, out: Float64Array, index: number): number {
  let position = at;
  let seconds = 0;
  for (; position < close && bytes[position] >= ZERO && bytes[position] <= NINE; position++) {
    if (position - at >= SECONDS_DIGITS_MAX) return FrameResult.range;
    seconds = seconds * 10 + (bytes[position] - ZERO);
  }
  if (position === at) return FrameResult.type;
  let micros = 0;
  if (position < close && bytes[position] === POINT) {
    const fraction = position + 1;
    let scale = 100_000;
    for (position++; position < close; position++) {
      const digit = bytes[position] - ZERO;
      if (digit < 0 || digit > 9) break;
      micros += digit * scale;
      scale = (scale / 10) | 0;
    }
    if (position === fraction) return FrameResult.type;
  }
  out[index] = seconds * 1e6 + micros;
  return out[index] <= TIME_US_MAX ? position : FrameResult.range;
}

/** `"2583817756"` to out[index]. Returns the offset after the closing quote, or a negative FrameResult. */
export function checksumText(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const close = textEnd(bytes, at, end);
  if (close < 0) return close;
  const digits = close - at - 1;
  if (digits < 1 || digits > CHECKSUM_DIGITS_MAX) return FrameResult.type;
  let value = 0;
  for (let i = at + 1; i < close; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return FrameResult.type;
    value = value * 10 + digit;
  }
  out[index] = value;
  return close + 1;
}
