// Owns the tests of the `flatbuffers` dialect: batches of the generated code, and every way a batch can be broken.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { BatchDecoder } from '../../../engine/venues/normalised/decode-batch.ts';
import { wireLevel, wireTrade } from '../../../engine/venues/normalised/wire-layout.ts';
import { Batch } from '../../../schemas/generated/wire/batch.ts';
import { Level } from '../../../schemas/generated/wire/level.ts';
import { Trade } from '../../../schemas/generated/wire/trade.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { DecoderUnderTest, type PlainRecord } from '../../support/collecting-sink.ts';
import '../../support/seed.ts';

type WireTrade = { timeUs: number; price: number[]; quantity: number[]; id: number; market: number } & WireMarks;
type WireMarks = { side: number; flags: number; matches?: number };
type WireLevel = { timeUs: number; price: number[]; quantity: number[]; market: number; side: number; flags: number };
type WireBatch = { sequence?: bigint; markets: string[]; trades: WireTrade[]; levels: WireLevel[] };

function encode(batch: WireBatch, identifier = 'MRB1'): Uint8Array {
  const builder = new Builder(256);
  const names = batch.markets.map((name) => builder.createString(name));
  const markets = Batch.createMarketsVector(builder, names);
  Batch.startTradesVector(builder, batch.trades.length);
  for (const { timeUs, price, quantity, id, market, side, flags, matches } of [...batch.trades].reverse())
    Trade.createTrade(
      builder,
      timeUs,
      price[0],
      price[1],
      quantity[0],
      quantity[1],
      id,
      market,
      side,
      flags,
      matches ?? 0,
    );
  const trades = builder.endVector();
  Batch.startLevelsVector(builder, batch.levels.length);
  for (const { timeUs, price, quantity, market, side, flags } of [...batch.levels].reverse())
    Level.createLevel(builder, timeUs, price[0], price[1], quantity[0], quantity[1], market, side, flags, 0);
  const levels = builder.endVector();
  builder.finish(Batch.createBatch(builder, batch.sequence ?? 0n, markets, trades, levels), identifier);
  return Uint8Array.from(builder.asUint8Array());
}

const subject = new DecoderUnderTest((sink, venue) => new BatchDecoder(sink, venue), 'flatbuffers');
const decoder = subject.decoder as BatchDecoder;
const TIME_US = 1_723_237_548_228_568;

const trade: WireTrade = {
  timeUs: TIME_US,
  price: [61_837_630, 0],
  quantity: [15, 700_000_000_000_000],
  id: 123,
  market: 0,
  side: Side.sell,
  flags: 0,
};
const first: WireLevel = { timeUs: TIME_US, price: [1500, 1], quantity: [2000, 0], market: 1, side: 0, flags: 1 };
const last: WireLevel = { ...first, price: [1600, 0], quantity: [0, 0], side: 1, flags: 2 };
const base: WireBatch = {
  sequence: 42n,
  markets: ['binance:BTCUSDT', 'x:A:B'],
  trades: [trade],
  levels: [first, last],
};

const tradeRecord: PlainRecord = {
  type: 'trade',
  market: 'binance:BTCUSDT',
  flags: Side.sell,
  count: 1,
  exchangeTimeUs: TIME_US,
  price: '61837.63',
  quantity: '0.0157',
  id: 123,
};
const head = (flags: number, count: number, market = 'x:A:B', exchangeTimeUs = TIME_US): PlainRecord => ({
  type: 'bookChange',
  market,
  flags,
  count,
  exchangeTimeUs,
  firstSequence: 0,
  lastSequence: 0,
  previousSequence: 0,
  checksum: 0,
  depth: 0,
});
const level = (flags: number, price: string, quantity: string, market = 'x:A:B'): PlainRecord => ({
  type: 'level',
  market,
  flags,
  count: 0,
  price,
  quantity,
  priceDecimals: 0,
  quantityDecimals: 0,
});
const baseRecords = [
  tradeRecord,
  head(ChangeFlag.snapshot, 2),
  level(0, '1.500000000000000001', '2'),
  level(LevelFlag.ask, '1.6', '0'),
];

