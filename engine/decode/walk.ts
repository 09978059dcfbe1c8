// Walks the members of one JSON object, where each key lies and where its value begins, and reads its texts. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  documentEnd,
  keyStart,
  next,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
  valueStart,
  wrongType,
} from './scan.ts';

/** Key of the member passed last, bytes[keyFrom..keyTo). One walk at a time on one thread: read them at once. */
export let keyFrom = 0;
export let keyTo = 0;

/** Offset of the first member of the object at `at` (its `{`), or of its `}`. */
export function firstMember(bytes: Uint8Array, at: number, end: number): number {
  const position = skipSpace(bytes, at + 1, end);
  return position < end ? position : FrameResult.syntax;
}

/** Notes the key of the member at `at` and returns the offset of its value, or a negative FrameResult. */
export function member(bytes: Uint8Array, at: number, end: number): number {
  // A key of one letter without blanks, as most venue frames have.
  if (at + 4 < end && bytes[at + 2] === QUOTE && bytes[at] === QUOTE && bytes[at + 3] === COLON) {
    const letter = bytes[at + 1];
    if (letter > 0x22 && letter !== 0x5c && bytes[at + 4] > 0x20) {
      keyFrom = at + 1;
      keyTo = at + 2;
      return at + 4;
    }
  }
  return longMember(bytes, at, end);
}

function longMember(bytes: Uint8Array, at: number, end: number): number {
  const from = keyStart(bytes, at, end);
  if (from < 0) return from;
  const to = stringEnd(bytes, from, end);
  if (to < 0) return to;
  keyFrom = from;
  keyTo = to;
  return valueStart(bytes, to, end);
}

/** Passes all members from `at` on, checked strictly; returns the offset after the `}`. */
export function passMembers(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (bytes[position] !== CLOSE_OBJECT) {
    const value = member(bytes, position, end);
    if (value < 0) return value;
    const after = skipValue(bytes, value, end);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_OBJECT);
    if (position < 0) return position;
  }
  return position + 1;
}

/**
 * Passes all elements of an array from the one at `at` on, which may be its `]`, checked strictly; returns the offset after
 * the `]`. A negative `at` is given back.
 */
export function passElements(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position >= 0 && bytes[position] !== CLOSE_ARRAY) {
    position = skipValue(bytes, position, end);
    if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
  }
  return position < 0 ? position : position + 1;
}

/** Offset of the closing quote of the string value at `at`, or a negative FrameResult where no string stands. */
export function textEnd(bytes: Uint8Array, at: number, end: number): number {
  return at < end && bytes[at] === QUOTE ? stringEnd(bytes, at + 1, end) : wrongType(bytes, at, end);
}

/** True when bytes[at..] begin with `text`: a member's name and colon as the venue writes them, in one pass. */
export function startsWith(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  const length = text.length;
  if (at + length > end) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/**
 * The result of a frame refused with `result`: `syntax` where the rest of it, not read yet, is no JSON. Reading it all
 * also finds every escape, so the session knows that the plain copy is worth a look.
 */
export function refusal(bytes: Uint8Array, end: number, result: number): number {
  if (result === FrameResult.syntax || result < FrameResult.precision) return result;
  const after = skipValue(bytes, skipSpace(bytes, 0, end), end);
  const isSyntax = after === FrameResult.syntax || (after >= 0 && documentEnd(bytes, after, end) < 0);
  return isSyntax ? FrameResult.syntax : result;
}
