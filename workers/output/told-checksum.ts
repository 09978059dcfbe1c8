// Owns the checksum that subscribers are told of a book: CRC-32 of its best levels (docs/stream.md, "Checksum"). Hot path.
//
//   text    bidPrice:bidAmount:askPrice:askAmount:bidPrice:…      best first; a side with fewer levels is left out
//   pieces  │:price:amount│:price:amount│…                        one a level; the first colon is put in and taken back
//
// Few of the levels change at a time, so the remainder of each piece by itself is remembered. A remainder goes over n more
// bytes of zero by n's four tables, being linear, and the piece's own remainder is added to it: nothing is written twice.

import { byteRemainder, decimalBytes, decimalRemainder, remainderBefore } from './decimal-remainder.ts';

/** One side of a book: four numbers a level from offsetOf(rank). */
export type Side = { readonly values: Float64Array; readonly count: number; offsetOf(rank: number): number };

/** Levels a side that are covered: as much as most people show, and what other venues with a checksum cover. */
export const CHECKSUM_LEVELS = 10;
const COLON = 0x3a;
/** With the first colon it turns into the -1 that a checksum begins with. */
const BEFORE_FIRST = remainderBefore(-1, COLON);

/** Pieces remembered by a shard over all its markets. A market with listeners has twenty at a time. */
const PIECE_BITS = 13;
const PIECES = 1 << PIECE_BITS;
/** Odd, and without a pattern: neighbouring prices come to lie far apart. */
const SPREAD = 0x9e3779b1;
const NUMBERS = 4;
/** Price milli and atto, amount milli and atto of each piece remembered. */
const numbers = new Float64Array(PIECES * NUMBERS).fill(Number.NaN);
const remainders = new Int32Array(PIECES);
const sizes = new Uint8Array(PIECES);

/** The longest piece: a sign, two colons, and two decimals of 13 digits, a point and 18 places. */
const PIECE_BYTES_MAX = 72;
const BYTE_VALUES = 256;
/** Numbers of one size's tables, of which there is one for each byte of a remainder. */
const ADVANCE_WORDS = 4 * BYTE_VALUES;
/** Tables by size; filled when a piece of the size is first met. */
const advances = new Int32Array((PIECE_BYTES_MAX + 1) * ADVANCE_WORDS);

function fillAdvance(sizeBytes: number): void {
  const from = sizeBytes * ADVANCE_WORDS;
  if (advances[from + 1] !== 0) return;
  for (let at = 0; at < ADVANCE_WORDS; at++) {
    let remainder = (at & (BYTE_VALUES - 1)) << (8 * Math.floor(at / BYTE_VALUES));
    for (let i = 0; i < sizeBytes; i++) remainder = byteRemainder(remainder, 0);
    advances[from + at] = remainder;
  }
}

/** Unsigned. Thread: the shard's. */
export function toldChecksum(bids: Side, asks: Side): number {
  const bidCount = bids.count;
  const askCount = asks.count;
  if (bidCount + askCount === 0) return 0;
  let remainder = BEFORE_FIRST;
  for (let rank = 0; rank < CHECKSUM_LEVELS; rank++) {
    if (rank < bidCount) remainder = withPiece(remainder, bids.values, bids.offsetOf(rank));
    if (rank < askCount) remainder = withPiece(remainder, asks.values, asks.offsetOf(rank));
  }
  return ~remainder >>> 0;
}

function withPiece(before: number, values: Float64Array, from: number): number {
  const piece = pieceOf(values[from], values[from + 1], values[from + 2], values[from + 3]);
  const table = sizes[piece] * ADVANCE_WORDS;
  return (
    remainders[piece] ^
    advances[table + (before & 255)] ^
    advances[table + 256 + ((before >>> 8) & 255)] ^
    advances[table + 512 + ((before >>> 16) & 255)] ^
    advances[table + 768 + (before >>> 24)]
  );
}

/** Index of the piece of a level, which is remembered from here on. A price has one place, whatever is offered at it. */
function pieceOf(priceMilli: number, priceAtto: number, amountMilli: number, amountAtto: number): number {
  const piece = Math.imul((priceMilli + priceAtto) | 0, SPREAD) >>> (32 - PIECE_BITS);
  const at = piece * NUMBERS;
  const isKnown =
    numbers[at] === priceMilli &&
    numbers[at + 1] === priceAtto &&
    numbers[at + 2] === amountMilli &&
    numbers[at + 3] === amountAtto;
  if (isKnown) return piece;
  numbers[at] = priceMilli;
  numbers[at + 1] = priceAtto;
  numbers[at + 2] = amountMilli;
  numbers[at + 3] = amountAtto;
  let remainder = decimalRemainder(byteRemainder(0, COLON), priceMilli, priceAtto);
  const priceBytes = decimalBytes;
  remainder = decimalRemainder(byteRemainder(remainder, COLON), amountMilli, amountAtto);
  remainders[piece] = remainder;
  sizes[piece] = priceBytes + decimalBytes + 2;
  fillAdvance(sizes[piece]);
  return piece;
}
