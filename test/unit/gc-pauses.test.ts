// Pauses for garbage collection, counted into a recorder.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { GCProfiler } from 'node:v8';
import { GcPauses } from '../../engine/observe/gc-pauses.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';

/** Makes enough that young collections must come. */
function makeGarbage(): number {
  const held: number[][] = [];
  for (let i = 0; i < 100_000; i++) held[i % 100] = Array.from({ length: 40 }, (_, j) => i + j + 0.5);
  return held.length;
}

test('every pause is counted, and none after the stop', async () => {
  const memory = new SharedArrayBuffer(LATENCY_BYTES);
  const recorder = new LatencyRecorder(memory);
  const pauses = new GcPauses(memory);
  const beside = new GCProfiler();
  pauses.start();
  beside.start();
  makeGarbage();
  const told = (beside.stop()?.statistics ?? []).map(({ cost }) => cost * 1000);
  while (recorder.count < told.length) await turn();
  const { count, maxNs, sumNs } = recorder.snapshot();
  assert.ok(told.length > 0 && count >= told.length);
  // Each reads the clock itself, one around the other.
  assert.ok(sumNs > 0 && maxNs <= sumNs);
  assert.ok(maxNs >= Math.max(...told) / 2, `expected about ${Math.max(...told)} ns, was ${maxNs}`);
  pauses.stop();
  const { count: before } = recorder;
  makeGarbage();
  await sleep(20);
  assert.equal(recorder.count, before);
});
