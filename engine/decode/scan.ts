// Walks JSON as bytes: every function takes an offset and returns the next one, or a negative FrameResult. Hot path.

import { JSON_DEPTH_MAX } from '../../schemas/config.ts';
import { FrameResult } from '../../schemas/ids.ts';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** True when a string with an escape was passed since it was last set false: the frame may need unescape() and another look. */
export const scanState = { sawEscape: false };

/** Bytes of an ASCII key, for matches(). */
export function keyBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** True when bytes[from..to) are exactly `key`. */
export function matches(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  const length = key.length;
  if (to - from !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

/** The next offset that holds no JSON white space. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const byte = bytes[position];
    if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    position++;
  }
  return position;
}

/** Offset of the closing quote of the string whose text begins at `at`. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const byte = bytes[position];
    if (byte === QUOTE) return position;
    if (byte < SPACE) return FrameResult.syntax;
    if (byte === BACKSLASH) {
      scanState.sawEscape = true;
      const after = escapeEnd(bytes, position + 1, end);
      if (after < 0) return after;
      position = after;
    } else position++;
  }
  return FrameResult.syntax;
}

function isHex(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** Offset after the escape whose letter stands at `at`. */
function escapeEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return FrameResult.syntax;
  switch (bytes[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 1;
    case 0x75: // u
      for (let i = 1; i <= 4; i++) if (at + i >= end || !isHex(bytes[at + i])) return FrameResult.syntax;
      return at + 5;
    default:
      return FrameResult.syntax;
  }
}

/**
 * Offset of the key's first byte inside an object, given the offset after `{` or `,`; the key ends at stringEnd().
 * Returns `syntax` where no key stands.
 */
export function keyStart(bytes: Uint8Array, at: number, end: number): number {
  const position = at < end && bytes[at] === QUOTE ? at : skipSpace(bytes, at, end);
  return position < end && bytes[position] === QUOTE ? position + 1 : FrameResult.syntax;
}

/** Offset of the value, given the offset of the key's closing quote. */
export function valueStart(bytes: Uint8Array, at: number, end: number): number {
  let position = at + 1;
  if (position >= end || bytes[position] !== COLON) {
    position = skipSpace(bytes, position, end);
    if (position >= end || bytes[position] !== COLON) return FrameResult.syntax;
  }
  position++;
  return position < end && bytes[position] > SPACE ? position : skipSpace(bytes, position, end);
}

/**
 * Passes what follows a value inside an object or array: returns the offset after the comma, or the offset of the
 * closing byte itself (so that the caller sees `close` there). Anything else is `syntax`.
 */
export function next(bytes: Uint8Array, at: number, end: number, close: number): number {
  if (at + 1 < end) {
    const byte = bytes[at];
    if (byte === close) return at;
    const after = bytes[at + 1];
    if (byte === COMMA && after > SPACE) return after === close ? FrameResult.syntax : at + 1;
  }
  return nextSpaced(bytes, at, end, close);
}

function nextSpaced(bytes: Uint8Array, at: number, end: number, close: number): number {
  let position = skipSpace(bytes, at, end);
  if (position >= end) return FrameResult.syntax;
  if (bytes[position] === close) return position;
  if (bytes[position] !== COMMA) return FrameResult.syntax;
  position = skipSpace(bytes, position + 1, end);
  // A comma must be followed by another member: `[1,]` and `{"a":1,}` are no JSON.
  return position >= end || bytes[position] === close ? FrameResult.syntax : position;
}

/** Offset after the value at `at`, whatever it is, checked strictly. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  return skipNested(bytes, at, end, 0);
}

function skipNested(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) return FrameResult.syntax;
  const byte = bytes[at];
  if (byte === QUOTE) {
    const close = stringEnd(bytes, at + 1, end);
    return close < 0 ? close : close + 1;
  }
  if (byte === OPEN_OBJECT) return depth === JSON_DEPTH_MAX ? FrameResult.shape : skipObject(bytes, at, end, depth + 1);
  if (byte === OPEN_ARRAY) return depth === JSON_DEPTH_MAX ? FrameResult.shape : skipArray(bytes, at, end, depth + 1);
  if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return skipNumber(bytes, at, end);
  return skipWord(bytes, at, end);
}

function skipObject(bytes: Uint8Array, at: number, end: number, depth: number): number {
  let position = skipSpace(bytes, at + 1, end);
  if (position < end && bytes[position] === CLOSE_OBJECT) return position + 1;
  for (;;) {
    const key = keyStart(bytes, position, end);
    if (key < 0) return key;
    const close = stringEnd(bytes, key, end);
    if (close < 0) return close;
    const value = valueStart(bytes, close, end);
    if (value < 0) return value;
    const after = skipNested(bytes, value, end, depth);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_OBJECT);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_OBJECT) return position + 1;
  }
}

function skipArray(bytes: Uint8Array, at: number, end: number, depth: number): number {
  let position = skipSpace(bytes, at + 1, end);
  if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
  for (;;) {
    const after = skipNested(bytes, position, end, depth);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_ARRAY);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_ARRAY) return position + 1;
  }
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && bytes[position] >= ZERO && bytes[position] <= NINE) position++;
  return position;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  let position = bytes[at] === MINUS ? at + 1 : at;
  const whole = position;
  position = skipDigits(bytes, position, end);
  if (position === whole || (bytes[whole] === ZERO && position - whole > 1)) return FrameResult.syntax;
  if (position < end && bytes[position] === 0x2e) {
    const fraction = position + 1;
    position = skipDigits(bytes, fraction, end);
    if (position === fraction) return FrameResult.syntax;
  }
  if (position < end && (bytes[position] | 0x20) === 0x65) {
    position++;
    if (position < end && (bytes[position] === MINUS || bytes[position] === 0x2b)) position++;
    const exponent = position;
    position = skipDigits(bytes, exponent, end);
    if (position === exponent) return FrameResult.syntax;
  }
  return position;
}

const TRUE = keyBytes('true');
const FALSE = keyBytes('false');
const NULL = keyBytes('null');

function skipWord(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end && (matches(bytes, at, at + 4, TRUE) || matches(bytes, at, at + 4, NULL))) return at + 4;
  if (at + 5 <= end && matches(bytes, at, at + 5, FALSE)) return at + 5;
  return FrameResult.syntax;
}

/** Offset after `true` or `false`; which of them, tells bytes[at] (`t` or `f`). */
export function booleanEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && (bytes[at] === 0x74 || bytes[at] === 0x66)) return skipWord(bytes, at, end);
  return wrongType(bytes, at, end);
}

