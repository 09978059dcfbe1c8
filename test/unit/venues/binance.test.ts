// Owns the tests of the Binance dialects: each kind of frame, its variants, and every way a frame can be broken.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BinanceDecoder } from '../../../engine/venues/binance/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { DecoderUnderTest, type PlainRecord } from '../../support/collecting-sink.ts';
import '../../support/seed.ts';

const make = (venue: string): DecoderUnderTest =>
  new DecoderUnderTest((sink, name) => new BinanceDecoder(sink, name), venue);
const spot = make('binance');
const futures = make('binance-futures');

const MS = 1_723_161_256_322;
const trade = {
  e: 'trade',
  E: MS + 1,
  s: 'BTCUSDT',
  t: 5266583935,
  p: '61800.30',
  q: '0.00600000',
  T: MS,
  m: true,
  M: true,
};
const usdmTrade = { e: 'trade', E: MS, T: MS, s: 'BTCUSDT', t: 7, p: '61800.3', q: '0.006', X: 'MARKET', m: false };
const aggregate = {
  e: 'aggTrade',
  E: MS,
  s: 'BNBBTC',
  a: 12,
  p: '0.001',
  q: '100',
  f: 100,
  l: 105,
  T: MS,
  m: false,
  M: true,
};
const usdmAggregate = {
  e: 'aggTrade',
  E: MS,
  a: 12,
  s: 'BNBBTC',
  p: '0.001',
  q: '100',
  f: 100,
  l: 105,
  T: MS,
  m: false,
};
const depth = {
  e: 'depthUpdate',
  E: MS,
  s: 'BNBBTC',
  U: 157,
  u: 160,
  b: [['0.0024', '10']],
  a: [
    ['0.0026', '100'],
    ['0.0027', '0.00000000'],
  ],
};
const usdmDepth = {
  e: 'depthUpdate',
  E: MS,
  T: MS,
  s: 'BNBBTC',
  U: 157,
  u: 160,
  pu: 149,
  b: [['0.0024', '10']],
  a: [],
};
const snapshot = {
  snapshot: { symbol: 'BNBBTC', lastUpdateId: 160, bids: [['0.0024', '10']], asks: [['0.0026', '100']] },
};
const ticker = { u: 400900217, s: 'BNBUSDT', b: '25.35190000', B: '31.21', a: '25.36520000', A: '40.66' };
const usdmTicker = { e: 'bookTicker', ...ticker, T: MS, E: MS };
const candle = {
  t: MS,
  T: MS + 59_999,
  s: 'BNBBTC',
  i: '1m',
  f: 100,
  L: 200,
  o: '0.0010',
  c: '0.0020',
  h: '0.0025',
  l: '0.0015',
  v: '1000',
  n: 100,
  x: true,
  q: '1.0000',
  V: '500',
  Q: '0.500',
  B: '123456',
};
const kline = { e: 'kline', E: MS, s: 'BNBBTC', k: candle };

const tradeOf = (market: string, rest: Partial<PlainRecord>): PlainRecord => ({
  type: 'trade',
  market,
  flags: 0,
  count: 1,
  exchangeTimeUs: MS * 1000,
  ...(rest as Record<string, string | number>),
});
const change = (
  market: string,
  flags: number,
  count: number,
  first: number,
  last: number,
  previous: number,
  timeMs = MS,
): PlainRecord => ({
  type: 'bookChange',
  market,
  flags,
  count,
  exchangeTimeUs: timeMs * 1000,
  firstSequence: first,
  lastSequence: last,
  previousSequence: previous,
  checksum: 0,
  depth: 0,
});
const level = (
  market: string,
  flags: number,
  price: string,
  quantity: string,
  priceDecimals: number,
  quantityDecimals: number,
): PlainRecord => ({
  type: 'level',
  market,
  flags,
  count: 0,
  price,
  quantity,
  priceDecimals,
  quantityDecimals,
});
const bnb = 'binance:BNBBTC';
const sequenced = ChangeFlag.hasSequence;

