// Metrics of the process: histograms made of recorders.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { EngineClock } from '../../../engine/base/clock.ts';
import { createEngineMemory } from '../../../engine/memory/engine-memory.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../../engine/observe/latency.ts';
import { ProcessFacts } from '../../../engine/publish/process-facts.ts';
import { addProcessMetrics } from '../../../engine/publish/process-metrics.ts';
import { cumulate } from '../../../engine/publish/read-metrics.ts';
import '../../support/seed.ts';

const SHARDS = 2;

function subject(): { registry: Registry; facts: ProcessFacts; pauses: readonly LatencyRecorder[] } {
  const memory = createEngineMemory({ shards: SHARDS, marketsMax: 1, inputSlots: 64, outputSlots: 64 });
  const facts = new ProcessFacts(memory, new EngineClock(memory.anchor));
  facts.close();
  const registry = new Registry();
  addProcessMetrics(registry, facts);
  const pauses = [memory.ingressGcPauses];
  return { registry, facts, pauses: pauses.map((each) => new LatencyRecorder(each)) };
}

/** The value of the one series that begins so. */
function seriesOf(text: string, series: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${series} `));
  assert.equal(lines.length, 1, series);
  return Number(lines[0].slice(series.length));
}

test('pauses of each thread are a histogram of their own, with sum and count', async () => {
  const { registry, pauses } = subject();
  pauses[0].record(900_000, 3);
  pauses[0].record(6_000_000, 1);
  const text = await registry.metrics();
  assert.match(text, /^# TYPE millrace_gc_pause_seconds histogram$/m);
  const name = 'millrace_gc_pause_seconds';
  const held = ['0.0005', '0.001', '0.005', '0.01', '+Inf'].map((le) =>
    seriesOf(text, `${name}_bucket{thread="ingress",le="${le}"}`),
  );
  assert.deepEqual(held, [0, 3, 3, 4, 4]);
  assert.equal(seriesOf(text, `${name}_sum{thread="ingress"}`), 0.0087);
  assert.equal(seriesOf(text, `${name}_count{thread="ingress"}`), 4);
  assert.match(text, /^millrace_event_loop_delay_seconds_bucket\{le="\+Inf"\} \d+$/m);
});

test('a second scrape shows what came since, counted once', async () => {
  const { registry, pauses } = subject();
  pauses[0].record(50_000, 2);
  await registry.metrics();
  pauses[0].record(50_000, 5);
  const text = await registry.metrics();
  assert.equal(seriesOf(text, 'millrace_gc_pause_seconds_count{thread="ingress"}'), 7);
  assert.equal(seriesOf(text, 'millrace_gc_pause_seconds_bucket{thread="ingress",le="0.0001"}'), 7);
});

test('memory and processor time are those of this process, and never run backwards', async () => {
  const { registry, facts } = subject();
  const before = facts.report();
  const cpu = seriesOf(await registry.metrics(), 'process_cpu_seconds_total');
  const after = facts.report();
  assert.equal(before.pid, process.pid);
  assert.equal(before.node, process.version);
  assert.ok(before.cpuUs / 1e6 <= cpu && cpu <= after.cpuUs / 1e6);
  assert.ok(before.rssBytes > before.heapUsedBytes && before.heapUsedBytes > 0 && before.externalBytes > 0);
  assert.deepEqual(
    before.gc.map(({ thread }) => thread),
    ['main', 'ingress'],
  );
});

test('bucket sums are those of the values, to the three digits they are kept with', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3e9 }), { maxLength: 40 }), (values) => {
      const recorder = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
      for (const ns of values) recorder.record(ns, 1);
      const boundsS = [0.001, 0.1, 1];
      const sums = cumulate(recorder.snapshot(), boundsS);
      assert.equal(sums[3], values.length);
      for (const [i, bound] of boundsS.entries()) {
        const surely = values.filter((ns) => ns <= bound * 1e9).length;
        const nearly = values.filter((ns) => ns <= bound * 1e9 * 1.001).length;
        assert.ok(sums[i] >= surely && sums[i] <= nearly, `${sums[i]} of ${surely} to ${nearly}`);
      }
    }),
  );
});
