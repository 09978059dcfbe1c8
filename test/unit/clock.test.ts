// The engine clock and the small helpers of engine/base.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { EngineClock, takeAnchor } from '../../engine/base/clock.ts';
import { entryUrl } from '../../engine/base/entry.ts';

test('the clock counts whole nanoseconds from the anchor and never runs backwards', () => {
  const clock = new EngineClock(takeAnchor());
  let before = clock.nowNs();
  assert.ok(before > -1e6, 'at or after the anchor, to the calibration');
  for (let i = 0; i < 10_000; i++) {
    const now = clock.nowNs();
    assert.ok(Number.isInteger(now) && now >= before);
    before = now;
  }
});

test('the clock of another thread with the same anchor agrees', async () => {
  const anchor = takeAnchor();
  const here = new EngineClock(anchor);
  const start = here.nowNs();
  const worker = new Worker(new URL('../support/live-engine-clock.ts', import.meta.url), { workerData: anchor });
  const there = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const end = here.nowNs();
  await worker.terminate();
  assert.ok(start <= there && there <= end, `expected ${start} <= ${there} <= ${end}`);
});

test('wall time follows the anchor, not the wall', () => {
  const clock = new EngineClock({ hrtimeNs: 0, wallUs: 1_767_225_600_000_000 });
  assert.equal(clock.wallUs(0), 1_767_225_600_000_000);
  assert.equal(clock.wallUs(1_500_499), 1_767_225_600_001_500);
  assert.ok(Math.abs(takeAnchor().wallUs / 1000 - Date.now()) < 60_000);
});

test('a thread entry keeps the ending of the module that asks for it', () => {
  assert.equal(entryUrl('./thread.ts', 'file:///a/b/ingress.ts').href, 'file:///a/b/thread.ts');
  assert.equal(entryUrl('./thread.ts', 'file:///a/dist/ingress.js').href, 'file:///a/dist/thread.js');
  assert.equal(entryUrl('../w/main.ts', 'file:///a/dist/pool/pool.js').href, 'file:///a/dist/w/main.js');
});
