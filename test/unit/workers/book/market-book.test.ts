// Owns the table tests of one market's book: states, reasons, counts and outcomes through joins, gaps and checksums.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LADDER_LEVELS_MAX, SYNC_BUFFER_RECORDS_MAX } from '../../../../schemas/config.ts';
import { BookState, ChangeFlag, StateReason } from '../../../../schemas/ids.ts';
import { krakenChecksum } from '../../../../workers/book/checksum.ts';
import { findFault } from '../../../../workers/book/integrity.ts';
import { BookOutcome, ChangeAction } from '../../../../workers/book/market-book.ts';
import { SnapshotStage } from '../../../../workers/book/snapshot-stage.ts';
import { BookUnderTest, type Change, readDecimal, type TextLevel } from './book-records.ts';

const { applied, snapshot: replaced, stateChanged, cut } = BookOutcome;
const NUMBERED = ChangeFlag.hasSequence;
const STREAM = ChangeFlag.snapshot;
const REST = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
const SEALED = ChangeFlag.hasChecksum;

const BOOK = {
  bids: [
    ['10', '1'],
    ['9', '1'],
  ],
  asks: [
    ['11', '1'],
    ['12', '1'],
  ],
} satisfies Partial<Change>;

const restSnapshot = (last: number, more: Partial<Change> = {}): Change => ({ flags: REST, last, ...BOOK, ...more });
const spot = (first: number, last: number, bids: TextLevel[] = []): Change => ({ flags: NUMBERED, first, last, bids });

function assertState(test: BookUnderTest, state: keyof typeof BookState, reason: keyof typeof StateReason): void {
  assert.deepEqual([test.book.state, test.book.reason], [BookState[state], StateReason[reason]]);
}

function liveSpot(last: number): BookUnderTest {
  const test = new BookUnderTest('binance');
  test.feed(restSnapshot(last));
  return test;
}

describe('a book in the stream', () => {
  it('is syncing until its snapshot, and discards deltas before it', () => {
    const test = new BookUnderTest('json');
    assertState(test, 'syncing', 'noSnapshot');
    assert.equal(test.feed({ flags: 0, bids: [['10', '1']] }), 0);
    assert.equal(test.book.bids.count, 0);
    assert.equal(
      test.feed({ flags: STREAM, ...BOOK, timeNs: 77, exchangeTimeUs: 55 }),
      applied | replaced | stateChanged,
    );
    assertState(test, 'live', 'none');
    const { bookSequence, venueSequence, sinceNs, receiveTimeNs, exchangeTimeUs } = test.book;
    assert.deepEqual([bookSequence, venueSequence, sinceNs, receiveTimeNs, exchangeTimeUs], [1, -1, 77, 77, 55]);
    assert.equal(test.counted('resyncs'), 0);
  });

  it('applies absolute quantities and counts each change', () => {
    const test = new BookUnderTest('json');
    test.feed({ flags: STREAM, ...BOOK });
    const change: Change = {
      flags: 0,
      bids: [
        ['10', '0'],
        ['8', '5'],
        ['1', '0'],
      ],
      asks: [['11', '2.5']],
      timeNs: 3,
    };
    assert.equal(test.feed(change), applied);
    assert.deepEqual(test.bids, [
      ['9', '1'],
      ['8', '5'],
    ]);
    assert.deepEqual(test.asks, [
      ['11', '2.5'],
      ['12', '1'],
    ]);
    assert.deepEqual([test.book.bookSequence, test.counted('bookChanges'), test.book.receiveTimeNs], [2, 2, 3]);
  });

  it('forgets everything at a new snapshot', () => {
    const test = new BookUnderTest('json');
    test.feed({ flags: STREAM, ...BOOK });
    assert.equal(test.feed({ flags: STREAM, bids: [['3', '1']] }), applied | replaced);
    assert.deepEqual([test.bids, test.asks], [[['3', '1']], []]);
  });

  it('notes the sequence of the connection without checking it', () => {
    const test = new BookUnderTest('coinbase');
    test.feed({ flags: STREAM | NUMBERED, last: 4, ...BOOK });
    assert.equal(test.book.venueSequence, 4);
    test.feed({ flags: NUMBERED, last: 9 });
    assert.equal(test.book.venueSequence, 9);
    assertState(test, 'live', 'none');
  });

  it('keeps the old book until the snapshot has ended', () => {
    const test = new BookUnderTest('json');
    test.feed({ flags: STREAM, ...BOOK });
    test.begin({ flags: STREAM, bids: [['3', '1']] });
    assert.ok(test.book.isInChange);
    assert.equal(test.book.bids.count, 2);
    test.book.end();
    assert.deepEqual(test.bids, [['3', '1']]);
  });

  it('shares its stage with other books, one snapshot at a time', () => {
    const stage = new SnapshotStage();
    const one = new BookUnderTest('json', stage);
    const other = new BookUnderTest('json', stage);
    one.feed({ flags: STREAM, ...BOOK });
    other.feed({ flags: STREAM, bids: [['3', '1']] });
    assert.deepEqual([one.bids.length, other.bids.length], [2, 1]);
    one.begin({ flags: STREAM });
    assert.throws(() => other.begin({ flags: STREAM }), /expected the snapshot before to have ended/);
    assert.throws(() => one.begin({ flags: 0 }), /expected the change before to have ended/);
  });
});

