// Venue times to microseconds since 1970: integers in milli- or microseconds, and RFC 3339 text. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import { sixDigits } from './integer.ts';
import { CLOSE_OBJECT, COMMA, integerNumber, QUOTE, stringEnd, wrongType } from './scan.ts';

/** Largest venue time accepted, in µs: the year 2255, where µs still are exact in float64. */
export const TIME_US_MAX = 9e15;
/** An integer from here on is microseconds: as milliseconds it would be after the year 5138. */
const MICROSECONDS_FROM = 1e14;

/** Turns the integer in out[index], in ms or µs, into µs. Returns 1, or `range`. */
export function toMicroseconds(out: Float64Array, index: number): number {
  if (out[index] < MICROSECONDS_FROM) out[index] *= 1000;
  return out[index] <= TIME_US_MAX ? 1 : FrameResult.range;
}

/** Digits of a time in milliseconds between 2001 and 2286. */
const MILLI_DIGITS = 13;

/** An integer time in ms or µs, as a JSON number, into out[index] in µs. Returns the offset after it, or a negative FrameResult. */
export function integerTime(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const high = at + MILLI_DIGITS < end && bytes[at] !== 0x30 ? sixDigits(bytes, at) : -1;
  if (high >= 0) {
    const middle = sixDigits(bytes, at + 6);
    const last = bytes[at + 12] - 0x30;
    const after = bytes[at + MILLI_DIGITS];
    if (middle >= 0 && last >= 0 && last <= 9 && (after === COMMA || after === CLOSE_OBJECT)) {
      out[index] = (high * 1e7 + (middle * 10 + last)) * 1000;
      return out[index] <= TIME_US_MAX ? at + MILLI_DIGITS : FrameResult.range;
    }
  }
  const after = integerNumber(bytes, at, end, out, index);
  if (after < 0) return after;
  const fits = toMicroseconds(out, index);
  return fits < 0 ? fits : after;
}

function digit(bytes: Uint8Array, at: number): number {
  const value = bytes[at] - 0x30;
  return value >= 0 && value <= 9 ? value : -10_000;
}

function two(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = (y / 400) | 0;
  const yearOfEra = y - era * 400;
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

const DAYS_IN_MONTH = Uint8Array.of(0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

/** True for a day that the Gregorian calendar has. */
function isDate(year: number, month: number, day: number): boolean {
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > DAYS_IN_MONTH[month]) return false;
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

/** True where `T` stands between date and time, in either case, or the blank that RFC 3339 allows in its place. */
function isSeparator(byte: number): boolean {
  return (byte | 0x20) === 0x74 || byte === 0x20;
}

/**
 * RFC 3339 text in quotes at bytes[at..], `2026-08-09T21:05:48.228568804Z` with 0 to 9 decimals, `Z` or an offset, to
 * out[index] in µs (finer digits are cut). Returns the offset after the closing quote, or a negative FrameResult.
 */
export function isoTime(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
  const close = stringEnd(bytes, at + 1, end);
  if (close < 0) return close;
  const from = at + 1;
  if (close - from < 20) return FrameResult.type;
  const year = two(bytes, from) * 100 + two(bytes, from + 2);
  const month = two(bytes, from + 5);
  const day = two(bytes, from + 8);
  const hour = two(bytes, from + 11);
  const minute = two(bytes, from + 14);
  const second = two(bytes, from + 17);
  if (!isDate(year, month, day) || !isSeparator(bytes[from + 10])) return FrameResult.type;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return FrameResult.type;
  if (bytes[from + 4] !== 0x2d || bytes[from + 7] !== 0x2d || bytes[from + 13] !== 0x3a || bytes[from + 16] !== 0x3a) {
    return FrameResult.type;
  }
  let position = from + 19;
  let micros = 0;
  if (bytes[position] === 0x2e) {
    const fraction = position + 1;
    let scale = 100_000;
    for (position = fraction; position < close && bytes[position] >= 0x30 && bytes[position] <= 0x39; position++) {
      micros += (bytes[position] - 0x30) * scale;
      scale = (scale / 10) | 0;
    }
    if (position === fraction) return FrameResult.type;
  }
  const offset = zoneMinutes(bytes, position, close);
  if (offset === NO_ZONE) return FrameResult.type;
  const seconds = daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
  out[index] = seconds * 1e6 + micros;
  return out[index] <= TIME_US_MAX && out[index] >= 0 ? close + 1 : FrameResult.range;
}

const NO_ZONE = 1_000_000;

/** Minutes east of UTC of the zone at bytes[at..close): `Z`, `+02:00`. */
function zoneMinutes(bytes: Uint8Array, at: number, close: number): number {
  if (close - at === 1 && (bytes[at] | 0x20) === 0x7a) return 0;
  if (close - at !== 6 || bytes[at + 3] !== 0x3a) return NO_ZONE;
  const hour = two(bytes, at + 1);
  const minute = two(bytes, at + 4);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return NO_ZONE;
  const minutes = hour * 60 + minute;
  if (bytes[at] === 0x2b) return minutes;
  return bytes[at] === 0x2d ? -minutes : NO_ZONE;
}
