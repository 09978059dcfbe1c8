// Owns the property tests of book measures against plain sums of BigInt, and of books that keep part of their levels.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { measureBook } from '../../engine/measures/book-measures.ts';
import { ratio } from '../../engine/measures/exact.ts';
import type { BookSide } from '../../engine/measures/side.ts';
import { Ladder, LevelResult } from '../../workers/book/ladder.ts';
import { isLocked, writeSpread } from '../../workers/book/measures.ts';
import '../support/seed.ts';

/** Price and quantity in units of 10^-18. */
type Level = readonly [price: bigint, quantity: bigint];

const WHOLE = 10n ** 18n;
const milliOf = (value: bigint): number => Number(value / 10n ** 15n);
const attoOf = (value: bigint): number => Number(value % 10n ** 15n);

/** Mostly a few whole steps, at times an atto more, so that prices meet and ties come up. */
const step = fc.oneof(
  fc.bigInt(1n, 30n).map((cents) => cents * 10n ** 16n),
  fc.bigInt(1n, WHOLE),
);
const quantity = fc.oneof(
  fc.bigInt(1n, 9n).map((whole) => whole * WHOLE),
  fc.bigInt(1n, 5_000n * WHOLE),
);
const steps = fc.array(fc.tuple(step, quantity), { maxLength: 15 });
/** Where a horizon lies: none, at a level, or between. */
const horizonPlace = fc.option(fc.tuple(fc.nat({ max: 15 }), fc.constantFrom(0n, 1n, 10n ** 15n)), { nil: null });
const sideShape = fc.record({ steps, horizonPlace });

/** Levels best first, away from the middle. */
function levelsFrom(middle: bigint, list: readonly (readonly [bigint, bigint])[], isBid: boolean): Level[] {
  let price = middle;
  return list.map(([each, amount], rank): Level => {
    price += (rank === 0 ? each / 2n : each) * (isBid ? -1n : 1n);
    return [price, amount];
  });
}

function viewOf(isBid: boolean, levels: readonly Level[], horizon: bigint | null, isBestLast: boolean): BookSide {
  const ordered = isBestLast ? levels.toReversed() : levels;
  const numbers = ordered.flatMap(([price, amount]) => [
    milliOf(price),
    attoOf(price),
    milliOf(amount),
    attoOf(amount),
  ]);
  return { values: Float64Array.from(numbers), count: levels.length, isBestLast, isBid, horizon };
}

/** Text of numerator / 10^decimals, without the code under test. */
function textOf(value: bigint, decimals = 18): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, '');
  return value < 0n && text !== '0' ? `-${text}` : text;
}

/** True where `text` is numerator / denominator (in units) to the nearest 10^-18, a tie to the even one. */
function isRounded(text: string | null, numerator: bigint, denominator: bigint): boolean {
  const [whole, fraction = ''] = (text ?? '').split('.');
  const units = BigInt(whole + fraction.padEnd(18, '0'));
  const off = 2n * (units * denominator - numerator);
  const size = off < 0n ? -off : off;
  return size < denominator || (size === denominator && units % 2n === 0n);
}

/** True where no float lies nearer to numerator / denominator: in whole numbers, since a float is one over a power of 2. */
function isNearest(value: number, numerator: bigint, denominator: bigint): boolean {
  const distance = (float: number): bigint => {
    const exact = BigInt(float * 2 ** 60) * 2n ** 100n; // floats under test lie above 2^-8 or are 0: no bit is lost
    const off = exact * denominator - numerator * 2n ** 160n;
    return off < 0n ? -off : off;
  };
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
  return distance(value) <= distance(value - ulp) && distance(value) <= distance(value + ulp);
}

const sum = (levels: readonly Level[]): bigint => levels.reduce((total, [, amount]) => total + amount, 0n);
const notional = (levels: readonly Level[]): bigint =>
  levels.reduce((total, [price, amount]) => total + price * amount, 0n);

/** True where the best `count` levels lie before the horizon, counted by hand. */
function hasAll(levels: readonly Level[], isBid: boolean, horizon: bigint | null, count: number): boolean {
  if (horizon === null) return true;
  const known = levels.filter(([price]) => (isBid ? price >= horizon : price <= horizon));
  return known.length >= count;
}

const least = (a: bigint, b: bigint): bigint => [a, b].reduce((x, y) => (y < x ? y : x));

const shape = fc.record({
  middle: fc.bigInt(1_000n, 100_000n).map((whole) => whole * WHOLE),
  bid: sideShape,
  ask: sideShape,
  isBestLast: fc.boolean(),
});