describe('evidence of error', () => {
  it('makes a crossed book suspect until the next snapshot, and goes on applying', () => {
    const test = new BookUnderTest('json');
    test.feed({ flags: STREAM, ...BOOK });
    assert.equal(test.feed({ flags: 0, bids: [['11', '1']] }), applied);
    assert.equal(test.feed({ flags: 0, bids: [['11.5', '1']], timeNs: 9 }), applied | stateChanged);
    assertState(test, 'suspect', 'crossed');
    assert.equal(test.book.sinceNs, 9);
    assert.equal(findFault(test.book.bids, test.book.asks)?.rule, 'crossed');
    assert.equal(
      test.feed({
        flags: 0,
        bids: [
          ['11.5', '0'],
          ['11', '0'],
        ],
      }),
      applied,
    );
    assertState(test, 'suspect', 'crossed');
    assert.equal(test.feed({ flags: STREAM, ...BOOK }), applied | replaced | stateChanged);
    assertState(test, 'live', 'none');
    assert.equal(test.counted('resyncs'), 0);
  });

  it('makes a book that comes crossed suspect', () => {
    const test = new BookUnderTest('json');
    test.feed({ flags: STREAM, bids: [['2', '1']], asks: [['1', '1']] });
    assertState(test, 'suspect', 'crossed');
  });

  it('makes a book with a full side suspect', () => {
    const test = new BookUnderTest('json', new SnapshotStage(), LADDER_LEVELS_MAX + 8);
    const levels = (from: number, to: number): TextLevel[] =>
      Array.from({ length: to - from }, (_, i): TextLevel => [String(from + i), '1']);
    test.feed({ flags: STREAM, bids: levels(1, LADDER_LEVELS_MAX + 1) });
    assertState(test, 'live', 'none');
    assert.equal(test.feed({ flags: 0, bids: [['0.5', '1']] }), applied | stateChanged);
    assertState(test, 'suspect', 'bufferFull');
    test.feed({ flags: STREAM, ...BOOK });
    assertState(test, 'live', 'none');
  });

  it('compares the checksum after the cut, and resyncs alone where it differs', () => {
    const test = new BookUnderTest('kraken');
    const good = (): number => krakenChecksum(test.book.bids, test.book.asks) >>> 0;
    test.feed({ flags: STREAM, ...BOOK });
    const sum = good();
    assert.ok(sum > 2 ** 31, 'a checksum that a signed number cannot hold');
    assert.equal(test.feed({ flags: STREAM | SEALED, ...BOOK, checksum: sum, depth: 2 }), applied | replaced);
    assert.equal(test.feed({ flags: SEALED, bids: [['5', '1']], checksum: sum, depth: 2 }), applied | cut);
    assert.deepEqual([test.counted('checksumsOk'), test.counted('checksumsBad')], [2, 0]);
    assert.equal(test.feed({ flags: SEALED, bids: [['10', '2']], checksum: sum, depth: 2 }), applied | stateChanged);
    assertState(test, 'resyncing', 'checksum');
    assert.equal(test.feed({ flags: SEALED, bids: [['10', '1']], checksum: sum, depth: 2 }), 0);
    assert.deepEqual(test.bids[0], ['10', '2']);
    assert.equal(test.feed({ flags: STREAM | SEALED, ...BOOK, checksum: sum + 1, timeNs: 8 }), applied | replaced);
    assertState(test, 'resyncing', 'checksum');
    assert.equal(test.book.sinceNs, 0);
    test.feed({ flags: STREAM | SEALED, ...BOOK, checksum: sum });
    assertState(test, 'live', 'none');
    assert.deepEqual([test.counted('checksumsOk'), test.counted('checksumsBad'), test.counted('resyncs')], [3, 2, 1]);
  });

  it('does not sync to a first snapshot whose checksum differs', () => {
    const test = new BookUnderTest('kraken');
    test.feed({ flags: STREAM | SEALED, ...BOOK, checksum: 1 });
    assertState(test, 'resyncing', 'checksum');
    assert.equal(test.counted('resyncs'), 0);
  });

  it('tells which prices the depth has cut', () => {
    const test = new BookUnderTest('kraken');
    test.feed({
      flags: STREAM,
      bids: [
        ['3', '1'],
        ['2', '1'],
        ['1', '1'],
      ],
      asks: [['4', '1']],
      depth: 2,
    });
    assert.equal(test.book.bids.count, 2);
    const change: Change = { flags: 0, bids: [['2.5', '1']], asks: [['5', '1']], depth: 2 };
    assert.equal(test.feed(change), applied | cut);
    const { bids, asks } = test.book;
    assert.deepEqual([bids.cutCount, asks.cutCount, readDecimal(bids.cutPrices, 0)], [1, 0, '2']);
    assert.deepEqual(test.bids, [
      ['3', '1'],
      ['2.5', '1'],
    ]);
  });
});