type Case = { name: string; subject: DecoderUnderTest; frame: object; records: PlainRecord[] };
const tradeRecord = tradeOf('binance:BTCUSDT', {
  flags: Side.sell,
  price: '61800.3',
  quantity: '0.006',
  id: 5266583935,
});
const aggregateRecord = tradeOf(bnb, {
  flags: Side.buy | TradeFlag.aggregate,
  count: 6,
  price: '0.001',
  quantity: '100',
  id: 12,
});
const quoteRecords = (venue: string, timeUs: number): PlainRecord[] => [
  {
    type: 'quote',
    market: `${venue}:BNBUSDT`,
    flags: 0,
    count: 0,
    exchangeTimeUs: timeUs,
    sequence: 400900217,
    bidPrice: '25.3519',
    bidQuantity: '31.21',
  },
  { type: 'quoteAsk', market: `${venue}:BNBUSDT`, flags: 0, count: 0, askPrice: '25.3652', askQuantity: '40.66' },
];
const depthRecords = [
  change(bnb, sequenced, 3, 157, 160, 0),
  level(bnb, 0, '0.0024', '10', 4, 0),
  level(bnb, LevelFlag.ask, '0.0026', '100', 4, 0),
  level(bnb, LevelFlag.ask, '0.0027', '0', 4, 8),
];
const CASES: readonly Case[] = [
  { name: 'trade', subject: spot, frame: trade, records: [tradeRecord] },
  {
    name: 'USD-M trade',
    subject: futures,
    frame: usdmTrade,
    records: [tradeOf('binance-futures:BTCUSDT', { flags: Side.buy, price: '61800.3', quantity: '0.006', id: 7 })],
  },
  { name: 'aggTrade', subject: spot, frame: aggregate, records: [aggregateRecord] },
  {
    name: 'USD-M aggTrade',
    subject: futures,
    frame: usdmAggregate,
    records: [{ ...aggregateRecord, market: 'binance-futures:BNBBTC' }],
  },
  { name: 'depthUpdate', subject: spot, frame: depth, records: depthRecords },
  {
    name: 'USD-M depthUpdate',
    subject: futures,
    frame: usdmDepth,
    records: [
      change('binance-futures:BNBBTC', sequenced | ChangeFlag.hasPrevious, 1, 157, 160, 149),
      level('binance-futures:BNBBTC', 0, '0.0024', '10', 4, 0),
    ],
  },
  { name: 'bookTicker', subject: spot, frame: ticker, records: quoteRecords('binance', 0) },
  {
    name: 'USD-M bookTicker',
    subject: futures,
    frame: usdmTicker,
    records: quoteRecords('binance-futures', MS * 1000),
  },
  {
    name: 'kline',
    subject: spot,
    frame: kline,
    records: [
      {
        type: 'candle',
        market: bnb,
        flags: 1,
        count: 100,
        startTimeUs: MS * 1000,
        intervalMs: 60_000,
        closePrice: '0.002',
        volume: '1000',
      },
      {
        type: 'candlePrices',
        market: bnb,
        flags: 0,
        count: 0,
        openPrice: '0.001',
        highPrice: '0.0025',
        lowPrice: '0.0015',
      },
    ],
  },
];
const snapshotRecords = [
  change(bnb, sequenced | ChangeFlag.snapshot | ChangeFlag.rest, 2, 160, 160, 0, 0),
  level(bnb, 0, '0.0024', '10', 4, 0),
  level(bnb, LevelFlag.ask, '0.0026', '100', 4, 0),
];

/** The object's text with its members in another order and blanks between them; inner objects too. */
function shuffled(value: unknown, order: readonly number[]): string {
  if (Array.isArray(value)) return `[ ${value.map((item) => shuffled(item, order)).join(' ,')} ]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, item], index) => ({ text: `"${key}" :\t${shuffled(item, order)}`, rank: order[index % order.length] }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ text }) => text)
    .join('\n, ')} }`;
}
const orders = fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 20 });
const sortLevels = (list: PlainRecord[]): PlainRecord[] =>
  [...list].sort((a, b) =>
    a.type === 'level' && b.type === 'level' ? String(a.price).localeCompare(String(b.price)) : 0,
  );
const text = (frame: object): string => JSON.stringify(frame);
const wrap = (frame: object): object => ({ stream: 'x@y', data: frame });

