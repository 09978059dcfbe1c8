// Owns the tests of the load schedule: what is due when, against sums over small steps of time.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROFILES } from '../../../engine/load/protocol.ts';
import { LoadSchedule, type ScheduleOptions } from '../../../engine/load/schedule.ts';
import '../../support/seed.ts';

const NS = 1e9;
const steady: ScheduleOptions = { profile: 'steady', ratePerS: 1000, warmupS: 1, durationS: 3, batch: 1 };

/** Updates a second at a moment, by the profiles' words. */
function rateAt(timeS: number, { profile, ratePerS, warmupS, durationS }: ScheduleOptions): number {
  if (profile === 'steady') return ratePerS;
  if (profile === 'burst') return timeS % 1 < 0.1 ? 10 * ratePerS : 0;
  return timeS < warmupS ? ratePerS / 10 : ratePerS * (0.1 + (0.9 * (timeS - warmupS)) / durationS);
}

const options = fc.record({
  profile: fc.constantFrom(...PROFILES),
  ratePerS: fc.double({ min: 0.5, max: 2e6, noNaN: true }),
  warmupS: fc.integer({ min: 0, max: 5 }),
  durationS: fc.integer({ min: 1, max: 60 }),
  batch: fc.constantFrom(1, 3, 64),
});

describe('load schedule', () => {
  it('has update n of a steady load due at n / rate', () => {
    const schedule = new LoadSchedule(steady);
    assert.deepEqual(
      [0, 1, 999, 1000, 3999].map((n) => schedule.dueNs(n)),
      [0, 1e6, 999e6, NS, 3.999 * NS],
    );
    assert.deepEqual([schedule.total, schedule.warmupCount, schedule.endNs], [4000, 1000, 4 * NS]);
    assert.deepEqual(
      [-1, 0, 1e6 - 1, 1e6, 9 * NS].map((ns) => schedule.countDueAt(ns)),
      [0, 1, 1, 2, 4000],
    );
  });

  it('sends the updates of a second in its first tenth when it bursts', () => {
    const schedule = new LoadSchedule({ ...steady, profile: 'burst' });
    assert.equal(schedule.total, 4000);
    assert.deepEqual(
      [0, 500, 999, 1000, 1001].map((n) => schedule.dueNs(n)),
      [0, 50e6, 99.9e6, NS, NS + 1e5],
    );
    assert.equal(schedule.countDueAt(0.1 * NS), 1000);
    assert.equal(schedule.countDueAt(NS - 1), 1000);
  });

  it('rises from a tenth of the rate, which the warm-up has throughout, to all of it', () => {
    const schedule = new LoadSchedule({ ...steady, profile: 'ramp', durationS: 10 });
    assert.equal(schedule.warmupCount, 100);
    assert.equal(schedule.total, 100 + 5500);
    const gapNs = (n: number): number => schedule.dueNs(n + 1) - schedule.dueNs(n);
    assert.equal(Math.round(gapNs(50) / 1e6), 10);
    assert.equal(Math.round(gapNs(100) / 1e6), 10);
    assert.equal(Math.round(gapNs(schedule.total - 2) / 1e4), 100);
  });

  it('has the updates of one frame due together', () => {
    const schedule = new LoadSchedule({ ...steady, batch: 64 });
    assert.equal(schedule.total % 64, 0);
    assert.equal(schedule.dueNs(63), 0);
    assert.equal(schedule.dueNs(64), schedule.dueNs(127));
    assert.equal(schedule.countDueAt(0), 64);
  });

  it('counts as due exactly the updates whose time has come, and never goes back', () => {
    fc.assert(
      fc.property(options, fc.double({ min: 0, max: 1, noNaN: true }), (chosen, part) => {
        const schedule = new LoadSchedule(chosen);
        const n = Math.floor(part * (schedule.total - 1));
        const dueNs = schedule.dueNs(n);
        assert.ok(n === 0 || schedule.dueNs(n - 1) <= dueNs);
        const count = schedule.countDueAt(dueNs);
        assert.ok(count > n && count <= schedule.total);
        assert.ok(schedule.dueNs(count - 1) <= dueNs);
        assert.ok(count === schedule.total || schedule.dueNs(count) > dueNs);
        assert.ok(schedule.countDueAt(dueNs - 1) <= n);
      }),
    );
  });

  it('is due as often as its rate, summed over small steps, says', () => {
    const STEPS = 2_000;
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 10 }), (chosen, tenths) => {
        const untilS = ((chosen.warmupS + chosen.durationS) * tenths) / 10;
        const stepS = untilS / STEPS;
        let expected = 0;
        for (let step = 0; step < STEPS; step++) expected += rateAt((step + 0.5) * stepS, chosen) * stepS;
        const schedule = new LoadSchedule(chosen);
        const count = schedule.countDueAt(untilS * NS - 1);
        // Two steps at the highest rate, a frame begun, and what rounding to whole frames moves.
        const peak = chosen.ratePerS * (chosen.profile === 'burst' ? 10 : 1);
        const tolerance = 2 * stepS * peak + 2 * chosen.batch;
        assert.ok(Math.abs(count - expected) <= tolerance, `${count} for ${expected} ± ${tolerance}`);
      }),
      { numRuns: 50 },
    );
  });
});
