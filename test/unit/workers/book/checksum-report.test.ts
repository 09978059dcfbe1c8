// Owns the tests of what is told of a checksum that did not match: the text, and the level to blame where there is one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChecksumKind } from '../../../../schemas/venue-rules.ts';
import { BOOK_CHECKSUMS } from '../../../../workers/book/checksum.ts';
import { reportChecksum } from '../../../../workers/book/checksum-report.ts';
import { Ladder } from '../../../../workers/book/ladder.ts';
import { crc32 } from '../../../support/reference/crc32.ts';
import { type TextLevel, writeDecimal } from './book-records.ts';

const numbers = new Float64Array(4);

function ladderOf(isBid: boolean, levels: readonly TextLevel[]): Ladder {
  const ladder = new Ladder(isBid);
  for (const [price, quantity] of levels) {
    const decimals = writeDecimal(price, numbers, 0);
    ladder.apply(numbers, 0, decimals, writeDecimal(quantity, numbers, 2));
  }
  return ladder;
}

type Sides = { readonly bids: readonly TextLevel[]; readonly asks: readonly TextLevel[] };

function checksumOf(kind: ChecksumKind, { bids, asks }: Sides): number {
  return BOOK_CHECKSUMS[kind](ladderOf(true, bids), ladderOf(false, asks));
}

/** The report on a book that holds `held`, where the venue has `venue`. */
function reportOf(kind: ChecksumKind, held: Sides, venue: Sides) {
  return reportChecksum(kind, ladderOf(true, held.bids), ladderOf(false, held.asks), checksumOf(kind, venue));
}

const levelsOf = (count: number, step: number): TextLevel[] =>
  Array.from({ length: count }, (_, i) => [`${100 + step * (i + 1)}.50`, `${i + 1}.250`]);
const book = (count: number): Sides => ({ bids: levelsOf(count, -1), asks: levelsOf(count, 1) });

describe('the text', () => {
  it('is that of the recipe, and its checksum that of the hot path', () => {
    const held = { bids: [['8476.97', '256'] as const], asks: [['8476.98', '0.0415'] as const] };
    const okx = reportOf('okx', held, held);
    assert.deepEqual([okx.text, okx.suspect], ['8476.97:256:8476.98:0.0415', null]);
    const kraken = reportOf('kraken', held, held);
    assert.deepEqual([kraken.text, kraken.suspect], ['847698415847697256', null]);
    for (const kind of ['okx', 'kraken'] as const) {
      const report = reportOf(kind, book(30), book(30));
      assert.equal(report.checksum, checksumOf(kind, book(30)));
      assert.equal(crc32(report.text) | 0, report.checksum);
    }
  });
});

for (const kind of ['okx', 'kraken'] as const) {
  describe(`a checksum of ${kind} that does not match`, () => {
    for (const [name, count] of [
      ['a short book', 4],
      ['a book deeper than it covers', 30],
    ] as const) {
      it(`names the quantity of ${name} whose zeros differ`, () => {
        for (const quantity of ['4.25', '4.2500', '4.250000000000']) {
          const venue = { ...book(count), asks: book(count).asks.with(3, ['104.50', quantity]) };
          const { suspect } = reportOf(kind, book(count), venue);
          const level = { side: 'ask', rank: 3, price: '104.50', quantity: '4.250' };
          assert.deepEqual(suspect, { fault: 'digits', ...level, expectedQuantity: quantity });
        }
      });

      it(`names the level of ${name} that should be gone, on either side`, () => {
        for (const rank of [0, 2]) {
          const venue = { ...book(count), bids: book(count).bids.toSpliced(rank, 1) };
          const [price, quantity] = book(count).bids[rank];
          const expected = { fault: 'level', side: 'bid', rank, price, quantity, expectedQuantity: null };
          assert.deepEqual(reportOf(kind, book(count), venue).suspect, expected);
        }
      });
    }

    it('finds zeros behind a whole number', () => {
      const held: Sides = { bids: [['10', '5']], asks: [['11', '1']] };
      const venue: Sides = { bids: [['10', '5.00']], asks: [['11', '1']] };
      const level = { side: 'bid', rank: 0, price: '10', quantity: '5', expectedQuantity: '5.00' };
      assert.deepEqual(reportOf(kind, held, venue).suspect, { fault: 'digits', ...level });
      assert.deepEqual(reportOf(kind, venue, held).suspect, {
        fault: 'digits',
        ...level,
        quantity: '5.00',
        expectedQuantity: '5',
      });
    });

    it('takes the venue’s number signed or unsigned', () => {
      const venue = { ...book(4), bids: book(4).bids.toSpliced(1, 1) };
      const signed = checksumOf(kind, venue);
      const [bids, asks] = [ladderOf(true, book(4).bids), ladderOf(false, book(4).asks)];
      const report = reportChecksum(kind, bids, asks, signed);
      assert.equal(report.suspect?.rank, 1);
      assert.deepEqual(reportChecksum(kind, bids, asks, signed >>> 0), report);
    });

    it('names none where a level is absent, a quantity another, or two levels are wrong', () => {
      const { bids, asks } = book(12);
      for (const venue of [
        { bids: [['99.9', '1'] as const, ...bids], asks },
        { bids: bids.with(0, ['99.50', '7.250']), asks },
        { bids: bids.toSpliced(0, 2), asks },
        { bids: bids.toSpliced(1, 1), asks: asks.toSpliced(1, 1) },
      ]) {
        assert.equal(reportOf(kind, book(12), venue).suspect, null);
      }
    });
  });
}
