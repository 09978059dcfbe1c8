// Owns the table tests of one side of a book: order, growth, snapshots in any order, cutting.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LADDER_LEVELS_MAX, LADDER_LEVELS_START } from '../../../../schemas/config.ts';
import { Ladder, LevelResult } from '../../../../workers/book/ladder.ts';
import { levelsOf, readDecimal, writeDecimal } from './book-records.ts';

const numbers = new Float64Array(6);

function take(text: string): [number, number] {
  const [price, quantity] = text.split(' ');
  return [writeDecimal(price, numbers, 1), writeDecimal(quantity, numbers, 3)];
}

const apply = (ladder: Ladder, text: string): number => ladder.apply(numbers, 1, ...take(text));
const add = (ladder: Ladder, text: string): number => ladder.add(numbers, 1, ...take(text));
const pricesOf = (ladder: Ladder): string[] => levelsOf(ladder).map(([price]) => price);

/** Decimals of price and quantity, best level first. */
function decimalsOf(ladder: Ladder): number[][] {
  return Array.from({ length: ladder.count }, (_, rank) => {
    const at = ladder.offsetOf(rank) / 2;
    return [...ladder.decimals.subarray(at, at + 2)];
  });
}

function snapshot(ladder: Ladder, texts: readonly string[]): void {
  ladder.beginSnapshot();
  for (const text of texts) add(ladder, text);
  ladder.endSnapshot();
}

describe('one level at a time', () => {
  it('keeps bids from high to low and asks from low to high, by milli and atto', () => {
    const prices = ['2.001', '2.000000000000000001', '2', '2.000000000000000002', '1.999999999999999999'];
    const bids = new Ladder(true);
    const asks = new Ladder(false);
    for (const price of prices) {
      assert.equal(apply(bids, `${price} 1`), LevelResult.inserted);
      assert.equal(apply(asks, `${price} 1`), LevelResult.inserted);
    }
    const falling = ['2.001', '2.000000000000000002', '2.000000000000000001', '2', '1.999999999999999999'];
    assert.deepEqual(pricesOf(bids), falling);
    assert.deepEqual(pricesOf(asks), falling.toReversed());
  });

  it('changes a held price, removes it at zero, and takes the removal of an unheld one as normal', () => {
    const asks = new Ladder(false);
    apply(asks, '10.5 1.50');
    assert.equal(apply(asks, '10.50 0.000000000000000001'), LevelResult.changed);
    assert.deepEqual(levelsOf(asks), [['10.5', '0.000000000000000001']]);
    assert.deepEqual(decimalsOf(asks), [[2, 18]]);
    assert.equal(apply(asks, '11 0.00'), LevelResult.absent);
    assert.equal(apply(asks, '10.5 0'), LevelResult.removed);
    assert.equal(apply(asks, '10.5 0'), LevelResult.absent);
    assert.equal(asks.count, 0);
  });

  it('finds levels near the best, in the middle and at the worst end of a long side', () => {
    const bids = new Ladder(true);
    for (let price = 1; price <= 999; price += 2) apply(bids, `${price} ${price}`);
    for (const price of [2, 500, 984, 998, 1000]) assert.equal(apply(bids, `${price} 7`), LevelResult.inserted);
    for (const price of [1, 501, 985, 999]) assert.equal(apply(bids, `${price} 0`), LevelResult.removed);
    const left = pricesOf(bids).map(Number);
    assert.equal(left.length, 501);
    assert.ok(left.every((price, rank) => rank === 0 || price < left[rank - 1]));
    assert.equal(readDecimal(bids.values, bids.offsetOf(0)), '1000');
    assert.equal(readDecimal(bids.values, bids.offsetOf(500)), '2');
  });

  it('grows by doubling to the limit, then refuses new prices only', () => {
    const ladder = new Ladder(true);
    apply(ladder, '1 1');
    assert.equal(ladder.values.length, LADDER_LEVELS_START * 4);
    numbers[2] = 0;
    numbers[3] = 1;
    for (let price = 2; price <= LADDER_LEVELS_MAX; price++) {
      numbers[1] = price * 1000;
      ladder.apply(numbers, 1, 0, 0);
    }
    assert.equal(ladder.count, LADDER_LEVELS_MAX);
    assert.equal(apply(ladder, '0.5 1'), LevelResult.full);
    assert.equal(apply(ladder, '5 9'), LevelResult.changed);
    assert.equal(apply(ladder, '5 0'), LevelResult.removed);
    assert.equal(apply(ladder, '0.5 1'), LevelResult.inserted);
  });
});

