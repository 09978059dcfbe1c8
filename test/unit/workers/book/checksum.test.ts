// Owns the tests of Kraken's checksum: the published vectors, short books, and text of every width.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { krakenChecksum } from '../../../../workers/book/checksum.ts';
import { Ladder } from '../../../../workers/book/ladder.ts';
import { crc32 } from '../../../support/reference/crc32.ts';
import { type TextLevel, writeDecimal } from './book-records.ts';

const numbers = new Float64Array(4);

function fill(ladder: Ladder, levels: readonly TextLevel[]): void {
  for (const [price, quantity] of levels) {
    const decimals = writeDecimal(price, numbers, 0);
    ladder.apply(numbers, 0, decimals, writeDecimal(quantity, numbers, 2));
  }
}

function checksumOf(bidLevels: readonly TextLevel[], askLevels: readonly TextLevel[]): number {
  const bids = new Ladder(true);
  const asks = new Ladder(false);
  fill(bids, bidLevels);
  fill(asks, askLevels);
  return krakenChecksum(bids, asks) >>> 0;
}

/** Price then quantity, written with the pair's decimals. */
function levels(text: string, priceDecimals: number, quantityDecimals: number): TextLevel[] {
  const padded = (value: string, decimals: number): string => {
    const [whole, fraction = ''] = value.split('.');
    return `${whole}.${fraction.padEnd(decimals, '0')}`;
  };
  return text.split(' · ').map((entry) => {
    const [price, quantity] = entry.split(' ');
    return [padded(price, priceDecimals), padded(quantity, quantityDecimals)];
  });
}

// venues.md §3.5, from Kraken's "Book checksum" guides (2026-05).
const BTC_ASKS =
  '45285.2 0.00100000 · 45286.4 1.54571953 · 45286.6 1.54571109 · 45289.6 1.54560911 · 45290.2 0.15890660 · 45291.8 1.54553491 · 45294.7 0.04454749 · 45296.1 0.35380000 · 45297.5 0.09945542 · 45299.5 0.18772827';
const BTC_BIDS =
  '45283.5 0.10000000 · 45283.4 1.54582015 · 45282.1 0.10000000 · 45281.0 0.10000000 · 45280.3 1.54592586 · 45279.0 0.07990000 · 45277.6 0.03310103 · 45277.5 0.30000000 · 45277.3 1.54602737 · 45276.6 0.15445238';
const MATIC_ASKS =
  '0.5668 4410.79769741 · 0.5669 4655.40412487 · 0.567 49844.89424998 · 0.5671 24306.41678 · 0.5672 29783.25223475 · 0.5673 57234.71239278 · 0.5674 45065.04744 · 0.5675 5912.76380354 · 0.5676 42514.92434778 · 0.5677 36304.0847022';
const MATIC_BIDS =
  '0.5666 4831.75496356 · 0.5665 6658.22734739 · 0.5664 18724.91513344 · 0.5663 11563.92544914 · 0.5662 14006.65365711 · 0.5661 17454.85679807 · 0.566 18097.1547 · 0.5659 33644.89175666 · 0.5658 148.3464 · 0.5657 606.70854372';

describe('the published vectors', () => {
  it('reproduces BTC/USD', () => {
    assert.equal(checksumOf(levels(BTC_BIDS, 1, 8), levels(BTC_ASKS, 1, 8)), 3310070434);
  });

  it('reproduces the MATIC/USD snapshot and the update after it', () => {
    const bids = levels(MATIC_BIDS, 4, 8);
    const asks = levels(MATIC_ASKS, 4, 8);
    assert.equal(checksumOf(bids, asks), 2439117997);
    assert.equal(checksumOf([...bids, ['0.5657', '1098.39475580']], asks), 2114181697);
  });

  it('gives another value where the trailing zeros were lost', () => {
    const asNumbers = (text: string): TextLevel[] =>
      levels(text, 1, 8).map(([price, quantity]) => [String(Number(price)), String(Number(quantity))]);
    assert.equal(checksumOf(asNumbers(BTC_BIDS), asNumbers(BTC_ASKS)), 4237635173);
  });

  it('looks at ten levels a side only', () => {
    const bids: TextLevel[] = [...levels(BTC_BIDS, 1, 8), ['1.0', '5.00000000']];
    assert.equal(checksumOf(bids, [...levels(BTC_ASKS, 1, 8), ['99999.9', '1.00000000']]), 3310070434);
  });
});

describe('text of every kind', () => {
  const token = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const expected = (bids: readonly TextLevel[], asks: readonly TextLevel[]): number =>
    crc32([...asks, ...bids].map(([price, quantity]) => token(price) + token(quantity)).join(''));

  const BOOKS: readonly [string, TextLevel[], TextLevel[]][] = [
    ['no level', [], []],
    ['one side only', [['5', '1']], []],
    [
      'fewer than ten levels',
      [['5.10', '1.0']],
      [
        ['5.2', '10'],
        ['6', '0.001'],
      ],
    ],
    ['whole numbers', [['1000', '20']], [['1001', '9000000000000']]],
    ['one and two decimals', [['1000.5', '20.25']], [['1001.05', '0.01']]],
    ['18 decimals', [['0.000000000000000001', '0.000000000000000010']], [['1.000000000000000000', '8.5']]],
    ['the largest number', [['1', '1']], [['9000000000000.999999999999999999', '123456789.123456789123456789']]],
    ['more decimals than a number keeps', [['1.00000000000000000000', '2.0000000000000000000']], []],
    ['12 and 13 decimals', [['0.000000000012', '3.0000000000001']], [['0.1234567890123', '1.000000000']]],
  ];
  for (const [name, bids, asks] of BOOKS) {
    it(`agrees with the text for ${name}`, () => {
      assert.equal(checksumOf(bids, asks), expected(bids, asks));
    });
  }
});
