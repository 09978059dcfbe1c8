// Counting a thread's garbage collections.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GcCount } from '../../engine/observe/gc.ts';

test('collections and bytes are counted without the event loop', () => {
  const count = new GcCount();
  const held: number[][] = [];
  for (let i = 0; i < 200_000; i++) {
    held[i % 100] = Array.from({ length: 40 }, (_, j) => i + j + 0.5);
  }
  const report = count.stop();
  assert.ok(report.scavenges > 0);
  assert.ok(report.others >= 0);
  assert.ok(report.allocatedBytes > 200_000 * 40 * 4, `${report.allocatedBytes} bytes`);
  assert.ok(report.longestPauseUs > 0);
  assert.equal(held.length, 100);
});

test('two counts at once do not disturb each other', () => {
  const outer = new GcCount();
  const inner = new GcCount();
  assert.ok(inner.stop().allocatedBytes >= 0);
  assert.ok(outer.stop().allocatedBytes >= 0);
});