describe('a book joined to its snapshot', () => {
  it('applies what was held behind the snapshot, in order', () => {
    const test = new BookUnderTest('binance');
    assert.equal(test.begin(spot(1, 4, [['10', '9']])), ChangeAction.hold);
    assert.equal(test.book.end(), 0);
    test.feed(spot(5, 6, [['10', '2']]));
    test.feed({
      ...spot(7, 7, [
        ['10', '3'],
        ['8', '1'],
      ]),
      exchangeTimeUs: 700,
    });
    const outcome = test.feed(restSnapshot(4, { timeNs: 99 }));
    assert.equal(outcome, applied | replaced | stateChanged);
    assertState(test, 'live', 'none');
    assert.deepEqual(test.bids, [
      ['10', '3'],
      ['9', '1'],
      ['8', '1'],
    ]);
    const { bookSequence, venueSequence, exchangeTimeUs, receiveTimeNs } = test.book;
    assert.deepEqual([bookSequence, venueSequence, exchangeTimeUs, receiveTimeNs], [3, 7, 700, 99]);
    assert.deepEqual([test.counted('bookChanges'), test.counted('duplicates'), test.counted('resyncs')], [3, 0, 0]);
    assert.equal(test.feed(spot(8, 8)), applied);
  });

  it('discards a snapshot that is too old, and joins a newer one', () => {
    const test = new BookUnderTest('binance');
    test.feed(spot(10, 11, [['10', '2']]));
    assert.equal(test.feed(restSnapshot(8)), 0);
    assertState(test, 'syncing', 'noSnapshot');
    assert.equal(test.book.bids.count, 0);
    test.feed(restSnapshot(9));
    assertState(test, 'live', 'none');
    assert.equal(test.book.venueSequence, 11);
  });

  it('counts repeats, held or live, once each', () => {
    const test = new BookUnderTest('binance');
    for (const change of [spot(1, 2), spot(1, 2), spot(3, 4), spot(3, 4)]) test.feed(change);
    test.feed(restSnapshot(0));
    assert.equal(test.book.bookSequence, 3);
    test.feed(spot(3, 4));
    test.feed(restSnapshot(3));
    assert.equal(test.counted('duplicates'), 4);
    assert.equal(test.book.bookSequence, 3);
  });

  it('resyncs at a gap: levels stay, the change is held, a snapshot makes it live', () => {
    const test = liveSpot(10);
    assert.equal(test.feed({ ...spot(14, 15, [['10', '7']]), timeNs: 5 }), stateChanged);
    assertState(test, 'resyncing', 'gap');
    assert.deepEqual([test.book.sinceNs, test.book.lost, test.counted('lost'), test.counted('gaps')], [5, 3, 3, 1]);
    assert.deepEqual(test.bids, [
      ['10', '1'],
      ['9', '1'],
    ]);
    test.feed(spot(16, 16, [['9', '0']]));
    assert.equal(test.feed(restSnapshot(12)), 0);
    assert.equal(test.feed(restSnapshot(13)), applied | replaced | stateChanged);
    assert.deepEqual(test.bids, [['10', '7']]);
    assert.deepEqual([test.book.venueSequence, test.counted('resyncs'), test.book.bookSequence], [16, 1, 4]);
  });

  it('stops at a gap among the held changes and keeps the rest for the next snapshot', () => {
    const test = new BookUnderTest('binance');
    for (const change of [spot(1, 2, [['8', '1']]), spot(5, 6, [['7', '1']]), spot(7, 8, [['6', '1']])])
      test.feed(change);
    assert.equal(test.feed(restSnapshot(0)), applied | replaced | stateChanged);
    assertState(test, 'resyncing', 'gap');
    assert.deepEqual([test.book.venueSequence, test.book.lost, test.counted('gaps')], [2, 2, 1]);
    assert.deepEqual(
      test.bids.map(([price]) => price),
      ['10', '9', '8'],
    );
    test.feed(restSnapshot(4));
    assertState(test, 'live', 'none');
    assert.deepEqual(
      test.bids.map(([price]) => price),
      ['10', '9', '7', '6'],
    );
    assert.deepEqual([test.book.venueSequence, test.counted('resyncs')], [8, 1]);
  });

  it('follows futures by pu, and counts an unknown loss as one', () => {
    const test = new BookUnderTest('binance-futures');
    const futures = (previous: number, first: number, last: number): Change => ({
      flags: NUMBERED | ChangeFlag.hasPrevious,
      previous,
      first,
      last,
    });
    test.feed(futures(80, 85, 95));
    test.feed(futures(95, 99, 110));
    test.feed(futures(110, 130, 140));
    test.feed(restSnapshot(100));
    assert.deepEqual([test.book.venueSequence, test.book.bookSequence], [140, 3]);
    assert.equal(test.feed(futures(140, 150, 160)), applied);
    assert.equal(test.feed(futures(170, 171, 180)), stateChanged);
    assert.equal(test.book.lost, 1);
  });

  it('drops the oldest held changes when the buffer is full, and says so', () => {
    const test = new BookUnderTest('binance', new SnapshotStage(), SYNC_BUFFER_RECORDS_MAX);
    const many: TextLevel[] = Array.from({ length: SYNC_BUFFER_RECORDS_MAX / 2 - 1 }, () => ['5', '1']);
    test.feed(spot(1, 1, many));
    test.feed(spot(2, 2, many));
    assert.equal(test.feed(spot(3, 3)), stateChanged);
    assertState(test, 'syncing', 'bufferFull');
    assert.equal(test.book.lost, 1);
    assert.equal(test.feed(restSnapshot(0)), 0);
    test.feed(restSnapshot(1));
    assertState(test, 'live', 'none');
    assert.equal(test.book.venueSequence, 3);
  });
});

