// Owns the checks of the signals that a book as it stands gives: imbalance, microprice and book pressure, by tables.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BookPressure } from '../../../../../workers/signals/book/book-pressure.ts';
import { Imbalance } from '../../../../../workers/signals/book/imbalance.ts';
import { Microprice } from '../../../../../workers/signals/book/microprice.ts';
import type { BookSignal } from '../../../../../workers/signals/signal.ts';
import { shown } from '../trades/views.ts';
import { bookOf, type LevelText } from './views.ts';

function valueAfter(signal: BookSignal, bids: readonly LevelText[], asks: readonly LevelText[]): number {
  signal.book(bookOf(bids, asks));
  assert.ok(Number.isNaN(signal.second) && Number.isNaN(signal.third));
  return signal.value;
}

function assertNear(value: number, expected: number, error = 1e-15): void {
  assert.ok(Math.abs(value - expected) <= Math.abs(expected) * error, `expected ${expected}, was ${value}`);
}

describe('signals of the book as it stands', () => {
  for (const make of [() => new Imbalance(5), () => new Microprice(), () => new BookPressure(5)]) {
    it(`have no value before a book, and none after a reset: ${make().constructor.name}`, () => {
      const signal = make();
      const isEmpty = (): boolean => shown(signal).every(Number.isNaN) && !signal.isWarm;
      assert.ok(signal.isStateless && isEmpty());
      signal.book(bookOf([['9', '1']], [['10', '2']]));
      assert.ok(signal.isWarm && !Number.isNaN(signal.value));
      signal.reset();
      assert.ok(isEmpty());
    });
  }
});

describe('imbalance', () => {
  const quantities = (...texts: string[]): LevelText[] => texts.map((text) => ['1', text]);

  for (const [name, bids, asks, expected] of [
    ['is 0 for equal sides whose parts differ', ['0.1', '0.2'], ['0.3'], 0],
    ['is near 1 where bids are all', ['1000000'], ['0.000000000000000001'], 1],
    ['is -0.5 where asks are three times the bids', ['1'], ['2', '1'], -0.5],
    ['sums five levels a side and no more', ['1', '1', '1', '1', '1', '100'], ['5', '0', '0', '0', '0', '7'], 0],
    ['keeps the last digit of a difference', ['1.000000000000000001'], ['1'], 5e-19],
    ['keeps the last digit of a negative difference', ['1', '0.5'], ['1.500000000000000001'], -1 / 3e18],
    ['carries what fractions add up to', ['0.0009', '0.0009'], ['0.0001'], 17 / 19],
    ['borrows where the larger side has the smaller fraction', ['1.001'], ['1.000999999999999999'], 1e-18 / 2.002],
  ] as [string, string[], string[], number][]) {
    it(name, () => assertNear(valueAfter(new Imbalance(5), quantities(...bids), quantities(...asks)), expected));
  }

  it('sums as many levels as asked for', () => {
    assert.equal(valueAfter(new Imbalance(1), quantities('3', '9'), quantities('1', '9')), 0.5);
    assert.equal(valueAfter(new Imbalance(20), quantities('3', '9'), quantities('1', '7')), 0.2);
  });

  it('keeps the last digit of a thousand levels a side', () => {
    const level = '0.000999999999999999';
    const bids = [...new Array(999).fill(level), '0.001'];
    const expected = 1e-18 / (2000 * 0.000999999999999999);
    assertNear(
      valueAfter(new Imbalance(1000), quantities(...bids), quantities(...new Array(1000).fill(level))),
      expected,
    );
  });
});

describe('microprice', () => {
  for (const [name, bids, asks, expected] of [
    ['is the mid for equal quantities', [['99', '2']], [['101', '2']], 100],
    ['moves toward the ask where the bid is larger', [['99', '3']], [['101', '1']], 100.5],
    [
      'looks at the best levels alone',
      [
        ['10', '1'],
        ['9', '50'],
      ],
      [
        ['20', '1'],
        ['21', '9'],
      ],
      15,
    ],
    ['takes decimals of 18 places', [['0.000000000000000002', '1']], [['0.000000000000000004', '1']], 3e-18],
  ] as [string, LevelText[], LevelText[], number][]) {
    it(name, () => assertNear(valueAfter(new Microprice(), bids, asks), expected));
  }
});

describe('book pressure', () => {
  const asks: LevelText[] = [
    ['102', '1'],
    ['104', '4'],
  ];
  for (const [name, levels, bids, expected] of [
    [
      'is 0 for sides that mirror each other',
      10,
      [
        ['100', '1'],
        ['98', '4'],
      ],
      0,
    ],
    // The second level weighs 1/2, however far it is: bids 1 + 4, asks 1 + 2.
    [
      'weighs a level by its rank',
      10,
      [
        ['100', '1'],
        ['97', '8'],
      ],
      (5 - 3) / (5 + 3),
    ],
    [
      'takes as many levels as asked for',
      1,
      [
        ['100', '3'],
        ['97', '400'],
      ],
      0.5,
    ],
    ['takes the levels there are', 10, [['100', '7']], (7 - 3) / (7 + 3)],
  ] as [string, number, LevelText[], number][]) {
    it(name, () => {
      const value = valueAfter(new BookPressure(levels), bids, asks);
      assertNear(value, expected, 1e-14);
    });
  }
});
