// Owns the venues' book checksums, computed from the ladders, and which of them a venue's rule names. Hot path.
//
// Kraken: WebSocket v2 guide, "Book checksum" (2026-05); venues.md §3.5, §11.2. Of the ten best asks from low to high,
// then the ten best bids from high to low: price, then quantity, with decimals as sent, the point taken out and leading
// zeros cut, one behind the other. Fewer than ten levels: those there are.
//
// OKX: API guide v5, "Checksum" (until 2026-06, when the field became 0); venues.md §7.3, §11.3. Of the 25 best levels,
// best first: bid price, bid size, ask price, ask size, with text as sent, all joined by colons. Where one side is
// shorter the other goes on alone.

import type { ChecksumKind } from '../../schemas/venue-rules.ts';
import { byteRemainder, decimalRemainder, digitsRemainder } from './checksum-digits.ts';
import type { Ladder } from './ladder.ts';

/** Levels a side the checksum covers. */
export const KRAKEN_LEVELS = 10;
export const OKX_LEVELS = 25;
const COLON = 0x3a;

/** Checksum of a book as a signed 32-bit number, which never needs the heap; `>>> 0` gives the unsigned one. */
export type BookChecksum = (bids: Ladder, asks: Ladder) => number;

/** By the name in a venue's rule. Taken once per book. */
export const BOOK_CHECKSUMS: Readonly<Record<ChecksumKind, BookChecksum>> = Object.freeze({
  kraken: krakenChecksum,
  okx: okxChecksum,
});

export function krakenChecksum(bids: Ladder, asks: Ladder): number {
  return ~sideRemainder(sideRemainder(-1, asks), bids);
}

function sideRemainder(before: number, ladder: Ladder): number {
  const { values, decimals } = ladder;
  const count = Math.min(ladder.count, KRAKEN_LEVELS);
  let remainder = before;
  for (let rank = 0; rank < count; rank++) {
    const at = ladder.offsetOf(rank);
    remainder = digitsRemainder(remainder, values, at, decimals[at >> 1]);
    remainder = digitsRemainder(remainder, values, at + 2, decimals[(at >> 1) + 1]);
  }
  return remainder;
}

export function okxChecksum(bids: Ladder, asks: Ladder): number {
  const bidCount = bids.count;
  const askCount = asks.count;
  let remainder = -1;
  for (let rank = 0; rank < OKX_LEVELS; rank++) {
    if (rank < bidCount) remainder = levelRemainder(remainder, bids, rank, rank === 0);
    if (rank < askCount) remainder = levelRemainder(remainder, asks, rank, rank === 0 && bidCount === 0);
  }
  return ~remainder;
}

/** Price and quantity of the level of this rank, a colon between them and one before all but the first. */
function levelRemainder(before: number, ladder: Ladder, rank: number, isFirst: boolean): number {
  const { values, decimals } = ladder;
  const at = ladder.offsetOf(rank);
  let remainder = isFirst ? before : byteRemainder(before, COLON);
  remainder = decimalRemainder(remainder, values, at, decimals[at >> 1]);
  remainder = byteRemainder(remainder, COLON);
  return decimalRemainder(remainder, values, at + 2, decimals[(at >> 1) + 1]);
}
