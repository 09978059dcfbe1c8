// Sleeping of the main thread on a doorbell, without another thread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOORBELL_BYTES, Doorbell } from '../../../engine/ring/doorbell.ts';

const newBell = (): Doorbell => new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES));

/** Keeps the event loop alive: a sleeper without a timeout does not. */
async function within<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

test('a sleeper of the main thread resolves when it is rung', async () => {
  const bell = newBell();
  let isAwake = false;
  const sleeping = bell.sleepAsync(bell.announce()).then((slept) => {
    isAwake = true;
    return slept;
  });
  await new Promise(setImmediate);
  assert.equal(isAwake, false);
  bell.ring();
  assert.equal(await within(sleeping), true);
});

test('a sleeper that was rung since it announced itself does not sleep', async () => {
  const bell = newBell();
  const seen = bell.announce();
  bell.ring();
  assert.equal(await within(bell.sleepAsync(seen)), false);
});

test('a bell is rung only while someone sleeps or is about to', async () => {
  const bell = newBell();
  bell.ring();
  assert.equal(bell.rings, 0);
  const sleeping = bell.sleepAsync(bell.announce());
  bell.ring();
  await within(sleeping);
  bell.ring();
  assert.equal(bell.rings, 1);
});
