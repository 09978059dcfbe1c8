// Owns the property tests of a market's book: random sessions against sorted maps, and sequence schedules with faults.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BOOK_STATE_NAMES, BookState, ChangeFlag, STATE_REASON_NAMES } from '../../schemas/ids.ts';
import { findFault } from '../../workers/book/integrity.ts';
import { BookOutcome } from '../../workers/book/market-book.ts';
import { BinanceSync } from '../support/reference/binance-sync.ts';
import { Book, krakenChecksum } from '../support/reference/book.ts';
import { formatDecimal } from '../support/reference/decimal.ts';
import { type Level, makeLevel } from '../support/reference/ladder.ts';
import { BookUnderTest, type TextLevel } from '../unit/workers/book/book-records.ts';
import '../support/seed.ts';

type Sides = { readonly bids: readonly TextLevel[]; readonly asks: readonly TextLevel[] };

const referenceSides = ({ bids, asks }: Sides): { bids: Level[]; asks: Level[] } => ({
  bids: bids.map(([price, quantity]) => makeLevel(price, quantity)),
  asks: asks.map(([price, quantity]) => makeLevel(price, quantity)),
});
const textOf = (levels: readonly Level[]): [string, string][] =>
  levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);

/** Levels, trust and counts are those of the referee's book. */
function assertLike(test: BookUnderTest, expected: Book): void {
  const { book } = test;
  assert.deepEqual(test.bids, textOf(expected.bids.levels));
  assert.deepEqual(test.asks, textOf(expected.asks.levels));
  assert.equal(BOOK_STATE_NAMES[book.state], expected.state);
  assert.equal(STATE_REASON_NAMES[book.reason], expected.reason);
  assert.equal(book.bookSequence, expected.seq);
  assert.equal(book.venueSequence, Number(expected.venueSequence ?? -1n));
  const counted = (['gaps', 'resyncs', 'checksumsOk', 'checksumsBad'] as const).map((name) => test.counted(name));
  assert.deepEqual(counted, [expected.gaps, expected.resyncs, expected.checksumsOk, expected.checksumsBad]);
  const fault = findFault(book.bids, book.asks);
  assert.ok(fault === null || (fault.rule === 'crossed' && book.state !== BookState.live), fault?.message ?? '');
}

const amount = fc.constantFrom('0', '0.000', '1', '2.50', '0.00100000');
const side = (min: number, max: number) => {
  const level = fc.tuple(
    fc.integer({ min, max }).map((ticks) => `${ticks / 10}`),
    amount,
  );
  return fc.array(level, { maxLength: 14 });
};
const sessionStep = fc.record({
  bids: side(1, 32),
  asks: side(30, 60),
  kind: fc.constantFrom('delta', 'delta', 'delta', 'delta', 'snapshot', 'bad-checksum'),
});

it('a stream with checksums and a depth is followed as the referee does', () => {
  const session = fc.array(sessionStep, { maxLength: 30 });
  fc.assert(
    fc.property(session, fc.constantFrom(10, 12, null), fc.boolean(), (steps, depth, hasChecksum) => {
      const test = new BookUnderTest('kraken');
      const expected = new Book();
      for (const step of steps) {
        const isSnapshot = step.kind === 'snapshot';
        const levels = referenceSides(step);
        const isWanted = isSnapshot || expected.isFollowing;
        const checksum = hasChecksum ? sealOf(expected, levels, isSnapshot, depth, step.kind === 'bad-checksum') : null;
        if (isSnapshot) expected.replace(levels, null, { depth, checksum });
        else if (isWanted) expected.change(levels, null, { depth, checksum });
        const flags = (isSnapshot ? ChangeFlag.snapshot : 0) | (hasChecksum ? ChangeFlag.hasChecksum : 0);
        const { bids, asks } = step;
        test.takesRuns = !test.takesRuns;
        const outcome = test.feed({ flags, bids, asks, depth: depth ?? 0, checksum: Number(checksum ?? 0n) });
        assert.equal((outcome & BookOutcome.applied) !== 0, isWanted);
        assertLike(test, expected);
      }
    }),
    { numRuns: 400 },
  );
});

/** What the venue would send: the checksum of the book as it ought to be after the change, or another. */
function sealOf(
  book: Book,
  levels: ReturnType<typeof referenceSides>,
  isSnapshot: boolean,
  depth: number | null,
  isBad: boolean,
): bigint {
  const after = new Book();
  if (!isSnapshot) after.replace({ bids: book.bids.levels, asks: book.asks.levels }, null);
  after.change(levels, null, { depth, checksum: null });
  return BigInt((krakenChecksum(after) ^ (isBad ? 1 : 0)) >>> 0);
}