for (const { name, subject, frame, records } of CASES) {
  describe(`a ${name} frame`, () => {
    it('becomes its records, bare, wrapped, and with blanks', () => {
      for (const value of [text(frame), text(wrap(frame)), `\n ${JSON.stringify(frame, null, 2)}\n`])
        assert.deepEqual(subject.records(value), records);
      assert.deepEqual(subject.records(text({ data: frame, stream: 'x@y' })), records);
      assert.deepEqual(subject.records(text({ stream: 'x@y', data: frame, later: [1] })), records);
      assert.deepEqual(subject.records(text({ early: {}, stream: 'x@y', data: frame })), records);
    });

    it('may have its fields in any order, and further ones', () => {
      fc.assert(
        fc.property(orders, fc.boolean(), (order, isWrapped) => {
          const extended = { ...frame, zz: { e: 'trade' }, '': [null, { p: 1 }] };
          const got = subject.records(shuffled(isWrapped ? wrap(extended) : extended, order));
          assert.deepEqual(sortLevels(got), sortLevels(records));
        }),
        { numRuns: 200 },
      );
    });

    it('cut at any byte is refused and never throws', () => {
      for (const value of [text(frame), text(wrap(frame))]) {
        const bytes = Uint8Array.from(Buffer.from(value));
        for (let end = 0; end < bytes.length; end++)
          assert.ok(subject.result(bytes.slice(0, end)) < 0, value.slice(0, end));
      }
    });

    it('with bytes after it is refused', () => {
      for (const value of [text(frame), text(wrap(frame))])
        for (const rest of ['}', ',', '{}', 'x', '\0', ' 1'])
          assert.equal(subject.result(value + rest), FrameResult.syntax);
    });

    it('with a byte changed is applied only where it still is JSON', () => {
      const whole = text(wrap(frame));
      fc.assert(
        fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
          const bytes = Uint8Array.from(Buffer.from(whole));
          bytes[at] = byte;
          const got = subject.result(bytes);
          let isJson = true;
          try {
            JSON.parse(Buffer.from(bytes).toString('latin1'));
          } catch {
            isJson = false;
          }
          assert.ok(isJson || got < 0, `${Buffer.from(bytes).toString('latin1')} was ${got}`);
          assert.ok(got !== 0 && got >= FrameResult.tooLarge && got <= FrameResult.unknown);
        }),
        { numRuns: 1000 },
      );
    });

    it('is untouched by names of prototypes', () => {
      const before = Object.getOwnPropertyNames(Object.prototype).join();
      for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])
        assert.deepEqual(subject.records(`${text(frame).slice(0, -1)},"${key}":{"e":"kline","p":"1"}}`), records);
      assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
    });
  });
}

const NEEDED: Readonly<Record<string, string>> = {
  trade: 's t p q T m',
  'USD-M trade': 's t p q T m',
  aggTrade: 's a p q f l T m',
  'USD-M aggTrade': 's a p q f l T m',
  depthUpdate: 's U u b a',
  'USD-M depthUpdate': 's U u b a pu',
  'USD-M bookTicker': 's u b B a A',
  kline: 's k',
};

