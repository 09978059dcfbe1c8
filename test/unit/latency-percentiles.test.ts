// Percentiles of counted latencies against those of HdrHistogram.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { mergeRecorders, percentilesOf, summarize, toHistogram } from '../../engine/observe/latency-counts.ts';
import '../support/seed.ts';

const SHARES = [0, 1, 50_000, 90_000, 99_000, 99_900];

const value = fc.oneof(
  fc.nat(3000),
  fc.nat(2 ** 31 - 1),
  fc.double({ min: 0, max: 3.6e12, noNaN: true }).map(Math.floor),
);

test('a percentile is the one HdrHistogram tells, and null where too few samples lie beyond it', () => {
  const weighted = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 500 })), { maxLength: 60 });
  fc.assert(
    fc.property(weighted, (samples) => {
      const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
      for (const [ns, count] of samples) recorder.record(ns, count);
      const counts = mergeRecorders([recorder]);
      const histogram = toHistogram(counts);
      const told = SHARES.map((share) => {
        if (counts.count === 0 || (counts.count * (100_000 - share)) / 100_000 < 10) return null;
        // HdrHistogram takes its 0th percentile for the least value's bucket from below; ours are ranks from the first.
        return Math.min(histogram.getValueAtPercentile(Math.max(share, 1) / 1000), counts.maxNs);
      });
      assert.deepEqual(percentilesOf(counts, SHARES), told);
    }),
    { numRuns: 60 },
  );
});

test('a summary has the percentiles of its counts', () => {
  const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  for (let ns = 1; ns <= 1000; ns++) recorder.record(ns, 1);
  const { p50, p90, p99, p999 } = summarize(mergeRecorders([recorder]));
  assert.deepEqual([p50, p90, p99, p999], [500, 900, 990, null]);
});
