// Owns the checks of what bar signals tell beside their values: crosses, breakouts, turns and spikes, once and by the rule.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignalEvent } from '../../../../../schemas/ids.ts';
import { BAR_SIGNALS } from '../../../../../workers/signals/bars/registry.ts';
import type { BarSignal, BarView } from '../../../../../workers/signals/signal.ts';
import { barView, barWithoutPrices, flatBar, walkBars } from '../../../../support/bar-views.ts';
import { PLAIN_INDICATORS } from '../../../../support/plain-indicators.ts';

const { none, crossUp, crossDown, trendUp, trendDown, breakoutUp, breakoutDown, spike } = SignalEvent;

function give(signal: BarSignal, view: BarView, isRevision = false): number {
  signal.bar(view, isRevision);
  return signal.event;
}

function giveAll(signal: BarSignal, views: readonly BarView[]): number[] {
  return views.map((view) => give(signal, view));
}

function eventsOf(name: string, parameters: readonly number[], bars: readonly BarView[]): number[] {
  return giveAll(BAR_SIGNALS[name](parameters), bars);
}

/** What the sign of a plain series says, bar by bar. */
function crossesOf(values: readonly number[]): number[] {
  return values.map((value, at) => {
    const before = at === 0 ? Number.NaN : values[at - 1];
    if (before <= 0 && value > 0) return crossUp;
    return before >= 0 && value < 0 ? crossDown : none;
  });
}

const prices = (...values: readonly number[]): BarView[] => values.map((value) => flatBar(value));

describe('crosses', () => {
  const crossing: readonly (readonly [string, readonly number[], number])[] = [
    ['macd', [12, 26, 9], 2],
    ['ema-cross', [5, 13], 0],
    ['sma-cross', [5, 20], 0],
    ['price-cross', [10], 0],
  ];
  for (const [name, parameters, output] of crossing) {
    it(`of ${name} are told where its plain values change their sign`, () => {
      const bars = walkBars(1_000, 53);
      const plain = PLAIN_INDICATORS[name](bars, parameters).map((row) => row[output]);
      const expected = crossesOf(plain);
      assert.deepEqual(eventsOf(name, parameters, bars), expected);
      assert.ok(expected.filter((event) => event === crossUp).length > 10);
      assert.ok(expected.filter((event) => event === crossDown).length > 10);
    });
  }

  it('are never made by rounding: equal closes are exactly 0 apart from their means', () => {
    for (const close of [0.1, 1 / 3, 50_000.07, 1e-9]) {
      const before = prices(...Array.from({ length: 23 }, (_, i) => close * (1 + ((i * 7) % 5) / 10)));
      const flat = prices(...new Array<number>(60).fill(close));
      for (const [name, parameters] of [
        ['sma-cross', [7, 20]],
        ['price-cross', [20]],
      ] as const) {
        const signal = BAR_SIGNALS[name](parameters);
        giveAll(signal, before);
        const events = flat.map((view, at) => {
          const event = give(signal, view);
          if (at >= 19) assert.equal(signal.value, 0, `${name} of ${close} after ${at + 1}`);
          return event;
        });
        assert.deepEqual(events.slice(20), new Array(40).fill(none));
      }
    }
  });

  it('of a revision are told against the version told before, and back', () => {
    for (const [name, parameters] of [
      ['price-cross', [3]],
      ['sma-cross', [1, 3]],
      ['ema-cross', [1, 3]],
      ['macd', [1, 2, 2]],
    ] as const) {
      const signal = BAR_SIGNALS[name](parameters);
      giveAll(signal, prices(10, 10, 10, 10));
      assert.equal(give(signal, flatBar(11)), crossUp, name);
      assert.equal(give(signal, flatBar(12), true), none);
      assert.equal(give(signal, flatBar(9), true), crossDown);
      assert.equal(give(signal, barWithoutPrices(), true), none);
      assert.equal(give(signal, flatBar(11), true), crossUp);
      assert.equal(give(signal, flatBar(1)), crossDown);
    }
  });
});

describe('Donchian breakouts', () => {
  it('are told for every close beyond the highs or lows of the bars before, and for none at them', () => {
    const events = eventsOf('donchian', [3], prices(10, 12, 11, 12, 13, 14, 13, 11, 11, 10, 12));
    assert.deepEqual(events, [
      none,
      none,
      none,
      none,
      breakoutUp,
      breakoutUp,
      none,
      breakoutDown,
      none,
      breakoutDown,
      breakoutUp,
    ]);
  });

  it('look at the close, not at the high or low of the bar itself', () => {
    const signal = BAR_SIGNALS['donchian']([2]);
    giveAll(signal, prices(10, 10));
    assert.equal(give(signal, barView(10, 20, 5, 10, 1)), none);
    assert.deepEqual([signal.second, signal.third], [10, 10]);
    assert.equal(give(signal, flatBar(20)), none);
    assert.deepEqual([signal.value, signal.second, signal.third], [12.5, 20, 5]);
  });

  it('are told once for a bar, and again only to the other side', () => {
    const signal = BAR_SIGNALS['donchian']([2]);
    giveAll(signal, prices(10, 10));
    assert.equal(give(signal, flatBar(11)), breakoutUp);
    assert.equal(give(signal, flatBar(12), true), none);
    assert.equal(give(signal, flatBar(10), true), none);
    assert.equal(give(signal, flatBar(11), true), none);
    assert.equal(give(signal, flatBar(9), true), breakoutDown);
    assert.equal(give(signal, barWithoutPrices(), true), none);
    assert.equal(give(signal, flatBar(11)), breakoutUp);
    assert.equal(give(signal, flatBar(12)), breakoutUp);
  });
});