describe('fields', () => {
  for (const { name, subject, frame } of CASES) {
    const needed = (NEEDED[name] ?? '').split(' ').filter((key) => key !== '');
    it(`that a ${name} needs are missed, refused twice, and checked for their type`, () => {
      const entries = Object.entries(frame);
      for (const key of needed) {
        assert.equal(
          subject.result(text(Object.fromEntries(entries.filter(([own]) => own !== key)))),
          FrameResult.missingField,
          key,
        );
        const own = JSON.stringify(Object.fromEntries(entries.filter(([other]) => other === key))).slice(1, -1);
        assert.equal(subject.result(`${text(frame).slice(0, -1)},${own}}`), FrameResult.shape, `${key} twice`);
        for (const value of [null, key === 'k' ? 5 : {}, [5], key === 'm' ? 1 : true, key === 's' ? 5 : 'x'])
          assert.ok(
            [FrameResult.type, FrameResult.shape].includes(subject.result(text({ ...frame, [key]: value })) as never),
            `${key} ${value}`,
          );
      }
    });
  }

  it('of the event and the wrapper come once', () => {
    for (const frame of [trade, aggregate, depth, kline])
      assert.equal(spot.result(`${text(frame).slice(0, -1)},"e":"${frame.e}"}`), FrameResult.shape);
    assert.equal(spot.result(`{"stream":"a","data":${text(trade)},"data":${text(trade)}}`), FrameResult.shape);
    assert.equal(spot.result(`{"data":${text(trade)},"stream":"a","data":${text(trade)}}`), FrameResult.shape);
    assert.equal(spot.result(`{"snapshot":${text(snapshot.snapshot)},"snapshot":{}}`), FrameResult.shape);
  });

  it('hold numbers that fit', () => {
    const of = (value: object): number => spot.result(text({ ...trade, ...value }));
    for (const [value, want] of [
      [{ p: '0' }, FrameResult.range],
      [{ q: '0.00000000' }, FrameResult.range],
      [{ p: '-1' }, FrameResult.range],
      [{ p: '9000000000001' }, FrameResult.range],
      [{ p: '9'.repeat(400) }, FrameResult.range],
      [{ p: '1.0000000000000000001' }, FrameResult.precision],
      [{ p: '1e5' }, FrameResult.type],
      [{ p: 'NaN' }, FrameResult.type],
      [{ p: '' }, FrameResult.type],
      [{ p: 1 }, FrameResult.type],
      [{ t: 1.5 }, FrameResult.type],
      [{ t: -1 }, FrameResult.range],
      [{ T: 1e17 }, FrameResult.range],
      [{ s: '' }, FrameResult.shape],
      [{ s: 'x'.repeat(81) }, FrameResult.shape],
      [{ s: 'A"B' }, FrameResult.shape],
    ] as const)
      assert.equal(of(value), want, text(value));
    assert.equal(spot.result(text(trade).replace('5266583935', '9007199254740993')), FrameResult.range);
    assert.equal(spot.records(text({ ...trade, T: MS * 1000 + 5 }))[0].exchangeTimeUs, MS * 1000 + 5);
    assert.equal(
      spot.records(text({ ...trade, p: '123456789012.123456789012345678' }))[0].price,
      '123456789012.123456789012345678',
    );
    assert.equal(spot.result(text({ ...aggregate, l: 99 })), FrameResult.range);
    assert.equal(spot.result(text({ ...depth, U: 161 })), FrameResult.range);
    assert.equal(spot.result(text({ ...depth, b: [['0', '1']] })), FrameResult.range);
  });

  it('of levels are two texts, more are passed over', () => {
    for (const [b, want] of [
      [[[]], FrameResult.shape],
      [[['1']], FrameResult.shape],
      [[[1, 2]], FrameResult.type],
      [['1', '2'], FrameResult.type],
      [[null], FrameResult.type],
      [{}, FrameResult.type],
      [
        [
          ['1', '2'],
          ['1', 'x'],
        ],
        FrameResult.type,
      ],
      [
        [
          ['1', '2', []],
          ['3', '4'],
        ],
        FrameResult.applied,
      ],
    ] as const)
      assert.equal(spot.result(text({ ...depth, b })), want, text(b));
  });

  it('written with escapes mean the same', () => {
    const escaped = text(trade)
      .replace('"s"', '"\\u0073"')
      .replace('BTCUSDT', 'BTC\\u0055SDT')
      .replace('"trade"', '"tr\\u0061de"');
    assert.deepEqual(spot.records(escaped), [tradeRecord]);
  });
});

describe('trades not made by the market', () => {
  it('are marked, and may lack a price', () => {
    for (const [execution, flag] of [
      ['MARKET', 0],
      ['INSURANCE_FUND', TradeFlag.offMarket],
      ['ADL', TradeFlag.offMarket],
    ] as const)
      assert.equal(futures.records(text({ ...usdmTrade, X: execution }))[0].flags, Side.buy | flag);
    assert.equal(futures.result(text({ ...usdmTrade, X: 'NA', p: '0', q: '0' })), FrameResult.applied);
    assert.equal(futures.result(text({ ...usdmTrade, X: 5 })), FrameResult.type);
  });
});

