// Owns the tests of crossed books, and of the integrity check.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findFault } from '../../../../workers/book/integrity.ts';
import { Ladder } from '../../../../workers/book/ladder.ts';
import { isCrossed } from '../../../../workers/book/measures.ts';
import { type TextLevel, writeDecimal } from './book-records.ts';

const numbers = new Float64Array(4);

function side(isBid: boolean, levels: readonly TextLevel[]): Ladder {
  const ladder = new Ladder(isBid);
  for (const [price, quantity] of levels) {
    writeDecimal(price, numbers, 0);
    writeDecimal(quantity, numbers, 2);
    ladder.apply(numbers, 0, 0, 0);
  }
  return ladder;
}

describe('a crossed book', () => {
  const isCrossedAt = (bids: readonly TextLevel[], asks: readonly TextLevel[]): boolean =>
    isCrossed(side(true, bids), side(false, asks));

  it('is told down to the last atto', () => {
    const verdict = (bid: string, ask: string): boolean => isCrossedAt([[bid, '1']], [[ask, '1']]);
    assert.equal(verdict('1.000000000000000002', '1.000000000000000001'), true);
    assert.equal(verdict('1.000000000000000001', '1.000000000000000001'), false, 'locked is allowed');
    assert.equal(verdict('1', '1.000000000000000001'), false);
    assert.equal(verdict('2', '1.000000000000000001'), true);
    assert.equal(verdict('1.999', '2'), false);
  });

  it('has both sides', () => {
    assert.equal(isCrossedAt([], []), false);
    assert.equal(isCrossedAt([['2', '1']], []), false);
    assert.equal(isCrossedAt([], [['2', '1']]), false);
  });
});

describe('the integrity check', () => {
  const bids = (): Ladder =>
    side(true, [
      ['3', '1'],
      ['2', '1'],
      ['1', '1'],
    ]);
  const asks = (): Ladder =>
    side(false, [
      ['4', '1'],
      ['5', '1'],
    ]);

  it('finds nothing in a sound book', () => {
    assert.equal(findFault(bids(), asks()), null);
    assert.equal(findFault(side(true, []), side(false, [])), null);
  });

  it('says which rule broke, where, and with which numbers', () => {
    const unordered = bids();
    unordered.values[unordered.offsetOf(1)] = 3000;
    const empty = asks();
    empty.values[empty.offsetOf(1) + 2] = 0;
    const wild = asks();
    wild.values[wild.offsetOf(0) + 1] = 1e15;
    const faults = [
      findFault(unordered, asks()),
      findFault(bids(), empty),
      findFault(bids(), wild),
      findFault(side(true, [['4.5', '1']]), asks()),
    ];
    assert.deepEqual(
      faults.map((fault) => fault?.message),
      [
        'bid 1: expected a price below 3, was 3',
        'ask 1: expected a positive quantity, was 0',
        'ask 0: expected an exact milli and atto, was (4000, 1000000000000000)',
        'expected the best bid not above the best ask 4, was 4.5',
      ],
    );
    assert.deepEqual(
      faults.map((fault) => fault?.rule),
      ['order', 'quantity', 'range', 'crossed'],
    );
  });
});
