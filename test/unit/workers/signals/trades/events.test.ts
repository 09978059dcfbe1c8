// Owns the checks of the trade signals that tell events: trade sizes, trade bursts and sweeps; and of the registry.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Side, SignalEvent } from '../../../../../schemas/ids.ts';
import { TRADE_SIGNALS } from '../../../../../workers/signals/trades/registry.ts';
import { Sweep } from '../../../../../workers/signals/trades/sweep.ts';
import { TradeBurst } from '../../../../../workers/signals/trades/trade-burst.ts';
import { TradeSize } from '../../../../../workers/signals/trades/trade-size.ts';
import { namesOf } from './reference.ts';
import { eventCount, eventsOf, ONE, shown, type TradeText, tradeOf } from './views.ts';

const S = 1_000_000;
const { none, burst, sweepBuy, sweepSell } = SignalEvent;

it('the registry of trade signals holds those of the catalogue', () => {
  assert.deepEqual(Object.keys(TRADE_SIGNALS), namesOf('trade'));
});

describe('trade sizes', () => {
  const sized = (...quantities: number[]): TradeText[] => quantities.map((each) => ({ quantity: BigInt(each) * ONE }));

  it('are ranked among the last ones by nearest rank', () => {
    const signal = new TradeSize(200, 3);
    assert.deepEqual(shown(signal), [Number.NaN, Number.NaN, Number.NaN]);
    eventsOf(signal, sized(...Array.from({ length: 199 }, (_, index) => 199 - index)));
    assert.deepEqual([shown(signal), signal.isWarm], [[100, 190, 198], false]);
    eventsOf(signal, sized(200));
    assert.deepEqual([shown(signal), signal.isWarm], [[100, 190, 198], true]);
    // The two largest, 199 and 198, came first and leave first.
    eventsOf(signal, sized(1, 1));
    assert.deepEqual(shown(signal), [98, 188, 196]);
  });

  it('tell a burst from so many times the 95th percentile of those before, once there are as many', () => {
    // The 19th of twenty is 2: one of 1,000 does not move it.
    const before = sized(...new Array(19).fill(2), 1000);
    for (const [next, events] of [
      [[5], [none]],
      [[6], [burst]],
      // Then it is 6, and after one of 17 that.
      [
        [6, 17],
        [burst, none],
      ],
      [
        [6, 18, 53],
        [burst, burst, none],
      ],
    ]) {
      const signal = new TradeSize(20, 3);
      assert.equal(eventCount(signal, before), 0);
      assert.deepEqual(eventsOf(signal, sized(...next)), events);
    }
  });

  it('stay in order through any that come and leave, equal ones too', () => {
    const signal = new TradeSize(50, 3);
    const sizes = Array.from({ length: 2000 }, (_, index) => ((index * index * 31) % 97) + (index % 7 === 0 ? 40 : 0));
    sizes.forEach((size, index) => {
      eventsOf(signal, sized(size));
      const sorted = sizes.slice(Math.max(0, index - 49), index + 1).sort((a, b) => a - b);
      const ranks = [50, 95, 99].map((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1]);
      assert.deepEqual(shown(signal), ranks);
    });
  });
});

