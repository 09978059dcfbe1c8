// Percentiles of counted latencies against those of HdrHistogram.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import {
  countsSince,
  emptyCounts,
  heatOf,
  mergeRecorders,
  percentilesOf,
  SinceLast,
  summarize,
  toHistogram,
} from '../../engine/observe/latency-counts.ts';
import '../support/seed.ts';

const SHARES = [0, 1, 50_000, 90_000, 99_000, 99_900];

const value = fc.oneof(
  fc.nat(3000),
  fc.nat(2 ** 31 - 1),
  fc.double({ min: 0, max: 3.6e12, noNaN: true }).map(Math.floor),
);

/** Lowest value of the quarter of an octave, or of the 256 ns below 1,024, that holds it. */
function quarterOf(ns: number): number {
  const width = ns < 1024 ? 256 : 2 ** Math.floor(Math.log2(ns)) / 4;
  return Math.floor(ns / width) * width;
}

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

test('what came between two looks is the difference of all counts, and heat has each of its samples once', () => {
  const samples = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 9 })), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(samples, { minLength: 1, maxLength: 4 }), (looks) => {
      const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
      const since = new SinceLast();
      let before = emptyCounts();
      for (const each of looks) {
        for (const [ns, count] of each) recorder.record(ns, count);
        const now = mergeRecorders([recorder]);
        const between = since.advance(recorder.view());
        const { counts, ...expected } = countsSince(now, before);
        assert.deepEqual({ ...between, counts: null }, { ...expected, counts: null });
        assert.deepEqual(summarize(between), summarize({ ...expected, counts }));
        const heat = new Map<number, number>();
        for (const [ns, count] of each) heat.set(quarterOf(ns), (heat.get(quarterOf(ns)) ?? 0) + count);
        assert.deepEqual(
          heatOf(between),
          [...heat].sort(([a], [b]) => a - b),
        );
        before = now;
      }
    }),
    { numRuns: 60 },
  );
});
