// Owns the property that Binance frames read in words come to what the general decoder makes of them, or are left to it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BinanceDecoder } from '../../engine/venues/binance/decode.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { decodeFrame, MemorySink, type MemorySinkLimits } from '../support/memory-sink.ts';
import '../support/seed.ts';

const VENUES = ['binance', 'binance-futures'] as const;
type Venue = (typeof VENUES)[number];
const QUOTE = 0x22;

/** Two decoders that get the same frames: one as a session passes them, one that never reads in words. */
class Pair {
  readonly venue: Venue;
  readonly sink: MemorySink;
  readonly plainSink: MemorySink;
  private readonly decoder: BinanceDecoder;
  private readonly plain: BinanceDecoder;

  constructor(venue: Venue, limits: MemorySinkLimits = {}) {
    this.venue = venue;
    this.sink = new MemorySink(limits);
    this.plainSink = new MemorySink(limits);
    this.decoder = new BinanceDecoder(this.sink, venue);
    this.plain = new BinanceDecoder(this.plainSink, venue);
  }

  /**
   * Checks the frame between `before` bytes and `after` bytes of rubbish. Returns the result of decodeInOrder(). With
   * `isLost` the session gives the frame up after it (a broken pass), so that its markets never were.
   */
  check(frame: Uint8Array, before = 0, after = 0, isLost = false): number {
    const buffer = new Uint8Array(before + frame.length + after).fill(QUOTE);
    buffer.set(frame, before);
    this.sink.begin();
    const view = new DataView(buffer.buffer);
    const result = this.decoder.decodeInOrder(view, before, before + frame.length);
    if (isLost) {
      this.sink.abandon();
      return result;
    }
    const read = { result, records: result > 0 ? this.sink.records() : [] };
    if (result <= 0) this.sink.abandon();
    const said = result === 0 ? decodeFrame(this.sink, this.decoder, frame) : read;
    const wanted = decodeFrame(this.plainSink, this.plain, frame);
    const text = Buffer.from(frame).toString('latin1');
    assert.deepEqual(said, wanted, `${this.venue}, ${result}: ${text}`);
    assert.deepEqual(this.sink.symbols, this.plainSink.symbols, text);
    return result;
  }
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));

const trade = (symbol: string): string =>
  `{"e":"trade","E":1767225600123,"s":"${symbol}","t":5,"p":"97000.12","q":"0.00120000","T":1767225600122,"m":true,"M":true}`;

