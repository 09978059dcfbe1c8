// How late an event loop is, by moments on a grid.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLoopDelay } from '../../engine/observe/event-loop-delay.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { countsToJson } from '../../engine/observe/latency-counts.ts';

const NS_PER_MS = 1e6;

test('each moment is recorded once by how late the loop came to it, also those it stood still over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const memory = new SharedArrayBuffer(LATENCY_BYTES);
  let nowMs = 1000;
  let stillMs = 0;
  const delay = new EventLoopDelay(memory, () => (nowMs + stillMs) * NS_PER_MS);
  const pass = (ms: number): void => {
    for (let i = 0; i < ms; i++) {
      nowMs++;
      t.mock.timers.tick(1);
    }
  };
  delay.start();
  pass(100);
  // Moments at 120, 140 … 180 ms go by while the loop stands; it comes to them at 185 ms.
  stillMs = 85;
  pass(20);
  delay.stop();
  pass(100);
  const { count, buckets } = countsToJson(new LatencyRecorder(memory).snapshot());
  const late = buckets.filter(([ns]) => ns > 0).flatMap(([ns, held]) => Array<number>(held).fill(ns / NS_PER_MS));
  assert.equal(count, 10);
  assert.deepEqual(
    late.map((ms) => Math.round(ms)),
    [5, 25, 45, 65, 85],
  );
});

test('a loop that stands still leaves records as long as that', async () => {
  const memory = new SharedArrayBuffer(LATENCY_BYTES);
  const delay = new EventLoopDelay(memory, () => Number(process.hrtime.bigint()));
  delay.start();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await new Promise((resolve) => setTimeout(resolve, 40));
  delay.stop();
  const { count, maxNs } = new LatencyRecorder(memory).snapshot();
  assert.ok(count >= 14, `expected a record for each 20 ms, was ${count}`);
  assert.ok(maxNs >= 270 * NS_PER_MS, `${maxNs}`);
});
