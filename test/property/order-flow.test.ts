// Owns the property tests of book and trade signals: random streams against plain computations over the whole window.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Side, SignalEvent } from '../../schemas/ids.ts';
import { BOOK_SIGNALS } from '../../workers/signals/book/registry.ts';
import type { BookView, Signal, TradeView } from '../../workers/signals/signal.ts';
import { TRADE_SIGNALS } from '../../workers/signals/trades/registry.ts';
import { BOOK_REFERENCES } from '../unit/workers/signals/book/reference.ts';
import { bestOf } from '../unit/workers/signals/book/views.ts';
import { complaint, type Reference, TRADE_REFERENCES } from '../unit/workers/signals/trades/reference.ts';
import { shown, tradeOf } from '../unit/workers/signals/trades/views.ts';
import '../support/seed.ts';

const START_US = 1_700_000_000_000_000;
const RUNS = 150;
const { none } = SignalEvent;

/** Microseconds to the next: none, inside a sub-bucket of 1,667, over some, over more than a window of 0.1 s; backward. */
const stepUs = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 500 }) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 6000 }) },
  { weight: 1, arbitrary: fc.constantFrom(1667, 100_020, 98_353) },
  { weight: 1, arbitrary: fc.integer({ min: 50_000, max: 250_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -20_000, max: -1 }) },
);
const longStepUs = fc.oneof({ weight: 30, arbitrary: stepUs }, { weight: 1, arbitrary: fc.constant(1_500_000) });

/** 10^-18 to 9·10^11, in few digits and in many. */
const quantity = fc.oneof(
  { weight: 3, arbitrary: fc.bigInt({ min: 1n, max: 9n }).map((digit) => digit * 10n ** 17n) },
  { weight: 2, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 20n }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.bigInt({ min: 1n, max: 9n }), fc.bigInt({ min: 0n, max: 29n }))
      .map(([d, p]) => d * 10n ** p),
  },
);

/** Ticks of a walk, and now and then any price at all. */
const priceMove = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -2, max: 2 }) },
  { weight: 1, arbitrary: fc.double({ min: 1e-9, max: 1e9, noNaN: true }).map((price) => ({ price })) },
);
const scale = fc.constantFrom({ price: 100, tick: 0.01 }, { price: 60_000, tick: 0.1 }, { price: 4e-6, tick: 1e-9 });

/** Prices of a walk that comes back to its scale after any price that is not of it. */
function pricesOf(moves: readonly (number | { price: number })[], from: { price: number; tick: number }): number[] {
  let ticks = 0;
  return moves.map((move) => {
    if (typeof move !== 'number') return move.price;
    ticks += move;
    return from.price + ticks * from.tick;
  });
}

function timesOf(steps: readonly number[]): number[] {
  let timeUs = START_US;
  return steps.map((step) => {
    timeUs += step;
    return timeUs;
  });
}

const trades: fc.Arbitrary<TradeView[]> = fc
  .tuple(
    scale,
    fc.array(
      fc.tuple(longStepUs, priceMove, quantity, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 9 })),
      {
        minLength: 1,
        maxLength: 120,
        size: 'max',
      },
    ),
  )
  .map(([from, rows]) => {
    const prices = pricesOf(
      rows.map(([, move]) => move),
      from,
    );
    const times = timesOf(rows.map(([step]) => step));
    return rows.map(([, , units, side, matches], index) =>
      tradeOf({ timeUs: times[index], price: prices[index], quantity: units, side, matches }),
    );
  });

function check(name: string, signal: Signal, expected: Reference, place: number): void {
  const complaints = shown(signal).map((value, output) =>
    complaint(`${name} output ${output}`, value, expected.values[output]),
  );
  assert.deepEqual(complaints, ['', '', ''], `${name} after update ${place}`);
  assert.equal(signal.isWarm, expected.isWarm, `${name} isWarm after update ${place}`);
}

/** Says which event a signal should have told, from its own outputs, the trade's quantity, and all before them. */
type Judge = (signal: Signal, quantity: number) => number;
const never = (): Judge => () => none;

/** Told once where a ratio reaches the factor; again, or the opposite, only from half-way back. */
function twoThresholds(factor: number, ratioOf: (signal: Signal) => number, on: number, off: number): Judge {
  let isOn = false;
  return (signal) => {
    if (!signal.isWarm) return none;
    const ratio = ratioOf(signal);
    if (isOn) {
      if (!(ratio < (1 + factor) / 2)) return none;
      isOn = false;
      return off;
    }
    isOn = ratio >= factor;
    return isOn ? on : none;
  };
}

/** Told where a quantity is so many times the 95th percentile of those before it. */
function burstBySize(factor: number): Judge {
  let [wasWarm, high] = [false, 0];
  return (signal, size) => {
    const isBurst = wasWarm && size >= factor * high;
    [wasWarm, high] = [signal.isWarm, signal.second];
    return isBurst ? SignalEvent.burst : none;
  };
}

/** Parameters to draw, and the judge of events. */
type Case = { readonly parameters: fc.Arbitrary<number[]>; readonly judge: (parameters: readonly number[]) => Judge };
const windowS: fc.Arbitrary<number[]> = fc.constantFrom(0.1, 0.1, 1).map((seconds) => [seconds]);
const count = fc.integer({ min: 2, max: 25 }).map((size) => [size]);
const factor = fc.constantFrom(1, 1.5, 2, 5);