/** What the venues write, one of each order. */
const WRITTEN: readonly [Venue, string][] = [
  ['binance', trade('BTCUSDT')],
  [
    'binance',
    '{"e":"aggTrade","E":1767225600123,"s":"BTCUSDT","a":26129,"p":"0.01633102","q":"4.70443515","f":100,"l":105,"T":1767225600122,"m":false,"M":true}',
  ],
  [
    'binance',
    '{"e":"depthUpdate","E":1767225600123,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"],["0.0023","0.00000000"]],"a":[["0.0026","100.5"]]}',
  ],
  ['binance', '{"e":"depthUpdate","E":1767225600123,"s":"BNBBTC","U":157,"u":160,"b":[],"a":[]}'],
  [
    'binance-futures',
    '{"e":"trade","E":1767225600123,"T":1767225600122,"s":"BTCUSDT","t":5,"p":"97000.10","q":"0.002","X":"MARKET","m":false}',
  ],
  [
    'binance-futures',
    '{"e":"aggTrade","E":1767225600123,"a":26129,"s":"BTCUSD_PERP","p":"97000.1","q":"2","f":100,"l":100,"T":1767225600122,"m":true}',
  ],
  [
    'binance-futures',
    '{"e":"depthUpdate","E":1767225600123,"T":1767225600122,"s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["97000.10","10"]],"a":[]}',
  ],
];
const wrap = (payload: string, stream = 'btcusdt@any'): string => `{"stream":"${stream}","data":${payload}}`;
const FORMS: readonly [Venue, string][] = WRITTEN.flatMap(([venue, text]): [Venue, string][] => [
  [venue, text],
  [venue, wrap(text)],
]);

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const integer = fc.oneof(
  { weight: 40, arbitrary: fc.nat().map(String) },
  { weight: 2, arbitrary: fc.maxSafeNat().map(String) },
  { weight: 1, arbitrary: digits(0, 19) },
);
const time = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }).map(String) },
  { weight: 2, arbitrary: integer },
  { weight: 1, arbitrary: fc.constantFrom('9000000000000', '9000000000001', '9000000000000000', '9000000000000001') },
);
const decimal = fc.oneof(
  { weight: 60, arbitrary: fc.tuple(fc.nat(999_999_999), digits(1, 9)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 20, arbitrary: fc.nat(999_999_999).map(String) },
  { weight: 2, arbitrary: fc.tuple(digits(0, 14), digits(0, 20)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 1, arbitrary: fc.constantFrom('0', '0.0', '0.00000000', '1e5', '-1', '1.', '.5', '00.1', '1.5 ', '') },
);
const symbol = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('BTCUSDT', 'ETHUSDT', 'BTCUSD_PERP', 'A', '1000000MOGUSDT') },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...'ABCDEFGH'), minLength: 0, maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '币安人生USDT',
      "A'B",
      'A B',
      'A!B',
      'A\u007fB',
      'A\\u0042',
      'A\\',
      'ÄBTC',
      'x'.repeat(90),
    ),
  },
);
const stream = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('btcusdt@trade', 'a', '', 'btcusdt@depth@100ms', 'a@depth5') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('币安人生usdt@trade', '!bookTicker', 'a b', 'a\\"b', 'a\\u0062', '\u007f', 'a\nb'),
  },
);
const boolean = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('true', 'false') },
  { weight: 1, arbitrary: fc.constantFrom('null', 'falso', 'trues') },
);
const member = (key: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  value.map((text) => `,"${key}":${text}`);
const quoted = (value: fc.Arbitrary<string>): fc.Arbitrary<string> => value.map((text) => `"${text}"`);
/** Mostly there, or mostly not. */
const maybe = (arbitrary: fc.Arbitrary<string>, there: number, missing: number): fc.Arbitrary<string> =>
  fc.oneof({ weight: there, arbitrary }, { weight: missing, arbitrary: fc.constant('') });
const body = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => `{${texts.join('').slice(1)}}`);
const event = (name: string): fc.Arbitrary<string> => fc.constant(`,"e":"${name}"`);

const trades = body(
  event('trade'),
  member('E', time),
  maybe(member('T', time), 1, 2),
  member('s', quoted(symbol)),
  maybe(member('t', integer), 20, 1),
  member('p', quoted(decimal)),
  member('q', quoted(decimal)),
  maybe(member('T', time), 2, 1),
  maybe(member('X', fc.constantFrom('"MARKET"', '"MARKET"', '"INSURANCE_FUND"', '"NA"', '1')), 1, 2),
  member('m', boolean),
  maybe(member('M', boolean), 1, 1),
);
const aggregates = body(
  event('aggTrade'),
  member('E', time),
  maybe(member('a', integer), 1, 2),
  member('s', quoted(symbol)),
  maybe(member('a', integer), 2, 1),
  member('p', quoted(decimal)),
  member('q', quoted(decimal)),
  member('f', fc.oneof(fc.constant('7'), integer)),
  member(
    'l',
    fc.oneof(fc.constantFrom('7', '8', '6', '2147483653', '2147483654', '4294967301', '4294967302'), integer),
  ),
  maybe(member('T', time), 20, 1),
  member('m', boolean),
  maybe(member('M', boolean), 1, 1),
);
const side = fc
  .array(fc.tuple(decimal, decimal, fc.constantFrom(...Array<string>(30).fill(''), ',[]', ',"1"', ' ')), {
    maxLength: 4,
  })
  .map((levels) => `[${levels.map(([price, quantity, rest]) => `["${price}","${quantity}"${rest}]`).join(',')}]`);
