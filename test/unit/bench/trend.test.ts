// The line laid through samples of memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stretches, trendOf } from '../../../bench/memory/trend.ts';

test('a straight line has its slope and no margin', () => {
  const { slope, margin } = trendOf([5, 8, 11, 14, 17]);
  assert.ok(Math.abs(slope - 3) < 1e-12 && margin < 1e-9, `${slope} ± ${margin}`);
});

test('slope and margin are those of the textbook formula', () => {
  // Anscombe's first set in order of x = 4 … 14: slope 0.5001, its standard error 0.1179; t of 9 degrees is 2.262.
  const { slope, margin } = trendOf([4.26, 5.68, 7.24, 4.82, 6.95, 8.81, 8.04, 8.33, 10.84, 7.58, 9.96]);
  assert.ok(Math.abs(slope - 0.5001) < 1e-4, `${slope}`);
  assert.ok(Math.abs(margin - 2.262 * 0.1179) < 1e-3, `${margin}`);
});

test('stretches cover every sample once', () => {
  assert.deepEqual(stretches([1, 3, 5, 7, 9, 11], 3), [2, 6, 10]);
  assert.deepEqual(stretches([2, 4, 6, 8, 10], 2), [3, 8]);
});
