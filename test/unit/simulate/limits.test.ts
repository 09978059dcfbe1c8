// The limits of a simulated venue: windows, violations, and what follows from them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressLimits, ConnectionLimits, SlidingCount, Violations } from '../../../engine/simulate/limits.ts';
import { PLAIN_LIMITS } from '../../support/plain-venue.ts';
import '../../support/seed.ts';

test('a window takes as many as it may and not one more', () => {
  const count = new SlidingCount({ count: 3, windowMs: 10_000 }, 1);
  assert.deepEqual(
    [0, 1, 2, 3].map((timeMs) => count.isTooMuch(timeMs)),
    [false, false, false, true],
  );
  assert.equal(count.isTooMuch(20_000), false);
});

test('a sliding count equals the sum over the times inside the window', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 5 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const count = new SlidingCount({ count: 12, windowMs: 1_000 }, 1);
      const past: { timeMs: number; weight: number }[] = [];
      let timeMs = 0;
      for (const [waitMs, weight] of steps) {
        timeMs += waitMs;
        past.push({ timeMs, weight });
        const inside = past.filter((one) => one.timeMs > timeMs - 900).reduce((sum, one) => sum + one.weight, 0);
        assert.equal(count.isTooMuch(timeMs, weight), inside > 12);
      }
    }),
  );
});

test('a scale shortens the window and keeps the count', () => {
  const count = new SlidingCount({ count: 2, windowMs: 60_000 }, 60);
  assert.equal(count.isTooMuch(0), false);
  assert.equal(count.isTooMuch(100), false);
  assert.equal(count.isTooMuch(200), true);
  assert.equal(count.isTooMuch(1_300), false);
});

test('who keeps the pace exactly breaks no limit, even where messages arrive somewhat closer together', () => {
  const limits = new ConnectionLimits(PLAIN_LIMITS, 1);
  for (let i = 0; i < 100; i++) {
    const sentMs = i * 200;
    assert.equal(limits.ofMessage('{"op":"ping"}', sentMs + (i % 2) * 40), null);
  }
});

test('messages and pings share a window, subscribing has a longer one of its own', () => {
  const limits = new ConnectionLimits(PLAIN_LIMITS, 1);
  for (let i = 0; i < 4; i++) assert.equal(limits.ofMessage('{"op":"ping"}', i), null);
  assert.equal(limits.ofPing(5), null);
  assert.equal(limits.ofPing(6), 'messages');
  const slow = new ConnectionLimits(PLAIN_LIMITS, 1);
  for (let i = 0; i < 12; i++) assert.equal(slow.ofMessage('{"op":"UNSUBSCRIBE"}', i * 1_000), null);
  assert.equal(slow.ofMessage('{"op":"ping"}', 12_000), null);
  assert.equal(slow.ofMessage('{"op":"subscribe"}', 13_000), 'requests');
});

test('too much REST weight is answered with 429 until the window frees, and with 418 where that is ignored', () => {
  const limits = new AddressLimits(PLAIN_LIMITS, 1);
  for (let i = 0; i < 5; i++) assert.equal(limits.ofRequest('a', 2, i * 1_000), null);
  assert.deepEqual(limits.ofRequest('a', 2, 5_000), { status: 429, rule: 'rest', retryAfterS: 55 });
  assert.equal(limits.ofRequest('b', 2, 5_000), null);
  const answers = [1, 2, 3, 4, 5].map((i) => limits.ofRequest('a', 1, 5_000 + i));
  assert.deepEqual(
    answers.map((verdict) => verdict?.status),
    [429, 429, 429, 429, 418],
  );
  assert.equal(answers[4]?.rule, 'rest-banned');
  assert.equal(limits.ofRequest('a', 1, 100_000)?.status, 418);
  assert.equal(limits.ofRequest('a', 1, 130_000), null);
});

test('connecting too often is counted by address', () => {
  const limits = new AddressLimits(PLAIN_LIMITS, 1);
  const isTooMuch = Array.from({ length: 7 }, (_, i) => limits.isConnectTooMuch('a', i));
  assert.deepEqual(isTooMuch, [false, false, false, false, false, false, true]);
  assert.equal(limits.isConnectTooMuch('b', 7), false);
});

test('violations are counted by rule', () => {
  const violations = new Violations();
  violations.note('messages', 1, 'one');
  violations.note('messages', 2, 'two');
  violations.note('rest', 3, 'three');
  assert.deepEqual(violations.counts(), { messages: 2, rest: 1 });
  assert.equal(violations.total, 3);
  assert.equal(violations.entries[2].detail, 'three');
});
