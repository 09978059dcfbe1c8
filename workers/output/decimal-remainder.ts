// Owns CRC-32 over canonical decimal text straight from milli and atto, with no text in between. Hot path.
//
// CRC-32 as in zlib (IEEE, reflected). A remainder goes in and comes out; a checksum begins as -1 and is its inverse.

import { CRC32_TABLE } from '../../engine/base/crc32-table.ts';
import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const MINUS = 0x2d;
/** Digits are taken out of a number as chunks that fit an int32. */
const CHUNK = 1e9;
const CHUNK_DIGITS = 9;
const MILLI_DIGITS = 3;
const ATTO_DIGITS = 15;
/** Digits of atto above its last nine. */
const ATTO_HIGH_DIGITS = ATTO_DIGITS - CHUNK_DIGITS;
/** Where the places behind the point end in `digits`, and where they begin: before them is room for 13 whole digits. */
const END = 32;
const POINT_AT = END - ATTO_DIGITS - MILLI_DIGITS;

/** Digits of the decimal at work: whole ones end at POINT_AT, places begin there. */
const digits = new Uint8Array(END);

/** Takes in one byte. */
export function byteRemainder(before: number, byte: number): number {
  return CRC32_TABLE[(before ^ byte) & 255] ^ (before >>> 8);
}

/** The remainder which that byte turns into `after`: the table's high bytes differ, so there is one. */
export function remainderBefore(after: number, byte: number): number {
  let index = 0;
  while (CRC32_TABLE[index] >>> 24 !== after >>> 24) index++;
  return ((after ^ CRC32_TABLE[index]) << 8) | (index ^ byte);
}

/** Bytes that the last decimalRemainder() took in. */
export let decimalBytes = 0;

/** Takes in the decimal as formatDecimal() writes it, and leaves its length in `decimalBytes`. */
export function decimalRemainder(before: number, milli: number, atto: number): number {
  if (milli >= 0) return magnitudeRemainder(before, milli, atto);
  const size = atto === 0 ? -milli : -milli - 1;
  const remainder = magnitudeRemainder(byteRemainder(before, MINUS), size, atto === 0 ? 0 : ATTO_PER_MILLI - atto);
  decimalBytes++;
  return remainder;
}

function magnitudeRemainder(before: number, milli: number, atto: number): number {
  const whole = Math.floor(milli / 1000);
  const first = takeWhole(whole);
  const end = takePlaces((milli - whole * 1000) | 0, atto);
  let remainder = before;
  for (let i = first; i < POINT_AT; i++) remainder = CRC32_TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  decimalBytes = POINT_AT - first;
  if (end === POINT_AT) return remainder;
  remainder = CRC32_TABLE[(remainder ^ POINT) & 255] ^ (remainder >>> 8);
  for (let i = POINT_AT; i < end; i++) remainder = CRC32_TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  decimalBytes += 1 + end - POINT_AT;
  return remainder;
}

/** Digits of a whole number below 10^13; returns where they begin. */
function takeWhole(whole: number): number {
  if (whole < CHUNK) return takeDigits(whole | 0, POINT_AT, 1);
  const high = Math.floor(whole / CHUNK);
  takeDigits((whole - high * CHUNK) | 0, POINT_AT, CHUNK_DIGITS);
  return takeDigits(high | 0, POINT_AT - CHUNK_DIGITS, 1);
}

/** Thousandths and the places behind them; returns where they end without the zeros at the end. */
function takePlaces(thousandths: number, atto: number): number {
  let end = POINT_AT + MILLI_DIGITS;
  if (atto === 0) {
    if (thousandths === 0) return POINT_AT;
    takeDigits(thousandths, end, MILLI_DIGITS);
  } else {
    takeDigits(thousandths, end, MILLI_DIGITS);
    const high = Math.floor(atto / CHUNK);
    const low = (atto - high * CHUNK) | 0;
    takeDigits(high | 0, end + ATTO_HIGH_DIGITS, ATTO_HIGH_DIGITS);
    end += ATTO_HIGH_DIGITS;
    if (low !== 0) {
      takeDigits(low, END, CHUNK_DIGITS);
      end = END;
    }
  }
  while (digits[end - 1] === ZERO) end--;
  return end;
}

/** All digits of an int32 that is not negative, and zeros before them up to `width`, ended at `end`; returns where they begin. */
function takeDigits(count: number, end: number, width: number): number {
  let rest = count | 0;
  let first = end;
  while (rest > 0) {
    const quotient = (rest / 10) | 0;
    digits[--first] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  while (first > end - width) digits[--first] = ZERO;
  return first;
}
