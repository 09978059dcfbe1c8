// The checksum of the book that one view shows: CRC-32 of its best levels as text (docs/stream.md, "Checksum").

import { crc32OfText } from '../base/crc32-table.ts';
import { formatDecimal } from '../base/decimal.ts';
import { LEVEL_NUMBERS, type Levels } from './messages.ts';

/** Levels a side that a checksum covers; shards, which write that of whole books, cover as many. */
export const CHECKSUM_LEVELS = 10;

/** Of sides with their best levels first. Unsigned. */
export function bookChecksum(bids: Levels, asks: Levels): number {
  const texts: string[] = [];
  for (let at = 0; at < CHECKSUM_LEVELS * LEVEL_NUMBERS; at += LEVEL_NUMBERS) {
    for (const side of [bids, asks]) {
      if (at < side.length)
        texts.push(formatDecimal(side[at], side[at + 1]), formatDecimal(side[at + 2], side[at + 3]));
    }
  }
  return crc32OfText(texts.join(':'));
}