/** The result for a value of another type than the dialect has: `type`, or `syntax` where it is no JSON at all. */
export function wrongType(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  return after < 0 ? after : FrameResult.type;
}

/** The document ends at `at`: only white space may follow. */
export function documentEnd(bytes: Uint8Array, at: number, end: number): number {
  return skipSpace(bytes, at, end) === end ? end : FrameResult.syntax;
}

/**
 * Offset of the value of `key` in the object at `at` (its `{`), -0 excluded: 0 where the object has no such key.
 * The object is checked strictly on the way. For fields that decide how the others are read.
 */
export function findValue(bytes: Uint8Array, at: number, end: number, key: Uint8Array): number {
  let position = skipSpace(bytes, at + 1, end);
  if (position < end && bytes[position] === CLOSE_OBJECT) return 0;
  let found = 0;
  for (;;) {
    const from = keyStart(bytes, position, end);
    if (from < 0) return from;
    const to = stringEnd(bytes, from, end);
    if (to < 0) return to;
    const value = valueStart(bytes, to, end);
    if (value < 0) return value;
    if (found === 0 && matches(bytes, from, to, key)) found = value;
    const after = skipValue(bytes, value, end);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_OBJECT);
    if (position < 0) return position;
    if (bytes[position] === CLOSE_OBJECT) return found;
  }
}

export { lastDecimals } from './decimal.ts';
export {
  decimalAny,
  decimalNumber,
  decimalString,
  integerAny,
  integerNumber,
  integerString,
} from './values.ts';
