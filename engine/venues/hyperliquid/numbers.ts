// Reads decimals that may be below zero, as funding rates are, in text or as numbers. Hot path.

import { isNegative as isTextNegative, signedDecimalString } from '../../decode/derivatives.ts';
import { isZero } from '../../decode/records.ts';
import { decimalNumber, QUOTE } from '../../decode/scan.ts';

const MINUS = 0x2d;

/** Whether the decimal read last is below zero. One read at a time on one thread: read it at once. */
export let isNegative = false;

/** A decimal with or without a minus; its value without the sign into out[index], out[index + 1]. */
export function signedDecimal(bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number): number {
  if (at < end && bytes[at] === QUOTE) {
    const after = signedDecimalString(bytes, at, end, out, index);
    isNegative = isTextNegative;
    return after;
  }
  const hasMinus = at < end && bytes[at] === MINUS;
  const after = decimalNumber(bytes, hasMinus ? at + 1 : at, end, out, index);
  isNegative = hasMinus && after >= 0 && !isZero(out, index);
  return after;
}