describe('Supertrend', () => {
  it('tells each turn between sides of the price, and not its first side', () => {
    const bars = walkBars(2_000, 59);
    const lines = PLAIN_INDICATORS['supertrend'](bars, [10, 3]).map(([line]) => line);
    const isUp = lines.map((line, at) => bars[at].close > line);
    const expected = bars.map((_, at) => {
      if (at <= 10 || isUp[at] === isUp[at - 1]) return none;
      return isUp[at] ? trendUp : trendDown;
    });
    assert.deepEqual(eventsOf('supertrend', [10, 3], bars), expected);
    assert.ok(expected.filter((event) => event !== none).length > 20);
  });

  it('takes a close at the stop itself for passed where the trend is up, and for not passed where it is down', () => {
    const signal = BAR_SIGNALS['supertrend']([1, 1]);
    // Without any range both bands are the price, so the close is at both.
    assert.deepEqual(giveAll(signal, prices(10, 10, 10)), [none, none, none]);
    assert.equal(give(signal, flatBar(11)), trendUp);
    assert.equal(signal.value, 10);
    assert.equal(give(signal, flatBar(10)), trendDown);
  });

  it('tells a turn that a revision takes back, and keeps the bands of before', () => {
    const rising = Array.from({ length: 12 }, (_, i) => barView(100 + i, 101 + i, 99 + i, 100.5 + i, 1));
    const signal = BAR_SIGNALS['supertrend']([3, 1]);
    giveAll(signal, rising);
    const fall = barView(100, 100, 80, 81, 1);
    assert.equal(give(signal, fall), trendDown);
    assert.equal(give(signal, fall, true), none);
    assert.equal(give(signal, barView(112, 113, 111, 112.5, 1), true), trendUp);
    const unseen = BAR_SIGNALS['supertrend']([3, 1]);
    giveAll(unseen, [...rising, barView(112, 113, 111, 112.5, 1)]);
    assert.equal(signal.value, unseen.value);
  });
});

describe('volume spikes', () => {
  it('are told from the factor on, against the mean of the bars before alone', () => {
    const volumes = [2, 2, 2, 5.9, 2, 9.9, 14, 6, 30];
    const signal = BAR_SIGNALS['volume-spike']([3, 3]);
    const events = giveAll(
      signal,
      volumes.map((volume) => flatBar(10, volume)),
    );
    // Means of three before: 2, 3.3, 3.3, 5.93, 8.63, 9.97.
    assert.deepEqual(events, [none, none, none, none, none, spike, none, none, spike]);
    const exact = BAR_SIGNALS['volume-spike']([3, 3]);
    assert.equal(
      giveAll(
        exact,
        [2, 2, 2, 6].map((volume) => flatBar(10, volume)),
      ).at(-1),
      spike,
    );
    assert.equal(exact.value, 3);
  });

  it('are told once for a bar', () => {
    const signal = BAR_SIGNALS['volume-spike']([2, 3]);
    giveAll(signal, [flatBar(10, 1), flatBar(10, 1)]);
    assert.equal(give(signal, flatBar(10, 2)), none);
    assert.equal(give(signal, flatBar(10, 4), true), spike);
    assert.equal(give(signal, flatBar(10, 5), true), none);
    assert.equal(signal.value, 5);
    assert.equal(give(signal, flatBar(10, 2), true), none);
    assert.equal(give(signal, flatBar(10, 4), true), none);
    assert.equal(give(signal, flatBar(10, 40)), spike);
  });

  it('have no ratio after bars without any volume', () => {
    const signal = BAR_SIGNALS['volume-spike']([2, 3]);
    giveAll(signal, [flatBar(10, 0), flatBar(10, 0)]);
    assert.equal(give(signal, flatBar(10, 5)), none);
    assert.ok(signal.isWarm && Number.isNaN(signal.value));
  });
});

describe('markets that stand still', () => {
  it('have their stated values', () => {
    const still = prices(...new Array<number>(60).fill(10));
    const expected: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
      rsi: [[14], [100]],
      adx: [[14], [0, 0, 0]],
      stochastic: [
        [14, 3, 3],
        [0, 0],
      ],
      bollinger: [
        [20, 2],
        [10, 10, 10],
      ],
      'vwap-bands': [
        [20, 2],
        [10, 10, 10],
      ],
      atr: [[14], [0]],
      obv: [[], [0]],
      macd: [
        [12, 26, 9],
        [0, 0, 0],
      ],
      supertrend: [[10, 3], [10]],
    };
    for (const [name, [parameters, values]] of Object.entries(expected)) {
      const signal = BAR_SIGNALS[name](parameters);
      giveAll(signal, still);
      assert.deepEqual([signal.value, signal.second, signal.third].slice(0, values.length), values, name);
    }
  });
});