const changes = body(
  event('depthUpdate'),
  member('E', time),
  maybe(member('T', time), 1, 1),
  member('s', quoted(symbol)),
  member('U', fc.oneof({ weight: 9, arbitrary: fc.constantFrom('1', '160') }, { weight: 1, arbitrary: integer })),
  member(
    'u',
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom('160', '2147483648000') }, { weight: 1, arbitrary: integer }),
  ),
  maybe(member('pu', integer), 1, 1),
  member('b', side),
  maybe(member('a', side), 20, 1),
);
const payload = fc.oneof(trades, aggregates, changes);
const frame = fc.oneof(
  { weight: 4, arbitrary: payload },
  { weight: 4, arbitrary: fc.tuple(payload, stream).map(([text, name]) => wrap(text, name)) },
  { weight: 1, arbitrary: fc.tuple(payload, fc.constantFrom('}', ' ', ',', '}}', '{}', '\n')).map(([a, b]) => a + b) },
  { weight: 1, arbitrary: payload.map((text) => `{"stream":"x","data":${text},"more":1}`) },
);
const venue = fc.constantFrom(...VENUES);
const room = fc.nat(9);

describe('frames read in words', () => {
  it('are all that the venues write, also at the end of a buffer', () => {
    for (const [name, text] of FORMS) {
      for (let before = 0; before < 5; before++) {
        for (const after of [0, 1, 3, 64]) {
          assert.equal(new Pair(name).check(bytesOf(text), before, after), FrameResult.applied, text);
        }
      }
    }
  });

  it('come to what the general decoder makes of them', () => {
    let inOrder = 0;
    const pairs = VENUES.map((name) => new Pair(name));
    fc.assert(
      fc.property(venue, frame, room, room, (name, text, before, after) => {
        if (pairs[VENUES.indexOf(name)].check(bytesOf(text), before, after) !== 0) inOrder++;
      }),
      { numRuns: 6000 },
    );
    assert.ok(inOrder > 1000, `expected many frames to be read in words, were ${inOrder}`);
  });

  it('are left to the general decoder, or refused alike, where they end early', () => {
    for (const [name, text] of FORMS) {
      const pair = new Pair(name);
      const bytes = bytesOf(text);
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(pair.check(bytes.slice(0, length)), 0);
        // The rest of the frame follows in the buffer, and is none of it.
        const view = new DataView(bytes.buffer, 0, bytes.length);
        assert.equal(new BinanceDecoder(new MemorySink(), name).decodeInOrder(view, 0, length), 0);
        pair.check(bytes.slice(length), 1, 1);
      }
    }
  });

  it('come to the same with any byte changed, removed or doubled', () => {
    for (const [name, text] of FORMS) {
      const pair = new Pair(name);
      const bytes = bytesOf(text);
      for (let at = 0; at < bytes.length; at++) {
        for (const byte of [0x00, 0x20, 0x22, 0x2c, 0x2e, 0x30, 0x31, 0x39, 0x5c, 0x5d, 0x7d, 0x80, bytes[at] ^ 1]) {
          const changed = bytes.slice();
          changed[at] = byte;
          pair.check(changed, at % 4, 0);
        }
        pair.check(Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]));
        pair.check(Uint8Array.from([...bytes.subarray(0, at), bytes[at], ...bytes.subarray(at)]));
      }
    }
  });

  it('come to the same with any bytes changed', () => {
    const change = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), change, ([name, text], changed) => {
        const bytes = bytesOf(text);
        for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
        new Pair(name).check(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it('are no part of a book, whatever symbol the name of its stream has', () => {
    for (const [name, text] of WRITTEN.filter(([, text]) => text.includes('depthUpdate'))) {
      for (const symbol of ['bnbbtc', 'btcusdt', 'x', 'a_longer_symbol_than_that']) {
        for (const rest of ['@depth5', '@depth20@100ms'])
          assert.equal(new Pair(name).check(bytesOf(wrap(text, symbol + rest))), 0, symbol + rest);
        for (const rest of ['', '@depth', '@depth@100ms', '@dept5', '@5'])
          assert.equal(new Pair(name).check(bytesOf(wrap(text, symbol + rest))), FrameResult.applied, symbol + rest);
      }
    }
  });

  it('have whole and decimal parts of every length', () => {
    const pairs = VENUES.map((name) => new Pair(name));
    for (let whole = 0; whole <= 14; whole++) {
      for (let part = 0; part <= 20; part++) {
        for (const digit of ['9', '1', '0']) {
          const text = `${digit.repeat(whole)}.${digit.repeat(part)}`;
          for (const [index, [name, written]] of FORMS.entries()) {
            const number = part === 0 ? text.slice(0, -1) : text;
            const bytes = bytesOf(
              written.replace(index % 2 === 0 ? /"97000.10?2?"|"0.0024"/ : /"10"|"0.002"/, `"${number}"`),
            );
            pairs[VENUES.indexOf(name)].check(bytes);
          }
        }
      }
    }
  });
});

describe('the symbols that a connection remembers', () => {
  it('keep their markets, however many share an entry, and whatever became of the frames that named them', () => {
    const one = fc.tuple(fc.nat(1500), fc.constantFrom('', '', '', 'x', '}'), fc.boolean());
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 200, size: 'max' }), fc.nat(40), (sent, marketsMax) => {
        const pairs = [new Pair('binance'), new Pair('binance', { marketsMax })];
        for (const pair of pairs) {
          for (const [number, rest, isLost] of sent) {
            const bytes = bytesOf(trade(`S${number % (marketsMax + 2)}USDT`) + rest);
            // A pass that the session takes back must not be remembered: it ends at 0 or below.
            pair.check(bytes, 0, 0, isLost && rest !== '');
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are told apart by every byte and their length', () => {
    const pair = new Pair('binance');
    const symbols = ['', 'A', 'AB', 'ABC', 'ABCD', 'ABCDE'].flatMap((stem) =>
      [...'XYZ019_'].flatMap((letter) => [stem + letter, letter + stem, stem + letter.repeat(17 - stem.length)]),
    );
    for (let round = 0; round < 3; round++) for (const text of symbols) pair.check(bytesOf(trade(text)));
    // More symbols than entries, alike in all words but one: entries are shared, overwritten, and read again.
    for (let word = 0; word < 4; word++) {
      for (let round = 0; round < 2; round++) {
        for (let i = 1000; i < 2300; i++)
          pair.check(bytesOf(trade(`${'A'.repeat(4 * word)}${i}${'Z'.repeat(12 - 4 * word)}`)));
      }
    }
  });

  it('are looked up once', () => {
    for (const [name, text] of FORMS) {
      const pair = new Pair(name);
      let lookups = 0;
      const { sink } = pair;
      const market = sink.market.bind(sink);
      sink.market = (bytes, from, to) => {
        lookups++;
        return market(bytes, from, to);
      };
      for (let round = 0; round < 3; round++) pair.check(bytesOf(text));
      assert.equal(lookups, 1, text);
    }
  });

  it('are not those of a frame that had no room', () => {
    for (const recordsMax of [0, 1, 2, 3]) {
      for (const [name, text] of FORMS) {
        const pair = new Pair(name, { recordsMax });
        for (let round = 0; round < 2; round++) pair.check(bytesOf(text));
      }
    }
  });

  it('belong to one connection', () => {
    const pairs = [new Pair('binance'), new Pair('binance')];
    for (const text of ['A', 'B', 'A']) pairs[0].check(bytesOf(trade(text)));
    for (const text of ['B', 'A', 'B']) pairs[1].check(bytesOf(trade(text)));
  });
});
