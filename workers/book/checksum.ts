// Owns Kraken's book checksum, computed from the ladders with no text in between. Hot path.
//
// Source: Kraken WebSocket v2 guide, "Book checksum" (2026-05); venues.md §3.5, §11.2. Of the ten best asks from low to
// high, then the ten best bids from high to low: price, then quantity, with decimals as sent, the point taken out and
// leading zeros cut, one behind the other. CRC-32 as in zlib (IEEE, reflected). Fewer than ten levels: those there are.

import { type Ladder, LEVEL_STRIDE } from './ladder.ts';

/** Levels a side the checksum covers. */
const CHECKSUM_LEVELS = 10;
const ZERO = 0x30;
/** Digits after the point that milli and atto hold. */
const MILLI_DECIMALS = 3;
const ATTO_DECIMALS = 15;
/** Digits of a number are taken out nine at a time, as a chunk that fits an int32. */
const CHUNK = 1e9;
const CHUNK_DIGITS = 9;
/** Digits of the longest decimal: 16 of milli, 15 of atto. */
const DIGITS_MAX = 31;

const TABLE = makeTable();
const POWERS = Float64Array.from({ length: ATTO_DECIMALS + 1 }, (_, exponent) => 10 ** exponent);
/** Digits of the number at work, ended at DIGITS_MAX. */
const digits = new Uint8Array(DIGITS_MAX);

function makeTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ ((remainder & 1) === 0 ? 0 : 0xedb88320);
    table[byte] = remainder;
  }
  return table;
}

/** Checksum of a book as a signed 32-bit number, which never needs the heap; `>>> 0` gives the venue's. */
export function bookChecksum(bids: Ladder, asks: Ladder): number {
  return ~sideRemainder(sideRemainder(-1, asks), bids);
}

function sideRemainder(before: number, ladder: Ladder): number {
  const { values, decimals } = ladder;
  const count = ladder.count;
  const last = count > CHECKSUM_LEVELS ? count - CHECKSUM_LEVELS : 0;
  let remainder = before;
  for (let index = count - 1; index >= last; index--) {
    const at = index * LEVEL_STRIDE;
    remainder = decimalRemainder(remainder, values, at, decimals[index * 2]);
    remainder = decimalRemainder(remainder, values, at + 2, decimals[index * 2 + 1]);
  }
  return remainder;
}

/** Takes in the digits of the decimal at `at`, not negative, written with `decimals` places. */
function decimalRemainder(before: number, values: Float64Array, at: number, decimals: number): number {
  const first = takeDigits(values, at, decimals);
  let remainder = before;
  for (let i = first; i < DIGITS_MAX; i++) remainder = TABLE[(remainder ^ digits[i]) & 255] ^ (remainder >>> 8);
  for (let i = MILLI_DECIMALS + ATTO_DECIMALS; i < decimals; i++) {
    remainder = TABLE[(remainder ^ ZERO) & 255] ^ (remainder >>> 8);
  }
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
