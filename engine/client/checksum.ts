// The checksum of a book (docs/stream.md, "Checksum"): CRC-32 of its ten best levels a side, rank by rank.

import type { BookSide } from './book-side.ts';

const LEVELS = 10;
/** Of CRC-32 as in zlib, bits reversed. engine/base has one too, but with Node's own, which no browser has. */
const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** Of ASCII text. Unsigned. */
function crc32(text: string): number {
  let remainder = -1;
  for (let i = 0; i < text.length; i++) remainder = TABLE[(remainder ^ text.charCodeAt(i)) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

/** `bidPrice:bidAmount:askPrice:askAmount:…`; a side that has no level at a rank is left out there. */
function checksumText(bids: BookSide, asks: BookSide): string {
  let text = '';
  for (let rank = 0; rank < LEVELS; rank++) {
    const bid = bids.at(rank);
    const ask = asks.at(rank);
    if (bid !== undefined) text += `:${bid.price}:${bid.amount}`;
    if (ask !== undefined) text += `:${ask.price}:${ask.amount}`;
  }
  return text.slice(1);
}

export function checksumOf(bids: BookSide, asks: BookSide): number {
  return crc32(checksumText(bids, asks));
}
