// Owns the property that frames scanned in the frame memory come to the same as those read anywhere else, whatever lies beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { frameBytes, frameView, LARGE_BYTES, STAGE_AT } from '../../engine/decode/frame-memory.ts';
import { BinanceDecoder } from '../../engine/venues/binance/decode.ts';
import { BatchDecoder } from '../../engine/venues/normalised/decode-batch.ts';
import { Batch } from '../../schemas/generated/wire/batch.ts';
import { Trade } from '../../schemas/generated/wire/trade.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../support/memory-sink.ts';
import '../support/seed.ts';

const TRADE =
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":1767225600123,"s":"BTCUSDT","t":5,"p":"97000.12","q":"0.00120000",' +
  '"T":1767225600122,"m":true,"M":true}}';
const DEPTH =
  '{"e":"depthUpdate","E":1767225600123,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"],["0.0023","0.00000000"]],' +
  '"a":[["0.0026","100.5"],["123456789.123456789012","1"]]}';
const BYTES = [...'"\\{}[],:0.-x \0'];

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** A frame between two others in the frame memory, and the same alone. */
class Pair {
  private readonly sink = new MemorySink();
  private readonly plainSink = new MemorySink();
  private readonly decoder = new BinanceDecoder(this.sink, 'binance');
  private readonly plain = new BinanceDecoder(this.plainSink, 'binance');

  check(text: string, before: string, after: string): number {
    const [frame, first, last] = [bytesOf(text), bytesOf(before), bytesOf(after)];
    frameBytes.set(first, STAGE_AT);
    frameBytes.set(frame, STAGE_AT + first.length);
    frameBytes.set(last, STAGE_AT + first.length + frame.length);
    this.sink.begin();
    const from = STAGE_AT + first.length;
    const result = this.decoder.decodeInOrder(frameView, from, from + frame.length);
    const read = { result, records: result > 0 ? this.sink.records() : [] };
    if (result <= 0) this.sink.abandon();
    const said = result === 0 ? decodeFrame(this.sink, this.decoder, frame) : read;
    assert.deepEqual(said, decodeFrame(this.plainSink, this.plain, frame), `${result}: ${text}`);
    return result;
  }
}

test('a frame of a burst is read as if it were alone', () => {
  for (const text of [TRADE, DEPTH]) {
    for (let pad = 0; pad < 9; pad++) assert.equal(new Pair().check(text, 'x'.repeat(pad), text), FrameResult.applied);
  }
});

test('a frame that is cut off does not go on in the next one', () => {
  for (const text of [TRADE, DEPTH]) {
    const pair = new Pair();
    for (let at = 1; at < text.length; at++) {
      // What follows is just what was cut off: only its end says that it is another frame.
      assert.ok(pair.check(text.slice(0, at), text, text.slice(at)) <= 0, text.slice(0, at));
    }
  }
});

test('whatever byte is changed, the frame is read as if it were alone', () => {
  for (const text of [TRADE, DEPTH]) {
    const pair = new Pair();
    for (let at = 0; at < text.length; at++)
      for (const byte of BYTES) pair.check(text.slice(0, at) + byte + text.slice(at + 1), text, text);
  }
});

type WireTrade = { readonly numbers: readonly number[]; readonly words: readonly number[] };

function batchOf(trades: readonly WireTrade[], names: readonly string[]): Uint8Array {
  const builder = new Builder(256);
  const markets = Batch.createMarketsVector(
    builder,
    names.map((name) => builder.createString(name)),
  );
  Batch.startTradesVector(builder, trades.length);
  for (const { numbers, words } of [...trades].reverse()) {
    const [timeUs, priceMilli, priceAtto, quantityMilli, quantityAtto, id] = numbers;
    const [market, side, flags, matches] = words;
    Trade.createTrade(
      builder,
      timeUs,
      priceMilli,
      priceAtto,
      quantityMilli,
      quantityAtto,
      id,
      market,
      side,
      flags,
      matches,
    );
  }
  const vector = builder.endVector();
  Batch.startBatch(builder);
  Batch.addMarkets(builder, markets);
  Batch.addTrades(builder, vector);
  builder.finish(Batch.endBatch(builder), 'MRB1');
  return Uint8Array.from(builder.asUint8Array());
}

/** Mostly good numbers, and all that are just not: too large, not whole, negative, negative zero, no number. */
const number = (good: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: 0, max: good }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(0, -0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15, 1e16, 9e15 + 2),
    },
  );
const word = (good: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.nat(good) },
    { weight: 1, arbitrary: fc.constantFrom(good + 1, 255, 2 ** 31, 2 ** 32 - 1) },
  );
const wireTrade: fc.Arbitrary<WireTrade> = fc.record({
  numbers: fc.tuple(number(2e9), number(9e8), number(9e8), number(9e8), number(9e8), number(2e9)),
  words: fc.tuple(word(2), word(2), word(7), word(3)),
});

test('a batch read by WebAssembly comes to what one too large for the frame memory does', () => {
  const sinks = [new MemorySink(), new MemorySink()];
  const decoders = sinks.map((sink) => new BatchDecoder(sink, 'flatbuffers'));
  let applied = 0;
  const property = fc.property(
    fc.array(wireTrade, { maxLength: 12 }),
    fc.constantFrom('x:C', 'no colon', 'x:'),
    (trades, name) => {
      const bytes = batchOf(trades, ['x:A', 'x:B', name]);
      const large = new Uint8Array(bytes.length + LARGE_BYTES);
      large.set(bytes);
      const [said, wanted] = [bytes, large].map((frame, i) => decodeFrame(sinks[i], decoders[i], frame));
      assert.deepEqual(said, wanted);
      assert.deepEqual(sinks[0].symbols, sinks[1].symbols);
      if (said.result === FrameResult.applied && said.records.length > 0) applied++;
    },
  );
  fc.assert(property, { numRuns: 800 });
  assert.ok(applied > 50, String(applied));
});
