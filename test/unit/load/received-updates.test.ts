// The ring of bits that says which updates came, against a plain set.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Mark, ReceivedUpdates } from '../../../engine/load/received-updates.ts';
import '../../support/seed.ts';

/** Bits of the smallest ring. */
const KEPT = 32 * 1024;

describe('updates received', () => {
  test('are told from repeats, like a set does, in any order', () => {
    const updates = fc.array(fc.nat(KEPT - 1), { maxLength: 500 });
    fc.assert(
      fc.property(updates, fc.nat(KEPT), (list, below) => {
        const [ring, set] = [new ReceivedUpdates(KEPT - 32), new Set<number>()];
        for (const update of list) {
          assert.equal(ring.mark(update), set.has(update) ? Mark.again : Mark.first);
          set.add(update);
        }
        const settled = Math.floor(below / 32) * 32;
        ring.settle(below);
        assert.equal(ring.missing, settled - [...set].filter((update) => update < settled).length);
      }),
    );
  });

  test('are missing no more once they have come late', () => {
    const late = fc.uniqueArray(fc.nat(999), { maxLength: 50 });
    fc.assert(
      fc.property(late, (list) => {
        const ring = new ReceivedUpdates(1_000);
        for (let update = 0; update < 2_000; update++) if (!list.includes(update)) ring.mark(update);
        ring.settle(1_024);
        assert.equal(ring.missing, list.length);
        for (const update of list) assert.equal(ring.mark(update), Mark.first);
        assert.equal(ring.missing, 0);
      }),
    );
  });

  test('go round the ring for hours, and those that were passed over by far are too old', () => {
    const ring = new ReceivedUpdates(1);
    const far = 5_000_000_000;
    for (const start of [0, KEPT * 3, far]) {
      for (let update = start; update < start + KEPT / 2; update += 7) {
        assert.equal(ring.mark(update), Mark.first, `update ${update}`);
        assert.equal(ring.mark(update), Mark.again, `update ${update}`);
      }
    }
    assert.equal(ring.mark(KEPT * 3), Mark.tooOld);
    assert.equal(ring.mark(far + KEPT / 2), Mark.first);
  });

  test('that were forgotten before they were settled count as missing', () => {
    const ring = new ReceivedUpdates(1);
    for (let update = 0; update < 64; update++) ring.mark(update);
    ring.mark(KEPT * 4);
    ring.settle(64);
    assert.equal(ring.missing, 64);
  });
});
