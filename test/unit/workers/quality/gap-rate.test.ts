// A market's rate: the mean and the longest gap against sums over the whole list, and what one outage teaches.

import '../../../support/seed.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DEAD_LONGEST_GAPS,
  DEAD_MEAN_GAPS,
  LONGEST_GAP_FADE_MS,
  QUIET_MEAN_GAPS,
  RATE_MEAN_GAPS,
  RATE_WARM_GAPS,
} from '../../../../schemas/config.ts';
import { GapRate } from '../../../../workers/quality/gap-rate.ts';

const SECOND_US = 1_000_000;
const FLOOR_US = 60 * SECOND_US;

function add(rate: GapRate, timeUs: number): void {
  rate.add(Float64Array.of(timeUs), 0);
}

type Plain = { readonly meanUs: number; readonly longestUs: number; readonly limitUs: number };

/** The rate after a list of gaps, by the definitions and not step by step: what each gap taught, weighted to the end. */
function plainRate(gapsUs: readonly number[], floorUs: number): Plain {
  const taught: number[] = [];
  let limitUs = Number.POSITIVE_INFINITY;
  let rate = { meanUs: 0, longestUs: 0, limitUs };
  for (const gapUs of gapsUs) {
    taught.push(Math.min(gapUs, limitUs));
    const count = taught.length;
    const after = gapsUs.slice(0, count);
    const weightOf = (i: number): number => {
      const late = Math.max(0, count - Math.max(RATE_MEAN_GAPS, i + 1));
      return (
        (1 - 1 / RATE_MEAN_GAPS) ** late / Math.min(Math.max(i + 1, Math.min(count, RATE_MEAN_GAPS)), RATE_MEAN_GAPS)
      );
    };
    const meanUs = taught.reduce((sum, gap, i) => sum + gap * weightOf(i), 0);
    const fadeUs = LONGEST_GAP_FADE_MS * 1000;
    const faded = taught.map((gap, i) => after.slice(i + 1).reduce((left, next) => left / (1 + next / fadeUs), gap));
    const longestUs = Math.max(...faded);
    if (count >= RATE_WARM_GAPS) limitUs = Math.max(floorUs, DEAD_MEAN_GAPS * meanUs, DEAD_LONGEST_GAPS * longestUs);
    rate = { meanUs, longestUs, limitUs };
  }
  return rate;
}

function rateOf(gapsUs: readonly number[], floorUs = FLOOR_US): GapRate {
  const rate = new GapRate(floorUs);
  let nowUs = 1_786_000_000 * SECOND_US;
  add(rate, nowUs);
  for (const gapUs of gapsUs) {
    nowUs += gapUs;
    add(rate, nowUs);
  }
  return rate;
}

function assertNear(actual: number, expected: number): void {
  if (actual === expected) return;
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `expected ${expected}, was ${actual}`);
}

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('the rate of a market', () => {
  test('is the same as sums over the whole list of gaps', () => {
    const gapUs = fc.oneof(fc.integer({ min: 1, max: 3 * SECOND_US }), fc.integer({ min: 1, max: 7200 * SECOND_US }));
    fc.assert(
      fc.property(
        fc.array(gapUs, { minLength: 1, maxLength: 90 }),
        fc.integer({ min: 0, max: FLOOR_US }),
        (gaps, floor) => {
          const [rate, plain] = [rateOf(gaps, floor), plainRate(gaps, floor)];
          assertNear(rate.meanUs, plain.meanUs);
          assertNear(rate.longestUs, plain.longestUs);
          assertNear(rate.limitUs(), plain.limitUs);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('allows any silence until enough gaps were seen', () => {
    assert.equal(rateOf(times(RATE_WARM_GAPS - 1, SECOND_US)).limitUs(), Number.POSITIVE_INFINITY);
    assert.equal(rateOf(times(RATE_WARM_GAPS, SECOND_US)).limitUs(), FLOOR_US);
    assert.equal(new GapRate(FLOOR_US).silenceUs(5), Number.POSITIVE_INFINITY);
  });

  test('takes records of one moment for one arrival, and a time that steps back or is none for none', () => {
    const rate = new GapRate(FLOOR_US);
    for (const timeUs of [1000, 1000, 1000, 2000, 1500, Number.NaN, 2000, 3000]) add(rate, timeUs);
    assert.deepEqual([rate.count, rate.meanUs, rate.silenceUs(3500)], [2, 1000, 500]);
  });

  test('of long regular gaps allows twenty of them', () => {
    assertNear(rateOf(times(60, 600 * SECOND_US)).limitUs(), DEAD_MEAN_GAPS * 600 * SECOND_US);
  });

  test('learns at most a doubled limit from one outage, however long', () => {
    const before = rateOf(times(100, SECOND_US)).limitUs();
    const after = rateOf([...times(100, SECOND_US), 36_000 * SECOND_US, ...times(10, SECOND_US)]).limitUs();
    assert.equal(before, FLOOR_US);
    assert.ok(after > 1.9 * before && after <= 2 * before, `was ${after / before} times the limit before`);
  });

  test('knows a market that became a thousand times slower after about ten gaps', () => {
    const slowUs = 1000 * SECOND_US;
    const allowed = Array.from({ length: 12 }, (_, n) =>
      rateOf([...times(100, SECOND_US), ...times(n, slowUs)]).limitUs(),
    );
    const known = allowed.findIndex((limitUs) => limitUs > slowUs);
    assert.ok(known > 2 && known <= 10, `was after ${known}`);
    assert.ok(allowed.slice(known).every((limitUs) => limitUs > slowUs));
  });

  test('forgets a long gap within days, at the same pace for many short gaps as for fewer', () => {
    const quietUs = 3600 * SECOND_US;
    const day = (gapUs: number): number[] => times((86_400 * SECOND_US) / gapUs, gapUs);
    const start = [...times(RATE_WARM_GAPS - 2, SECOND_US), quietUs];
    for (const gapUs of [SECOND_US, 10 * SECOND_US]) {
      const left = rateOf([...start, ...day(gapUs)]).longestUs / quietUs;
      assert.ok(Math.abs(left - Math.exp(-1)) < 1e-3, `was ${left}`);
    }
  });

  test('is quiet before it is dead', () => {
    assert.ok(QUIET_MEAN_GAPS < DEAD_MEAN_GAPS && RATE_WARM_GAPS <= RATE_MEAN_GAPS);
  });
});
