// Owns the property that books of OKX, Coinbase and Kraken read in words come to what the general decoders make of them, or
// are left to them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DecoderFactory } from '../../engine/decode/sink.ts';
import { CoinbaseDecoder } from '../../engine/venues/coinbase/decode.ts';
import { KrakenDecoder } from '../../engine/venues/kraken/decode.ts';
import { OkxDecoder } from '../../engine/venues/okx/decode.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../support/memory-sink.ts';
import '../support/seed.ts';

const QUOTE = 0x22;

/** How a venue writes a book; `number` is that of the message on its connection, where the venue counts them. */
type Venue = {
  readonly name: string;
  readonly make: DecoderFactory;
  /** What comes before, for venues that must have had a message. */
  readonly before: readonly string[];
  readonly write: (number: number, bids: readonly Row[], asks: readonly Row[]) => string;
  /** Other texts that are read in words. */
  readonly forms: (plain: string) => readonly string[];
  /** Texts that are left to the general decoder. */
  readonly others: (plain: string) => readonly string[];
};
type Row = readonly [string, string];

/** Two decoders that get the same frames: one as a session passes them, one that never reads in words. */
class Pair {
  private readonly sink = new MemorySink();
  private readonly plainSink = new MemorySink();
  private readonly decoder: ReturnType<DecoderFactory>;
  private readonly plain: ReturnType<DecoderFactory>;
  /** The last frame was accepted, in words or not: its number is taken. */
  isAccepted = false;

  constructor({ make, before }: Venue) {
    this.decoder = make(this.sink, 'venue');
    this.plain = make(this.plainSink, 'venue');
    for (const text of before) this.check(text);
  }

  /** Checks the frame between `around` bytes of rubbish on both sides; returns the result of decodeInOrder(). */
  check(text: string, around = 0): number {
    const frame = Uint8Array.from(Buffer.from(text, 'utf8'));
    const buffer = new Uint8Array(frame.length + 2 * around).fill(QUOTE);
    buffer.set(frame, around);
    this.sink.begin();
    const view = new DataView(buffer.buffer);
    const result = this.decoder.decodeInOrder?.(view, around, around + frame.length) ?? 0;
    const read = { result, records: result > 0 ? this.sink.records() : [] };
    if (result <= 0) this.sink.abandon();
    const said = result === 0 ? decodeFrame(this.sink, this.decoder, frame) : read;
    this.isAccepted = said.result > 0;
    assert.deepEqual(said, decodeFrame(this.plainSink, this.plain, frame), `${result}: ${text}`);
    assert.deepEqual(this.sink.symbols, this.plainSink.symbols, text);
    assert.deepEqual([this.decoder.gaps, this.decoder.duplicates], [this.plain.gaps, this.plain.duplicates], text);
    return result;
  }
}

const list = (rows: readonly Row[], write: (row: Row) => string): string => `[${rows.map(write).join(',')}]`;

const OKX: Venue = {
  name: 'okx',
  make: (sink, venue) => new OkxDecoder(sink, venue),
  before: [],
  write(_number, bids, asks) {
    const row = ([price, quantity]: Row): string => `["${price}","${quantity}","0","12"]`;
    const sides = `"asks":${list(asks, row)},"bids":${list(bids, row)}`;
    return (
      `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{${sides},` +
      `"ts":"1787612486307","checksum":-855196043,"seqId":80274874887,"prevSeqId":80274874876}]}`
    );
  },
  forms: (plain) => [
    plain.replace('"update"', '"snapshot"'),
    plain.replace('"books"', '"books-l2-tbt"'),
    plain.replace('"books"', '"books50-l2-tbt"'),
    plain.replace('-855196043', '0'),
    plain.replace('-855196043', '2147483647'),
    plain.replace(/,"seqId".*$/, '}]}'),
    plain.replace('80274874876', '-1'),
    plain.replaceAll('BTC-USDT', 'ETH-USD-SWAP'),
  ],
  others: (plain) => [
    plain.replace('"books"', '"books5"'),
    plain.replace('"books"', '"trades"'),
    plain.replace('"update"', '"other"'),
    plain.replace('-855196043', '-2147483649'),
    plain.replace('-855196043', '2147483648'),
    plain.replace('80274874876', '-2'),
    plain.replace('1787612486307', '9787612486307000'),
    plain.replace('"seqId"', '"other"'),
    plain.replace('"0","12"', '"1","12"'),
    plain.replace('"0","12"', '"0","1.2"'),
    `${plain} `,
  ],
};

