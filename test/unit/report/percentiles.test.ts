// Percentiles of a report: against a sorted list, with nothing told that ten samples do not bear out.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeCounts, summarize } from '../../../engine/observe/latency-counts.ts';
import { PERCENTILE_NAMES, PERCENTILES, percentilesOf, summaryOf } from '../../../engine/report/percentiles.ts';
import { countsOfValues } from '../../support/load-run.ts';

const values = fc.array(fc.integer({ min: 0, max: 5_000_000_000 }), { minLength: 1, maxLength: 300 });
const shares = Object.values(PERCENTILES);

test('a percentile is null exactly where fewer than ten samples lie beyond it', () => {
  for (const [samples, told] of [
    [19, []],
    [20, ['p50']],
    [999, ['p50', 'p90', 'p95']],
    [1000, ['p50', 'p90', 'p95', 'p99']],
    [9_999, ['p50', 'p90', 'p95', 'p99']],
    [10_000, ['p50', 'p90', 'p95', 'p99', 'p999']],
    [100_000, ['p50', 'p90', 'p95', 'p99', 'p999', 'p9999']],
  ] as const) {
    const summary = summaryOf(countsOfValues(Array.from({ length: samples }, (_, i) => i)));
    assert.deepEqual(
      PERCENTILE_NAMES.filter((name) => summary[name] !== null),
      told,
      `${samples} samples`,
    );
  }
});

test('of an empty stage all but the count is null', () => {
  const { unit, count, ...rest } = summaryOf(countsOfValues([]));
  assert.deepEqual([unit, count], ['ns', 0]);
  assert.ok(Object.values(rest).every((value) => value === null));
});

test('a percentile is the sample at its rank, to three digits', () => {
  fc.assert(
    fc.property(values, (list) => {
      const many = list.flatMap((ns) => Array.from({ length: 40 }, () => ns));
      const sorted = many.toSorted((a, b) => a - b);
      const told = percentilesOf(countsOfValues(many), shares);
      for (const [at, value] of told.entries()) {
        if (value === null) continue;
        const exact = sorted[Math.max(1, Math.ceil((sorted.length * shares[at]) / 100_000)) - 1];
        assert.ok(value >= exact && value <= exact * 1.001 + 1, `expected ${exact} at ${shares[at]}, was ${value}`);
      }
    }),
    { numRuns: 40 },
  );
});

test('the percentile of merged spans is that of the whole, and what the engine tells of the same counts', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (spans) => {
      const whole = countsOfValues(spans.flat());
      const merged = mergeCounts(spans.map(countsOfValues));
      assert.deepEqual(summaryOf(merged), summaryOf(whole));
      const { p50, p90, p99, p999 } = summarize(whole);
      const told = summaryOf(merged);
      assert.deepEqual([told.p50, told.p90, told.p99, told.p999], [p50, p90, p99, p999]);
    }),
    { numRuns: 40 },
  );
});