describe('snapshots', () => {
  const ORDERS: readonly [string, readonly string[]][] = [
    ['best first', ['5 1', '4 2', '3.5 3', '1 4']],
    ['worst first', ['1 4', '3.5 3', '4 2', '5 1']],
    ['in no order', ['4 2', '1 4', '5 1', '3.5 3']],
    ['with a price twice, of which the last counts', ['5 9', '4 2', '3.5 3', '5 1', '1 4']],
    ['with neighbours of one price', ['5 9', '5 1', '4 2', '3.5 3', '1 4']],
    ['with zeros left out', ['5 1', '4.5 0.00', '4 2', '3.5 3', '1 4', '0.5 0']],
    ['with a price that ends at zero', ['5 1', '4.5 7', '4 2', '4.5 0', '3.5 3', '1 4']],
  ];
  for (const [name, texts] of ORDERS) {
    it(`takes levels ${name}`, () => {
      for (const isBid of [true, false]) {
        const ladder = new Ladder(isBid);
        apply(ladder, '77 7');
        snapshot(ladder, texts);
        const falling: [string, string][] = [
          ['5', '1'],
          ['4', '2'],
          ['3.5', '3'],
          ['1', '4'],
        ];
        assert.deepEqual(levelsOf(ladder), isBid ? falling : falling.toReversed());
      }
    });
  }

  it('keeps the decimals with their level when it orders them', () => {
    const ladder = new Ladder(false);
    snapshot(ladder, ['3.000 1', '1.0 1.0', '2.00 1.00']);
    assert.deepEqual(decimalsOf(ladder), [
      [1, 1],
      [2, 2],
      [3, 0],
    ]);
  });

  it('refuses levels past the limit without a throw, and an empty snapshot empties', () => {
    const ladder = new Ladder(true);
    ladder.beginSnapshot();
    numbers[2] = 0;
    for (let price = 1; price <= LADDER_LEVELS_MAX; price++) {
      numbers[1] = price;
      numbers[3] = 1;
      assert.equal(ladder.add(numbers, 1, 0, 0), LevelResult.inserted);
    }
    assert.equal(add(ladder, '9999999 1'), LevelResult.full);
    ladder.endSnapshot();
    assert.equal(ladder.count, LADDER_LEVELS_MAX);
    snapshot(ladder, []);
    assert.equal(ladder.count, 0);
  });

  it('copies a whole side, and later changes stay apart', () => {
    const from = new Ladder(true);
    snapshot(
      from,
      Array.from({ length: 700 }, (_, i) => `${i + 1} 1.0`),
    );
    const to = new Ladder(true);
    to.copyFrom(from);
    apply(from, '700 0');
    assert.equal(to.count, 700);
    assert.deepEqual(pricesOf(to).slice(1), pricesOf(from));
    assert.deepEqual(decimalsOf(to).slice(0, 2), [
      [0, 1],
      [0, 1],
    ]);
  });
});

describe('cutting to a depth', () => {
  it('cuts the worst levels and leaves their prices to be read', () => {
    const asks = new Ladder(false);
    for (const text of ['1 1', '2 1', '3 1', '4.000000000000000005 1']) apply(asks, text);
    assert.equal(asks.cut(4), 0);
    assert.equal(asks.cutCount, 0);
    assert.equal(asks.cut(2), 2);
    assert.deepEqual(pricesOf(asks), ['1', '2']);
    assert.deepEqual([...asks.cutPrices.subarray(0, 4)], [4000, 5, 3000, 0]);
    assert.equal(asks.cut(2), 0);
    assert.equal(asks.cutCount, 0);
  });
});

