// Owns the checks of price trend, volume trend, VWAP, realised volatility and Kyle's lambda: by hand.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Side, SignalEvent } from '../../../../../schemas/ids.ts';
import type { TradeSignal } from '../../../../../workers/signals/signal.ts';
import { KyleLambda } from '../../../../../workers/signals/trades/kyle-lambda.ts';
import { PriceTrend, PriceTrendCount } from '../../../../../workers/signals/trades/price-trend.ts';
import { RealisedVolatility } from '../../../../../workers/signals/trades/realised-volatility.ts';
import { VolumeTrend, VolumeTrendCount } from '../../../../../workers/signals/trades/volume-trend.ts';
import { Vwap, VwapCount } from '../../../../../workers/signals/trades/vwap.ts';
import { unitsOf } from '../../bars/records.ts';
import { eventsOf, ONE, shown, type TradeText } from './views.ts';

const S = 1_000_000;

function after(signal: TradeSignal, trades: readonly TradeText[]): TradeSignal {
  const known: readonly number[] = [SignalEvent.none, SignalEvent.trendUp, SignalEvent.trendDown];
  assert.ok(eventsOf(signal, trades).every((event) => known.includes(event)));
  return signal;
}

function assertShows(signal: TradeSignal, expected: readonly number[], error = 1e-12): void {
  const isNear = (value: number, index: number): boolean =>
    Number.isNaN(expected[index] ?? Number.NaN)
      ? Number.isNaN(value)
      : Math.abs(value - expected[index]) <= error * Math.abs(expected[index]);
  assert.ok(shown(signal).every(isNear), `expected ${expected}, was ${shown(signal)}`);
}

/** Prices, one a second. */
const priced = (prices: readonly number[], fromS = 0): TradeText[] =>
  prices.map((price, index) => ({ price, timeUs: (fromS + index) * S }));
const sized = (quantities: readonly bigint[]): TradeText[] =>
  quantities.map((each, index) => ({ quantity: each * ONE, timeUs: index * S }));

describe('price trend', () => {
  it('is the slope by the second, and how much of the prices it explains', () => {
    assertShows(after(new PriceTrend(60), priced([1, 3, 2])), [0.5, 0.25]);
    assertShows(after(new PriceTrendCount(3), priced([9, 1, 3, 2])), [0.5, 0.25]);
  });

  it('takes each trade at its own time within a sub-bucket', () => {
    const trades = [0, 0.25, 0.75].map((second) => ({ price: 5 + 2 * second, timeUs: second * S }));
    assertShows(after(new PriceTrend(60), trades), [2, 1]);
  });

  it('forgets what has left its window', () => {
    const trades = [...priced([1e12, 1]), ...priced([50, 52, 54], 60)];
    assertShows(after(new PriceTrend(30), trades), [2, 1]);
    assertShows(after(new PriceTrendCount(3), trades), [2, 1]);
  });

  it('keeps the digits of a small move of a large price', () => {
    const prices = Array.from({ length: 50 }, (_, index) => 67_000 + (index % 2) * 0.01 + index * 0.001);
    const xs = prices.map((_, index) => index - 24.5);
    const slope =
      xs.reduce((sum, x, index) => sum + x * (prices[index] - 67_000), 0) / xs.reduce((sum, x) => sum + x * x, 0);
    assert.ok(Math.abs(after(new PriceTrend(60), priced(prices)).value / slope - 1) < 1e-8);
    assert.ok(Math.abs(after(new PriceTrendCount(50), priced(prices)).value / slope - 1) < 1e-8);
  });

  it('has no slope of one time, and explains nothing of equal prices, also of sub-buckets brought together', () => {
    assertShows(after(new PriceTrend(60), [{ price: 1 }, { price: 2 }]), []);
    const equal = [0, 0, 0, 1, 2, 2, 2].map((second) => ({ price: 99.97, timeUs: second * S }));
    assertShows(after(new PriceTrend(60), equal), [0]);
  });

  it('is warm once times span the window, or trades fill it', () => {
    assert.equal(after(new PriceTrend(3), priced([1, 1, 1])).isWarm, false);
    assert.equal(after(new PriceTrend(3), priced([1, 1, 1, 1])).isWarm, true);
    assert.equal(after(new PriceTrendCount(3), priced([1, 1])).isWarm, false);
    assert.equal(after(new PriceTrendCount(3), priced([1, 1, 1])).isWarm, true);
  });
});

describe('volume trend', () => {
  it('is the slope of what whole sub-buckets traded by the second, quiet ones being 0', () => {
    // The first second is known in part, and the last is still forming; 4, 0 and 2 lie between.
    const at = (second: number, quantity: bigint): TradeText => ({ timeUs: second * S, quantity: quantity * ONE });
    const trades = [at(0, 100n), at(1, 3n), at(1.5, 1n), at(3, 2n), at(4, 500n), at(4.5, 900n)];
    assertShows(after(new VolumeTrend(60), trades), [-1, 0.25]);
  });

  it('says the same of a rate, however long its sub-buckets are', () => {
    const trades = Array.from({ length: 400 }, (_, index) => ({ timeUs: index * S, quantity: BigInt(index) * ONE }));
    assertShows(after(new VolumeTrend(60), trades), [1, 1], 1e-11);
    const grouped = after(new VolumeTrend(240), trades);
    assert.ok(Math.abs(grouped.value - 1) < 1e-11 && Math.abs(grouped.second - 1) < 1e-11);
  });

  it('is the slope of quantities by the trade', () => {
    assertShows(after(new VolumeTrendCount(3), sized([900n, 4n, 0n, 2n])), [-1, 0.25]);
  });

  it('has no slope before two whole sub-buckets, or two trades', () => {
    assertShows(after(new VolumeTrend(60), sized([1n, 2n, 3n])), []);
    assertShows(after(new VolumeTrend(60), sized([1n, 2n, 3n, 4n])), [1, 1]);
    assertShows(after(new VolumeTrendCount(3), sized([1n])), []);
  });
});

