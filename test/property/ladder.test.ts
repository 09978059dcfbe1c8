// Owns the property tests of one side of a book against a sorted map: any levels, snapshots in any order, any depth.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compareDecimals } from '../../engine/base/decimal.ts';
import { findFault } from '../../workers/book/integrity.ts';
import { Ladder, LevelResult } from '../../workers/book/ladder.ts';
import '../support/seed.ts';

/** Price milli and atto, quantity milli and atto, decimals of both. */
type Row = readonly [number, number, number, number, number, number];

/** Few prices, so that they meet often; some differ in their atto only, some are alike in all that a float32 keeps. */
const price = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 0, 1, 999_999_999_999_999)),
  fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.constant(0)),
  fc.tuple(fc.integer({ min: 2 ** 40, max: 2 ** 40 + 60 }), fc.constantFrom(0, 1)),
);
const quantity = fc.oneof(
  { weight: 2, arbitrary: fc.constant([0, 0] as const) },
  { weight: 5, arbitrary: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 })) },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 2 ** 52 }), fc.constant(0)) },
);
const decimals = fc.integer({ min: 0, max: 18 });
const row = fc
  .tuple(price, quantity, decimals, decimals)
  .map(([[milli, atto], [quantityMilli, quantityAtto], ofPrice, ofQuantity]): Row => {
    return [milli, atto, quantityMilli, quantityAtto, ofPrice, ofQuantity];
  });
const rows = fc.oneof(
  fc.array(row, { maxLength: 60 }),
  fc.array(row, { maxLength: 60 }).map((list) => list.toSorted(byPrice)),
  fc.array(row, { maxLength: 60 }).map((list) => list.toSorted(byPrice).toReversed()),
);
const command = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('apply' as const), rows }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), rows }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), depth: fc.integer({ min: 1, max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy' as const) }) },
);

function byPrice(a: Row, b: Row): number {
  return compareDecimals(a[0], a[1], b[0], b[1]);
}

/** The reference: a map by price, sorted when asked. */
class ReferenceSide {
  readonly held = new Map<string, Row>();
  private readonly isBid: boolean;

  constructor(isBid: boolean) {
    this.isBid = isBid;
  }

  apply(level: Row): number {
    const key = `${level[0]} ${level[1]}`;
    const isHeld = this.held.has(key);
    if (level[2] === 0 && level[3] === 0) {
      this.held.delete(key);
      return isHeld ? LevelResult.removed : LevelResult.absent;
    }
    this.held.set(key, level);
    return isHeld ? LevelResult.changed : LevelResult.inserted;
  }

  /** Best first. */
  sorted(): Row[] {
    const rising = [...this.held.values()].sort(byPrice);
    return this.isBid ? rising.reverse() : rising;
  }

  /** Prices cut, worst first. */
  cut(depth: number): [number, number][] {
    const cut = this.sorted().slice(depth).reverse();
    for (const level of cut) this.held.delete(`${level[0]} ${level[1]}`);
    return cut.map(([milli, atto]) => [milli, atto]);
  }
}

function rowsOf(ladder: Ladder): Row[] {
  return Array.from({ length: ladder.count }, (_, rank): Row => {
    const at = ladder.offsetOf(rank);
    const index = at / 4;
    const { values } = ladder;
    const [ofPrice, ofQuantity] = [ladder.decimals[index * 2], ladder.decimals[index * 2 + 1]];
    return [values[at], values[at + 1], values[at + 2], values[at + 3], ofPrice, ofQuantity];
  });
}

const numbers = new Float64Array(7);

function put(level: Row): number {
  numbers.set(level.slice(0, 4), 3);
  return 3;
}

it('a ladder holds what a sorted map holds', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(command, { maxLength: 25 }), (isBid, commands) => {
      let ladder = new Ladder(isBid);
      const reference = new ReferenceSide(isBid);
      for (const step of commands) {
        if (step.kind === 'apply') {
          for (const level of step.rows) {
            assert.equal(ladder.apply(numbers, put(level), level[4], level[5]), reference.apply(level));
          }
        } else if (step.kind === 'snapshot') {
          ladder.beginSnapshot();
          reference.held.clear();
          for (const level of step.rows) {
            assert.equal(ladder.add(numbers, put(level), level[4], level[5]), LevelResult.inserted);
            reference.apply(level);
          }
          ladder.endSnapshot();
        } else if (step.kind === 'cut') {
          const expected = reference.cut(step.depth);
          assert.equal(ladder.cut(step.depth), expected.length);
          const prices = Array.from({ length: ladder.cutCount }, (_, i) => [
            ...ladder.cutPrices.subarray(2 * i, 2 * i + 2),
          ]);
          assert.deepEqual(prices, expected);
        } else {
          const copy = new Ladder(isBid);
          copy.copyFrom(ladder);
          ladder = copy;
        }
        assert.deepEqual(rowsOf(ladder), reference.sorted());
        assert.equal(findFault(isBid ? ladder : new Ladder(true), isBid ? new Ladder(false) : ladder), null);
      }
    }),
    { numRuns: 400 },
  );
});

it('a long side stays in order, whatever part of it changes', () => {
  const places = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 2 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(fc.boolean(), places, (isBid, changes) => {
      const ladder = new Ladder(isBid);
      const reference = new ReferenceSide(isBid);
      const apply = (milli: number, amount: number): void => {
        const level: Row = [milli, 0, amount, 0, 0, 0];
        assert.equal(ladder.apply(numbers, put(level), 0, 0), reference.apply(level));
      };
      for (let milli = 0; milli < 3000; milli += 2) apply(milli, 1);
      for (const [milli, amount] of changes) apply(milli, amount);
      assert.deepEqual(rowsOf(ladder), reference.sorted());
    }),
    { numRuns: 60 },
  );
});

it('a price near the last one is found as any other, on either side and at any distance', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -150, max: 150 }), fc.integer({ min: 0, max: 2 })), {
    minLength: 100,
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.boolean(), steps, (isBid, changes) => {
      const ladder = new Ladder(isBid);
      const reference = new ReferenceSide(isBid);
      const apply = (milli: number, amount: number): void => {
        const level: Row = [milli, 0, amount, 0, 0, 0];
        assert.equal(ladder.apply(numbers, put(level), 0, 0), reference.apply(level));
      };
      for (let milli = 0; milli < 1200; milli += 2) apply(milli, 1);
      let milli = 600;
      for (const [step, amount] of changes) {
        milli = Math.min(Math.max(milli + step, 0), 1200);
        apply(milli, amount);
      }
      assert.deepEqual(rowsOf(ladder), reference.sorted());
    }),
    { numRuns: 60 },
  );
});