describe('trade bursts', () => {
  /** As many trades a second as given, spread over it, from a second on. */
  const perSecond = (rates: readonly number[], fromS: number): TradeText[] =>
    rates.flatMap((rate, second) =>
      Array.from({ length: rate }, (_, index) => ({ timeUs: (fromS + second) * S + Math.floor((index * S) / rate) })),
    );
  const steady = (rate: number, seconds: number): number[] => new Array(seconds).fill(rate);

  it('give the rate of the window and the long-run mean', () => {
    const signal = new TradeBurst(6, 3);
    eventsOf(signal, perSecond(steady(10, 90), 0));
    assert.ok(Math.abs(signal.value - 10) < 10 / 59 && Math.abs(signal.second - 10) < 1e-12, `was ${shown(signal)}`);
  });

  it('count an aggregate as the matches it stands for', () => {
    const signal = new TradeBurst(6, 3);
    eventsOf(signal, [{ matches: 5 }, { matches: 7 }]);
    assert.deepEqual(shown(signal), [2, Number.NaN, Number.NaN]);
  });

  it('are warm after twelve windows, a half-life of the mean', () => {
    const signal = new TradeBurst(6, 3);
    eventsOf(signal, [{ timeUs: 0 }, { timeUs: 72 * S }]);
    assert.equal(signal.isWarm, false);
    eventsOf(signal, [{ timeUs: 72.1 * S }]);
    assert.equal(signal.isWarm, true);
  });

  it('weigh what is a half-life old by half', () => {
    const signal = new TradeBurst(6, 3);
    eventsOf(signal, [...perSecond(steady(10, 72), 0), { timeUs: 72.05 * S }, { timeUs: 144.15 * S }]);
    // After the first sub-bucket 720 of ten a second, then 720 of none.
    assert.ok(Math.abs(signal.second - 10 / 3) < 1e-10, `was ${signal.second}`);
  });

  it('are told once, and again only after the rate was half-way back', () => {
    const signal = new TradeBurst(6, 3);
    assert.equal(eventCount(signal, perSecond(steady(10, 120), 0)), 0);
    assert.equal(eventCount(signal, perSecond(steady(60, 6), 120)), 1);
    assert.equal(eventCount(signal, perSecond(steady(34, 8), 126)), 0);
    assert.equal(eventCount(signal, perSecond(steady(60, 6), 134)), 0);
    assert.equal(eventCount(signal, perSecond(steady(5, 20), 140)), 0);
    assert.equal(eventCount(signal, perSecond(steady(90, 6), 160)), 1);
  });

  it('are not told before they are warm', () => {
    assert.equal(eventCount(new TradeBurst(6, 3), [...perSecond(steady(1, 30), 0), ...perSecond([500], 30)]), 0);
  });
});

describe('sweeps', () => {
  const { buy, sell, unknown } = Side;
  /** Times in microseconds; prices; each of a quantity of 2. */
  const run = (side: number, ...steps: [number, number][]): TradeText[] =>
    steps.map(([timeUs, price]) => ({ side, timeUs, price, quantity: 2n * ONE }));

  it('are told once a run of buys has gone up so many prices, with its quantity and distance', () => {
    const signal = new Sweep(0.001, 3);
    const trades = run(buy, [0, 1000], [10, 1000], [10, 1001], [900, 1001], [1800, 1002], [1800, 1003]);
    assert.deepEqual(eventsOf(signal, trades), [none, none, none, none, sweepBuy, none]);
    assert.deepEqual(shown(signal), [12, 4, 30]);
  });

  it('are told of sells that go down', () => {
    const signal = new Sweep(0.001, 3);
    assert.deepEqual(eventsOf(signal, run(sell, [0, 1000], [1, 999], [2, 998])), [none, none, sweepSell]);
    assert.deepEqual(shown(signal), [6, 3, 20]);
  });

  for (const [name, trades] of [
    ['the other side', [...run(buy, [0, 10], [1, 11]), ...run(sell, [2, 11]), ...run(buy, [3, 12])]],
    ['a trade without a side', [...run(buy, [0, 10], [1, 11]), ...run(unknown, [2, 12]), ...run(buy, [3, 12])]],
    ['a better price', run(buy, [0, 10], [1, 11], [2, 10], [3, 11])],
    ['a longer time', run(buy, [0, 10], [1, 11], [1002, 12])],
  ] as [string, TradeText[]][]) {
    it(`begin anew after ${name}`, () => {
      const signal = new Sweep(0.001, 3);
      assert.equal(eventCount(signal, trades), 0);
      const last = trades[trades.length - 1];
      const next = { ...last, timeUs: (last.timeUs ?? 0) + 5 };
      const more = [1, 2].map((step) => ({ ...next, price: (last.price ?? 0) + step }));
      assert.equal(eventCount(signal, more), 1);
    });
  }

  it('go on after exactly the longest time', () => {
    assert.equal(eventCount(new Sweep(0.001, 3), run(buy, [0, 10], [1000, 11], [2000, 12])), 1);
  });

  it('take times that go backward as the newest', () => {
    const signal = new Sweep(0.001, 3);
    assert.equal(eventCount(signal, run(buy, [5000, 10], [1, 11], [5900, 12])), 1);
  });

  it('have values only while there is a run, and are warm from the first side on', () => {
    const signal = new Sweep(0.001, 3);
    signal.trade(tradeOf({ side: unknown }));
    assert.deepEqual([shown(signal), signal.isWarm], [[Number.NaN, Number.NaN, Number.NaN], false]);
    signal.trade(tradeOf({ side: sell }));
    assert.deepEqual([shown(signal), signal.isWarm], [[1, 1, 0], true]);
    signal.trade(tradeOf({ side: unknown }));
    assert.deepEqual([shown(signal), signal.isWarm], [[Number.NaN, Number.NaN, Number.NaN], true]);
  });
});
