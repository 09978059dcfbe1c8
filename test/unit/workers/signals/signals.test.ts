// Owns the checks of imbalance, microprice and CVD, by tables.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Side } from '../../../../schemas/ids.ts';
import { Cvd } from '../../../../workers/signals/cvd.ts';
import { imbalance } from '../../../../workers/signals/imbalance.ts';
import { microprice } from '../../../../workers/signals/microprice.ts';
import { Records, SLOT, unitsOf } from '../bars/records.ts';

const ATTO = 10n ** 15n;

/** A ladder of [price, quantity] given best first, with words of no level behind it. */
function ladder(...levels: [string, string][]): Float64Array {
  const words = levels
    .reverse()
    .flat()
    .flatMap((text) => [Number(unitsOf(text) / ATTO), Number(unitsOf(text) % ATTO)]);
  return Float64Array.from([...words, 1, 2, 3, 4]);
}

type Compute = (bids: Float64Array, bidCount: number, asks: Float64Array, askCount: number, out: Float64Array) => void;

function run(compute: Compute, bids: [string, string][], asks: [string, string][]): number {
  const out = Float64Array.of(-9, -9, -9);
  compute(ladder(...bids), bids.length, ladder(...asks), asks.length, out);
  assert.deepEqual([out[0], out[2]], [-9, -9]);
  return out[1];
}

describe('imbalance', () => {
  const ofLevels =
    (levels: number): Compute =>
    (bids, bidCount, asks, askCount, out) =>
      imbalance(bids, bidCount, asks, askCount, levels, out, 1);
  const quantities = (...texts: string[]): [string, string][] => texts.map((text) => ['1', text]);

  for (const [name, bids, asks, expected] of [
    ['is 0 for equal sides whose parts differ', ['0.1', '0.2'], ['0.3'], 0],
    ['is near 1 where bids are all', ['1000000'], ['0.000000000000000001'], 1],
    ['is -0.5 where asks are three times the bids', ['1'], ['2', '1'], -0.5],
    ['sums five levels a side and no more', ['1', '1', '1', '1', '1', '100'], ['5', '0', '0', '0', '0', '7'], 0],
    ['keeps the last digit of a difference', ['1.000000000000000001'], ['1'], 5e-19],
    ['keeps the last digit of a negative difference', ['1', '0.5'], ['1.500000000000000001'], -1 / 3e18],
    ['borrows where the larger side has the smaller fraction', ['1.001'], ['1.000999999999999999'], 1e-18 / 2.002],
    ['has no value without bids', [], ['1'], Number.NaN],
    ['has no value without asks', ['1'], [], Number.NaN],
  ] as [string, string[], string[], number][]) {
    it(name, () => {
      const value = run(ofLevels(5), quantities(...bids), quantities(...asks));
      if (Number.isNaN(expected)) assert.ok(Number.isNaN(value));
      else assert.ok(Math.abs(value - expected) <= Math.abs(expected) * 1e-15, `expected ${expected}, was ${value}`);
    });
  }

  it('sums as many levels as asked for', () => {
    assert.equal(run(ofLevels(1), quantities('3', '9'), quantities('1', '9')), 0.5);
    assert.equal(run(ofLevels(20), quantities('3', '9'), quantities('1', '7')), 0.2);
  });
});

describe('microprice', () => {
  const best: Compute = (bids, bidCount, asks, askCount, out) => microprice(bids, bidCount, asks, askCount, out, 1);

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
    ['has no value without bids', [], [['1', '1']], Number.NaN],
    ['has no value without asks', [['1', '1']], [], Number.NaN],
  ] as [string, [string, string][], [string, string][], number][]) {
    it(name, () => {
      const value = run(best, bids, asks);
      if (Number.isNaN(expected)) assert.ok(Number.isNaN(value));
      else assert.ok(Math.abs(value - expected) <= expected * 1e-15, `expected ${expected}, was ${value}`);
    });
  }
});

describe('CVD', () => {
  function cvd(...trades: [number, string][]): number[] {
    const subject = new Cvd();
    const records = new Records();
    for (const [side, text] of trades) {
      records.writeTrade({ timeUs: 0, price: 0n, quantity: unitsOf(text), side });
      subject.trade(records.u8, records.f64, SLOT);
    }
    const out = new Float64Array(3);
    const isWarm = subject.write(out, 2, 1);
    return [out[2], out[1], isWarm];
  }
  const { buy, sell, unknown } = Side;

  it('has no value before the first trade', () => assert.deepEqual(cvd(), [Number.NaN, 0, 0]));

  for (const [name, trades, value] of [
    ['is 0 after a trade without a side', [[unknown, '5']], 0],
    [
      'is what was bought less what was sold',
      [
        [buy, '5.5'],
        [sell, '2'],
        [buy, '0.25'],
      ],
      3.75,
    ],
    [
      'is negative where more was sold',
      [
        [buy, '1'],
        [sell, '1.000000000000000001'],
      ],
      -1e-18,
    ],
    [
      'forgets no digit under large numbers',
      [
        [buy, '9000000000000'],
        [buy, '0.000000000000000003'],
        [sell, '9000000000000'],
      ],
      3e-18,
    ],
    [
      'carries from part to part',
      [
        [sell, '0.000999999999999999'],
        [sell, '999999999999.999000000000000001'],
      ],
      -1e12,
    ],
    [
      'exceeds the range of one decimal',
      [
        [buy, '9000000000000'],
        [buy, '9000000000000'],
      ],
      1.8e13,
    ],
    [
      'comes back to exactly 0',
      [
        [buy, '1234567890123.000000000000000007'],
        [sell, '1234567890123'],
        [sell, '0.000000000000000007'],
      ],
      0,
    ],
  ] as [string, [number, string][], number][]) {
    it(name, () => assert.deepEqual(cvd(...trades), [value, trades.length, 1]));
  }
});

describe('CVD after any trades', () => {
  it('is the exact sum, of either sign and size, to the last digit a float has', () => {
    const out = new Float64Array(2);
    let state = 99;
    const random = (below: number): number => {
      state = (state * 48_271) % (2 ** 31 - 1);
      return state % below;
    };
    for (let round = 0; round < 300; round++) {
      const subject = new Cvd();
      const records = new Records();
      let expected = 0n;
      for (let count = 0; count < 30; count++) {
        const power = random(round % 3 === 0 ? 31 : 16);
        const quantity = (10n ** BigInt(power) * BigInt(random(10))) / BigInt(1 + random(3));
        const side = random(3);
        records.writeTrade({ timeUs: 0, price: 0n, quantity, side });
        subject.trade(records.u8, records.f64, SLOT);
        if (side === Side.buy) expected += quantity;
        if (side === Side.sell) expected -= quantity;
        subject.write(out, 0, 1);
        const want = Number(expected) / 1e18;
        assert.ok(Math.abs(out[0] - want) <= Math.abs(want) * 5e-16, `expected ${want}, was ${out[0]}`);
      }
    }
  });
});