const COINBASE_TIME = '2026-08-09T21:05:49.169531441Z';
const COINBASE: Venue = {
  name: 'coinbase',
  make: (sink, venue) => new CoinbaseDecoder(sink, venue),
  before: ['{"channel":"heartbeats","timestamp":"2026-08-09T21:05:48Z","sequence_num":7,"events":[]}'],
  write(number, bids, asks) {
    const entry = (side: string, [price, quantity]: Row): string =>
      `{"side":"${side}","event_time":"2026-08-09T21:05:49.155204Z","price_level":"${price}","new_quantity":"${quantity}"}`;
    const updates = [...bids.map((row) => entry('bid', row)), ...asks.map((row) => entry('offer', row))];
    return (
      `{"channel":"l2_data","timestamp":"${COINBASE_TIME}","sequence_num":${number},` +
      `"events":[{"type":"update","product_id":"ETH-USD","updates":[${updates.join(',')}]}]}`
    );
  },
  forms: (plain) => [
    plain.replace('"timestamp"', '"client_id":"","timestamp"'),
    plain.replace('.155204Z', '.1552Z'),
    plain.replace('.155204Z', '.15520401Z'),
    plain.replace('21:05:49.155204Z', '21:06:00.155204Z'),
    plain.replace('2026-08-09T21:05:49.155204Z', '1970-01-01T00:00:00.0000Z'),
    plain.replace('2026-08-09T21:05:49.155204Z', '2024-02-29T23:59:59.999999Z'),
    plain.replaceAll('ETH-USD', 'SHIB-USDT'),
  ],
  others: (plain) => [
    plain.replace('"update"', '"snapshot"'),
    plain.replace('"sequence_num":8', '"sequence_num":9'),
    plain.replace('"sequence_num":8', '"sequence_num":7'),
    plain.replace('"client_id"', '"other"').replace('.155204Z', '.155204+01:00'),
    plain.replace('.155204Z', 'Z'),
    plain.replace('.155204Z', '.155204z'),
    plain.replace('.155204Z', '.1552040119Z'),
    plain.replace('2026-08-09T21:05:49.155204Z', '2026-02-30T21:05:49.155204Z'),
    plain.replace('2026-08-09T21:05:49.155204Z', '2026-08-09T21:05:60.155204Z'),
    plain.replace('2026-08-09T21:05:49.155204Z', '2026-08-09 21:05:49.155204'),
    plain.replace('"bid"', '"ask"'),
    plain.replace('}]}]}', '}]},{"type":"update","product_id":"BTC-USD","updates":[]}]}'),
    `${plain} `,
  ],
};

const KRAKEN_V1: Venue = {
  name: 'kraken v1',
  make: (sink, venue) => new KrakenDecoder(sink, venue),
  before: [],
  write(_number, bids, asks) {
    const row = ([price, quantity]: Row): string => `["${price}","${quantity}","1618678133.478962"]`;
    const ending = '"c":"1453093704"},"book-1000","XMR/USD"]';
    if (asks.length === 0) return `[992,{"b":${list(bids, row)},${ending}`;
    if (bids.length === 0) return `[992,{"a":${list(asks, row)},${ending}`;
    return `[992,{"a":${list(asks, row)}},{"b":${list(bids, row)},${ending}`;
  },
  forms: (plain) => [
    plain.replace('.478962"', '.478962","r"'),
    plain.replace('book-1000', 'book-10'),
    plain.replace('XMR/USD', 'OCEAN/XBT'),
    plain.replace('1618678133.478962', '1518678133.478962'),
  ],
  others: (plain) => [
    plain.replaceAll('"a"', '"as"').replaceAll('"b"', '"bs"'),
    plain.replace('.478962"', '.47896"'),
    plain.replace('.478962"', '.478962","x"'),
    plain.replace('book-1000', 'book-0'),
    plain.replace('book-1000', 'book-01000'),
    plain.replace('book-1000', 'trade'),
    plain.replace('"c":"1453093704"', '"c":"14530937041"'),
    plain.replace(',"c":"1453093704"', ''),
    plain.replace('"c":"1453093704"}', '"c":"1453093704"},{}'),
    plain.replace('992', '"992"'),
    `${plain} `,
  ],
};

