// The breaker by itself, on a clock of its own: RELIABILITY's acceptance tests of its states and waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BREAKER, Breaker, type BreakerSettings, type BreakerTransition } from '../../../engine/connect/breaker.ts';
import '../../support/seed.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

/** One that many call: no wait before it opens, success counts at once. */
const CALLS: BreakerSettings = { ...BREAKER, stableMs: 0, waitsWhileClosed: false, retriesMax: null };

type Made = { timers: VirtualTimers; breaker: Breaker; transitions: BreakerTransition[]; readyAtMs: number[] };

function make(settings: BreakerSettings, random?: () => number): Made {
  const timers = new VirtualTimers(0);
  const transitions: BreakerTransition[] = [];
  const readyAtMs: number[] = [];
  const listener = {
    changed: (transition: BreakerTransition) => transitions.push(transition),
    ready: () => readyAtMs.push(timers.nowMs()),
  };
  return { timers, breaker: new Breaker(timers, settings, listener, random), transitions, readyAtMs };
}

for (const failuresMax of [3, 5]) {
  test(`C1: opens on exactly failure ${failuresMax} in a row`, () => {
    const { breaker } = make({ ...CALLS, failuresMax });
    for (let failure = 1; failure < failuresMax; failure++) {
      breaker.failed('cut');
      assert.equal(breaker.state, 'closed', `after ${failure}`);
    }
    breaker.failed('cut');
    assert.equal(breaker.state, 'open');
    assert.equal(breaker.admit(), false);
  });

  test(`C1: a success after failure ${failuresMax - 1} begins the count again`, () => {
    const { breaker } = make({ ...CALLS, failuresMax });
    for (let round = 0; round < 10; round++) {
      for (let failure = 1; failure < failuresMax; failure++) breaker.failed('cut');
      breaker.succeeded();
      assert.equal(breaker.state, 'closed');
    }
    for (let failure = 1; failure <= failuresMax; failure++) breaker.failed('cut');
    assert.equal(breaker.state, 'open');
  });

  test(`C1: never opens where successes and failures alternate (${failuresMax})`, () => {
    const { breaker } = make({ ...CALLS, failuresMax });
    for (let round = 0; round < 1_000; round++) {
      breaker.failed('cut');
      breaker.succeeded();
    }
    assert.equal(breaker.transitions.open, 0);
  });

  test(`C2: reconnects wait 1, 2, 4, 8, 8, 8 s, and 1 s again after success (${failuresMax})`, () => {
    const { breaker, timers, readyAtMs } = make({ ...BREAKER, failuresMax });
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      const failedMs = timers.nowMs();
      breaker.failed('refused');
      assert.equal(breaker.admit(), false, 'not before the wait is over');
      timers.advanceSync(breaker.waitMs);
      waits.push((readyAtMs.at(-1) ?? 0) - failedMs);
      assert.equal(breaker.admit(), true);
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    breaker.succeeded();
    timers.advanceSync(BREAKER.stableMs);
    assert.equal(breaker.state, 'closed');
    breaker.failed('cut');
    assert.equal(breaker.waitMs, 1_000);
  });
}

test('C2: one that many call is open for 1, 2, 4, 8, 8, 8 s', () => {
  const { breaker, timers, transitions } = make(CALLS);
  for (let failure = 0; failure < CALLS.failuresMax; failure++) breaker.failed('cut');
  const waits = [breaker.waitMs];
  for (let probe = 0; probe < 5; probe++) {
    timers.advanceSync(breaker.waitMs);
    assert.equal(breaker.admit(), true);
    breaker.failed('cut');
    waits.push(breaker.waitMs);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  const opened = transitions.filter(({ to }) => to === 'open').map(({ atMs }) => atMs);
  assert.deepEqual(opened, [0, 1_000, 3_000, 7_000, 15_000, 23_000]);
});

test('C3: a success that does not last leaves waits and count as they were', () => {
  const { breaker, timers } = make(BREAKER);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    assert.equal(breaker.admit(), true);
    breaker.succeeded();
    timers.advanceSync(BREAKER.stableMs - 1);
    breaker.failed('closed by the venue');
    waits.push(breaker.waitMs);
    timers.advanceSync(breaker.waitMs);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  assert.equal(breaker.failuresInARow, 6);
});

test('C4: of a thousand callers at the moment of half-open one is the probe', () => {
  const { breaker, timers } = make(CALLS);
  for (let failure = 0; failure < 3; failure++) breaker.failed('cut');
  timers.advanceSync(1_000);
  assert.equal(breaker.state, 'half-open');
  const admitted = Array.from({ length: 1_000 }, () => breaker.admit()).filter(Boolean).length;
  assert.equal(admitted, 1);
  breaker.succeeded();
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.admit(), true);
});

