// Owns the checks of CVD: by a table, and against exact sums of any trades.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Side } from '../../../../../schemas/ids.ts';
import { Cvd } from '../../../../../workers/signals/trades/cvd.ts';
import { unitsOf } from '../../bars/records.ts';
import { shown, tradeOf } from './views.ts';

describe('CVD', () => {
  function cvd(...trades: [number, string][]): Cvd {
    const subject = new Cvd();
    for (const [side, text] of trades) subject.trade(tradeOf({ side, quantity: unitsOf(text) }));
    return subject;
  }
  const { buy, sell, unknown } = Side;

  it('has no value before the first trade', () => {
    assert.deepEqual([shown(cvd()), cvd().isWarm], [[Number.NaN, Number.NaN, Number.NaN], false]);
  });

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
    it(name, () => {
      const subject = cvd(...trades);
      assert.deepEqual([shown(subject), subject.isWarm], [[value, Number.NaN, Number.NaN], true]);
    });
  }
});

describe('CVD after any trades', () => {
  it('is the exact sum, of either sign and size, to the last digit a float has', () => {
    let state = 99;
    const random = (below: number): number => {
      state = (state * 48_271) % (2 ** 31 - 1);
      return state % below;
    };
    for (let round = 0; round < 300; round++) {
      const subject = new Cvd();
      let expected = 0n;
      for (let count = 0; count < 30; count++) {
        const power = random(round % 3 === 0 ? 31 : 16);
        const quantity = (10n ** BigInt(power) * BigInt(random(10))) / BigInt(1 + random(3));
        const side = random(3);
        subject.trade(tradeOf({ quantity, side }));
        if (side === Side.buy) expected += quantity;
        if (side === Side.sell) expected -= quantity;
        const want = Number(expected) / 1e18;
        assert.ok(Math.abs(subject.value - want) <= Math.abs(want) * 5e-16, `expected ${want}, was ${subject.value}`);
      }
    }
  });
});
