// Reads the numbers only OKX has: times in milliseconds as text, sequence numbers with -1 for none, signed checksums. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { parseInteger } from '../../decode/integer.ts';
import { integerNumber, integerString, wrongType } from '../../decode/scan.ts';
import { toMicroseconds } from '../../decode/time.ts';

const MINUS = 0x2d;
const INT32_MAX = 0x7fffffff;
const INT32_MIN = -0x80000000;

/** `"1597026383085"` to out[index] in µs. Returns the offset after the closing quote, or a negative FrameResult. */
export function timeText(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = integerString(bytes, at, end, out, index);
  if (after < 0) return after;
  const fits = toMicroseconds(out, index);
  return fits < 0 ? fits : after;
}

/** A JSON integer with or without a minus, between ±(2^53 - 1), into out[index]. */
export function signedInteger(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at >= end || bytes[at] !== MINUS) return integerNumber(bytes, at, end, out, index);
  const after = parseInteger(bytes, at + 1, end, out, index);
  if (after < 0) {
    const fault = wrongType(bytes, at, end);
    return fault === FrameResult.type ? after : fault;
  }
  out[index] = 0 - out[index];
  return after;
}

/** The sequence number of the change before, or -1 where there is none. */
export function previousSequence(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = signedInteger(bytes, at, end, out, index);
  return after >= 0 && out[index] < -1 ? FrameResult.range : after;
}

/** A signed 32-bit checksum, into out[index] as the unsigned number of the same bits; 0 stands for none. */
export function signedChecksum(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = signedInteger(bytes, at, end, out, index);
  if (after < 0) return after;
  if (out[index] > INT32_MAX || out[index] < INT32_MIN) return FrameResult.range;
  out[index] = out[index] >>> 0;
  return after;
}
