// What subscribers are told of books against simpler references: the checksum, changes merged over an interval, and the
// best levels of a book as what differs from what was told last.

import '../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDecimal, MILLI_MAX } from '../../engine/base/decimal.ts';
import { bookChecksum } from '../../engine/publish/book-checksum.ts';
import { BookMerge } from '../../engine/publish/book-merge.ts';
import { changedLevels } from '../../engine/publish/depth-view.ts';
import type { BookChangeMessage, Levels } from '../../engine/publish/messages.ts';
import { Ladder } from '../../workers/book/ladder.ts';
import { toldChecksum } from '../../workers/output/told-checksum.ts';
import { crc32 } from '../support/reference/crc32.ts';

const CHECKSUM_LEVELS = 10;

/** Price milli and atto, amount milli and atto. */
type Level = readonly [number, number, number, number];
type Change = { readonly isAsk: boolean; readonly level: Level };

const atto = fc.oneof(
  fc.constant(0),
  fc.nat(99).map((count) => count * 1e13),
  fc.nat(999_999_999_999_999),
);
/** Few prices, so that they meet again; of every size, and negative ones too. */
const price = fc.oneof(
  fc.tuple(fc.nat(30), fc.constant(0)),
  fc.tuple(
    fc.integer({ min: -3, max: 3 }),
    fc.nat(3).map((count) => count * 25e13),
  ),
  fc.tuple(fc.integer({ min: -MILLI_MAX, max: MILLI_MAX }), atto),
);
const amount = fc.oneof(
  { weight: 1, arbitrary: fc.constant([0, 0] as const) },
  { weight: 3, arbitrary: fc.tuple(fc.oneof(fc.nat(2_000), fc.nat(MILLI_MAX)), atto) },
);
const levelChange: fc.Arbitrary<Change> = fc.record({
  isAsk: fc.boolean(),
  level: fc.tuple(price, amount).map(([p, a]) => [...p, ...a] as const),
});
const changes = fc.array(levelChange, { maxLength: 60 });

/** A side as texts of its prices and amounts, in a Map that is sorted when it is read. */
class PlainSide {
  readonly levels = new Map<string, Level>();

  apply(level: Level): void {
    const key = `${level[0]}|${level[1]}`;
    if (level[2] === 0 && level[3] === 0) this.levels.delete(key);
    else this.levels.set(key, level);
  }

  /** Best first. */
  sorted(isAsk: boolean): Level[] {
    const sign = isAsk ? 1 : -1;
    return [...this.levels.values()].sort((a, b) => sign * (a[0] - b[0] || a[1] - b[1]));
  }
}

function textOf(bids: readonly Level[], asks: readonly Level[]): string {
  const texts: string[] = [];
  for (let rank = 0; rank < CHECKSUM_LEVELS; rank++) {
    for (const side of [bids, asks]) {
      if (rank >= side.length) continue;
      const [priceMilli, priceAtto, amountMilli, amountAtto] = side[rank];
      texts.push(formatDecimal(priceMilli, priceAtto), formatDecimal(amountMilli, amountAtto));
    }
  }
  return texts.join(':');
}

const flat = (levels: readonly Level[]): Levels => Float64Array.from(levels.flat());
const rows = (levels: Levels): Level[] =>
  Array.from({ length: levels.length / 4 }, (_, index) => [...levels.subarray(index * 4, index * 4 + 4)] as never);

test('the checksum after each change is that of the text of the ten best levels', () => {
  fc.assert(
    fc.property(changes, (list) => {
      const [bids, asks] = [new Ladder(true), new Ladder(false)];
      const plain = [new PlainSide(), new PlainSide()];
      assert.equal(toldChecksum(bids, asks), 0);
      for (const { isAsk, level } of list) {
        (isAsk ? asks : bids).apply(Float64Array.from(level), 0, 18, 18);
        plain[Number(isAsk)].apply(level);
        const sides = [plain[0].sorted(false), plain[1].sorted(true)] as const;
        const text = textOf(...sides);
        assert.equal(toldChecksum(bids, asks), crc32(text), text);
        assert.equal(bookChecksum(flat(sides[0]), flat(sides[1])), crc32(text));
      }
    }),
  );
});

const EMPTY = new Float64Array(0);
const message = (fields: Partial<BookChangeMessage>): BookChangeMessage => ({
  ...{ type: 'book_change', timestampUs: 0, localTimestampUs: 0, state: 'live', reason: null, isSnapshot: false },
  ...{ bids: EMPTY, asks: EMPTY, bookSequence: 0, venueSequence: -1, levelsBid: 0, levelsAsk: 0, checksum: null },
  ...{ horizonBid: null, horizonAsk: null, part: 1, parts: 1, isResumeRefused: false },
  ...fields,
});

/** A message of each run of changes; one of five replaces the book. */
const told = fc.array(
  fc.tuple(
    changes,
    fc.nat(4).map((draw) => draw === 0),
  ),
  { maxLength: 12 },
);

test('changes merged over intervals come to the same book as each of them', () => {
  fc.assert(
    fc.property(told, fc.integer({ min: 1, max: 5 }), (list, perInterval) => {
      const merge = new BookMerge();
      const exact = [new PlainSide(), new PlainSide()];
      const copy = [new PlainSide(), new PlainSide()];
      const flush = (): void => {
        const merged = merge.flush();
        if (merged === null) return;
        if (merged.isSnapshot) for (const side of copy) side.levels.clear();
        for (const level of rows(merged.bids)) copy[0].apply(level);
        for (const level of rows(merged.asks)) copy[1].apply(level);
        for (const index of [0, 1]) assert.deepEqual(copy[index].sorted(index === 1), exact[index].sorted(index === 1));
        if (merged.isSnapshot) assert.deepEqual(rows(merged.asks), exact[1].sorted(true));
        assert.equal(merge.flush(), null);
      };
      for (const [index, [parts, isSnapshot]] of list.entries()) {
        if (isSnapshot) for (const side of exact) side.levels.clear();
        for (const { isAsk, level } of parts) exact[Number(isAsk)].apply(level);
        const sideOf = (isAsk: boolean): Levels =>
          flat(parts.filter((each) => each.isAsk === isAsk).map(({ level }) => level));
        merge.take(message({ isSnapshot, bids: sideOf(false), asks: sideOf(true), bookSequence: index + 1 }));
        if (index % perInterval === 0) flush();
      }
      flush();
    }),
  );
});

test('what differs between two views turns one into the other, and names no level that is the same', () => {
  fc.assert(
    fc.property(changes, changes, fc.integer({ min: 1, max: 12 }), fc.boolean(), (first, second, depth, isAsk) => {
      const side = new PlainSide();
      for (const { level } of first) side.apply(level);
      const before = side.sorted(isAsk).slice(0, depth);
      for (const { level } of second) side.apply(level);
      const after = side.sorted(isAsk).slice(0, depth);
      const changed = rows(changedLevels(flat(before), flat(after), isAsk ? -1 : 1));
      const copy = new PlainSide();
      for (const level of before) copy.apply(level);
      for (const level of changed) copy.apply(level);
      assert.deepEqual(copy.sorted(isAsk), after);
      const texts = new Set(before.map(String));
      assert.ok(changed.every((level) => !texts.has(String(level))));
    }),
  );
});