describe('a break from outside', () => {
  it('makes a book resync, whatever its venue', () => {
    for (const venue of ['coinbase', 'binance', 'kraken']) {
      const test = new BookUnderTest(venue);
      test.feed(restSnapshot(10));
      assert.equal(test.breakBook(StateReason.gap, 4, 66), stateChanged);
      assertState(test, 'resyncing', 'gap');
      assert.deepEqual([test.book.sinceNs, test.book.lost, test.counted('gaps'), test.counted('lost')], [66, 4, 1, 4]);
      assert.equal(test.breakBook(StateReason.drop, 0), 0);
      assertState(test, 'resyncing', 'gap');
      assert.deepEqual([test.book.lost, test.counted('gaps')], [5, 1]);
      assert.equal(test.feed(spot(11, 11, [['10', '5']])), 0);
      test.feed(restSnapshot(10));
      assertState(test, 'live', 'none');
      assert.equal(test.book.venueSequence, venue === 'binance' ? 11 : 10);
    }
  });

  it('counts a gap of the sequence only, and no loss at a lost connection', () => {
    const test = liveSpot(1);
    test.breakBook(StateReason.connectionLost, 0);
    assertState(test, 'resyncing', 'connectionLost');
    assert.deepEqual([test.book.lost, test.counted('gaps')], [0, 0]);
  });

  it('leaves a book that waits as it is, but forgets what was held before the hole', () => {
    const test = new BookUnderTest('binance');
    test.feed(spot(1, 5));
    assert.equal(test.breakBook(StateReason.drop, 1), 0);
    assertState(test, 'syncing', 'noSnapshot');
    test.feed(spot(8, 9));
    assert.equal(test.feed(restSnapshot(3)), 0);
    test.feed(restSnapshot(7));
    assert.equal(test.book.venueSequence, 9);
  });

  it('waits for the end of a change that is open', () => {
    const test = liveSpot(10);
    test.begin(spot(11, 11, [['10', '5']]));
    assert.equal(test.breakBook(StateReason.drop, 2, 44), 0);
    assertState(test, 'live', 'none');
    assert.equal(test.book.end(), applied | stateChanged);
    assertState(test, 'resyncing', 'drop');
    assert.deepEqual([test.book.sinceNs, test.book.venueSequence, test.book.lost], [44, 11, 2]);
  });
});