describe('keeping a depth', () => {
  const horizonOf = (ladder: Ladder): string | null => (ladder.hasHorizon ? readDecimal(ladder.horizon, 0) : null);

  it('closes the side behind the worst level left, until a snapshot', () => {
    const bids = new Ladder(true);
    for (const text of ['5 1', '4 1', '3.000000000000000002 1']) apply(bids, text);
    assert.equal(bids.keep(3), 0);
    assert.deepEqual([horizonOf(bids), bids.isClosed], [null, false]);
    apply(bids, '2 1');
    assert.equal(bids.keep(3), 1);
    assert.equal(horizonOf(bids), '3.000000000000000002');
    assert.equal(apply(bids, '5 0'), LevelResult.removed);
    assert.equal(apply(bids, '3.000000000000000001 1'), LevelResult.beyond);
    assert.equal(apply(bids, '2 1'), LevelResult.beyond);
    assert.equal(apply(bids, '2 0'), LevelResult.absent);
    assert.equal(apply(bids, '3.000000000000000002 0'), LevelResult.removed);
    assert.equal(apply(bids, '3.000000000000000002 7'), LevelResult.inserted, 'the horizon itself is known');
    assert.deepEqual(pricesOf(bids), ['4', '3.000000000000000002']);
    for (const text of ['9 1', '8 1']) apply(bids, text);
    assert.equal(bids.keep(3), 1);
    assert.equal(horizonOf(bids), '4');
    const fresh = new Ladder(true);
    snapshot(fresh, ['1 1']);
    bids.copyFrom(fresh);
    assert.equal(horizonOf(bids), null);
    assert.equal(apply(bids, '0.5 1'), LevelResult.inserted);
  });

  it('refuses on the ask side what is dearer', () => {
    const asks = new Ladder(false);
    for (const text of ['1 1', '2 1', '3 1']) apply(asks, text);
    asks.keep(2);
    assert.equal(horizonOf(asks), '2');
    assert.equal(apply(asks, '2.5 1'), LevelResult.beyond);
    assert.equal(apply(asks, '1.5 1'), LevelResult.inserted);
    for (const price of ['1', '1.5', '2']) apply(asks, `${price} 0`);
    assert.equal(apply(asks, '2.1 1'), LevelResult.beyond, 'an empty side knows its horizon');
    assert.equal(asks.count, 0);
  });

  it('takes levels behind a noted horizon until it has to cut, then leaves none of them', () => {
    const bids = new Ladder(true);
    snapshot(bids, ['10 1', '9 1']);
    bids.noteHorizon();
    assert.equal(horizonOf(bids), '9');
    for (const text of ['8 1', '7 1']) assert.equal(apply(bids, text), LevelResult.inserted);
    assert.equal(bids.keep(4), 0);
    assert.equal(horizonOf(bids), '9');
    apply(bids, '9 0');
    apply(bids, '6 1');
    apply(bids, '5 1');
    assert.equal(bids.keep(4), 4);
    assert.deepEqual(pricesOf(bids), ['10']);
    assert.deepEqual([...bids.cutPrices.subarray(0, 8)], [5000, 0, 6000, 0, 7000, 0, 8000, 0]);
    assert.equal(horizonOf(bids), '9');
    assert.equal(apply(bids, '8.5 1'), LevelResult.beyond);
    assert.equal(apply(bids, '9.5 1'), LevelResult.inserted);
  });

  it('of a venue has its horizon at the worst level while the side is full', () => {
    const asks = new Ladder(false);
    asks.venueDepth = 2;
    apply(asks, '1 1');
    assert.equal(horizonOf(asks), null);
    apply(asks, '2 1');
    assert.equal(horizonOf(asks), '2');
    apply(asks, '1.5 1');
    asks.cut(2);
    assert.equal(horizonOf(asks), '1.5');
    apply(asks, '1 0');
    assert.equal(horizonOf(asks), null);
  });
});
