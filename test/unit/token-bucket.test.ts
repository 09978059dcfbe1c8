// Token buckets against a plain model, and the counts of connections by address.

import '../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionCounts } from '../../engine/base/connection-counts.ts';
import { TokenBucket } from '../../engine/base/token-bucket.ts';

test('a bucket gives its burst at once and then its rate, never more', () => {
  const bucket = new TokenBucket(10, 5, 0);
  assert.deepEqual(
    Array.from({ length: 7 }, () => bucket.take(1, 0)),
    [true, true, true, true, true, false, false],
  );
  assert.equal(bucket.take(1, 99), false);
  assert.equal(bucket.take(1, 100), true);
  assert.equal(bucket.take(1, 100), false);
  assert.equal(bucket.left(1e9), 5, 'a long rest gives no more than the burst');
});

test('a clock that steps back gives nothing', () => {
  const bucket = new TokenBucket(1000, 1, 1000);
  assert.equal(bucket.take(1, 1000), true);
  assert.equal(bucket.take(1, 0), false);
  assert.equal(bucket.take(1, 1000), false);
  assert.equal(bucket.take(1, 1001), true);
});

test('what is larger than the burst is let through once and paid off before the next', () => {
  const bucket = new TokenBucket(100, 200, 0);
  assert.equal(bucket.takeLarge(1000, 0), true);
  assert.equal(bucket.takeLarge(1, 8_000), false);
  assert.equal(bucket.takeLarge(1, 8_010), true);
});

test('over any stretch of time no more is taken than burst and rate allow', () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat(500), cost: fc.integer({ min: 1, max: 20 }) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 50 }), (all, rate, burst) => {
      const bucket = new TokenBucket(rate, burst, 0);
      const taken: { atMs: number; cost: number }[] = [];
      let nowMs = 0;
      for (const { waitMs, cost } of all) {
        nowMs += waitMs;
        if (bucket.take(cost, nowMs)) taken.push({ atMs: nowMs, cost });
      }
      for (let from = 0; from < taken.length; from++) {
        let sum = 0;
        for (let to = from; to < taken.length; to++) {
          sum += taken[to].cost;
          const allowed = burst + ((taken[to].atMs - taken[from].atMs) * rate) / 1000;
          assert.ok(sum <= allowed + 1e-6, `${sum} taken, ${allowed} allowed`);
        }
      }
    }),
  );
});

test('connections are refused at the limit of all and of one address, and addresses are forgotten', () => {
  const counts = new ConnectionCounts({ connectionsMax: 3, connectionsPerAddress: 2 });
  for (const address of ['a', 'a']) {
    assert.equal(counts.refusal(address), null);
    counts.opened(address);
  }
  assert.equal(counts.refusal('a'), 'connections-per-address');
  assert.equal(counts.refusal('b'), null);
  counts.opened('b');
  assert.equal(counts.refusal('c'), 'connections-max');
  counts.closed('a');
  assert.equal(counts.refusal('a'), null);
  counts.closed('a');
  counts.closed('b');
  assert.deepEqual([counts.open, counts.addresses, counts.most], [0, 0, 3]);
  const open = new ConnectionCounts({ connectionsMax: 0, connectionsPerAddress: 0 });
  for (let i = 0; i < 10_000; i++) open.opened('x');
  assert.equal(open.refusal('x'), null);
});
