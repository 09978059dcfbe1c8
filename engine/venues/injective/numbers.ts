// Reads Injective's numbers, as text or not and with or without exponent, exactly into human units. Hot path.
//
// Scales (venues.md §6.1): the chain stream v2 and the LCD v2 are in human units, printed with 18 decimals (LegacyDec's
// JSON in injective-core); the decimal's wire form, an integer × 10^18, is not excluded. The indexer is in chain units.

import { FrameResult } from '../../../schemas/ids.ts';
import { DECIMALS_MAX, MILLI_MAX } from '../../base/decimal.ts';
import { sixDigits } from '../../decode/integer.ts';
import { parseScaled } from '../../decode/number.ts';
import { decimalAny, integerAny, QUOTE, skipValue } from '../../decode/scan.ts';
import { toMicroseconds } from '../../decode/time.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const EXPONENT = 0x65;
/** From so many digits on, a number without a point is none in human units: those end at 9·10^12. */
const LONG_DIGITS = 14;
const ATTO_SHIFT = -18;

/** Zeros that a whole number may end with, inside the range. */
const WHOLE_ZEROS_MAX = 12;

/** How the chain stream of one connection prints its decimals: settled by the first one that is not zero. */
export const Rendering = { open: 0, plain: 1, atto: 2 } as const;

/** A decimal × 10^shift, as text or number, into out[index], out[index + 1]. Returns the offset after it, or a FrameResult. */
export function scaledAny(
  bytes: Uint8Array,
  at: number,
  end: number,
  shift: number,
  out: Float64Array,
  index: number,
): number {
  const isText = at < end && bytes[at] === QUOTE;
  if (isText) {
    const close = plainNumber(bytes, at + 1, end, shift, out, index);
    if (close > 0) return close + 1;
  }
  const after = parseScaled(bytes, isText ? at + 1 : at, end, shift, out, index);
  if (after >= 0 && !isText) return after;
  if (after >= 0 && after < end && bytes[after] === QUOTE) return after + 1;
  const whole = skipValue(bytes, at, end);
  if (whole < 0) return whole;
  return after < 0 ? after : FrameResult.type;
}

/** 10^0 to 10^22: all exact in float64. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Digits, without the zeros around them, that a double holds exactly. */
const DIGITS_MAX = 15;
const MILLI_DECIMALS = 3;

/** Decimals that Go's LegacyDec prints, and digits before them that are read at once. */
const PRINTED_DECIMALS = 18;
const SIX = 6;
const WHOLE_DIGITS = 9;

/**
 * A decimal as Go's LegacyDec prints it, up to 9 digits, a point and 18 decimals, at bytes[at..] up to the quote behind it,
 * whose offset is returned; 0 where it is another text.
 */
export function printedDecimal(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  let position = at;
  let whole = 0;
  const wholeEnd = Math.min(at + WHOLE_DIGITS, end);
  for (; position < wholeEnd; position++) {
    const digit = bytes[position] - ZERO;
    if (digit < 0 || digit > 9) break;
    whole = (whole * 10 + digit) | 0;
  }
  const close = position + 1 + PRINTED_DECIMALS;
  if (close >= end || bytes[position] !== POINT || bytes[close] !== QUOTE || position === at) return 0;
  if (bytes[at] === ZERO && position > at + 1) return 0;
  const high = sixDigits(bytes, position + 1);
  if (high < 0) return 0;
  const thousandths = (high / 1000) | 0;
  let atto = (high - thousandths * 1000) * 1e12;
  if (!areTwelveZeros(bytes, position + 1 + SIX)) {
    const middle = sixDigits(bytes, position + 1 + SIX);
    const low = sixDigits(bytes, position + 1 + 2 * SIX);
    if (middle < 0 || low < 0) return 0;
    atto += middle * 1e6 + low;
  }
  out[index] = whole * 1000 + thousandths;
  out[index + 1] = atto;
  return close;
}

/** Most numbers have no digit there. All are inside `bytes`; read at once, without a loop. */
function areTwelveZeros(bytes: Uint8Array, at: number): boolean {
  const first = (bytes[at] ^ ZERO) | (bytes[at + 1] ^ ZERO) | (bytes[at + 2] ^ ZERO) | (bytes[at + 3] ^ ZERO);
  const second = (bytes[at + 4] ^ ZERO) | (bytes[at + 5] ^ ZERO) | (bytes[at + 6] ^ ZERO) | (bytes[at + 7] ^ ZERO);
  const third = (bytes[at + 8] ^ ZERO) | (bytes[at + 9] ^ ZERO) | (bytes[at + 10] ^ ZERO) | (bytes[at + 11] ^ ZERO);
  return (first | second | third) === 0;
}

/**
 * A text of digits and perhaps a point at bytes[at..], × 10^shift, up to the quote behind it, whose offset is returned: most
 * numbers, without the slow way. 0 where it is another text, or has too many digits; then nothing is said of it.
 */