/** One change as the venue made it, and the whole book after it. */
type Made = Sides & { readonly first: number; readonly last: number; readonly previous: number; readonly after: Sides };

function makeHistory(steps: readonly (Sides & { width: number; jump: number })[], isFutures: boolean): Made[] {
  const held = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  const after = (): Sides => ({ bids: [...held.bids], asks: [...held.asks] });
  let last = 100;
  const history: Made[] = [{ bids: [], asks: [], first: last, last, previous: last - 1, after: after() }];
  for (const { bids, asks, width, jump } of steps) {
    for (const [price, quantity] of bids) held.bids.set(price, quantity);
    for (const [price, quantity] of asks) held.asks.set(price, quantity);
    const previous = last;
    const first = last + 1 + (isFutures ? jump : 0);
    last = first + width;
    history.push({ bids, asks, first, last, previous, after: after() });
  }
  return history;
}

const historyStep = fc.record({
  bids: side(1, 30),
  asks: side(31, 60),
  width: fc.integer({ min: 0, max: 3 }),
  jump: fc.integer({ min: 0, max: 5 }),
});
/** What happens on the way of one change: lost, sent again, late; and a snapshot of a near moment behind it. */
const fault = fc.record({
  kind: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'none', 'lost', 'twice', 'late'),
  snapshotOffset: fc.option(fc.integer({ min: -6, max: 6 }), { freq: 3 }),
});

it('any schedule of changes and snapshots ends in the true book or in one not live', () => {
  const schedule = fc.tuple(
    fc.boolean(),
    fc.array(fc.tuple(historyStep, fault), { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 0, max: 10 }),
  );
  fc.assert(
    fc.property(schedule, ([isFutures, steps, startAt]) => {
      const test = new BookUnderTest(isFutures ? 'binance-futures' : 'binance');
      const reference = new Book();
      const sync = new BinanceSync(reference, isFutures);
      const history = makeHistory(
        steps.map(([step]) => step),
        isFutures,
      );
      const change = (made: Made): void => {
        const { bids, asks, first, last, previous } = made;
        const hasPrevious = isFutures ? ChangeFlag.hasPrevious : 0;
        test.takesRuns = !test.takesRuns;
        test.feed({ flags: ChangeFlag.hasSequence | hasPrevious, first, last, previous, bids, asks });
        sync.event({
          firstId: BigInt(first),
          lastId: BigInt(last),
          previousId: isFutures ? BigInt(previous) : null,
          levels: referenceSides(made),
        });
        check();
      };
      const snapshot = (made: Made): void => {
        const flags = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
        test.feed({ flags, last: made.last, ...made.after });
        sync.snapshot(referenceSides(made.after), BigInt(made.last));
        check();
      };
      const check = (): void => {
        assertLike(test, reference);
        if (test.book.state === BookState.live) assertTrue(test, history);
      };
      let late: Made | null = null;
      steps.forEach(([, { kind, snapshotOffset }], index) => {
        const made = history[index + 1];
        if (index >= startAt && kind !== 'lost') {
          if (kind === 'late' && late === null) late = made;
          else change(made);
          if (kind === 'twice') change(made);
          if (kind !== 'late' && late !== null) {
            change(late);
            late = null;
          }
        }
        if (snapshotOffset !== null) snapshot(history[Math.min(Math.max(index + 1 + snapshotOffset, 0), steps.length)]);
      });
      // Whatever happened: with a snapshot of the latest moment the book is live again, and true.
      snapshot(history[steps.length]);
      assert.equal(test.book.state, BookState.live);
      assert.equal(test.book.venueSequence, history[steps.length].last);
    }),
    { numRuns: 1500 },
  );
});

/** The book is the venue's as it was at the sequence it says. */
function assertTrue(test: BookUnderTest, history: readonly Made[]): void {
  const made = history.find(({ last }) => last === test.book.venueSequence);
  assert.ok(made, `expected a sequence of the venue, was ${test.book.venueSequence}`);
  const truth = new Book();
  truth.replace(referenceSides(made.after), null);
  assert.deepEqual(test.bids, textOf(truth.bids.levels));
  assert.deepEqual(test.asks, textOf(truth.asks.levels));
}
