// Latency recorders against a plain sorted array, over the whole range.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATENCY_BYTES, LatencyRecorder, latencyValueAt } from '../../engine/observe/latency.ts';
import { LATENCY_NS_MAX } from '../../schemas/config.ts';
import '../support/seed.ts';

const recorder = (): LatencyRecorder => new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));

/** The bucket's lowest value and the next bucket's. */
function bucketOf(ns: number): [number, number] {
  const one = recorder();
  one.record(ns, 1);
  const index = one.snapshot().counts.indexOf(1);
  return [latencyValueAt(index), latencyValueAt(index + 1)];
}

test('each value lies in a bucket of at most a thousandth of it', () => {
  const edges = [0, 1, 2047, 2048, 4095, 4096, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, LATENCY_NS_MAX];
  const value = fc.oneof(
    fc.constantFrom(...edges),
    fc
      .integer({ min: 0, max: 42 })
      .chain((bit) => fc.nat(1000).map((part) => Math.min(LATENCY_NS_MAX, Math.floor(2 ** bit * (1 + part / 1000))))),
  );
  fc.assert(
    fc.property(value, (ns) => {
      const [low, high] = bucketOf(ns);
      assert.ok(low <= ns && ns < high, `${low} <= ${ns} < ${high}`);
      assert.ok(high - low <= Math.max(1, low / 1000), `${high - low} wide at ${low}`);
    }),
    { numRuns: 500 },
  );
});

test('buckets follow one another without a hole', () => {
  for (let index = 1; index < 30_000; index++) assert.ok(latencyValueAt(index) > latencyValueAt(index - 1));
});

test('count, sum, extremes and percentiles are those of the plain values', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 200 }), (values) => {
      const one = recorder();
      for (const ns of values) one.record(ns, 1);
      const { count, sumNs, minNs, maxNs, counts } = one.snapshot();
      assert.equal(count, values.length);
      assert.equal(one.count, values.length);
      assert.equal(
        sumNs,
        values.reduce((sum, ns) => sum + ns, 0),
      );
      assert.deepEqual([minNs, maxNs], [Math.min(...values), Math.max(...values)]);
      const sorted = [...values].sort((a, b) => a - b);
      let seen = 0;
      for (let index = 0; index < counts.length; index++) {
        for (let i = 0; i < counts[index]; i++) {
          const ns = sorted[seen++];
          assert.ok(latencyValueAt(index) <= ns && ns < latencyValueAt(index + 1));
        }
      }
      assert.equal(seen, values.length);
    }),
    { numRuns: 100 },
  );
});

test('one call counts for many, and what is out of range is kept apart', () => {
  const one = recorder();
  one.record(100, 64);
  one.record(-5, 2);
  one.record(LATENCY_NS_MAX * 2, 1);
  const snapshot = one.snapshot();
  assert.deepEqual(
    [snapshot.count, snapshot.negative, snapshot.overflow, snapshot.minNs, snapshot.maxNs],
    [67, 2, 1, 0, LATENCY_NS_MAX],
  );
  assert.equal(snapshot.counts[100], 64);
  assert.equal(snapshot.counts[0], 2);
  one.record(100, 1);
  assert.equal(snapshot.counts[100], 64, 'a snapshot is a copy');
});

test('two recorders share a buffer side by side', () => {
  const memory = new SharedArrayBuffer(2 * LATENCY_BYTES);
  const [first, second] = [new LatencyRecorder(memory, 0), new LatencyRecorder(memory, LATENCY_BYTES)];
  first.record(LATENCY_NS_MAX, 3);
  second.record(7, 4);
  assert.deepEqual([first.snapshot().minNs, second.snapshot().maxNs], [LATENCY_NS_MAX, 7]);
  assert.deepEqual([first.count, new LatencyRecorder(memory, LATENCY_BYTES).count], [3, 4]);
});
