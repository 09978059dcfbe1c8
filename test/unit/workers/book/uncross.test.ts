// Books that are crossed by nature, case by case: which level is hidden, and what becomes of it.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BookState, ChangeFlag } from '../../../../schemas/ids.ts';
import { BookOutcome } from '../../../../workers/book/market-book.ts';
import { BookUnderTest, type TextLevel } from './book-records.ts';

const SNAPSHOT = ChangeFlag.snapshot | ChangeFlag.hasSequence;
const DELTA = ChangeFlag.hasSequence;

function book(bids: readonly TextLevel[], asks: readonly TextLevel[]): BookUnderTest {
  const test = new BookUnderTest('dydx');
  test.feed({ flags: SNAPSHOT, last: 1, bids, asks });
  return test;
}

function bids(test: BookUnderTest, last: number, ...levels: TextLevel[]): number {
  return test.feed({ flags: DELTA, last, bids: levels });
}

function asks(test: BookUnderTest, last: number, ...levels: TextLevel[]): number {
  return test.feed({ flags: DELTA, last, asks: levels });
}

it('the older of two crossing levels is hidden, and the book stays live', () => {
  const test = book([['100', '1']], [['101', '2']]);
  assert.equal(bids(test, 2, ['102', '3']) & BookOutcome.uncrossed, BookOutcome.uncrossed);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['102', '3'],
        ['100', '1'],
      ],
      [],
    ],
  );
  assert.equal(test.book.state, BookState.live);
});

it('a hidden level shows again when what crossed it goes', () => {
  const test = book([['100', '1']], [['101', '2']]);
  bids(test, 2, ['102', '3']);
  bids(test, 3, ['102', '0.0']);
  assert.deepEqual([test.bids, test.asks], [[['100', '1']], [['101', '2']]]);
});

it('a change of a hidden level is taken, and makes it the newer one', () => {
  const test = book([['100', '1']], [['101', '2']]);
  bids(test, 2, ['102', '3']);
  asks(test, 3, ['101', '5']);
  assert.deepEqual([test.bids, test.asks], [[['100', '1']], [['101', '5']]]);
  asks(test, 4, ['101', '0']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['102', '3'],
        ['100', '1'],
      ],
      [],
    ],
  );
});

it('a removal of a hidden level is final', () => {
  const test = book([['100', '1']], [['101', '2']]);
  bids(test, 2, ['102', '3']);
  asks(test, 3, ['101', '0']);
  bids(test, 4, ['102', '0']);
  assert.deepEqual([test.bids, test.asks], [[['100', '1']], []]);
});

it('of two levels of one change the smaller quantity is taken from both, and given back', () => {
  const test = book([['100', '1']], [['110', '1']]);
  test.feed({ flags: DELTA, last: 2, bids: [['106', '0.7']], asks: [['105', '0.5']] });
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['106', '0.2'],
        ['100', '1'],
      ],
      [['110', '1']],
    ],
  );
  bids(test, 3, ['106', '0']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [['100', '1']],
      [
        ['105', '0.5'],
        ['110', '1'],
      ],
    ],
  );
});

it('equal prices cross, too', () => {
  const test = book([['100', '1']], [['101', '2']]);
  bids(test, 2, ['101', '1']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['101', '1'],
        ['100', '1'],
      ],
      [],
    ],
  );
});

it('a snapshot forgets what was hidden', () => {
  const test = book([['100', '1']], [['101', '2']]);
  bids(test, 2, ['102', '3']);
  test.feed({ flags: SNAPSHOT, last: 3, bids: [['99', '1']], asks: [['103', '1']] });
  bids(test, 4, ['98', '1']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['99', '1'],
        ['98', '1'],
      ],
      [['103', '1']],
    ],
  );
});

it('a book that is cut keeps its hidden levels within its depth', () => {
  const test = new BookUnderTest('dydx', undefined, 512, 2);
  test.feed({
    flags: SNAPSHOT,
    last: 1,
    bids: [
      ['100', '1'],
      ['99', '1'],
      ['98', '1'],
    ],
    asks: [
      ['101', '2'],
      ['102', '1'],
    ],
  });
  bids(test, 2, ['101.5', '3']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [
        ['101.5', '3'],
        ['100', '1'],
      ],
      [['102', '1']],
    ],
  );
  bids(test, 3, ['101.5', '0']);
  assert.deepEqual(
    [test.bids, test.asks],
    [
      [['100', '1']],
      [
        ['101', '2'],
        ['102', '1'],
      ],
    ],
  );
});

it('other venues hide nothing: a crossed book is suspect', () => {
  const test = new BookUnderTest('kraken');
  assert.equal(test.book.uncross, null);
  test.feed({ flags: ChangeFlag.snapshot, bids: [['102', '1']], asks: [['101', '1']] });
  assert.deepEqual([test.book.state, test.bids], [BookState.suspect, [['102', '1']]]);
});
