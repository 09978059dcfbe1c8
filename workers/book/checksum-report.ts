// Owns what can be told of a checksum that did not match: its text, and the one level that would make it right. Not hot.
//
// A checksum says that something of the best levels is wrong, not what. Two mistakes of one level can be found by trying:
// a quantity whose zeros at the end are not as the venue sent them, and a level that should be gone. A level that is
// absent, or another quantity, cannot be told from outside.

import { formatFixed } from '../../engine/base/decimal.ts';
import type { ChecksumKind } from '../../schemas/venue-rules.ts';
import { KRAKEN_LEVELS, OKX_LEVELS } from './checksum.ts';
import { byteRemainder } from './checksum-digits.ts';
import type { Ladder } from './ladder.ts';

export type ChecksumSuspect = {
  /** `digits`: the quantity's zeros at the end; `level`: the level is one too many. */
  readonly fault: 'digits' | 'level';
  readonly side: 'bid' | 'ask';
  /** Levels from the best. */
  readonly rank: number;
  readonly price: string;
  /** The quantity's text as held, and for `digits` the one that makes the checksum right. */
  readonly quantity: string;
  readonly expectedQuantity: string | null;
};

export type ChecksumReport = {
  /** What the checksum of the book is over. */
  readonly text: string;
  /** Of that text, signed 32-bit. */
  readonly checksum: number;
  /** The level to blame; null where no single one explains the venue's checksum. */
  readonly suspect: ChecksumSuspect | null;
};

type TextLevel = { readonly price: string; readonly quantity: string };
type Recipe = { readonly levels: number; text(bids: readonly TextLevel[], asks: readonly TextLevel[]): string };

/** Decimals tried for a quantity: all that a number keeps. */
const DECIMALS_TRIED = 18;

/** The recipes in words; checksum.ts has them in digits, with their sources. */
const RECIPES: Readonly<Record<ChecksumKind, Recipe>> = {
  kraken: { levels: KRAKEN_LEVELS, text: krakenText },
  okx: { levels: OKX_LEVELS, text: okxText },
};

function krakenText(bids: readonly TextLevel[], asks: readonly TextLevel[]): string {
  const token = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const ofSide = (side: readonly TextLevel[]): string =>
    side
      .slice(0, KRAKEN_LEVELS)
      .map((level) => token(level.price) + token(level.quantity))
      .join('');
  return ofSide(asks) + ofSide(bids);
}

function okxText(bids: readonly TextLevel[], asks: readonly TextLevel[]): string {
  const parts: string[] = [];
  for (let rank = 0; rank < OKX_LEVELS; rank++) {
    for (const side of [bids, asks]) if (rank < side.length) parts.push(side[rank].price, side[rank].quantity);
  }
  return parts.join(':');
}

/** CRC-32 of a text of ASCII characters, signed. */
function checksumOf(text: string): number {
  let remainder = -1;
  for (let i = 0; i < text.length; i++) remainder = byteRemainder(remainder, text.charCodeAt(i));
  return ~remainder;
}

/** The best levels as sent: one more than the checksum covers, which moves up where another is taken out. */
function textLevels(ladder: Ladder, levels: number): TextLevel[] {
  return Array.from({ length: Math.min(ladder.count, levels + 1) }, (_, rank) => {
    const at = ladder.offsetOf(rank);
    const { values, decimals } = ladder;
    return {
      price: formatFixed(values[at], values[at + 1], decimals[at >> 1]),
      quantity: formatFixed(values[at + 2], values[at + 3], decimals[(at >> 1) + 1]),
    };
  });
}

/** The ways to write a quantity, fewest zeros first, without the one that is held. */
function otherTexts(quantity: string): string[] {
  const point = quantity.indexOf('.');
  const canonical = point < 0 ? quantity : quantity.replace(/\.?0+$/, '');
  const held = canonical.includes('.') ? canonical.length - canonical.indexOf('.') - 1 : 0;
  return Array.from({ length: DECIMALS_TRIED - held + 1 }, (_, zeros) => {
    if (zeros === 0) return canonical;
    return `${held === 0 ? `${canonical}.` : canonical}${'0'.repeat(zeros)}`;
  }).filter((text) => text !== quantity);
}

type Trial = (side: readonly TextLevel[]) => number;

function suspectOf(levels: readonly TextLevel[], covered: number, expected: number, trial: Trial) {
  for (let rank = 0; rank < Math.min(levels.length, covered); rank++) {
    const { price, quantity } = levels[rank];
    if (trial(levels.toSpliced(rank, 1)) === expected) {
      return { fault: 'level', rank, price, quantity, expectedQuantity: null } as const;
    }
    for (const text of otherTexts(quantity)) {
      if (trial(levels.with(rank, { price, quantity: text })) !== expected) continue;
      return { fault: 'digits', rank, price, quantity, expectedQuantity: text } as const;
    }
  }
  return null;
}

/** `expected` is the venue's checksum, signed or unsigned. The ladders are only read. */
export function reportChecksum(kind: ChecksumKind, bids: Ladder, asks: Ladder, expected: number): ChecksumReport {
  const recipe = RECIPES[kind];
  const bidLevels = textLevels(bids, recipe.levels);
  const askLevels = textLevels(asks, recipe.levels);
  const text = recipe.text(bidLevels, askLevels);
  const checksum = checksumOf(text);
  const wanted = expected | 0;
  if (checksum === wanted) return { text, checksum, suspect: null };
  const bid = suspectOf(bidLevels, recipe.levels, wanted, (side) => checksumOf(recipe.text(side, askLevels)));
  if (bid !== null) return { text, checksum, suspect: { side: 'bid', ...bid } };
  const ask = suspectOf(askLevels, recipe.levels, wanted, (side) => checksumOf(recipe.text(bidLevels, side)));
  return { text, checksum, suspect: ask === null ? null : { side: 'ask', ...ask } };
}