type Drawn = typeof shape extends fc.Arbitrary<infer Shape> ? Shape : never;

function bookOf({ middle, bid, ask, isBestLast }: Drawn) {
  const make = (isBid: boolean, side: typeof bid) => {
    const levels = levelsFrom(middle, side.steps, isBid);
    const place = side.horizonPlace;
    const at = place === null ? undefined : levels[place[0]];
    const horizon = place === null || at === undefined ? null : at[0] + place[1];
    return { levels, horizon, view: viewOf(isBid, levels, horizon, isBestLast) };
  };
  return { bids: make(true, bid), asks: make(false, ask) };
}

it('touch, depth and distance are what plain sums say', () => {
  const asked = { levels: [1, 2, 10, 40], bps: [1, 7, 100], quantity: null };
  fc.assert(
    fc.property(shape, (drawn) => {
      const { bids, asks } = bookOf(drawn);
      const measures = measureBook(bids.view, asks.view, asked);
      const hasBoth = bids.levels.length > 0 && asks.levels.length > 0;
      const known = (levels: number): boolean =>
        hasAll(bids.levels, true, bids.horizon, levels) && hasAll(asks.levels, false, asks.horizon, levels);
      const isTouch = hasBoth && known(1);
      assert.equal(measures.mid !== null, isTouch);
      if (isTouch) {
        const [[bid, bidAmount], [ask, askAmount]] = [bids.levels[0], asks.levels[0]];
        assert.equal(measures.spread, textOf(ask - bid));
        assert.equal(measures.mid, textOf((bid + ask) * 5n, 19));
        assert.ok(isRounded(measures.microprice, bid * askAmount + ask * bidAmount, bidAmount + askAmount));
      }
      assert.equal(measures.weightedMid !== null, hasBoth && known(10));
      if (measures.weightedMid !== null) {
        const [nearBids, nearAsks] = [bids.levels.slice(0, 10), asks.levels.slice(0, 10)];
        const [b, a] = [sum(nearBids), sum(nearAsks)];
        assert.ok(
          isRounded(measures.weightedMid, notional(nearBids) * a * a + notional(nearAsks) * b * b, a * b * (a + b)),
        );
        const weigh = (levels: readonly Level[]): number =>
          levels.reduce((total, [, amount], rank) => total + Number(amount) / (rank + 1), 0);
        const [bw, aw] = [weigh(nearBids), weigh(nearAsks)];
        assert.ok(Math.abs((measures.pressure ?? 9) - (bw - aw) / (bw + aw)) < 1e-12);
      }
      for (const { levels, bid, ask, imbalance, isKnown } of measures.depth) {
        const [b, a] = [sum(bids.levels.slice(0, levels)), sum(asks.levels.slice(0, levels))];
        assert.deepEqual([bid, ask, isKnown], [textOf(b), textOf(a), known(levels)]);
        assert.equal(imbalance === null, !hasBoth);
        if (imbalance !== null && Math.abs(imbalance) > 0.01) assert.ok(isNearest(imbalance, b - a, b + a));
      }
      for (const { bps, bid, ask, isKnown } of measures.within) {
        if (!isTouch) {
          assert.deepEqual([bid, ask, isKnown], [null, null, false]);
          continue;
        }
        const middle = bids.levels[0][0] + asks.levels[0][0];
        const low = (price: bigint): boolean => price * 20_000n >= middle * BigInt(10_000 - bps);
        const high = (price: bigint): boolean => price * 20_000n <= middle * BigInt(10_000 + bps);
        const inside = [
          sum(bids.levels.filter(([price]) => low(price))),
          sum(asks.levels.filter(([price]) => high(price))),
        ];
        assert.deepEqual(
          [bid, ask],
          inside.map((each) => textOf(each)),
        );
        const isOutsideLow = bids.horizon === null || bids.horizon * 20_000n <= middle * BigInt(10_000 - bps);
        const isOutsideHigh = asks.horizon === null || asks.horizon * 20_000n >= middle * BigInt(10_000 + bps);
        assert.equal(isKnown, isOutsideLow && isOutsideHigh);
      }
    }),
    { numRuns: 500 },
  );
});

