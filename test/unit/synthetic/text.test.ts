// Owns the tests of how ticks, lots and times become text.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalText, fixedText, isoText, paddedText } from '../../../engine/synthetic/text.ts';

describe('decimal text of whole units', () => {
  for (const [units, decimals, fixed, canonical] of [
    [0, 2, '0.00', '0'],
    [5, 3, '0.005', '0.005'],
    [100, 2, '1.00', '1'],
    [1230, 2, '12.30', '12.3'],
    [700, 0, '700', '700'],
    [12345678901234n, 8, '123456.78901234', '123456.78901234'],
  ] as const) {
    it(`writes ${units} of 10^-${decimals} as ${fixed} and ${canonical}`, () => {
      assert.equal(fixedText(units, decimals), fixed);
      assert.equal(canonicalText(units, decimals), canonical);
    });
  }

  it('fills with zeros up to a width', () => {
    assert.equal(paddedText(12, 1, 8), '1.20000000');
    assert.equal(paddedText(12, 0, 3), '12.000');
    assert.equal(paddedText(12, 3, 3), '0.012');
  });
});

describe('iso text', () => {
  it('has microseconds', () => {
    assert.equal(isoText(Date.UTC(2026, 0, 5, 11, 59, 53, 7) * 1000 + 42), '2026-01-05T11:59:53.007042Z');
  });
});