const KRAKEN_V2: Venue = {
  name: 'kraken v2',
  make: (sink, venue) => new KrakenDecoder(sink, venue),
  before: [
    '{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"ETH/BTC"},"success":true}',
    '{"channel":"book","type":"snapshot","data":[{"symbol":"ETH/BTC","bids":[{"price":1,"qty":1}],"asks":[],"checksum":1}]}',
    '{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[{"symbol":"ETH/BTC","price_precision":6,"qty_precision":8}]}}',
  ],
  write(_number, bids, asks) {
    const row = ([price, quantity]: Row): string => `{"price":${price},"qty":${quantity}}`;
    return (
      `{"channel":"book","type":"update","data":[{"symbol":"ETH/BTC","bids":${list(bids, row)},"asks":${list(asks, row)},` +
      `"checksum":2505869009,"timestamp":"2026-08-26T15:16:16.730423Z"}]}`
    );
  },
  forms: (plain) => [
    plain.replace('ETH/BTC', 'XBT/USD'),
    plain.replace('2505869009', '0'),
    plain.replace('15:16:16.730423Z', '15:17:00.000001Z'),
  ],
  others: (plain) => [
    plain.replace('"update"', '"snapshot"'),
    plain.replace('"price":', '"price": '),
    plain.replace('"bids"', '"other":[],"bids"'),
    plain.replace('.730423Z', '.73Z'),
    plain.replace('"checksum":2505869009', '"checksum":"2505869009"'),
    plain.replace('"price":0.5,', '"price":5e-1,'),
    plain.replace('"price":0.5,', '"price":"0.5",'),
    plain.replace('}]}', '}]},{}'),
    `${plain} `,
  ],
};

const VENUES = [OKX, COINBASE, KRAKEN_V1, KRAKEN_V2];
const FIRST_NUMBER = 8;
const BIDS: readonly Row[] = [
  ['0.5', '0.05972024'],
  ['0.49', '0'],
];
const ASKS: readonly Row[] = [
  ['61837.12345678', '12'],
  ['123456789', '1.000000001'],
];

for (const venue of VENUES) {
  const plain = venue.write(FIRST_NUMBER, BIDS, ASKS);

  test(`${venue.name}: books in the venue's own writing are read in words, wherever they lie in a buffer`, () => {
    const sides = [venue.write(FIRST_NUMBER, BIDS, []), venue.write(FIRST_NUMBER, [], ASKS)];
    for (const text of [plain, ...sides, ...venue.forms(plain)]) {
      for (let around = 0; around < 5; around++) {
        assert.equal(new Pair(venue).check(text, around), FrameResult.applied, text);
      }
    }
  });

  test(`${venue.name}: other writings are left to the general decoder`, () => {
    const rows = [
      plain.replace('61837.12345678', '0'),
      plain.replace('61837.12345678', '01'),
      plain.replace('0.49', '-1'),
    ];
    for (const text of [...rows, ...venue.others(plain)]) {
      assert.notEqual(text, plain);
      assert.equal(new Pair(venue).check(text), 0, text);
    }
  });

  test(`${venue.name}: whatever one byte is changed to, or cut off, both say the same`, () => {
    for (let at = 0; at < plain.length; at++) {
      const pair = new Pair(venue);
      let number = FIRST_NUMBER;
      for (const byte of ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '9', '-', '.', ' ', 'x', 'é', '']) {
        const text = venue.write(number, BIDS, ASKS);
        pair.check(text.slice(0, at) + byte + text.slice(at + 1));
        if (pair.isAccepted) number++;
      }
      pair.check(venue.write(number, BIDS, ASKS).slice(0, at));
    }
  });
}

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 });
const decimal = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(fc.nat(999_999_999), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 5, arbitrary: fc.nat(999_999_999).map(String) },
  { weight: 1, arbitrary: fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}`) },
);
const rows = fc.array(fc.tuple(decimal, decimal), { maxLength: 5 });

for (const venue of VENUES) {
  test(`${venue.name}: whatever the levels of a change are, both say the same`, () => {
    const pair = new Pair(venue);
    let number = FIRST_NUMBER;
    let inWords = 0;
    const property = fc.property(rows, rows, (bids, asks) => {
      if (pair.check(venue.write(number, bids, asks)) === FrameResult.applied) inWords++;
      if (pair.isAccepted) number++;
    });
    fc.assert(property, { numRuns: 300 });
    assert.ok(inWords > 50, String(inWords));
  });
}