it('a fill costs what buying each level costs', () => {
  fc.assert(
    fc.property(shape, fc.bigInt(1n, 40n * WHOLE), (drawn, wanted) => {
      const { bids, asks } = bookOf(drawn);
      const { fill } = measureBook(bids.view, asks.view, { levels: [], bps: [], quantity: wanted });
      for (const [side, isBid, told] of [
        [asks, false, fill?.buy],
        [bids, true, fill?.sell],
      ] as const) {
        const taken: Level[] = [];
        for (const [price, amount] of side.levels) {
          const missing = wanted - sum(taken);
          if (missing > 0n) taken.push([price, least(missing, amount)]);
        }
        const filled = sum(taken);
        assert.deepEqual([told?.quantity, told?.filled], [textOf(wanted), textOf(filled)]);
        assert.equal(told?.worst, taken.length === 0 ? null : textOf(taken[taken.length - 1][0]));
        if (filled > 0n) assert.ok(isRounded(told?.average ?? null, notional(taken), filled));
        const isAllBeforeHorizon = filled === wanted && hasAll(side.levels, isBid, side.horizon, taken.length);
        assert.equal(told?.isKnown, side.horizon === null || isAllBeforeHorizon);
      }
    }),
    { numRuns: 500 },
  );
});

it('a ratio is the nearest float', () => {
  const size = fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 2n ** 200n));
  fc.assert(
    fc.property(size, size, fc.boolean(), (a, b, isNegative) => {
      const numerator = (isNegative ? -1n : 1n) * (a % b);
      const value = ratio(numerator, b);
      if (value !== null && Math.abs(value) > 2 ** -7) assert.ok(isNearest(value, numerator, b));
      else assert.ok(value !== null && Math.abs(value) <= 2 ** -7 && Math.sign(value) === Math.sign(Number(numerator)));
    }),
    { numRuns: 500 },
  );
});

// ---- books that keep part of their levels

const numbers = new Float64Array(4);
const depths = fc.integer({ min: 1, max: 12 });
/** Price milli and atto, quantity; 0 removes. */
const change = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0, 0, 1), fc.constantFrom(0, 0, 1, 2, 3));
const batches = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 40 });

function put(milli: number, atto: number, amount: number): void {
  numbers.set([milli, atto, amount, 0]);
}

const rowsOf = (side: Ladder): number[][] =>
  Array.from({ length: side.count }, (_, index) => {
    const at = side.offsetOf(side.count - 1 - index);
    return [...side.values.subarray(at, at + 4)];
  });

it('a side that keeps some levels is the top of the whole one, down to its horizon', () => {
  fc.assert(
    fc.property(fc.boolean(), depths, batches, (isBid, depth, rounds) => {
      const whole = new Ladder(isBid);
      const kept = new Ladder(isBid);
      for (const round of rounds) {
        for (const [milli, atto, amount] of round) {
          put(milli, atto, amount);
          whole.apply(numbers, 0, 0, 0);
          const isBeyond = kept.apply(numbers, 0, 0, 0) === LevelResult.beyond;
          assert.ok(!isBeyond || kept.hasHorizon);
        }
        kept.keep(depth);
        assert.ok(kept.count <= depth);
        const [milli, atto] = kept.hasHorizon ? kept.horizon : [isBid ? -1 : 99, 0];
        const isInside = (row: readonly number[]): boolean => {
          const better = (row[0] - milli || row[1] - atto) * (isBid ? 1 : -1);
          return better >= 0;
        };
        assert.deepEqual(rowsOf(kept), rowsOf(whole).filter(isInside));
      }
    }),
    { numRuns: 500 },
  );
});

it('the spread for bars is that of exact numbers, and absent where there is none', () => {
  const price = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 1, 999_999_999_999_999));
  const side = fc.array(price, { maxLength: 3 });
  fc.assert(
    fc.property(side, side, (bidPrices, askPrices) => {
      const ladders = [bidPrices, askPrices].map((prices, index) => {
        const ladder = new Ladder(index === 0);
        for (const [milli, atto] of prices) {
          put(milli, atto, 1);
          ladder.apply(numbers, 0, 0, 0);
        }
        return ladder;
      });
      const exact = ([milli, atto]: readonly [number, number]): bigint => BigInt(milli) * 10n ** 15n + BigInt(atto);
      const best = (prices: readonly (readonly [number, number])[], isBid: boolean): bigint | null =>
        prices.map(exact).reduce<bigint | null>((a, b) => (a === null || (isBid ? b > a : b < a) ? b : a), null);
      const [bid, ask] = [best(bidPrices, true), best(askPrices, false)];
      const out = new Float64Array(2);
      writeSpread(ladders[0], ladders[1], out);
      const spread = bid === null || ask === null || ask < bid ? null : ask - bid;
      assert.deepEqual([...out], spread === null ? [-1, 0] : [milliOf(spread), attoOf(spread)]);
      assert.equal(isLocked(ladders[0], ladders[1]), spread === 0n);
    }),
    { numRuns: 500 },
  );
});
