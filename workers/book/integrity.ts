// Owns the full check of a book: says which rule broke, with numbers. For tests and asserts, not once per record.

import { ATTO_PER_MILLI, compareDecimals, formatDecimal } from '../../engine/base/decimal.ts';
import type { Ladder } from './ladder.ts';
import { isCrossed } from './measures.ts';

export type IntegrityRule = 'range' | 'order' | 'quantity' | 'horizon' | 'crossed';

export type IntegrityFault = {
  readonly rule: IntegrityRule;
  readonly side: 'bid' | 'ask' | 'both';
  /** Levels from the best, of the level that breaks the rule. */
  readonly rank: number;
  readonly message: string;
};

function priceAt(ladder: Ladder, rank: number): string {
  const at = ladder.offsetOf(rank);
  return formatDecimal(ladder.values[at], ladder.values[at + 1]);
}

function isDecimal(milli: number, atto: number): boolean {
  return Number.isSafeInteger(milli) && Number.isSafeInteger(atto) && atto >= 0 && atto < ATTO_PER_MILLI;
}

function levelFault(ladder: Ladder, rank: number): IntegrityFault | null {
  const side = ladder.isBid ? 'bid' : 'ask';
  const { values } = ladder;
  const at = ladder.offsetOf(rank);
  for (let i = at; i < at + 4; i += 2) {
    if (isDecimal(values[i], values[i + 1])) continue;
    const message = `${side} ${rank}: expected an exact milli and atto, was (${values[i]}, ${values[i + 1]})`;
    return { rule: 'range', side, rank, message };
  }
  if (compareDecimals(values[at + 2], values[at + 3], 0, 0) <= 0) {
    const quantity = formatDecimal(values[at + 2], values[at + 3]);
    const message = `${side} ${rank}: expected a positive quantity, was ${quantity}`;
    return { rule: 'quantity', side, rank, message };
  }
  if (rank === 0) return null;
  const better = ladder.offsetOf(rank - 1);
  const compared = compareDecimals(values[at], values[at + 1], values[better], values[better + 1]);
  if (compared === (ladder.isBid ? -1 : 1)) return null;
  const relation = ladder.isBid ? 'below' : 'above';
  const expected = `${relation} ${priceAt(ladder, rank - 1)}`;
  const message = `${side} ${rank}: expected a price ${expected}, was ${priceAt(ladder, rank)}`;
  return { rule: 'order', side, rank, message };
}

/** A level behind a closed horizon, with levels between that are not known; the worst level shows it. */
function horizonFault(ladder: Ladder): IntegrityFault | null {
  if (!ladder.isClosed || ladder.count === 0) return null;
  const { values, horizon } = ladder;
  const rank = ladder.count - 1;
  const at = ladder.offsetOf(rank);
  const compared = compareDecimals(values[at], values[at + 1], horizon[0], horizon[1]);
  if (compared !== (ladder.isBid ? -1 : 1)) return null;
  const side = ladder.isBid ? 'bid' : 'ask';
  const expected = `no price behind the horizon ${formatDecimal(horizon[0], horizon[1])}`;
  return {
    rule: 'horizon',
    side,
    rank,
    message: `${side} ${rank}: expected ${expected}, was ${priceAt(ladder, rank)}`,
  };
}

/**
 * The first fault found: each level's numbers, quantity and order, its horizon, then whether the sides cross. Null where
 * sound.
 */
export function findFault(bids: Ladder, asks: Ladder): IntegrityFault | null {
  for (const ladder of [bids, asks]) {
    for (let rank = 0; rank < ladder.count; rank++) {
      const fault = levelFault(ladder, rank);
      if (fault !== null) return fault;
    }
    const fault = horizonFault(ladder);
    if (fault !== null) return fault;
  }
  if (!isCrossed(bids, asks)) return null;
  const message = `expected the best bid not above the best ask ${priceAt(asks, 0)}, was ${priceAt(bids, 0)}`;
  return { rule: 'crossed', side: 'both', rank: 0, message };
}
