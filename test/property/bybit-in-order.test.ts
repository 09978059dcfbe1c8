// Owns the property that Bybit books read in words come to what the general decoder makes of them, or are left to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BybitDecoder } from '../../engine/venues/bybit/decode.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../support/memory-sink.ts';
import '../support/seed.ts';

const QUOTE = 0x22;

/** Two decoders that get the same frames: one as a session passes them, one that never reads in words. */
class Pair {
  private readonly sink = new MemorySink();
  private readonly plainSink = new MemorySink();
  private readonly decoder = new BybitDecoder(this.sink, 'bybit');
  private readonly plain = new BybitDecoder(this.plainSink, 'bybit');

  /** Checks the frame between `before` and `after` bytes of rubbish; returns the result of decodeInOrder(). */
  check(text: string, before = 0, after = 0): number {
    const frame = Uint8Array.from(Buffer.from(text, 'utf8'));
    const buffer = new Uint8Array(before + frame.length + after).fill(QUOTE);
    buffer.set(frame, before);
    this.sink.begin();
    const result = this.decoder.decodeInOrder(new DataView(buffer.buffer), before, before + frame.length);
    const read = { result, records: result > 0 ? this.sink.records() : [] };
    if (result <= 0) this.sink.abandon();
    const said = result === 0 ? decodeFrame(this.sink, this.decoder, frame) : read;
    assert.deepEqual(said, decodeFrame(this.plainSink, this.plain, frame), `${result}: ${text}`);
    assert.deepEqual(this.sink.symbols, this.plainSink.symbols, text);
    return result;
  }
}

const LINEAR =
  '{"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1786310818130,"data":{"s":"BTCUSDT","b":[["65095.30","0.005"],' +
  '["65094.60","0"]],"a":[["65116.60","12"]],"u":15076953,"seq":753843913870},"cts":1786310818129}';
const SPOT =
  '{"topic":"orderbook.50.DOGEUSDT","ts":1687940967466,"type":"snapshot","data":{"s":"DOGEUSDT","b":[],"a":[],"u":177400507,' +
  '"seq":66544703342},"cts":1687940967464}';
const FORMS = [
  LINEAR,
  SPOT,
  LINEAR.replace('15076953', '1'),
  LINEAR.replace('"delta"', '"snapshot"'),
  LINEAR.replaceAll('BTCUSDT', 'BTCUSDT-26SEP25'),
  SPOT.replace('orderbook.50', 'orderbook.1000'),
  SPOT.replace('1687940967464}', '168794096746}'),
  SPOT.replace('1687940967464}', '16879409674}'),
];

test("books in the venue's own writing are read in words, wherever they lie in a buffer", () => {
  for (const text of FORMS) {
    for (let before = 0; before < 5; before++)
      assert.equal(new Pair().check(text, before, before), FrameResult.applied);
  }
});

test('another depth, other channels and other writings are left to the general decoder', () => {
  const pair = new Pair();
  assert.equal(pair.check(LINEAR), FrameResult.applied);
  assert.equal(pair.check(LINEAR.replace('orderbook.200', 'orderbook.50')), 0);
  assert.equal(pair.check(LINEAR), FrameResult.applied);
  const others = [
    LINEAR.replace('orderbook.200', 'orderbook.1'),
    LINEAR.replace('orderbook.200', 'orderbook.25'),
    LINEAR.replace('orderbook.200', 'orderbook.0200'),
    LINEAR.replace('"type":"delta"', '"type":"other"'),
    LINEAR.replace('"s":"BTCUSDT"', '"s":"ETHUSDT"'),
    LINEAR.replace('"s":"BTCUSDT"', '"s":"BTCUSD"'),
    LINEAR.replace('"type"', ' "type"'),
    LINEAR.replace(',"cts":1786310818129', ''),
    LINEAR.replace('"0.005"', '0.005'),
    LINEAR.replace('"65095.30"', '"0"'),
    LINEAR.replace('1786310818129}', '1786310818129} '),
    LINEAR.replace('1786310818129}', '178631081812x}'),
    LINEAR.replace('1786310818129}', '9786310818129000}'),
    LINEAR.replaceAll('BTCUSDT', 'BTCUSDT-26SEP2025X'),
    LINEAR.replaceAll('BTCUSDT', ''),
  ];
  for (const text of others) assert.equal(new Pair().check(text), 0, text);
});

test('whatever one byte is changed to, or cut off, both say the same', () => {
  for (const text of [LINEAR, SPOT]) {
    const pair = new Pair();
    for (let at = 0; at < text.length; at++) {
      for (const byte of ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '9', '-', '.', ' ', 'x', 'é']) {
        pair.check(text.slice(0, at) + byte + text.slice(at + 1));
      }
      pair.check(text.slice(0, at));
    }
  }
});

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 });
const decimal = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(fc.nat(999_999_999), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 5, arbitrary: fc.nat(999_999_999).map(String) },
  { weight: 1, arbitrary: fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}`) },
);
const rows = fc.array(fc.tuple(decimal, decimal), { maxLength: 5 });
const time = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1e12, max: 2e12 }) },
  { weight: 1, arbitrary: fc.maxSafeNat() },
);

test('whatever a book change holds, both say the same', () => {
  const pair = new Pair();
  let inWords = 0;
  const property = fc.property(rows, rows, time, time, fc.maxSafeNat(), fc.boolean(), (b, a, ts, cts, u, isSpot) => {
    const topic = 'orderbook.200.ETHUSDT';
    const data = { s: 'ETHUSDT', b, a, u, seq: 7 };
    const frame = isSpot ? { topic, ts, type: 'delta', data, cts } : { topic, type: 'delta', ts, data, cts };
    if (pair.check(JSON.stringify(frame)) === FrameResult.applied) inWords++;
  });
  fc.assert(property, { numRuns: 500 });
  assert.ok(inWords > 50, String(inWords));
});
