// Owns the tests of OKX's checksum: the known vector, short and unequal sides, and text of every width.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChangeFlag } from '../../../../schemas/ids.ts';
import { okxChecksum } from '../../../../workers/book/checksum.ts';
import { Ladder } from '../../../../workers/book/ladder.ts';
import { crc32 } from '../../../support/reference/crc32.ts';
import { BookUnderTest, type TextLevel, writeDecimal } from './book-records.ts';
import '../../../support/seed.ts';

const numbers = new Float64Array(4);

function ladderOf(isBid: boolean, levels: readonly TextLevel[]): Ladder {
  const ladder = new Ladder(isBid);
  for (const [price, quantity] of levels) {
    const decimals = writeDecimal(price, numbers, 0);
    ladder.apply(numbers, 0, decimals, writeDecimal(quantity, numbers, 2));
  }
  return ladder;
}

function checksumOf(bids: readonly TextLevel[], asks: readonly TextLevel[]): number {
  return okxChecksum(ladderOf(true, bids), ladderOf(false, asks));
}

/** The recipe in words; levels best first. */
function expected(bids: readonly TextLevel[], asks: readonly TextLevel[]): number {
  const parts: string[] = [];
  for (let rank = 0; rank < 25; rank++) {
    if (rank < bids.length) parts.push(...bids[rank]);
    if (rank < asks.length) parts.push(...asks[rank]);
  }
  return crc32(parts.join(':')) | 0;
}

/** Levels 100, 99, … for bids, 101, 102, … for asks. */
const bidLevels = (count: number): TextLevel[] => Array.from({ length: count }, (_, i) => [`${100 - i}.0`, `${i + 1}`]);
const askLevels = (count: number): TextLevel[] => Array.from({ length: count }, (_, i) => [`${101 + i}.0`, `${i + 1}`]);

describe('the text', () => {
  it('has the signed checksum that is known of it', () => {
    // venues.md §7.3: 3366.1:7:3366.8:9:3366:6:3368:8
    const bids: TextLevel[] = [
      ['3366.1', '7'],
      ['3366', '6'],
    ];
    const asks: TextLevel[] = [
      ['3366.8', '9'],
      ['3368', '8'],
    ];
    assert.equal(checksumOf(bids, asks), -1881014294);
    assert.notEqual(checksumOf(bids, [['3366.80', '9'], asks[1]]), -1881014294);
  });

  const SIDES: readonly (readonly [number, number])[] = [
    [0, 0],
    [1, 0],
    [0, 1],
    [3, 1],
    [1, 3],
    [0, 30],
    [30, 2],
    [25, 25],
    [24, 26],
    [60, 60],
  ];
  for (const [bids, asks] of SIDES) {
    it(`goes on with the longer side: ${bids} bids, ${asks} asks`, () => {
      assert.equal(checksumOf(bidLevels(bids), askLevels(asks)), expected(bidLevels(bids), askLevels(asks)));
    });
  }

  it('covers 25 levels a side and no more', () => {
    assert.equal(checksumOf(bidLevels(26), askLevels(26)), checksumOf(bidLevels(25), askLevels(25)));
    assert.notEqual(checksumOf(bidLevels(25), askLevels(25)), checksumOf(bidLevels(24), askLevels(25)));
  });

  const LEVELS: readonly TextLevel[] = [
    ['0.5', '0.05'],
    ['0.005', '0.0005'],
    ['0.0000000001', '0.000000000000000001'],
    ['1000', '9000000000000'],
    ['9000000000000.999999999999999999', '123456789.123456789123456789'],
    ['10.00', '100.000'],
    ['1.000000000', '1.0000000000000'],
    ['1.00000000000000000000', '20.0000000000000000000'],
    ['123456789.5', '1234567890.25'],
  ];
  for (const level of LEVELS) {
    it(`keeps points, leading and trailing zeros: ${level.join(' of ')}`, () => {
      assert.equal(checksumOf([level], []), expected([level], []));
      // The digits of the number before must not shine through.
      const before: TextLevel = ['8888888888888.888888888888888888', '7777777777777.777777777777777777'];
      assert.equal(checksumOf([before], [level]), expected([before], [level]));
    });
  }
});

const fraction = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 18 });
const decimal = fc
  .tuple(fc.oneof(fc.nat(99), fc.nat(8_999_999_999_999)), fraction)
  .map(([whole, digits]) => (digits === '' ? String(whole) : `${whole}.${digits}`));
const units = (text: string): bigint => {
  const [whole, digits = ''] = text.split('.');
  return BigInt(whole) * 10n ** 18n + BigInt(digits.padEnd(18, '0'));
};
const isPositive = (text: string): boolean => units(text) > 0n;
const side = fc.uniqueArray(fc.tuple(decimal.filter(isPositive), decimal.filter(isPositive)), {
  selector: ([price]) => units(price),
  maxLength: 32,
});

it('agrees with the text for any levels, whatever their order of coming', () => {
  const property = fc.property(side, side, (bids, asks) => {
    const rising = (a: TextLevel, b: TextLevel): number => (units(a[0]) < units(b[0]) ? -1 : 1);
    const sum = checksumOf(bids, asks);
    assert.equal(sum, expected([...bids].sort(rising).reverse(), [...asks].sort(rising)));
    assert.equal(sum, sum | 0);
  });
  fc.assert(property, { numRuns: 300 });
});

describe('the checksum of a book', () => {
  const snapshot = (venue: string): BookUnderTest => {
    const book = new BookUnderTest(venue);
    const checksum = okxChecksum(ladderOf(true, bidLevels(3)), ladderOf(false, askLevels(2))) >>> 0;
    const flags = ChangeFlag.snapshot | ChangeFlag.hasChecksum;
    book.feed({ flags, checksum, bids: bidLevels(3), asks: askLevels(2) });
    return book;
  };
  const counts = (book: BookUnderTest): number[] => [book.counted('checksumsOk'), book.counted('checksumsBad')];

  it('is that of its venue: OKX, Kraken, none', () => {
    assert.deepEqual(counts(snapshot('okx')), [1, 0]);
    assert.deepEqual(counts(snapshot('kraken')), [0, 1]);
    assert.deepEqual(counts(snapshot('coinbase')), [0, 0]);
  });
});
