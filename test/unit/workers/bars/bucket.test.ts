// Owns the checks of buckets: their starts at every edge.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barIntervalsOf } from '../../../../engine/base/bar-kinds.ts';
import { bucketStart } from '../../../../workers/bars/bucket.ts';

const words = new Float64Array(2);

function startOf(timeUs: number, intervalUs: number): number {
  words[0] = timeUs;
  bucketStart(words, 0, intervalUs, 1);
  return words[1];
}

describe('bucketStart', () => {
  for (const { name, intervalMs } of barIntervalsOf(['1s', '1m', '5m', '15m', '1h', '1d'])) {
    it(`gives the right ${name} bucket on both sides of an edge, from 1970 to the end of exact microseconds`, () => {
      const intervalUs = intervalMs * 1000;
      const last = Math.floor(Number.MAX_SAFE_INTEGER / intervalUs) * intervalUs;
      const recent = Math.floor(1_786_000_000_000_000 / intervalUs) * intervalUs;
      for (const start of [intervalUs, recent, recent + 977 * intervalUs, last - intervalUs, last]) {
        assert.equal(startOf(start, intervalUs), start);
        assert.equal(startOf(start - 1, intervalUs), start - intervalUs);
        assert.equal(startOf(Math.min(start + intervalUs - 1, Number.MAX_SAFE_INTEGER), intervalUs), start);
      }
    });
  }

  it('is aligned to UTC midnight for days', () => {
    assert.equal(startOf(Date.UTC(2026, 7, 9, 21, 3, 5) * 1000 + 999_999, 86_400_000_000), Date.UTC(2026, 7, 9) * 1000);
  });
});
