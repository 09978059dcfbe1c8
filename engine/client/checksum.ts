// The checksum of a book (docs/stream.md, "Checksum"): CRC-32 of its ten best levels a side, rank by rank.

import { crc32OfText } from '../base/crc32-table.ts';
import type { BookSide } from './book-side.ts';

const LEVELS = 10;

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
  return crc32OfText(checksumText(bids, asks));
}
