// Reads numbers as the values of a frame's members: in quotes or not, and which category a wrong one has. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import { parseDecimal } from './decimal.ts';
import { parseInteger } from './integer.ts';
import { parseNumber } from './number.ts';
import { QUOTE, skipValue, stringEnd, wrongType } from './scan.ts';

/** A decimal inside quotes, into out[index], out[index + 1]. */
export function decimalString(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
  const after = parseDecimal(bytes, at + 1, end, out, index);
  if (after < 0) return stringFault(bytes, at, end, after);
  return after < end && bytes[after] === QUOTE ? after + 1 : stringFault(bytes, at, end, FrameResult.type);
}

/** A bad number in a string: its own category, unless the string itself never ends. */
function stringFault(bytes: Uint8Array, at: number, end: number, fault: number): number {
  const close = stringEnd(bytes, at + 1, end);
  return close < 0 ? close : fault;
}

/** A decimal as a JSON number (exponents allowed), into out[index], out[index + 1]. */
export function decimalNumber(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = parseNumber(bytes, at, end, out, index);
  return after < 0 ? numberFault(bytes, at, end, after) : after;
}

function numberFault(bytes: Uint8Array, at: number, end: number, fault: number): number {
  const after = skipValue(bytes, at, end);
  return after < 0 ? after : fault;
}

/** A decimal as text or number, read from its digits either way. */
export function decimalAny(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  return at < end && bytes[at] === QUOTE
    ? decimalString(bytes, at, end, out, index)
    : decimalNumber(bytes, at, end, out, index);
}

/** An unsigned integer as a JSON number, into out[index]. */
export function integerNumber(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = parseInteger(bytes, at, end, out, index);
  return after < 0 ? numberFault(bytes, at, end, after) : after;
}

/** An unsigned integer inside quotes, into out[index]. */
export function integerString(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
  const after = parseInteger(bytes, at + 1, end, out, index);
  if (after < 0) return stringFault(bytes, at, end, after);
  return after < end && bytes[after] === QUOTE ? after + 1 : stringFault(bytes, at, end, FrameResult.type);
}

/** An unsigned integer as number or text. */
export function integerAny(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  return at < end && bytes[at] === QUOTE
    ? integerString(bytes, at, end, out, index)
    : integerNumber(bytes, at, end, out, index);
}
