// Owns the tests of crossed books, and of the integrity check.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findFault } from '../../../../workers/book/integrity.ts';
import { Ladder } from '../../../../workers/book/ladder.ts';
import { isCrossed, isLocked, writeSpread } from '../../../../workers/book/measures.ts';
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

describe('a locked book', () => {
  it('has the same best price on both sides, to the last atto', () => {
    const verdict = (bid: string, ask: string): boolean =>
      isLocked(side(true, [[bid, '1']]), side(false, [[ask, '2']]));
    assert.equal(verdict('1.000000000000000001', '1.000000000000000001'), true);
    assert.equal(verdict('1.000000000000000001', '1.000000000000000002'), false);
    assert.equal(verdict('1.001', '1'), false);
    assert.equal(isLocked(side(true, []), side(false, [['1', '1']])), false);
    assert.equal(isLocked(side(true, [['1', '1']]), side(false, [])), false);
  });
});

describe('the spread', () => {
  const SPREADS: readonly [bid: string | null, ask: string | null, milli: number, atto: number][] = [
    ['10', '10.001', 1, 0],
    ['10', '10', 0, 0],
    ['10.000000000000000001', '10.002', 1, 999_999_999_999_999],
    ['10.000999999999999999', '10.001', 0, 1],
    ['9.999', '10.000000000000000007', 1, 7],
    ['10.000000000000000001', '10', -1, 0],
    ['11', '10', -1, 0],
    [null, '10', -1, 0],
    ['10', null, -1, 0],
    [null, null, -1, 0],
  ];
  for (const [bid, ask, milli, atto] of SPREADS) {
    it(`of ${bid ?? 'no bid'} and ${ask ?? 'no ask'} is ${milli} milli and ${atto} atto`, () => {
      const out = Float64Array.of(7, 7);
      const levels = (price: string | null): TextLevel[] => (price === null ? [] : [[price, '1']]);
      writeSpread(side(true, levels(bid)), side(false, levels(ask)), out);
      assert.deepEqual([...out], [milli, atto]);
    });
  }

  it('is taken between the best levels of several', () => {
    const bids: TextLevel[] = [
      ['1', '1'],
      ['3', '1'],
    ];
    const asks: TextLevel[] = [
      ['9', '1'],
      ['4.5', '1'],
    ];
    const out = new Float64Array(2);
    writeSpread(side(true, bids), side(false, asks), out);
    assert.deepEqual([...out], [1500, 0]);
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
    const closed = bids();
    closed.keep(2);
    closed.values[closed.offsetOf(1)] = 1999;
    const faults = [
      findFault(unordered, asks()),
      findFault(closed, asks()),
      findFault(bids(), empty),
      findFault(bids(), wild),
      findFault(side(true, [['4.5', '1']]), asks()),
    ];
    assert.deepEqual(
      faults.map((fault) => fault?.message),
      [
        'bid 1: expected a price below 3, was 3',
        'bid 1: expected no price behind the horizon 2, was 1.999',
        'ask 1: expected a positive quantity, was 0',
        'ask 0: expected an exact milli and atto, was (4000, 1000000000000000)',
        'expected the best bid not above the best ask 4, was 4.5',
      ],
    );
    assert.deepEqual(
      faults.map((fault) => fault?.rule),
      ['order', 'horizon', 'quantity', 'range', 'crossed'],
    );
  });
});
