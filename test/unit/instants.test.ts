// Moments as people write them: which texts are times, and which they are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instantOf } from '../../engine/base/instants.ts';
import { isoText } from '../../engine/publish/time-text.ts';
import '../support/seed.ts';

const US_2026 = Date.UTC(2026, 0, 1) * 1000;

test('every moment from 2000 to 2099 is read back from the text of the stream and from its microseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2000, 0, 1) * 1000, max: Date.UTC(2100, 0, 1) * 1000 - 1 }), (us) => {
      assert.equal(instantOf(isoText(us) ?? ''), us);
      assert.equal(instantOf(String(us)), us);
    }),
  );
});

test('a time may be short, with a zone, or in UTC without one', () => {
  const texts: readonly [string, number][] = [
    ['2026-01-01', 0],
    ['2026-01-01T00:00', 0],
    ['2026-01-01 00:00:01', 1_000_000],
    ['2026-01-01T01:00:00+01:00', 0],
    ['2026-01-01T01:00:00.5+0100', 500_000],
    ['2025-12-31T20:00:00-04:00', 0],
    ['2026-01-01T00:00:00.0000019Z', 1],
  ];
  for (const [text, us] of texts) assert.equal(instantOf(text), US_2026 + us, text);
});

test('seconds, milliseconds, and dates that do not exist are no times', () => {
  for (const text of [
    '',
    '1767225600',
    '1767225600000',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T25:00',
    'now',
    '1999-12-31',
    '2100-01-01',
  ])
    assert.equal(instantOf(text), null, text);
});