describe('VWAP of a window', () => {
  const trades = [
    { price: 10, quantity: 3n * ONE, timeUs: 0 },
    { price: 20, quantity: ONE, timeUs: S },
    { price: 40, quantity: 4n * ONE, timeUs: 60 * S },
  ];

  it('is the mean price by quantity of the trades in it', () => {
    assertShows(after(new Vwap(60), trades.slice(0, 2)), [12.5]);
    assertShows(after(new Vwap(60), trades), [36]);
    assertShows(after(new VwapCount(2), trades), [36]);
  });

  it('has no value before a trade, nor of trades without quantity', () => {
    assertShows(new Vwap(60), []);
    assertShows(new VwapCount(2), []);
    assertShows(after(new Vwap(60), [{ quantity: 0n }]), []);
  });

  it('is warm once times span the window, or trades fill it', () => {
    assert.deepEqual(
      [after(new Vwap(60), trades.slice(0, 2)).isWarm, after(new Vwap(60), trades).isWarm],
      [false, true],
    );
    assert.deepEqual([after(new VwapCount(4), trades).isWarm, after(new VwapCount(3), trades).isWarm], [false, true]);
  });
});

describe('realised volatility', () => {
  const r = Math.log(1.01);

  it('is the root of the squared log returns from the end of one sub-bucket to the next', () => {
    // 104 is inside a sub-bucket and no sample.
    const trades = [
      ...priced([100]),
      { price: 104, timeUs: 1.2 * S },
      { price: 101, timeUs: 1.8 * S },
      ...priced([100], 2),
    ];
    assertShows(after(new RealisedVolatility(60), trades), [Math.sqrt(2) * r]);
  });

  it('spans quiet sub-buckets with one return', () => {
    assertShows(after(new RealisedVolatility(60), [...priced([100]), ...priced([101], 30)]), [r]);
  });

  it('forgets returns that have left, and knows that of a quiet time longer than the window', () => {
    assertShows(after(new RealisedVolatility(60), [...priced([50, 100]), ...priced([101], 500)]), [r]);
  });

  it('has no value before a second sub-bucket, and is 0 where the price stands', () => {
    assertShows(after(new RealisedVolatility(60), [{ price: 100 }, { price: 200, timeUs: 1 }]), []);
    assertShows(after(new RealisedVolatility(60), priced([100, 100])), [0]);
  });

  it('keeps the digits of the smallest and of the largest moves', () => {
    assertShows(after(new RealisedVolatility(60), priced([1e9, 1e9 + 2 ** -20])), [2 ** -20 / 1e9]);
    assertShows(after(new RealisedVolatility(60), priced([1e9, 1e-9])), [18 * Math.LN10]);
  });

  it('passes over a price of 0', () => {
    assertShows(after(new RealisedVolatility(60), priced([100, 0, 101])), [r]);
  });

  it('is warm once times span the window', () => {
    assert.equal(after(new RealisedVolatility(3), priced([1, 1, 1])).isWarm, false);
    assert.equal(after(new RealisedVolatility(3), priced([1, 1, 1, 1])).isWarm, true);
  });
});

describe("Kyle's lambda", () => {
  const at = (second: number, price: number, quantity: string, side: number = Side.buy): TradeText => ({
    timeUs: second * S,
    price,
    quantity: unitsOf(quantity),
    side,
  });

  it('is the price change for a unit of signed volume, over sub-buckets with trades', () => {
    // Changes 2, -4, 1 on volumes 1, -2, 0.5.
    const trades = [
      at(0, 100, '5'),
      at(1, 90, '3'),
      at(1.5, 102, '2', Side.sell),
      at(7, 98, '2', Side.sell),
      at(9, 99, '0.5'),
    ];
    assertShows(after(new KyleLambda(60), trades), [2, 1]);
  });

  it('takes trades without a side as no volume', () => {
    const trades = [at(0, 100, '5'), at(1, 102, '1'), at(2, 102, '77', Side.unknown)];
    assertShows(after(new KyleLambda(60), trades), [2, 1]);
  });

  it('has no slope where as much was sold as bought, whatever the floats of it', () => {
    const trades = [at(0, 1, '1'), at(1, 2, '0.6'), at(1, 2, '0.3', Side.sell), at(1, 2, '0.3', Side.sell)];
    assertShows(after(new KyleLambda(60), [...trades, at(2, 5, '9', Side.unknown)]), []);
  });

  it('has no value before two changes, and is warm once times span the window', () => {
    assertShows(after(new KyleLambda(60), [at(0, 1, '1'), at(1, 2, '1')]), []);
    assert.equal(after(new KyleLambda(3), [at(0, 1, '1'), at(2.9, 2, '1')]).isWarm, false);
    assert.equal(after(new KyleLambda(3), [at(0, 1, '1'), at(3, 2, '1')]).isWarm, true);
  });
});