export function plainNumber(
  bytes: Uint8Array,
  at: number,
  end: number,
  shift: number,
  out: Float64Array,
  index: number,
): number {
  let position = at;
  let value = 0;
  let digits = 0;
  let zeros = 0;
  let pointAt = -1;
  for (; position < end; position++) {
    const digit = bytes[position] - ZERO;
    if (digit === 0) {
      zeros++;
    } else if (digit > 0 && digit <= 9) {
      digits = value === 0 ? 1 : digits + zeros + 1;
      if (digits > DIGITS_MAX) return 0;
      value = value * POWERS[value === 0 ? 0 : zeros + 1] + digit;
      zeros = 0;
    } else if (bytes[position] === POINT && pointAt < 0) pointAt = position;
    else break;
  }
  if (position >= end || bytes[position] !== QUOTE || !isPlainForm(bytes, at, position, pointAt)) return 0;
  const fraction = pointAt < 0 ? 0 : position - pointAt - 1;
  return place(value, fraction - zeros - shift, out, index) ? position : 0;
}

/** Digits on both sides of the point, and no zero before others. */
function isPlainForm(bytes: Uint8Array, at: number, close: number, pointAt: number): boolean {
  const wholeEnd = pointAt < 0 ? close : pointAt;
  if (wholeEnd === at || (bytes[at] === ZERO && wholeEnd - at > 1)) return false;
  return pointAt < 0 || close - pointAt > 1;
}

/** Writes value × 10^-decimals; false where it does not fit so. */
function place(value: number, decimals: number, out: Float64Array, index: number): boolean {
  out[index + 1] = 0;
  if (value === 0) {
    out[index] = 0;
    return true;
  }
  if (decimals > DECIMALS_MAX || decimals < -WHOLE_ZEROS_MAX) return false;
  if (decimals <= MILLI_DECIMALS) {
    out[index] = value * POWERS[MILLI_DECIMALS - decimals];
    return out[index] <= MILLI_MAX;
  }
  const power = POWERS[decimals - MILLI_DECIMALS];
  const milli = Math.floor(value / power);
  out[index] = milli;
  out[index + 1] = (value - milli * power) * POWERS[DECIMALS_MAX - decimals];
  return milli <= MILLI_MAX;
}

/** Milliseconds as text or number into out[index] in µs; a time before 1970 stands for none and becomes 0. */
export function timeAny(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  out[index] = 0;
  if (bytes[at] === MINUS || (bytes[at] === QUOTE && at + 1 < end && bytes[at + 1] === MINUS)) {
    return skipValue(bytes, at, end);
  }
  const after = integerAny(bytes, at, end, out, index);
  if (after < 0) return after;
  const fits = toMicroseconds(out, index);
  return fits < 0 ? fits : after;
}

/** Digits of the number at `at` where it has neither point nor exponent; 0 where it has. */
function integerDigits(bytes: Uint8Array, at: number, end: number): number {
  const from = bytes[at] === QUOTE ? at + 1 : at;
  let position = from;
  while (position < end && bytes[position] >= ZERO && bytes[position] <= NINE) position++;
  const byte = position < end ? bytes[position] : 0;
  return byte === POINT || (byte | 0x20) === EXPONENT ? 0 : position - from;
}

/** Numbers of the chain stream of one connection. */
export class StreamNumbers {
  rendering: number = Rendering.open;

  /** As scaledAny(). A shift other than 0 is that of a stream declared to be in chain units. */
  read(bytes: Uint8Array, at: number, end: number, shift: number, out: Float64Array, index: number): number {
    if (shift !== 0) return scaledAny(bytes, at, end, shift, out, index);
    if (this.rendering === Rendering.atto) return this.readAtto(bytes, at, end, out, index);
    // Text of digits and a point is read at once; only one with an exponent needs the slow way.
    let after = decimalAny(bytes, at, end, out, index);
    if (after === FrameResult.type) after = scaledAny(bytes, at, end, 0, out, index);
    if (this.rendering === Rendering.plain) return after;
    if (after === FrameResult.range && integerDigits(bytes, at, end) >= LONG_DIGITS) {
      this.rendering = Rendering.atto;
      return this.readAtto(bytes, at, end, out, index);
    }
    if (after >= 0 && (out[index] !== 0 || out[index + 1] !== 0)) this.rendering = Rendering.plain;
    return after;
  }

  /** A connection does not print in two ways: a point among integers × 10^18 is refused. */
  private readAtto(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
    const after = scaledAny(bytes, at, end, ATTO_SHIFT, out, index);
    const isNumber = after >= 0 || after === FrameResult.precision;
    return isNumber && integerDigits(bytes, at, end) === 0 ? FrameResult.range : after;
  }
}
