// Owns the tests of when a trend is told: by its line's r², once, and again only after its end or the other way.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignalEvent } from '../../../../../schemas/ids.ts';
import { PriceTrendCount } from '../../../../../workers/signals/trades/price-trend.ts';
import { TrendEvents } from '../../../../../workers/signals/trades/trend-events.ts';

const { none, trendUp, trendDown } = SignalEvent;

describe('a trend', () => {
  const rows: readonly (readonly [string, readonly (readonly [boolean, number, number])[], readonly number[]])[] = [
    [
      'is told once',
      [
        [true, 1, 0.5],
        [true, 2, 0.9],
      ],
      [trendUp, none],
    ],
    ['is not told before the signal is warm', [[false, 1, 1]], [none]],
    ['is not told of a line that explains little', [[true, 1, 0.49]], [none]],
    [
      'goes on between the two bounds, and ends under the lower one',
      [
        [true, 1, 0.6],
        [true, 1, 0.3],
        [true, 1, 0.6],
        [true, 1, 0.2],
        [true, 1, 0.6],
      ],
      [trendUp, none, none, none, trendUp],
    ],
    [
      'is told when it turns',
      [
        [true, 1, 0.8],
        [true, -1, 0.4],
        [true, -1, 0.8],
      ],
      [trendUp, none, trendDown],
    ],
    [
      'has none in a flat line',
      [
        [true, 0, 1],
        [true, 0, Number.NaN],
      ],
      [none, none],
    ],
  ];
  for (const [name, lines, expected] of rows) {
    it(name, () => {
      const events = new TrendEvents();
      assert.deepEqual(
        lines.map(([isWarm, slope, rSquared]) => events.judge(isWarm, slope, rSquared)),
        expected,
      );
    });
  }

  it('of prices that rise and then fall is told up and down', () => {
    const signal = new PriceTrendCount(5);
    const prices = [1, 2, 3, 4, 5, 6, 5, 4, 3, 2];
    const told = prices.map((price, i) => {
      signal.trade({ timeUs: i, price, quantity: 1, quantityMilli: 1000, quantityAtto: 0, side: 1, matches: 1 });
      return signal.event;
    });
    assert.deepEqual(
      told.filter((event) => event !== none),
      [trendUp, trendDown],
    );
    assert.equal(told[4], trendUp);
  });
});