test('C5: a probe that never answers has failed at its timeout', () => {
  const { breaker, timers } = make({ ...CALLS, probeTimeoutMs: 5_000 });
  for (let failure = 0; failure < 3; failure++) breaker.failed('cut');
  timers.advanceSync(1_000);
  assert.equal(breaker.admit(), true);
  timers.advanceSync(4_999);
  assert.equal(breaker.state, 'half-open');
  timers.advanceSync(1);
  assert.equal(breaker.state, 'open');
  assert.equal(breaker.waitMs, 2_000);
  breaker.failed('the answer that comes too late');
  assert.equal(breaker.waitMs, 2_000);
});

test('gives up after so many probes, then tries once a minute, or when told to', () => {
  const { breaker, timers, transitions } = make({ ...CALLS, retriesMax: 4 });
  for (let failure = 0; failure < 3; failure++) breaker.failed('cut');
  for (let probe = 0; probe < 4; probe++) {
    timers.advanceSync(breaker.waitMs);
    assert.equal(breaker.admit(), true);
    breaker.failed('cut');
  }
  assert.equal(breaker.state, 'given-up');
  timers.advanceSync(59_999);
  assert.equal(breaker.admit(), false);
  timers.advanceSync(1);
  assert.equal(breaker.admit(), true);
  breaker.failed('cut');
  assert.equal(breaker.state, 'given-up');
  breaker.revive();
  assert.equal(breaker.admit(), true);
  breaker.succeeded();
  assert.equal(breaker.state, 'closed');
  assert.deepEqual(breaker.transitions, { closed: 1, open: 4, 'half-open': 6, 'given-up': 2, stopped: 0 });
  assert.equal(transitions.length, 13);
});

test('without a time of revival it waits to be told', () => {
  const { breaker, timers } = make({ ...CALLS, retriesMax: 1, reviveMs: null });
  for (let failure = 0; failure < 3; failure++) breaker.failed('cut');
  timers.advanceSync(1_000);
  breaker.admit();
  breaker.failed('cut');
  timers.advanceSync(3_600_000);
  assert.equal(breaker.state, 'given-up');
  breaker.revive();
  assert.equal(breaker.state, 'half-open');
});

test('stopped in any state, it admits nothing more and leaves no timer', () => {
  for (const steps of [0, 1, 3, 4, 5]) {
    const { breaker, timers } = make(BREAKER);
    for (let step = 0; step < steps; step++) {
      breaker.failed('cut');
      timers.advanceSync(breaker.waitMs);
      breaker.admit();
    }
    breaker.succeeded();
    breaker.stop();
    assert.equal(breaker.state, 'stopped');
    assert.equal(timers.open, 0);
    breaker.failed('cut');
    breaker.succeeded();
    assert.equal(breaker.admit(), false);
    assert.equal(timers.open, 0);
  }
});

test('jitter takes off up to its share, never more', () => {
  const settings = { ...BREAKER, backoff: { ...BREAKER.backoff, jitter: 0.5 } };
  const { breaker } = make(settings, () => 0.5);
  breaker.failed('cut');
  assert.equal(breaker.waitMs, 750);
});

test('whatever happens in whatever order: one probe at most, waits of the plan, open only after N in a row', () => {
  const step = fc.oneof(
    fc.constant('fail' as const),
    fc.constant('succeed' as const),
    fc.constant('admit' as const),
    fc.integer({ min: 1, max: 12_000 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { breaker, timers, transitions } = make({ ...CALLS, retriesMax: 6 });
      let probes = 0;
      let failures = 0;
      for (const one of steps) {
        const before = breaker.state;
        if (typeof one === 'number') timers.advanceSync(one);
        else if (one === 'fail') breaker.failed('cut');
        else if (one === 'succeed') breaker.succeeded();
        else if (breaker.admit() && before === 'half-open') probes++;
        if (before === 'closed' && one === 'fail') failures++;
        if (before === 'closed' && one === 'succeed') failures = 0;
        if (before === 'closed' && breaker.state === 'open') {
          assert.equal(failures, 3);
          failures = 0;
        }
        assert.ok([0, 1_000, 2_000, 4_000, 8_000, 60_000].includes(breaker.waitMs));
      }
      assert.ok(probes <= transitions.filter(({ to }) => to === 'half-open').length);
      for (let i = 1; i < transitions.length; i++) assert.equal(transitions[i].from, transitions[i - 1].to);
    }),
  );
});
