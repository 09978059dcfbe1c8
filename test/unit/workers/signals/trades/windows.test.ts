// Owns the checks of what trade signals are built from: windows of time, sums and lines of the last values.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addCompensated } from '../../../../../workers/signals/trades/compensated-sum.ts';
import { RollingSum } from '../../../../../workers/signals/trades/rolling-sum.ts';
import { RollingTrend } from '../../../../../workers/signals/trades/rolling-trend.ts';
import { TimeWindow, WINDOW_BUCKETS } from '../../../../../workers/signals/trades/time-window.ts';

describe('a window of time', () => {
  /** Gives each time a count of one; returns the counts in the window after each. */
  function countsOf(window: TimeWindow, times: readonly number[]): number[] {
    return times.map((timeUs) => {
      window.move(timeUs);
      window.values[window.at]++;
      return window.sumOlder(0) + window.values[window.at];
    });
  }

  it('holds the sub-bucket of the newest time and the 59 before it', () => {
    const window = new TimeWindow(60, 1);
    assert.equal(window.bucketUs, 1e6);
    assert.deepEqual(countsOf(window, [0.9e6, 1e6, 59.9e6, 60e6, 60.9e6, 61e6]), [1, 2, 3, 3, 4, 4]);
  });

  it('says how many sub-buckets began, those passed over too', () => {
    const window = new TimeWindow(60, 1);
    assert.deepEqual(
      [5.5e6, 5.5e6, 5.9e6, 6e6, 9e6, 900e6].map((timeUs) => window.move(timeUs)),
      [1, 0, 0, 1, 3, 891],
    );
  });

  it('takes times that go backward as the newest', () => {
    const window = new TimeWindow(60, 1);
    assert.deepEqual(countsOf(window, [100e6, 20e6, 159.9e6, 99e6, 160e6]), [1, 2, 3, 4, 3]);
    assert.equal(window.elapsedS, 0);
  });

  it('is empty but for the newest after a time as long as itself', () => {
    const window = new TimeWindow(60, 1);
    assert.deepEqual(countsOf(window, [1e6, 2e6, 62e6, 1e15, 1e15]), [1, 2, 1, 1, 2]);
  });

  it('is spanned once times reach over all of it, and not by one sub-bucket less', () => {
    const window = new TimeWindow(60, 1);
    const isSpanned = [1.5e6, 61.4e6, 61.5e6].map((timeUs) => {
      window.move(timeUs);
      return window.isSpanned;
    });
    assert.deepEqual(isSpanned, [false, false, true]);
    window.reset();
    assert.deepEqual([window.isSpanned, window.move(3e6), window.isSpanned], [false, 1, false]);
  });

  it('has sub-buckets of whole microseconds for the shortest and the longest window', () => {
    assert.equal(new TimeWindow(0.1, 1).bucketUs, 1667);
    assert.equal(new TimeWindow(86_400, 1).spanS, 86_400);
  });

  it('gives each age its own row, the rows of sub-buckets that begin being 0', () => {
    const window = new TimeWindow(60, 2);
    for (let second = 0; second < 150; second++) {
      window.move(second * 1e6);
      assert.equal(window.values[window.at], 0);
      window.values[window.at] = second;
    }
    const ages = Array.from({ length: WINDOW_BUCKETS }, (_, age) => window.values[window.rowAt(age)]);
    assert.deepEqual(
      ages,
      Array.from({ length: WINDOW_BUCKETS }, (_, age) => 149 - age),
    );
  });
});

describe('a sum of the last values', () => {
  for (const size of [1, 2, 3, 7, 64]) {
    it(`is that of the last ${size}, whatever went before`, () => {
      const sum = new RollingSum(size);
      const values = Array.from({ length: 500 }, (_, index) => (index * 7919) % 1013);
      values.forEach((value, index) => {
        sum.add(value);
        const last = values.slice(Math.max(0, index + 1 - size), index + 1);
        assert.equal(
          sum.sum,
          last.reduce((all, each) => all + each, 0),
        );
        assert.deepEqual([sum.count, sum.isFull], [last.length, last.length === size]);
      });
      sum.clear();
      assert.deepEqual([sum.sum, sum.count], [0, 0]);
      sum.add(3);
      assert.equal(sum.sum, 3);
    });
  }

  it('keeps no error of a large value that has left', () => {
    const sum = new RollingSum(3);
    for (const value of [1e17, 1, 0.25, 0.5]) sum.add(value);
    assert.equal(sum.sum, 1.75);
  });
});

describe('a line through the last values', () => {
  it('has the slope of values on a line, and explains them all', () => {
    const trend = new RollingTrend(10);
    for (let index = 0; index < 37; index++) trend.add(5e6 + index * 0.25);
    assert.ok(Math.abs(trend.slope - 0.25) < 1e-12 && Math.abs(trend.rSquared - 1) < 1e-12);
  });

  it('keeps no error of a large value that has left', () => {
    const trend = new RollingTrend(4);
    for (const value of [1e17, 1, 2, 3, 4]) trend.add(value);
    assert.deepEqual([trend.slope, trend.rSquared], [1, 1]);
  });

  it('has no slope before two values, and explains nothing of equal ones', () => {
    const trend = new RollingTrend(3);
    trend.add(0.1);
    assert.deepEqual([trend.slope, trend.rSquared, trend.isFull], [Number.NaN, Number.NaN, false]);
    for (let index = 0; index < 8; index++) trend.add(0.1);
    assert.deepEqual([trend.slope, trend.rSquared, trend.isFull], [0, Number.NaN, true]);
  });
});

describe('a compensated sum', () => {
  it('keeps small terms under large ones that cancel', () => {
    const words = Float64Array.of(9, 0, 0, 9);
    for (const term of [1e-3, 1e17, 3, -1e17]) addCompensated(words, 1, term);
    assert.deepEqual([words[0], words[1] + words[2], words[3]], [9, 3.001, 9]);
  });
});
