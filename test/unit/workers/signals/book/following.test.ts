// Owns the checks of the signals that follow a book's changes: by hand, where the property tests use a computation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignalEvent } from '../../../../../schemas/ids.ts';
import { MicropriceDrift } from '../../../../../workers/signals/book/microprice-drift.ts';
import { OrderFlowImbalance } from '../../../../../workers/signals/book/ofi.ts';
import { QueuePressure } from '../../../../../workers/signals/book/queue-pressure.ts';
import { BOOK_SIGNALS } from '../../../../../workers/signals/book/registry.ts';
import { SpreadRegime } from '../../../../../workers/signals/book/spread-regime.ts';
import { namesOf } from '../trades/reference.ts';
import { shown } from '../trades/views.ts';
import { bestOf } from './views.ts';

const { none, wide, normal } = SignalEvent;
type Best = readonly [number, number];
const BOOK: readonly [Best, Best] = [
  [100, 5],
  [101, 7],
];

it('the registry of book signals holds those of the catalogue', () => {
  assert.deepEqual(Object.keys(BOOK_SIGNALS), namesOf('book'));
});

describe('flows at the best prices', () => {
  // OFI is what came to the bid less what came to the ask; up and down are their parts that push the price so.
  for (const [name, bid, ask, ofi, up, down] of [
    ['nothing, of a change behind the best', [100, 5], [101, 7], 0, 0, 0],
    ['what was added at the bid', [100, 8], [101, 7], 3, 3, 0],
    ['what was removed at the bid', [100, 1], [101, 7], -4, 0, 4],
    ['what was added at the ask', [100, 5], [101, 9], -2, 0, 2],
    ['what was removed at the ask', [100, 5], [101, 1], 6, 6, 0],
    ['all of a better bid', [100.5, 2], [101, 7], 2, 2, 0],
    ['all that a worse bid lost', [99, 50], [101, 7], -5, 0, 5],
    ['all of a better ask', [100, 5], [100.5, 3], -3, 0, 3],
    ['all that a worse ask lost', [100, 5], [103, 90], 7, 7, 0],
    ['both sides', [100.5, 2], [101.5, 90], 9, 9, 0],
    ['both sides against each other', [100, 8], [101, 9], 1, 3, 2],
  ] as [string, Best, Best, number, number, number][]) {
    it(`are ${name}`, () => {
      const [flow, pressure] = [new OrderFlowImbalance(10), new QueuePressure(10)];
      for (const signal of [flow, pressure]) {
        signal.book(bestOf(...BOOK));
        assert.ok(Number.isNaN(signal.value));
        signal.book(bestOf(bid, ask));
      }
      assert.equal(flow.value, ofi);
      assert.deepEqual([pressure.value], [(up - down) / (up + down)]);
    });
  }

  it('leave with their window, and a large one leaves nothing of itself', () => {
    const signal = new OrderFlowImbalance(6);
    signal.book(bestOf(...BOOK));
    signal.book(bestOf([100, 5e15], [101, 7], 1));
    signal.book(bestOf([100, 5], [101, 7], 2));
    signal.book(bestOf([100, 5.25], [101, 7], 3));
    assert.equal(signal.value, 0.25);
    signal.book(bestOf([100, 5.25], [101, 6.5], 5_999_999));
    assert.deepEqual([signal.value, signal.isWarm], [0.75, false]);
    signal.book(bestOf([100, 5.25], [101, 6.5], 6_000_000));
    assert.deepEqual([signal.value, signal.isWarm], [0.5, true]);
  });

  it('do not join what came before a reset to what comes after', () => {
    const signal = new OrderFlowImbalance(6);
    signal.book(bestOf(...BOOK));
    signal.book(bestOf([100, 9], [101, 7], 7_000_000));
    assert.deepEqual([signal.value, signal.isWarm], [4, true]);
    signal.reset();
    assert.deepEqual([signal.value, signal.isWarm], [Number.NaN, false]);
    signal.book(bestOf([200, 90], [201, 7], 8_000_000));
    assert.ok(Number.isNaN(signal.value));
    signal.book(bestOf([200, 91], [201, 7], 9_000_000));
    assert.deepEqual([signal.value, signal.isWarm], [1, false]);
  });
});

describe('microprice drift', () => {
  const at = (price: number, timeS: number) => bestOf([price - 1, 3], [price + 1, 3], timeS * 1e6);

  it('is since the first book until the window is spanned, then since a window ago', () => {
    const signal = new MicropriceDrift(60);
    const values = (
      [
        [1000, 0.5],
        [1001, 10],
        [1010, 59.9],
        [1002, 60.5],
        [1001, 70.2],
        [1001, 71],
      ] as const
    ).map(([price, timeS]) => {
      signal.book(at(price, timeS));
      return [Math.round(signal.value * 1e6) / 1e6, signal.isWarm];
    });
    // At 70.2 the window begins with the sub-bucket of second 11, where 1001 stood.
    assert.deepEqual(values, [
      [0, false],
      [10, false],
      [100, false],
      [20, true],
      [0, true],
      [0, true],
    ]);
  });

  it('is since the price that stood, where a quiet time is longer than the window', () => {
    const signal = new MicropriceDrift(60);
    for (const [price, timeS] of [
      [500, 0],
      [1000, 5],
      [1001, 900],
    ])
      signal.book(at(price, timeS));
    assert.equal(Math.round(signal.value * 1e6) / 1e6, 10);
  });
});

describe('spread regime', () => {
  /** Events of books whose spreads are these basis points of a mid of 10,000. */
  function eventsOf(signal: SpreadRegime, spreads: readonly number[]): number[] {
    return spreads.map((bps) => {
      signal.book(bestOf([10_000 - bps / 2, 1], [10_000 + bps / 2, 1]));
      return signal.event;
    });
  }

  it('gives the spread, the mean of those before it, and how they stand to each other', () => {
    const signal = new SpreadRegime(2, 3);
    eventsOf(signal, [2]);
    assert.deepEqual(shown(signal), [2, Number.NaN, Number.NaN]);
    eventsOf(signal, [4, 4, 6]);
    assert.deepEqual([shown(signal), signal.isWarm], [[6, 4, 1.5], true]);
  });

  it('is wide from the factor on and normal from half-way back, and says so once each', () => {
    const signal = new SpreadRegime(100, 2);
    eventsOf(signal, new Array(99).fill(1));
    // The hundredth spread before it is missing: no event.
    assert.deepEqual([...eventsOf(signal, [1]), signal.isWarm], [none, false]);
    assert.deepEqual(eventsOf(signal, [1.9, 2.1, 5, 1.9, 2.1, 1.7, 1.4, 1.9, 2.5]), [
      none,
      wide,
      none,
      none,
      none,
      none,
      normal,
      none,
      wide,
    ]);
  });

  it('forgets by a reset that it was wide', () => {
    const signal = new SpreadRegime(2, 2);
    assert.deepEqual(eventsOf(signal, [1, 1, 9]), [none, none, wide]);
    signal.reset();
    assert.deepEqual([shown(signal), signal.isWarm, signal.event], [[Number.NaN, Number.NaN, Number.NaN], false, none]);
    assert.deepEqual(eventsOf(signal, [1, 1, 1, 9]), [none, none, none, wide]);
  });

  it('has no ratio to a mean of locked books', () => {
    const signal = new SpreadRegime(1, 2);
    assert.deepEqual(eventsOf(signal, [0, 5]), [none, none]);
    assert.deepEqual(shown(signal), [5, 0, Number.NaN]);
  });
});