/** The trend told last, and when it has ended; as trend-events.ts defines it, in other words. */
const trend = (): ((signal: Signal) => number) => {
  let told: number = none;
  return ({ isWarm, value, second }) => {
    if (!isWarm || Number.isNaN(second) || second < 0.25) told = none;
    const way =
      second >= 0.5 && value > 0 ? SignalEvent.trendUp : second >= 0.5 && value < 0 ? SignalEvent.trendDown : none;
    if (!isWarm || way === none || way === told) return none;
    told = way;
    return way;
  };
};

const TRADE_CASES: Readonly<Record<string, Case>> = {
  cvd: { parameters: fc.constant([]), judge: never },
  'price-trend': { parameters: windowS, judge: trend },
  'price-trend-count': { parameters: count, judge: trend },
  'volume-trend': { parameters: windowS, judge: trend },
  'volume-trend-count': { parameters: count, judge: trend },
  vwap: { parameters: windowS, judge: never },
  'vwap-count': { parameters: count, judge: never },
  'trade-size': {
    parameters: fc.tuple(fc.integer({ min: 2, max: 25 }), factor).map((pair) => [...pair]),
    judge: ([, times]) => burstBySize(times),
  },
  'trade-burst': {
    parameters: factor.map((times) => [0.1, times]),
    judge: ([, times]) =>
      twoThresholds(times, ({ value, second }) => (second > 0 ? value / second : Number.NaN), SignalEvent.burst, none),
  },
  'realised-volatility': { parameters: windowS, judge: never },
  'kyle-lambda': { parameters: windowS, judge: never },
  sweep: { parameters: fc.constantFrom([0.001, 2], [0.005, 3], [60, 2]), judge: never },
};

describe('trade signals after any trades', () => {
  for (const [name, { parameters, judge }] of Object.entries(TRADE_CASES)) {
    it(`show what a plain computation over the whole window does: ${name}`, () => {
      fc.assert(
        fc.property(parameters, trades, (given, stream) => {
          const signal = TRADE_SIGNALS[name](given);
          const eventOf = judge(given);
          assert.ok(shown(signal).every(Number.isNaN) && !signal.isWarm && signal.event === none);
          stream.forEach((each, index) => {
            signal.trade(each);
            check(name, signal, TRADE_REFERENCES[name](stream.slice(0, index + 1), given), index);
            if (name !== 'sweep') {
              assert.equal(signal.event, eventOf(signal, each.quantity), `${name}: event after update ${index}`);
            }
          });
        }),
        { numRuns: RUNS },
      );
    });
  }

  it('tell a sweep exactly where a run comes to its number of prices', () => {
    fc.assert(
      fc.property(fc.constantFrom([0.001, 2], [0.005, 3]), trades, (given, stream) => {
        const signal = TRADE_SIGNALS['sweep'](given);
        const pricesAfter = (length: number): number =>
          length === 0 ? 0 : TRADE_REFERENCES['sweep'](stream.slice(0, length), given).values[1].value;
        stream.forEach((each, index) => {
          signal.trade(each);
          const isReached = pricesAfter(index + 1) === given[1] && pricesAfter(index) === given[1] - 1;
          const event = each.side === Side.buy ? SignalEvent.sweepBuy : SignalEvent.sweepSell;
          assert.equal(signal.event, isReached ? event : none, `after update ${index}`);
        });
      }),
      { numRuns: RUNS },
    );
  });
});

/** A change of the book, or null for a reset: the book was lost, or a side was empty. */
const books: fc.Arbitrary<(BookView | null)[]> = fc
  .tuple(
    scale,
    fc.array(
      fc.tuple(stepUs, priceMove, fc.integer({ min: -1, max: 6 }), quantity, quantity, fc.integer({ min: 0, max: 60 })),
      {
        minLength: 1,
        maxLength: 120,
        size: 'max',
      },
    ),
  )
  .map(([from, rows]) => {
    const prices = pricesOf(
      rows.map(([, move]) => move),
      from,
    );
    const times = timesOf(rows.map(([step]) => step));
    return rows.map(([, , spread, bid, ask, kind], index) => {
      if (kind === 0) return null;
      const [bidQuantity, askQuantity] = [Number(bid) / 1e18, Number(ask) / 1e18];
      const askPrice = prices[index] * (1 + spread * 1e-5);
      return bestOf([prices[index], bidQuantity], [askPrice, askQuantity], times[index]);
    });
  });

const BOOK_CASES: Readonly<Record<string, Case>> = {
  ofi: { parameters: windowS, judge: never },
  'queue-pressure': { parameters: windowS, judge: never },
  'microprice-drift': { parameters: windowS, judge: never },
  'spread-regime': {
    parameters: fc.tuple(fc.integer({ min: 1, max: 25 }), factor).map((pair) => [...pair]),
    judge: ([, times]) => twoThresholds(times, ({ third }) => third, SignalEvent.wide, SignalEvent.normal),
  },
};

describe('book signals that follow changes, after any changes and resets', () => {
  for (const [name, { parameters, judge }] of Object.entries(BOOK_CASES)) {
    it(`show what a plain computation since the last reset does: ${name}`, () => {
      fc.assert(
        fc.property(parameters, books, (given, stream) => {
          const signal = BOOK_SIGNALS[name](given);
          let eventOf = judge(given);
          let since: BookView[] = [];
          stream.forEach((each, index) => {
            if (each === null) {
              signal.reset();
              [since, eventOf] = [[], judge(given)];
              assert.ok(shown(signal).every(Number.isNaN) && !signal.isWarm && signal.event === none);
              return;
            }
            signal.book(each);
            since.push(each);
            check(name, signal, BOOK_REFERENCES[name](since, given), index);
            assert.equal(signal.event, eventOf(signal, 0), `${name}: event after update ${index}`);
          });
        }),
        { numRuns: RUNS },
      );
    });
  }
});
