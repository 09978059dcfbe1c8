// Owns what the venues' checksums share: CRC-32 over the digits of a ladder's decimals, with no text in between. Hot path.
//
// CRC-32 as in zlib (IEEE, reflected). A remainder goes in and comes out; it begins as -1 and the checksum is its inverse.

import { CRC32_TABLE } from '../../engine/base/crc32-table.ts';

const ZERO = 0x30;
const POINT = 0x2e;
/** Digits after the point that milli and atto hold. */
const MILLI_DECIMALS = 3;
const ATTO_DECIMALS = 15;
const HELD_DECIMALS = MILLI_DECIMALS + ATTO_DECIMALS;
/** Digits of a number are taken out nine at a time, as a chunk that fits an int32. */
const CHUNK = 1e9;
const CHUNK_DIGITS = 9;
/** Digits of the longest decimal: 16 of milli, 15 of atto. */
const DIGITS_MAX = 31;

const POWERS = Float64Array.from({ length: ATTO_DECIMALS + 1 }, (_, exponent) => 10 ** exponent);
/** Digits of the number at work, ended at DIGITS_MAX. */
const digits = new Uint8Array(DIGITS_MAX);

/** Takes in one byte. */
export function byteRemainder(before: number, byte: number): number {
  return CRC32_TABLE[(before ^ byte) & 255] ^ (before >>> 8);
}

/** Takes in the digits of the decimal at `at`, not negative, written with `decimals` places: no point, no leading zeros. */
export function digitsRemainder(before: number, values: Float64Array, at: number, decimals: number): number {
  const first = takeDigits(values, at, decimals);
  let remainder = before;
  for (let i = first; i < DIGITS_MAX; i++) remainder = CRC32_TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  return zerosRemainder(remainder, decimals);
}

/** As digitsRemainder(), but the decimal as it is written: a point before its places, a zero where it has no whole part. */
export function decimalRemainder(before: number, values: Float64Array, at: number, decimals: number): number {
  const held = Math.min(decimals, HELD_DECIMALS);
  const point = DIGITS_MAX - held;
  let first = takeDigits(values, at, decimals);
  while (first >= point) digits[--first] = ZERO;
  let remainder = before;
  for (let i = first; i < point; i++) remainder = CRC32_TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  if (decimals === 0) return remainder;
  remainder = CRC32_TABLE[(remainder ^ POINT) & 255] ^ (remainder >>> 8);
  for (let i = point; i < DIGITS_MAX; i++) remainder = CRC32_TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  return zerosRemainder(remainder, decimals);
}

/** The places beyond those that milli and atto hold: only zeros are ever accepted there. */
function zerosRemainder(before: number, decimals: number): number {
  let remainder = before;
  for (let i = HELD_DECIMALS; i < decimals; i++) remainder = CRC32_TABLE[(remainder ^ ZERO) & 255] ^ (remainder >>> 8);
  return remainder;
}

/** Writes digits from the right; returns the index of the first that is not zero, DIGITS_MAX where none is. */
function takeDigits(values: Float64Array, at: number, decimals: number): number {
  let milli = values[at];
  let first = DIGITS_MAX;
  if (decimals < MILLI_DECIMALS) milli = Math.floor(milli / POWERS[MILLI_DECIMALS - decimals]);
  else if (decimals > MILLI_DECIMALS) {
    const width = Math.min(decimals - MILLI_DECIMALS, ATTO_DECIMALS);
    const atto = Math.floor(values[at + 1] / POWERS[ATTO_DECIMALS - width]);
    const high = Math.floor(atto / CHUNK);
    const lowWidth = Math.min(width, CHUNK_DIGITS);
    takeChunk((atto - high * CHUNK) | 0, first, lowWidth);
    takeChunk(high | 0, first - lowWidth, width - lowWidth);
    first -= width;
  }
  const high = Math.floor(milli / CHUNK);
  const low = (milli - high * CHUNK) | 0;
  if (high > 0) {
    takeChunk(low, first, CHUNK_DIGITS);
    return takeWhole(high | 0, first - CHUNK_DIGITS);
  }
  if (low > 0) return takeWhole(low, first);
  while (first < DIGITS_MAX && digits[first] === ZERO) first++;
  return first;
}

/** The last `width` digits of an int32, ended at `end`. */
function takeChunk(chunk: number, end: number, width: number): void {
  let rest = chunk | 0;
  for (let i = end - 1; i >= end - width; i--) {
    const quotient = (rest / 10) | 0;
    digits[i] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
}

/** All digits of a positive int32, ended at `end`; returns where they begin. */
function takeWhole(chunk: number, end: number): number {
  let rest = chunk | 0;
  let first = end;
  while (rest > 0) {
    const quotient = (rest / 10) | 0;
    digits[--first] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return first;
}
