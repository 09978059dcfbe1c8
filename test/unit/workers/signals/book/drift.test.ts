// Owns the measurement of drift: ten million book changes, then each signal against a plain computation over its window.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BOOK_SIGNALS } from '../../../../../workers/signals/book/registry.ts';
import type { BookView } from '../../../../../workers/signals/signal.ts';
import { shown } from '../trades/views.ts';
import { BOOK_REFERENCES } from './reference.ts';
import { bestOf } from './views.ts';

const UPDATES = 10_000_000;
/** Changes that repeat, their times going on; no multiple of any window. */
const PATTERN = 65_521;
/** Changes at the end that the plain computation gets: more than any window holds. */
const TAIL = 8000;
const STEP_US_MAX = 6600;
const START_US = 1_700_000_000_000_000;

let state = 54_321;
function random(below: number): number {
  state = (state * 48_271) % (2 ** 31 - 1);
  return state % below;
}

/** Prices in ticks about 67,000, quantities of eight decimals, one in 500 a million times as large. */
function makePattern(): BookView[] {
  let timeUs = 0;
  return Array.from({ length: PATTERN }, () => {
    timeUs += random(STEP_US_MAX);
    const bid = 67_000 + random(40) * 0.1;
    const quantity = (): number => ((1 + random(2e8)) / 1e8) * (random(500) === 0 ? 1e6 : 1);
    return bestOf([bid, quantity()], [bid + 0.1 * (1 + random(5)), quantity()], timeUs);
  });
}

const pattern = makePattern();
const CYCLE_US = pattern[PATTERN - 1].timeUs;

/** Makes `view` the book of a number. */
function fill(view: BookView, number: number): BookView {
  const cycle = Math.floor(number / PATTERN);
  const of = pattern[number - cycle * PATTERN];
  view.timeUs = START_US + cycle * CYCLE_US + of.timeUs;
  view.bidPrice = of.bidPrice;
  view.bidQuantity = of.bidQuantity;
  view.askPrice = of.askPrice;
  view.askQuantity = of.askQuantity;
  return view;
}

const CASES: readonly (readonly [string, readonly number[], number])[] = [
  ['ofi', [10], 1e-15],
  ['queue-pressure', [10], 1e-11],
  ['microprice-drift', [10], 1e-10],
  ['spread-regime', [1000, 2], 1e-12],
];

describe('drift of book signals over ten million changes', () => {
  const tail = Array.from({ length: TAIL }, (_, index) => fill(bestOf([1, 1], [2, 1]), UPDATES - TAIL + index));

  for (const [name, parameters, bound] of CASES) {
    it(`stays under ${bound} of the value: ${name}`, (t) => {
      const signal = BOOK_SIGNALS[name](parameters);
      const view = bestOf([1, 1], [2, 1]);
      for (let number = 0; number < UPDATES; number++) signal.book(fill(view, number));
      const expected = BOOK_REFERENCES[name](tail, parameters).values;
      const values = shown(signal).slice(0, expected.length);
      const differences = values.map((value, output) => Math.abs(value / expected[output].value - 1));
      t.diagnostic(
        `${name}: values ${values.join(', ')}, relative drift ${differences.map((each) => each.toExponential(1)).join(', ')}`,
      );
      assert.ok(
        differences.every((each) => each <= bound),
        `was ${differences}`,
      );
    });
  }
});
