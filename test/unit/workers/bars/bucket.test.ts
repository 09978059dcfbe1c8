// Owns the checks of buckets: their starts at every edge, and which intervals are made of which.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barKindsOf } from '../../../../engine/base/bar-kinds.ts';
import { bucketOrigin, bucketStart, isBuiltFrom } from '../../../../workers/bars/bucket.ts';

const DAY_US = 86_400_000_000;
const words = new Float64Array(2);

function startOf(timeUs: number, intervalUs: number): number {
  words[0] = timeUs;
  bucketStart(words, 0, intervalUs, bucketOrigin(intervalUs), words, 1);
  return words[1];
}

describe('bucketStart', () => {
  for (const { name, interval } of barKindsOf(['100ms', '700ms', '1s', '1m', '5m', '15m', '1h', '1d'])) {
    it(`gives the right ${name} bucket on both sides of an edge, from 1970 to the end of exact microseconds`, () => {
      const intervalUs = interval * 1000;
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
    assert.equal(startOf(Date.UTC(2026, 7, 9, 21, 3, 5) * 1000 + 999_999, DAY_US), Date.UTC(2026, 7, 9) * 1000);
  });

  it('is aligned to Monday for weeks', () => {
    const monday = Date.UTC(2026, 7, 3) * 1000;
    for (const [timeUs, expected] of [
      [monday - 1, monday - 7 * DAY_US],
      [monday, monday],
      [Date.UTC(2026, 7, 9, 23, 59, 59) * 1000, monday],
      [monday + 7 * DAY_US, monday + 7 * DAY_US],
      [0, -3 * DAY_US],
      [4 * DAY_US, 4 * DAY_US],
    ]) {
      assert.equal(startOf(timeUs, 7 * DAY_US), expected);
    }
  });
});

describe('isBuiltFrom', () => {
  for (const [interval, lower, expected] of [
    ['1m', '1s', true],
    ['1m', '100ms', true],
    ['1m', '7s', false],
    ['1s', '1m', false],
    ['1w', '1d', true],
    ['1w', '1h', true],
    // Halves of a week count from Thursday: no two of them make a week from Monday.
    ['1w', '84h', false],
    ['1d', '8h', true],
  ] as const) {
    it(`says ${expected} of ${interval} from ${lower}`, () => {
      const [high, low] = barKindsOf([interval, lower]).map((kind) => kind.interval * 1000);
      assert.equal(isBuiltFrom(high, low), expected);
    });
  }
});