describe('wire layout', () => {
  it('is that of the generated code', () => {
    assert.equal(Trade.sizeOf(), wireTrade.sizeBytes);
    assert.equal(Level.sizeOf(), wireLevel.sizeBytes);
    const builder = new Builder(64);
    Trade.createTrade(builder, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    const bytes = builder.dataBuffer().bytes().slice(-wireTrade.sizeBytes);
    assert.deepEqual([...new Float64Array(bytes.buffer, 0, 6)], [1, 2, 3, 4, 5, 6]);
    const { at } = wireTrade;
    const words = new Uint32Array(bytes.buffer);
    assert.deepEqual(
      [at.timeUs, at.priceMilli, at.priceAtto, at.quantityMilli, at.quantityAtto, at.id],
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual([words[at.market], words[at.side], words[at.flags], words[at.matches]], [7, 8, 9, 10]);
    const levels = new Builder(64);
    Level.createLevel(levels, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    const levelWords = new Uint32Array(levels.dataBuffer().bytes().slice(-wireLevel.sizeBytes).buffer);
    assert.deepEqual(
      [wireLevel.at.market, wireLevel.at.side, wireLevel.at.flags].map((at) => levelWords[at]),
      [6, 7, 8],
    );
  });
});

describe('batches', () => {
  it('become records: trades, then changes with their levels', () => {
    assert.deepEqual(subject.records(encode(base)), baseRecords);
    assert.equal(decoder.statedSequence, 42);
    assert.deepEqual(subject.records(encode({ ...base, sequence: 0n, levels: [] })), [tradeRecord]);
    assert.equal(decoder.statedSequence, -1);
    assert.deepEqual(subject.records(encode({ markets: [], trades: [], levels: [] })), []);
  });

  it('are read wherever they begin in their buffer', () => {
    const bytes = encode(base);
    for (let offset = 0; offset < 9; offset++) {
      const moved = new Uint8Array(bytes.length + offset).subarray(offset);
      moved.set(bytes);
      assert.deepEqual(subject.records(moved), baseRecords);
    }
  });

  it('bigger than the copy kept at hand are read too', () => {
    const levels = Array.from({ length: 2500 }, (_, i) => ({ ...first, price: [i + 1, 0], flags: i === 2499 ? 2 : 0 }));
    const got = subject.records(encode({ ...base, trades: [], levels }));
    assert.equal(got.length, 2501);
    assert.deepEqual(got[2500], level(0, '2.5', '2'));
  });

  it('keep the marks of trades', () => {
    const got = (change: Partial<WireTrade>): PlainRecord =>
      subject.records(encode({ ...base, trades: [{ ...trade, ...change }] }))[0];
    assert.equal(got({ flags: 7 }).flags, Side.sell | TradeFlag.noId | TradeFlag.offMarket | TradeFlag.history);
    assert.equal(got({ flags: 1 }).id, 0);
    assert.deepEqual([got({ matches: 5 }).flags, got({ matches: 5 }).count], [Side.sell | TradeFlag.aggregate, 5]);
    assert.equal(got({ matches: 1 }).flags, Side.sell);
    assert.equal(got({ price: [-0, 1] }).price, '0.000000000000000001');
  });

  it('begin no market that no record points to', () => {
    const fresh = new DecoderUnderTest((sink, venue) => new BatchDecoder(sink, venue), 'flatbuffers');
    assert.equal(fresh.result(encode({ ...base, markets: ['a:B', 'c:D', 'e:F'] })), FrameResult.applied);
    assert.deepEqual(fresh.sink.markets, ['a:B', 'c:D']);
  });

  it('cut changes where they end', () => {
    const one: WireLevel = { ...first, flags: 2, market: 0, timeUs: 0 };
    const levels = [one, { ...one, market: 1, flags: 3 }, { ...one, flags: 0 }, one];
    const got = subject.records(encode({ ...base, trades: [], levels }));
    const heads = got.filter((record) => record.type === 'bookChange');
    assert.deepEqual(heads, [
      head(0, 1, 'binance:BTCUSDT', 0),
      head(ChangeFlag.snapshot, 1, 'x:A:B', 0),
      head(0, 2, 'binance:BTCUSDT', 0),
    ]);
  });
});

const INVALID = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0.5, 1e300, 2 ** 53];

describe('broken batches', () => {
  const ofTrade = (change: Partial<WireTrade>): number =>
    subject.result(encode({ ...base, levels: [], trades: [trade, { ...trade, ...change }] }));
  const ofLevel = (change: Partial<WireLevel>): number =>
    subject.result(encode({ ...base, levels: [first, { ...last, ...change }] }));

  it('have numbers that do not fit', () => {
    for (const bad of INVALID) {
      assert.equal(ofTrade({ timeUs: bad }), FrameResult.range, `time ${bad}`);
      assert.equal(ofTrade({ price: [bad, 0] }), FrameResult.range, `price ${bad}`);
      assert.equal(ofTrade({ price: [1, bad] }), FrameResult.range, `price atto ${bad}`);
      assert.equal(ofTrade({ quantity: [bad, 0] }), FrameResult.range, `quantity ${bad}`);
      assert.equal(ofTrade({ quantity: [1, bad] }), FrameResult.range, `quantity atto ${bad}`);
      assert.equal(ofTrade({ id: bad }), FrameResult.range, `id ${bad}`);
      assert.equal(ofLevel({ timeUs: bad }), FrameResult.range, `level time ${bad}`);
      assert.equal(ofLevel({ price: [bad, 0] }), FrameResult.range, `level price ${bad}`);
      assert.equal(ofLevel({ price: [1, bad] }), FrameResult.range, `level atto ${bad}`);
      assert.equal(ofLevel({ quantity: [bad, 0] }), FrameResult.range, `level quantity ${bad}`);
      assert.equal(ofLevel({ quantity: [1, bad] }), FrameResult.range, `level quantity atto ${bad}`);
    }
    for (const change of [{ price: [0, 0] }, { quantity: [0, 0] }, { side: 3 }, { flags: 8 }, { market: 2 }])
      assert.equal(ofTrade(change), FrameResult.range);
    for (const change of [{ price: [0, 0] }, { side: 2 }, { flags: 6 }, { price: [1, 1e15] }])
      assert.equal(ofLevel(change), FrameResult.range);
    const all = { ...base, levels: [{ ...first, market: 0xffffffff }] };
    assert.equal(subject.result(encode(all)), FrameResult.range);
    assert.equal(subject.result(encode({ ...base, sequence: 2n ** 53n })), FrameResult.range);
  });

  it('have changes that do not end, mix markets or restart', () => {
    assert.equal(ofLevel({ flags: 0 }), FrameResult.shape);
    assert.equal(ofLevel({ market: 0 }), FrameResult.shape);
    assert.equal(ofLevel({ flags: 3 }), FrameResult.shape);
  });

  it('have names that are no markets', () => {
    for (const name of ['', ':', 'x', 'x:', ':x', 'x y:z', 'x:a"b', `x:${'s'.repeat(81)}`, `${'v'.repeat(46)}:s`])
      assert.equal(subject.result(encode({ ...base, markets: [name, 'a:b'] })), FrameResult.shape, name);
  });

  it('are no batches at all', () => {
    assert.equal(subject.result(encode(base, 'MRS1')), FrameResult.syntax);
    assert.equal(subject.result(new Uint8Array(0)), FrameResult.syntax);
    assert.equal(subject.result('{"type":"trade"}'), FrameResult.syntax);
    assert.equal(subject.result(new Uint8Array(64)), FrameResult.syntax);
  });

  it('cut anywhere are refused, or are whole but for padding', () => {
    const bytes = encode(base);
    for (let end = 0; end < bytes.length; end++) {
      const got = subject.result(bytes.slice(0, end));
      if (got === FrameResult.applied) assert.deepEqual(subject.sink.take(), baseRecords);
      else assert.ok(got < 0);
    }
  });

  it('with words overwritten are refused or still valid, and never throw', () => {
    const whole = encode(base);
    const words = fc.oneof(
      fc.integer(),
      fc.constantFrom(0, 1, 4, -4, 0x7fffffff, -0x80000000, whole.length),
      fc.nat(200),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), words), { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, word] of changes) {
          if (at % 4 === 0) new DataView(bytes.buffer).setInt32(at, word, true);
          else bytes[at] = word;
        }
        const got = subject.result(bytes);
        assert.ok(got === FrameResult.applied || (got < 0 && got >= FrameResult.tooLarge), `${got}`);
      }),
      { numRuns: 20_000 },
    );
  });

  it('of more records than a frame may have are too large', () => {
    const small = new DecoderUnderTest((sink, venue) => new BatchDecoder(sink, venue), 'flatbuffers', 3);
    assert.equal(small.result(encode(base)), FrameResult.tooLarge);
  });
});
