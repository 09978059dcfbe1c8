// Pauses for garbage collection, counted into a recorder.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GCProfiler } from 'node:v8';
import { GcPauses } from '../../engine/observe/gc-pauses.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';

const SECOND_NS = 1e9;

/** Makes enough that young collections must come. */
function makeGarbage(): number {
  const held: number[][] = [];
  for (let i = 0; i < 100_000; i++) held[i % 100] = Array.from({ length: 40 }, (_, j) => i + j + 0.5);
  return held.length;
}

/** A recorder, the pauses counted into it, and a profiler beside them that says what is right. */
function subject(): { recorder: LatencyRecorder; pauses: GcPauses; beside: GCProfiler } {
  const memory = new SharedArrayBuffer(LATENCY_BYTES);
  const pauses = new GcPauses(memory);
  const beside = new GCProfiler();
  pauses.start();
  beside.start();
  return { recorder: new LatencyRecorder(memory), pauses, beside };
}

test('every pause is counted once, over many counts, without the event loop', () => {
  const { recorder, pauses, beside } = subject();
  for (let round = 0; round < 5; round++) {
    makeGarbage();
    pauses.count();
  }
  pauses.stop();
  const told = (beside.stop()?.statistics ?? []).map(({ cost }) => cost * 1000);
  const { count, maxNs, sumNs } = recorder.snapshot();
  assert.ok(told.length > 0);
  assert.equal(count, told.length);
  // Each profiler reads the clock itself, one around the other.
  assert.ok(sumNs > 0 && maxNs > 0 && maxNs <= sumNs);
  assert.ok(maxNs >= Math.max(...told) / 2, `expected about ${Math.max(...told)} ns, was ${maxNs}`);
});

test('a loop that asks at each turn counts once a second', () => {
  const { recorder, pauses } = subject();
  pauses.countInTime(0);
  makeGarbage();
  const before = recorder.count;
  pauses.countInTime(SECOND_NS - 1);
  assert.equal(recorder.count, before);
  pauses.countInTime(SECOND_NS);
  assert.ok(recorder.count > before);
  pauses.stop();
});

test('stopping counts what is left, and nothing after it is counted', () => {
  const { recorder, pauses } = subject();
  makeGarbage();
  pauses.stop();
  const { count } = recorder;
  assert.ok(count > 0);
  makeGarbage();
  pauses.count();
  pauses.stop();
  assert.equal(recorder.count, count);
});
