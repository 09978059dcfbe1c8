// Owns the tests of how deep a market's book is known, by where its levels come from and by what the user keeps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BookState, ChangeFlag, StateReason } from '../../../../schemas/ids.ts';
import { findFault } from '../../../../workers/book/integrity.ts';
import { BookOutcome } from '../../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../../workers/book/snapshot-stage.ts';
import { BookUnderTest, type TextLevel } from './book-records.ts';

const STREAM = ChangeFlag.snapshot;
const REST = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
const NUMBERED = ChangeFlag.hasSequence;

const at = (...prices: readonly number[]): TextLevel[] => prices.map((price) => [`${price}`, '1']);
const gone = (...prices: readonly number[]): TextLevel[] => prices.map((price) => [`${price}`, '0']);
const keeping = (venue: string, levelsKept: number): BookUnderTest =>
  new BookUnderTest(venue, new SnapshotStage(), 512, levelsKept);
const pricesOf = (levels: readonly (readonly [string, string])[]): number[] => levels.map(([price]) => Number(price));

describe('a book joined to a REST snapshot', () => {
  it('is known down to the worst price of the snapshot, and still takes what lies behind', () => {
    const test = new BookUnderTest('binance');
    assert.deepEqual(test.horizon, [null, null]);
    test.feed({ flags: REST, last: 10, bids: at(10, 8, 9), asks: at(11, 13, 12) });
    assert.deepEqual(test.horizon, ['8', '13']);
    test.feed({ flags: NUMBERED, first: 11, last: 11, bids: [...at(7), ...gone(8)], asks: at(20) });
    assert.deepEqual(
      [pricesOf(test.bids), pricesOf(test.asks)],
      [
        [10, 9, 7],
        [11, 12, 13, 20],
      ],
    );
    assert.deepEqual(test.horizon, ['8', '13']);
    test.feed({ flags: REST, last: 12, bids: at(10, 5), asks: [] });
    assert.deepEqual(test.horizon, ['5', null], 'a side without a level has nothing to be cut');
  });

  it('knows no more for the changes it held', () => {
    const test = new BookUnderTest('binance');
    test.feed({ flags: NUMBERED, first: 11, last: 11, bids: at(1) });
    test.feed({ flags: REST, last: 10, bids: at(10, 9), asks: at(11) });
    assert.deepEqual(pricesOf(test.bids), [10, 9, 1]);
    assert.deepEqual(test.horizon, ['9', '11']);
  });
});

describe('a book whose snapshot comes in the stream', () => {
  it('is known whole', () => {
    const test = new BookUnderTest('coinbase');
    test.feed({ flags: STREAM, bids: at(10, 9), asks: at(11) });
    test.feed({ flags: 0, bids: at(3) });
    assert.deepEqual(test.horizon, [null, null]);
  });

  it('of a depth the venue keeps is known down to its worst level, where the side is full', () => {
    const test = new BookUnderTest('kraken');
    test.feed({ flags: STREAM, depth: 3, bids: at(10, 9, 8), asks: at(11, 12) });
    assert.deepEqual(test.horizon, ['8', null]);
    test.feed({ flags: 0, depth: 3, bids: at(9.5), asks: at(13) });
    assert.deepEqual(test.horizon, ['9', '13']);
    test.feed({ flags: 0, depth: 3, bids: gone(10) });
    assert.deepEqual(test.horizon, [null, '13']);
  });
});

describe('a book the user keeps some levels of', () => {
  it('is cut after each change, refuses what lies behind, and tells which levels it took', () => {
    const test = keeping('json', 2);
    test.feed({ flags: STREAM, bids: at(10, 9, 8), asks: at(11) });
    assert.deepEqual(
      [test.horizon, pricesOf(test.bids)],
      [
        ['9', null],
        [10, 9],
      ],
    );
    const outcome = test.feed({ flags: 0, bids: at(9.5), asks: at(12, 13) });
    assert.equal(outcome, BookOutcome.applied | BookOutcome.cut);
    assert.deepEqual([...test.book.bids.cutPrices.subarray(0, 2)], [9000, 0]);
    assert.deepEqual([...test.book.asks.cutPrices.subarray(0, 2)], [13_000, 0]);
    assert.deepEqual(test.horizon, ['9.5', '12']);
    test.feed({ flags: 0, bids: [...gone(10), ...at(9)], asks: at(11.5) });
    assert.deepEqual([pricesOf(test.bids), pricesOf(test.asks)], [[9.5], [11, 11.5]]);
    assert.deepEqual(test.horizon, ['9.5', '11.5']);
    assert.equal(findFault(test.book.bids, test.book.asks), null);
    test.feed({ flags: STREAM, bids: at(10, 9), asks: at(11, 12) });
    assert.deepEqual(test.horizon, [null, null]);
  });

  it('says of each level whether the book takes it', () => {
    const test = keeping('json', 1);
    test.feed({ flags: STREAM, bids: at(10, 9) });
    test.begin({ flags: 0, bids: [...at(9.5), ...at(11)] });
    test.book.end();
    assert.deepEqual([test.horizon[0], pricesOf(test.bids)], ['11', [11]]);
    assert.deepEqual(test.taken, [false, true]);
  });

  it('is suspect once a side has none left of the levels it kept, until the next snapshot', () => {
    const test = keeping('json', 1);
    test.feed({ flags: STREAM, bids: at(10, 9), asks: at(11) });
    assert.equal(test.book.state, BookState.live);
    test.feed({ flags: 0, bids: gone(10) });
    assert.deepEqual([test.book.state, test.book.reason], [BookState.suspect, StateReason.horizon]);
    test.feed({ flags: 0, bids: at(8) });
    assert.deepEqual([pricesOf(test.bids), test.book.state], [[], BookState.suspect]);
    test.feed({ flags: STREAM, bids: at(10, 9), asks: at(11) });
    assert.deepEqual([pricesOf(test.bids), test.book.state], [[10], BookState.live]);
    // A side that was whole may be empty: there is nothing behind it.
    test.feed({ flags: 0, asks: gone(11) });
    assert.equal(test.book.state, BookState.live);
  });

  it('leaves the venue its own depth where that is less', () => {
    const test = keeping('json', 5);
    test.feed({ flags: STREAM, depth: 2, bids: at(10, 9, 8) });
    assert.deepEqual([test.horizon[0], test.book.bids.isClosed], ['9', false]);
    test.feed({ flags: 0, depth: 2, bids: [...gone(10), ...at(8)] });
    assert.deepEqual(pricesOf(test.bids), [9, 8]);
  });

  it('keeps all that a venue with checksums sends', () => {
    const test = keeping('kraken', 1);
    test.feed({ flags: STREAM, bids: at(10, 9), asks: at(11, 12) });
    assert.deepEqual(
      [pricesOf(test.bids), test.horizon],
      [
        [10, 9],
        [null, null],
      ],
    );
  });

  it('has the nearer of both horizons on a REST snapshot', () => {
    const test = keeping('binance', 3);
    test.feed({ flags: REST, last: 10, bids: at(10, 9), asks: at(11, 12, 13, 14) });
    assert.deepEqual(test.horizon, ['9', '13']);
    test.feed({ flags: NUMBERED, first: 11, last: 11, bids: at(8, 7) });
    assert.deepEqual([test.horizon[0], pricesOf(test.bids)], ['9', [10, 9]]);
  });
});
