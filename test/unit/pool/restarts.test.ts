// When a shard begins again after a death, and when no more; and what its end is called.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEATH_KINDS, DeathCounts, deathOf, isOwnEnd } from '../../../engine/pool/deaths.ts';
import { RESTART_RULES, Restarts } from '../../../engine/pool/restarts.ts';

/** Waits of deaths at these moments. */
function waits(atMs: readonly number[], rules: Partial<typeof RESTART_RULES> = {}): (number | null)[] {
  const restarts = new Restarts({ ...RESTART_RULES, ...rules });
  return atMs.map((ms) => restarts.next(ms));
}

test('the first start comes at once, then the wait doubles, and the sixth death within a minute is the last', () => {
  assert.deepEqual(waits([0, 1, 2, 3, 4, 5]), [0, 100, 200, 400, 800, null]);
});

test('waits grow no longer than five seconds', () => {
  const atMs = Array.from({ length: 10 }, (_, i) => i);
  assert.deepEqual(waits(atMs, { restartsMax: 100 }).slice(-4), [3_200, 5_000, 5_000, 5_000]);
});

test('after a minute without a death the next start comes at once, and old deaths count no more', () => {
  assert.deepEqual(waits([0, 10, 60_011, 60_012]), [0, 100, 0, 100]);
  assert.deepEqual(waits([0, 1, 2, 3, 4, 60_000]), [0, 100, 200, 400, 800, 1_600]);
});

test('each way for a shard to end has its name', () => {
  const coded = Object.assign(new Error('Worker terminated due to reaching memory limit'), {
    code: 'ERR_WORKER_OUT_OF_MEMORY',
  });
  const aborted = Object.assign(new Error('The task has been aborted'), { name: 'AbortError' });
  const stack = new RangeError('Maximum call stack size exceeded');
  assert.deepEqual(deathOf(new Error('broken'), false), { kind: 'throw', reason: 'broken' });
  assert.deepEqual(deathOf(new Error('broken'), true), { kind: 'rejection', reason: 'broken' });
  assert.equal(deathOf(new Error('worker exited with code: 7'), true).kind, 'exit');
  assert.equal(deathOf(aborted, true).kind, 'ended');
  assert.equal(deathOf(coded, true).kind, 'out-of-memory');
  assert.equal(deathOf(stack, false).kind, 'stack-overflow');
  assert.deepEqual(deathOf('text', false), { kind: 'throw', reason: 'text' });
});

test('only what the shard did itself raises suspicion of a record', () => {
  const ofKind = DEATH_KINDS.filter((kind) => isOwnEnd({ kind, reason: '' }));
  assert.deepEqual(ofKind, ['throw', 'rejection', 'exit', 'out-of-memory', 'stack-overflow', 'stuck']);
  assert.equal(isOwnEnd({ kind: 'exit', reason: 'worker exited with code: 1' }), false, 'as of terminate()');
  assert.equal(isOwnEnd({ kind: 'exit', reason: 'worker exited with code: 17' }), true);
});

test('deaths are counted by kind, each kind from zero', () => {
  const counts = new DeathCounts();
  assert.deepEqual(
    Object.values(counts.report()),
    DEATH_KINDS.map(() => 0),
  );
  counts.add('stuck');
  counts.add('stuck');
  assert.equal(counts.report()['stuck'], 2);
});
