// Decimals, JSON, times and checksums of the referee: hand-made inputs with known answers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeVwap } from '../../support/reference/bars.ts';
import { krakenChecksum } from '../../support/reference/book.ts';
import { crc32 } from '../../support/reference/crc32.ts';
import { formatDecimal, parseDecimal, plainText } from '../../support/reference/decimal.ts';
import { JsonNumber, readJson } from '../../support/reference/json.ts';
import { Ladder, makeLevel } from '../../support/reference/ladder.ts';
import { Rejected } from '../../support/reference/rejection.ts';
import { formatIsoUs, parseIsoUs, parseSecondsUs } from '../../support/reference/time.ts';

const category = (value: string) => (error: unknown) => error instanceof Rejected && error.category === value;

describe('decimals', () => {
  for (const [text, canonical] of [
    ['0', '0'],
    ['0.00000000', '0'],
    ['007.50', '7.5'],
    ['9007199254740.991', '9007199254740.991'],
    ['0.000000000000000001', '0.000000000000000001'],
  ]) {
    it(`writes ${text} as ${canonical}`, () => assert.equal(formatDecimal(parseDecimal(text)), canonical));
  }

  for (const [text, expected] of [
    ['-1', 'range'],
    ['9007199254740.992', 'range'],
    ['0.0000000000000000001', 'precision'],
    ['', 'type'],
    ['0x10', 'type'],
    [' 1', 'type'],
    ['.5', 'type'],
    ['1e5', 'type'],
  ]) {
    it(`rejects ${JSON.stringify(text)} as ${expected}`, () => {
      assert.throws(() => parseDecimal(text), category(expected));
    });
  }

  for (const [text, plain] of [
    ['1e-08', '0.00000001'],
    ['1.50e-3', '0.00150'],
    ['1.5e3', '1500'],
    ['1.2345e2', '123.45'],
    ['0.10', '0.10'],
  ]) {
    it(`writes out the exponent of ${text}`, () => assert.equal(plainText(text), plain));
  }

  it('rounds vwap half-even to 18 decimals, once', () => {
    assert.equal(writeVwap(10n ** 36n, 3n * 10n ** 18n), '0.333333333333333333');
    assert.equal(writeVwap(1n, 2n), '0');
    assert.equal(writeVwap(3n, 2n), '0.000000000000000002');
    assert.equal(writeVwap(5n, 2n), '0.000000000000000002');
    assert.equal(writeVwap(0n, 0n), null);
  });
});

describe('reading JSON and times', () => {
  it('keeps numbers as the text that was sent', () => {
    const value = readJson('{"id":13834774380200032777,"q":[0.00132200,-1e-08],"s":"a\\"\\u00e9","n":null}');
    assert.deepEqual(
      value,
      new Map<string, unknown>([
        ['id', new JsonNumber('13834774380200032777')],
        ['q', [new JsonNumber('0.00132200'), new JsonNumber('-1e-08')]],
        ['s', 'a"é'],
        ['n', null],
      ]),
    );
  });

  it('calls what JSON.parse refuses syntax, and deep nesting shape', () => {
    assert.throws(() => readJson('{"a":01}'), category('syntax'));
    assert.throws(() => readJson('['.repeat(100_000) + ']'.repeat(100_000)), category('shape'));
  });

  it('cuts times to microseconds', () => {
    const us = parseIsoUs('2026-08-09T21:05:48.505350977Z');
    assert.equal(us, 1786309548505350);
    assert.equal(formatIsoUs(us), '2026-08-09T21:05:48.505350Z');
    assert.equal(parseSecondsUs('1618678142.557535'), 1618678142557535);
  });
});

describe('checksums (venues.md §3.5)', () => {
  const levels = (text: string) =>
    text.split(' · ').map((entry) => makeLevel(entry.split(' ')[0], entry.split(' ')[1]));
  const pad = (text: string) =>
    text.replace(
      /(\d+)\.?(\d*) (\d+)\.?(\d*)/g,
      (_, a, b, c, d) => `${a}.${String(b).padEnd(4, '0')} ${c}.${String(d).padEnd(8, '0')}`,
    );
  const btcAsks =
    '45285.2 0.00100000 · 45286.4 1.54571953 · 45286.6 1.54571109 · 45289.6 1.54560911 · 45290.2 0.15890660 · 45291.8 1.54553491 · 45294.7 0.04454749 · 45296.1 0.35380000 · 45297.5 0.09945542 · 45299.5 0.18772827';
  const btcBids =
    '45283.5 0.10000000 · 45283.4 1.54582015 · 45282.1 0.10000000 · 45281.0 0.10000000 · 45280.3 1.54592586 · 45279.0 0.07990000 · 45277.6 0.03310103 · 45277.5 0.30000000 · 45277.3 1.54602737 · 45276.6 0.15445238';
  const maticAsks =
    '0.5668 4410.79769741 · 0.5669 4655.40412487 · 0.567 49844.89424998 · 0.5671 24306.41678 · 0.5672 29783.25223475 · 0.5673 57234.71239278 · 0.5674 45065.04744 · 0.5675 5912.76380354 · 0.5676 42514.92434778 · 0.5677 36304.0847022';
  const maticBids =
    '0.5666 4831.75496356 · 0.5665 6658.22734739 · 0.5664 18724.91513344 · 0.5663 11563.92544914 · 0.5662 14006.65365711 · 0.5661 17454.85679807 · 0.566 18097.1547 · 0.5659 33644.89175666 · 0.5658 148.3464 · 0.5657 606.70854372';

  it('computes the check value', () => assert.equal(crc32('123456789'), 3421780262));

  it('computes BTC/USD', () => {
    const book = { bids: { levels: levels(btcBids) }, asks: { levels: levels(btcAsks) } };
    assert.equal(krakenChecksum(book), 3310070434);
  });

  it('computes MATIC/USD before and after an update, and is wrong without padding', () => {
    const bids = new Ladder(true);
    for (const level of levels(pad(maticBids))) bids.set(level);
    const asks = { levels: levels(pad(maticAsks)) };
    assert.equal(krakenChecksum({ bids, asks }), 2439117997);
    bids.set(makeLevel('0.5657', '1098.39475580'));
    assert.equal(krakenChecksum({ bids, asks }), 2114181697);
    const bare = { bids: { levels: levels(maticBids) }, asks: { levels: levels(maticAsks) } };
    assert.equal(krakenChecksum(bare), 3830085102);
  });
});
