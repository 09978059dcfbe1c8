// Rate limits: never exceeded in any window, as soon as allowed, urgent work first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacedQueue, Pacer, SlidingWindow } from '../../../engine/connect/pace.ts';
import type { Pace } from '../../../engine/connect/protocol.ts';
import '../../support/seed.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

/** The weight inside the window that ends at `untilMs`, added up event by event. */
function usedIn(events: ReadonlyArray<{ atMs: number; weight: number }>, untilMs: number, { windowMs }: Pace): number {
  return events
    .filter(({ atMs }) => atMs <= untilMs && atMs > untilMs - windowMs)
    .reduce((sum, { weight }) => sum + weight, 0);
}

const paces = fc.record({ count: fc.integer({ min: 1, max: 8 }), windowMs: fc.integer({ min: 1, max: 500 }) });

test('in no window goes more than the limit, and the wait told is the shortest', () => {
  const asks = fc.array(
    fc.record({ gapMs: fc.integer({ min: 0, max: 200 }), weight: fc.integer({ min: 1, max: 8 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(paces, asks, (pace, steps) => {
      const window = new SlidingWindow(pace);
      const events: Array<{ atMs: number; weight: number }> = [];
      let nowMs = 0;
      for (const { gapMs, weight: asked } of steps) {
        const weight = Math.min(asked, pace.count);
        nowMs += gapMs;
        const waitMs = window.waitMs(nowMs, weight);
        if (waitMs > 0)
          assert.ok(usedIn(events, nowMs + waitMs - 1, pace) + weight > pace.count, 'sooner was too soon');
        nowMs += waitMs;
        window.take(nowMs, weight);
        events.push({ atMs: nowMs, weight });
        assert.ok(usedIn(events, nowMs, pace) <= pace.count);
        assert.equal(window.usedAt(nowMs), usedIn(events, nowMs, pace));
      }
    }),
  );
});

test('several windows all hold, and everything goes in order of priority, then of asking', () => {
  fc.assert(
    fc.property(
      paces,
      paces,
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 60 }),
      (first, second, priorities) => {
        const timers = new VirtualTimers(0);
        const queue = new PacedQueue(timers, new Pacer([first, second]), 1_000);
        const gone: Array<{ atMs: number; weight: number; priority: number; index: number }> = [];
        priorities.forEach((priority, index) => {
          queue.push(() => gone.push({ atMs: timers.nowMs(), weight: 1, priority, index }), priority);
        });
        timers.advanceSync(1_000_000);
        assert.equal(gone.length, priorities.length);
        for (const { atMs } of gone) {
          assert.ok(usedIn(gone, atMs, first) <= first.count);
          assert.ok(usedIn(gone, atMs, second) <= second.count);
        }
        const delayed = gone.filter(({ atMs }) => atMs > 0);
        for (let i = 1; i < delayed.length; i++) {
          const [a, b] = [delayed[i - 1], delayed[i]];
          assert.ok(a.priority < b.priority || (a.priority === b.priority && a.index < b.index));
        }
        assert.equal(timers.open, 0);
      },
    ),
  );
});

test('a queue at its bound refuses and counts; stopped, it forgets the rest and its timer', () => {
  const timers = new VirtualTimers(0);
  const queue = new PacedQueue(timers, new Pacer([{ count: 1, windowMs: 1_000 }]), 3);
  let ran = 0;
  const taken = Array.from({ length: 6 }, () => queue.push(() => ran++));
  assert.deepEqual(taken, [true, true, true, true, false, false]);
  assert.deepEqual([ran, queue.size, queue.overflows, queue.highWater], [1, 3, 2, 3]);
  timers.advanceSync(1_000);
  assert.equal(ran, 2);
  assert.equal(queue.stop(), 2);
  assert.equal(timers.open, 0);
  assert.equal(
    queue.push(() => ran++),
    false,
  );
  assert.equal(ran, 2);
});

test('work taken back does not run', () => {
  const timers = new VirtualTimers(0);
  const queue = new PacedQueue(timers, new Pacer([{ count: 1, windowMs: 1_000 }]), 3);
  let ran = 0;
  const second = (): void => {
    ran += 10;
  };
  queue.push(() => ran++);
  queue.push(second);
  queue.remove(second);
  timers.advanceSync(10_000);
  assert.equal(ran, 1);
});