describe('candles', () => {
  it('tell their interval and whether they are closed', () => {
    for (const [i, intervalMs] of [
      ['1s', 1000],
      ['15m', 900_000],
      ['4h', 14_400_000],
      ['3d', 259_200_000],
      ['1w', 604_800_000],
      ['1M', 0],
      ['', 0],
      ['xm', 0],
      ['99999m', 0],
      ['é', 0],
    ] as const)
      assert.equal(spot.records(text({ ...kline, k: { ...candle, i } }))[0].intervalMs, intervalMs, i);
    assert.equal(spot.records(text({ ...kline, k: { ...candle, x: false } }))[0].flags, 0);
  });

  it('need all their fields, once', () => {
    for (const key of ['o', 'h', 'l', 'c', 'v', 't', 'n', 'x', 'i']) {
      const rest = Object.fromEntries(Object.entries(candle).filter(([own]) => own !== key));
      assert.equal(spot.result(text({ ...kline, k: rest })), FrameResult.missingField, key);
      const twice = `${text(candle).slice(0, -1)},"${key}":${text((candle as never)[key])}}`;
      assert.equal(spot.result(text(kline).replace(text(candle), twice)), FrameResult.shape, key);
    }
  });
});

describe('other frames', () => {
  it('are pushed snapshots, in any order', () => {
    assert.deepEqual(spot.records(text(snapshot)), snapshotRecords);
    fc.assert(
      fc.property(orders, (order) =>
        assert.deepEqual(sortLevels(spot.records(shuffled(snapshot, order))), sortLevels(snapshotRecords)),
      ),
    );
    for (const key of ['symbol', 'lastUpdateId', 'bids', 'asks']) {
      const rest = Object.fromEntries(Object.entries(snapshot.snapshot).filter(([own]) => own !== key));
      assert.equal(spot.result(text({ snapshot: rest })), FrameResult.missingField);
    }
    assert.equal(spot.result('{"snapshot":[]}'), FrameResult.type);
  });

  it('are tickers of the day: a quote where they have one', () => {
    const day = { e: '24hrTicker', E: MS, p: '-0.1', P: '-1.5', c: '1', Q: '1', o: '1', ...ticker };
    const got = spot.records(text(Object.fromEntries(Object.entries(day).filter(([key]) => key !== 'u'))));
    assert.deepEqual(
      got.map(({ type }) => type),
      ['quote', 'quoteAsk'],
    );
    assert.deepEqual(spot.records(text({ e: '24hrMiniTicker', E: MS, s: 'BTCUSDT', c: '1' })), []);
  });

  for (const [frame, want] of [
    ['{"result":null,"id":1}', FrameResult.control],
    ['{"id":5,"result":["btcusdt@aggTrade"]}', FrameResult.control],
    ['{"code":2,"msg":"Invalid request"}', FrameResult.control],
    ['{"error":{"code":4,"msg":"Too many"},"id":19}', FrameResult.control],
    ['{"e":"serverShutdown","E":1770123456789}', FrameResult.control],
    ['{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}', FrameResult.control],
    ['{"e":"contractInfo","s":"X"}', FrameResult.unknown],
    ['{"lastUpdateId":160,"bids":[],"asks":[]}', FrameResult.unknown],
    ['{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}', FrameResult.unknown],
    ['[{"e":"24hrMiniTicker"}]', FrameResult.unknown],
    ['{}', FrameResult.unknown],
    ['{"stream":"a"}', FrameResult.unknown],
    ['{"stream":"a","data":5}', FrameResult.type],
    ['{"e":5}', FrameResult.type],
    ['{"e":null,"s":"X"}', FrameResult.type],
    ['5', FrameResult.shape],
    ['"trade"', FrameResult.shape],
    ['', FrameResult.syntax],
    [' ', FrameResult.syntax],
    ['\ufeff{}', FrameResult.syntax],
    ['{"e":"blockTrade",}', FrameResult.syntax],
    ["{'e':'trade'}", FrameResult.syntax],
    ['{"e":"aggTrade","s":5,"p":}', FrameResult.syntax],
    [
      '{"stream":"a@depth","data":{"e":"depthUpdate","E":"x","s":"A","U":1,"u":2,"b":[["1","2"],"a":[]}}',
      FrameResult.syntax,
    ],
    [`{"a":${'['.repeat(100_000)}`, FrameResult.shape],
  ] as const)
    it(`say ${want} to ${frame.slice(0, 60)}`, () => assert.equal(spot.result(frame), want));

  it('of more levels than a frame may have are too large', () => {
    const small = new DecoderUnderTest((sink, venue) => new BinanceDecoder(sink, venue), 'binance', 3);
    assert.equal(small.result(text(depth)), FrameResult.tooLarge);
  });
});
