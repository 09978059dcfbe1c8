// Reads the numbers only Bitfinex has: amounts whose sign is a side, times with a fraction, and `null` for none. Hot path.

import { decimalNumber } from '../../decode/scan.ts';

const MINUS = 0x2d;
const LETTER_N = 0x6e;

/** True when the number read last by signedNumber() had a minus. Read it at once. */
export let isNegative = false;

/** True where `null` stands; the caller passes it like any value. */
export function isNull(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && bytes[at] === LETTER_N;
}

/** A JSON number with or without a minus, its value without it into out[index], out[index + 1]; isNegative has the sign. */
export function signedNumber(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  isNegative = at < end && bytes[at] === MINUS;
  return decimalNumber(bytes, isNegative ? at + 1 : at, end, out, index);
}

const milliseconds = new Float64Array(2);

/** Milliseconds with a fraction (`1574697680828.2002`) into out[index] as µs, finer digits cut: a milli of a ms is a µs. */
export function fractionTime(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  const after = decimalNumber(bytes, at, end, milliseconds, 0);
  if (after >= 0) out[index] = milliseconds[0];
  return after;
}
