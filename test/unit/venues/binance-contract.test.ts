// Binance frames beside trades, changes and quotes: contracts' prices, liquidations, partial books, trades fetched by REST.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinanceDecoder } from '../../../engine/venues/binance/decode.ts';
import { DerivativeFlag, DerivativeKind, FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { type Decoded, decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { Referee } from '../../support/reference/referee.ts';
import '../../support/seed.ts';

const { applied, missingField, precision, range, shape, syntax, type, unknown } = FrameResult;
const MS = 1_562_305_380_000;

function decode(frame: string | object, venue = 'binance-futures'): Decoded {
  const sink = new MemorySink();
  return decodeFrame(sink, new BinanceDecoder(sink, venue), typeof frame === 'string' ? frame : JSON.stringify(frame));
}

/** By the path for frames in the venue's own order; 0 where it leaves the frame to the other. */
function decodeInOrder(frame: object): { result: number; records: MemoryRecord[] } {
  const sink = new MemorySink();
  const bytes = Buffer.from(JSON.stringify(frame));
  sink.begin();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const result = new BinanceDecoder(sink, 'binance-futures').decodeInOrder(view, 0, bytes.length);
  return { result, records: sink.records() };
}

const MARK = {
  e: 'markPriceUpdate',
  E: MS,
  s: 'BTCUSDT',
  p: '11794.15000000',
  i: '11784.62659091',
  P: '11784.25641265',
  r: '-0.00038167',
  T: MS + 28_800_000,
};
const ORDER = {
  s: 'BTCUSDT',
  S: 'SELL',
  o: 'LIMIT',
  f: 'IOC',
  q: '0.020',
  p: '9910',
  ap: '9912.5',
  X: 'FILLED',
  l: '0.014',
  z: '0.014',
  T: MS - 5,
};
const FORCE = { e: 'forceOrder', E: MS, o: ORDER };
const PAST = { a: 26129, p: '0.01633102', q: '4.70443515', f: 27781, l: 27783, T: MS, m: true, M: true };

function derivative(flags: number, value: string, effectiveTimeUs: number): MemoryRecord {
  const times = { receiveTimeNs: 1, exchangeTimeUs: MS * 1000, effectiveTimeUs };
  return { type: 'derivative', market: 'BTCUSDT', flags, count: 0, ...times, value };
}

test('a mark price is three records: mark, index, and the funding rate with its sign and when it is due', () => {
  const { markPrice, indexPrice, fundingRate } = DerivativeKind;
  const records = [
    derivative(markPrice, '11794.15', 0),
    derivative(indexPrice, '11784.62659091', 0),
    derivative(fundingRate | DerivativeFlag.negative, '0.00038167', (MS + 28_800_000) * 1000),
  ];
  assert.deepEqual(decode(MARK), { result: applied, records });
  assert.deepEqual(decode({ stream: 'btcusdt@markPrice@1s', data: MARK }), { result: applied, records });
  assert.deepEqual(decode(Object.fromEntries(Object.entries(MARK).reverse())), { result: applied, records });
  const { flags } = decode({ ...MARK, r: '0.00038167' }).records[2];
  assert.equal(flags, fundingRate);
});

test('a delivery contract has no index in its frame and an empty funding rate', () => {
  const frame = { e: 'markPriceUpdate', E: MS, s: 'BTCUSD_201225', p: '10934.62', P: '10962.17', r: '', T: 0 };
  const { result, records } = decode(frame, 'binance-delivery');
  assert.equal(result, applied);
  assert.deepEqual(
    records.map(({ market, flags, value }) => [market, flags, value]),
    [['BTCUSD_201225', DerivativeKind.markPrice, '10934.62']],
  );
});

test('a liquidation has what was filled at its average price, and the side of the closing order', () => {
  const record = {
    type: 'liquidation',
    market: 'BTCUSDT',
    flags: Side.sell,
    count: 0,
    receiveTimeNs: 1,
    exchangeTimeUs: (MS - 5) * 1000,
    price: '9912.5',
    quantity: '0.014',
  };
  assert.deepEqual(decode(FORCE), { result: applied, records: [record] });
  assert.deepEqual(decode({ ...FORCE, o: { ...ORDER, S: 'BUY', ap: '0' } }).records, [
    { ...record, flags: Side.buy, price: '9910' },
  ]);
  assert.deepEqual(decode({ ...FORCE, o: { ...ORDER, z: '0' } }), { result: applied, records: [] });
});

for (const [name, frame, result] of [
  ['a mark price without its market', { ...MARK, s: undefined }, missingField],
  ['a mark price without itself', { ...MARK, p: undefined }, missingField],
  ['a mark price below zero', { ...MARK, p: '-1' }, range],
  ['an index as a number', { ...MARK, i: 5 }, type],
  ['a rate that is no number', { ...MARK, r: '-x' }, type],
  ['a rate too fine', { ...MARK, r: '-0.0000000000000000001' }, precision],
  ['a liquidation without its order', { e: 'forceOrder', E: MS }, missingField],
  ['a liquidation whose order is a list', { e: 'forceOrder', o: [] }, type],
  ['a liquidation of an unknown side', { ...FORCE, o: { ...ORDER, S: 'HOLD' } }, type],
  ['a liquidation without a quantity', { ...FORCE, o: { ...ORDER, z: undefined } }, missingField],
  ['a liquidation without any price', { ...FORCE, o: { ...ORDER, p: '0', ap: '0' } }, range],
] as const) {
  test(`${name} is refused`, () => assert.equal(decode(frame).result, result));
}

test('frames cut at any byte, or with a field twice, are refused', () => {
  for (const frame of [MARK, FORCE, { backfill: { symbol: 'X', trades: [PAST] } }]) {
    const text = JSON.stringify(frame);
    for (let end = 0; end < text.length; end++) assert.ok(decode(text.slice(0, end)).result < 0, text.slice(0, end));
  }
  assert.equal(decode(`${JSON.stringify(MARK).slice(0, -1)},"p":"1"}`).result, shape);
  assert.equal(decode(`${JSON.stringify(FORCE).slice(0, -1)},"o":{}}`).result, shape);
});

const SPOT_PARTIAL = {
  lastUpdateId: 160,
  bids: [
    ['0.0024', '10'],
    ['0.0023', '1'],
  ],
  asks: [['0.0026', '100']],
};
const FUTURES_PARTIAL = {
  e: 'depthUpdate',
  E: MS,
  T: MS,
  s: 'BNBBTC',
  U: 150,
  u: 160,
  pu: 149,
  b: SPOT_PARTIAL.bids,
  a: SPOT_PARTIAL.asks,
};

function quoteOf(exchangeTimeUs: number): MemoryRecord[] {
  const common = { market: 'BNBBTC', flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs, sequence: 160 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: '0.0024', bidQuantity: '10' },
    { type: 'quoteAsk', ...common, askPrice: '0.0026', askQuantity: '100' },
  ];
}

test('a partial book is the quote of the market that its stream names, never a change of the book', () => {
  const spot = { stream: 'bnbbtc@depth20', data: SPOT_PARTIAL };
  assert.deepEqual(decode(spot, 'binance'), { result: applied, records: quoteOf(0) });
  assert.deepEqual(decode({ data: SPOT_PARTIAL, stream: 'bnbbtc@depth5@100ms' }, 'binance').records, quoteOf(0));
  const futures = { stream: 'bnbbtc@depth5@100ms', data: FUTURES_PARTIAL };
  assert.deepEqual(decode(futures), { result: applied, records: quoteOf(MS * 1000) });
});

test('a partial futures book in the venue’s own order is not read as a change by the fast path either', () => {
  assert.equal(decodeInOrder({ stream: 'bnbbtc@depth5@100ms', data: FUTURES_PARTIAL }).result, 0);
  const change = decodeInOrder({ stream: 'bnbbtc@depth@100ms', data: FUTURES_PARTIAL });
  assert.deepEqual([change.result, change.records[0].type], [applied, 'bookChange']);
});

test('a COIN-M change, whose pair stands behind the symbol, takes the fast path', () => {
  const { pu, b, a, ...head } = FUTURES_PARTIAL;
  const { U, u, ...front } = { ...head, s: 'BTCUSD_PERP', ps: 'BTCUSD' };
  const { result, records } = decodeInOrder({ stream: 'btcusd_perp@depth@100ms', data: { ...front, U, u, pu, b, a } });
  assert.equal(result, applied);
  assert.deepEqual(
    records.map(({ type, market }) => [type, market]),
    [['bookChange', 'BTCUSD_PERP'], ...[1, 2, 3].map(() => ['level', 'BTCUSD_PERP'])],
  );
});

test('a partial book without its stream is unknown, and one with an empty side makes no quote', () => {
  assert.equal(decode(SPOT_PARTIAL, 'binance').result, unknown);
  const empty = { stream: 'bnbbtc@depth5', data: { ...SPOT_PARTIAL, asks: [] } };
  assert.deepEqual(decode(empty, 'binance'), { result: applied, records: [] });
  assert.equal(decode({ stream: 'bnbbtc@depth5', data: { bids: [], asks: [] } }).result, missingField);
  assert.equal(decode({ stream: 'bnbbtc@depth5', data: { ...SPOT_PARTIAL, bids: [['0', '1']] } }).result, range);
});

test('trades fetched by REST are aggregates of the past, in their order', () => {
  const { result, records } = decode(
    { backfill: { symbol: 'BNBBTC', trades: [PAST, { ...PAST, a: 26130, l: 27781, m: false }] } },
    'binance',
  );
  const flags = TradeFlag.aggregate | TradeFlag.history;
  const common = { type: 'trade', market: 'BNBBTC', receiveTimeNs: 1, exchangeTimeUs: MS * 1000 };
  const numbers = { price: '0.01633102', quantity: '4.70443515' };
  assert.equal(result, applied);
  assert.deepEqual(records, [
    { ...common, ...numbers, flags: flags | Side.sell, count: 3, id: 26129 },
    { ...common, ...numbers, flags: flags | Side.buy, count: 1, id: 26130 },
  ]);
  assert.deepEqual(decode({ backfill: { trades: [PAST], symbol: 'BNBBTC' } }).records.length, 1);
  assert.deepEqual(decode({ backfill: { symbol: 'BNBBTC', trades: [] } }), { result: applied, records: [] });
});

for (const [backfill, result] of [
  [[], type],
  [{ symbol: 'X' }, missingField],
  [{ trades: [] }, missingField],
  [{ symbol: 'X', trades: {} }, type],
  [{ symbol: 'X', trades: [5] }, type],
  [{ symbol: 'X', trades: [{ ...PAST, a: undefined }] }, missingField],
  [{ symbol: 'X', trades: [{ ...PAST, l: 1 }] }, range],
] as const) {
  test(`the backfill ${JSON.stringify(backfill).slice(0, 60)} is refused`, () =>
    assert.equal(decode({ backfill }).result, result));
}

test('averages, reference prices, block trades and rolling tickers only name their market', () => {
  for (const frame of [
    { e: 'avgPrice', E: MS, s: 'BTCUSDT', i: '5m', w: '25776.86000000', T: MS },
    { e: 'referencePrice', s: 'BTCUSDT', r: null, t: MS },
    { e: 'blockTrade', E: MS, s: 'BTCUSDT', t: 12345, p: '0.001', q: '100', T: MS, m: true },
    { e: '1hTicker', E: MS, s: 'BTCUSDT', p: '-1', c: '5' },
  ]) {
    const sink = new MemorySink();
    const text = JSON.stringify(frame);
    assert.deepEqual(decodeFrame(sink, new BinanceDecoder(sink, 'binance'), text), { result: applied, records: [] });
    assert.deepEqual(sink.symbols, ['BTCUSDT']);
    assert.equal(decode({ ...frame, s: undefined }, 'binance').result, missingField);
    assert.equal(decode(`${text}x`, 'binance').result, syntax);
  }
});

test('the referee says the same of all these frames, and of them with members left out or changed', () => {
  const frames = [
    MARK,
    FORCE,
    { stream: 'bnbbtc@depth5', data: SPOT_PARTIAL },
    { stream: 'bnbbtc@depth5', data: FUTURES_PARTIAL },
    { backfill: { symbol: 'X', trades: [PAST] } },
  ];
  const value = fc.constantFrom<unknown>(undefined, '1', '-1', 'x', [], {}, [['1', '2']], 12, '');
  const change = fc.tuple(fc.nat({ max: frames.length - 1 }), fc.nat({ max: 40 }), value);
  fc.assert(
    fc.property(change, ([index, at, put]) => {
      const frame = JSON.parse(JSON.stringify(frames[index]));
      const inner = frame.o ?? frame.data ?? frame.backfill?.trades[0] ?? frame;
      const keys = Object.keys(inner);
      inner[keys[at % keys.length]] = put;
      const referee = new Referee('binance-futures', []);
      referee.frame(JSON.stringify(frame), null, 'c');
      const isAccepted = Object.keys(referee.counts.rejected).length === 0;
      const { result } = decode(frame);
      // What the referee does not read the decoder may still refuse: it only has to be no laxer than the referee.
      if (!isAccepted) assert.ok(result < 0, JSON.stringify(frame));
    }),
    { numRuns: 500 },
  );
});
