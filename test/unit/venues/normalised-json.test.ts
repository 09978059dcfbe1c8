// Owns the tests of the `json` dialect: each kind of message, wrappers, field orders, and what is refused whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NormalisedDecoder } from '../../../engine/venues/normalised/decode-json.ts';
import { ChangeFlag, FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { DecoderUnderTest, type PlainRecord } from '../../support/collecting-sink.ts';
import '../../support/seed.ts';

const subject = new DecoderUnderTest((sink, venue) => new NormalisedDecoder(sink, venue), 'json');
const TIME = '2024-08-09T21:05:48.228568Z';
const TIME_US = Date.parse('2024-08-09T21:05:48Z') * 1000 + 228_568;

const trade = {
  type: 'trade',
  symbol: 'BTCUSDT',
  exchange: 'binance',
  id: '123',
  price: 61837.63,
  amount: '0.0157',
  side: 'buy',
  timestamp: TIME,
  localTimestamp: TIME,
};
const change = {
  type: 'book_change',
  symbol: 'XBT/USD',
  exchange: 'kraken',
  isSnapshot: false,
  bids: [{ price: '61837.63', amount: 0 }],
  asks: [
    { price: 61837.64, amount: '1.50' },
    { amount: 2, price: 61838 },
  ],
  timestamp: TIME,
  localTimestamp: TIME,
};
const quote = {
  type: 'book_ticker',
  symbol: 'BTCUSDT',
  exchange: 'binance',
  askAmount: 1.5,
  askPrice: 101,
  bidPrice: 100,
  bidAmount: 2,
  timestamp: TIME,
};

const records = (value: unknown): PlainRecord[] => subject.records(JSON.stringify(value));
const result = (value: unknown): number => subject.result(typeof value === 'string' ? value : JSON.stringify(value));
const without = (object: object, name: string): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

const tradeRecord = {
  type: 'trade',
  market: 'binance:BTCUSDT',
  flags: Side.buy,
  count: 1,
  exchangeTimeUs: TIME_US,
  price: '61837.63',
  quantity: '0.0157',
  id: 123,
};
const head = (flags: number, count: number): PlainRecord => ({
  type: 'bookChange',
  market: 'kraken:XBT/USD',
  flags,
  count,
  exchangeTimeUs: TIME_US,
  firstSequence: 0,
  lastSequence: 0,
  previousSequence: 0,
  checksum: 0,
  depth: 0,
});
const level = (flags: number, price: string, quantity: string, priceDecimals: number, quantityDecimals: number) => ({
  type: 'level',
  market: 'kraken:XBT/USD',
  flags,
  count: 0,
  price,
  quantity,
  priceDecimals,
  quantityDecimals,
});
const changeRecords = [
  head(0, 3),
  level(0, '61837.63', '0', 2, 0),
  level(1, '61837.64', '1.5', 2, 2),
  level(1, '61838', '2', 0, 0),
];

/** The object's text with its members in another order, levels too. */
function shuffled(object: object, order: readonly number[]): string {
  const text = (value: unknown, depth: number): string => {
    if (Array.isArray(value)) return `[${value.map((item) => text(item, depth + 1)).join(' ,')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)} : ${text(item, depth + 1)}`);
    const sorted = members.map((member, index) => ({ member, rank: order[(index + depth) % order.length] }));
    return `{ ${sorted
      .sort((a, b) => a.rank - b.rank)
      .map(({ member }) => member)
      .join(',\n')} }`;
  };
  return text(object, 0);
}
const orders = fc.array(fc.nat({ max: 1000 }), { minLength: 12, maxLength: 12 });

describe('normalised trade', () => {
  it('becomes a trade record, price and amount read from their text', () => {
    assert.deepEqual(records(trade), [tradeRecord]);
  });

  it('takes its fields in any order', () => {
    fc.assert(fc.property(orders, (order) => assert.deepEqual(subject.records(shuffled(trade, order)), [tradeRecord])));
  });

  for (const [name, id, flags, number, text] of [
    ['a number', 5, 0, 5, null],
    ['text of a number', '9007199254740991', 0, 9007199254740991, null],
    ['text of a number above 2^53', '9007199254740993', TradeFlag.textId, 0, '9007199254740993'],
    ['a number not in its plain form', '007', TradeFlag.textId, 0, '007'],
    ['a uuid', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', TradeFlag.textId, 0, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['56 bytes', 'é'.repeat(28), TradeFlag.textId, 0, 'é'.repeat(28)],
    ['null', null, TradeFlag.noId, 0, null],
    ['absent', undefined, TradeFlag.noId, 0, null],
  ] as const) {
    it(`keeps an id that is ${name}`, () => {
      const got = records({ ...trade, id });
      assert.deepEqual(got[0], { ...tradeRecord, flags: Side.buy | flags, id: number });
      assert.deepEqual(
        got.slice(1),
        text === null
          ? []
          : [{ type: 'tradeId', market: 'binance:BTCUSDT', flags: 0, count: Buffer.byteLength(text), text }],
      );
    });
  }

  it('reads exponents, unquoted wide ids, integer times, unknown and absent sides', () => {
    const text = JSON.stringify(trade);
    const with_ = (from: string, to: string): PlainRecord[] => subject.records(text.replace(from, to));
    assert.equal(with_('61837.63', '6.183763e4')[0].price, '61837.63');
    assert.equal(with_('61837.63', '1E-8')[0].price, '0.00000001');
    assert.equal(with_('"123"', '9007199254740993')[1].text, '9007199254740993');
    assert.equal(with_(`"timestamp":"${TIME}"`, '"timestamp":1723237548228')[0].exchangeTimeUs, 1723237548228000);
    assert.equal(with_(`"timestamp":"${TIME}"`, '"timestamp":1723237548228568')[0].exchangeTimeUs, TIME_US);
    assert.equal(records({ ...trade, side: 'unknown' })[0].flags, Side.unknown);
    assert.equal(records(without(trade, 'side'))[0].flags, Side.unknown);
    assert.equal(records({ ...trade, side: 'sell' })[0].flags, Side.sell);
  });

  for (const [name, value, want] of [
    ['a zero price', { price: 0 }, FrameResult.range],
    ['a zero amount', { amount: '0.000' }, FrameResult.range],
    ['a negative price', { price: -1 }, FrameResult.range],
    ['text with an exponent', { price: '1e5' }, FrameResult.type],
    ['a null price', { price: null }, FrameResult.type],
    ['a list as price', { price: [1] }, FrameResult.type],
    ['too many decimals', { amount: '0.0000000000000000001' }, FrameResult.precision],
    ['too large a number', { amount: 1e13 }, FrameResult.range],
    ['a side of another name', { side: 'BUY' }, FrameResult.type],
    ['a side of another type', { side: 1 }, FrameResult.type],
    ['a broken time', { timestamp: 'yesterday' }, FrameResult.type],
    ['a time too far', { timestamp: 1e16 }, FrameResult.range],
    ['a null time', { timestamp: null }, FrameResult.type],
    ['an id too long', { id: 'x'.repeat(57) }, FrameResult.shape],
    ['an empty id', { id: '' }, FrameResult.shape],
    ['an id with a quote', { id: 'a"b' }, FrameResult.shape],
    ['an id that is a list', { id: [] }, FrameResult.type],
    ['a symbol of another type', { symbol: 5 }, FrameResult.type],
    ['an empty symbol', { symbol: '' }, FrameResult.shape],
    ['a symbol of 81 bytes', { symbol: 'x'.repeat(81) }, FrameResult.shape],
    ['an exchange with a colon', { exchange: 'a:b' }, FrameResult.shape],
    ['an empty exchange', { exchange: '' }, FrameResult.shape],
    ['a type of another type', { type: 7 }, FrameResult.type],
  ] as const) {
    it(`refuses ${name}`, () => assert.equal(result({ ...trade, ...value }), want));
  }

  it('needs type, exchange, symbol, price, amount and timestamp', () => {
    for (const name of ['type', 'exchange', 'symbol', 'price', 'amount', 'timestamp']) {
      assert.equal(result(without(trade, name)), FrameResult.missingField, name);
    }
  });

  it('refuses a field that comes twice', () => {
    for (const [name, value] of Object.entries(trade)) {
      if (name === 'localTimestamp') continue;
      const twice = `${JSON.stringify(trade).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
      assert.equal(result(twice), FrameResult.shape, name);
    }
  });

  it('is untouched by keys that are names of a prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    const text = JSON.stringify(trade);
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      assert.deepEqual(subject.records(`{"${name}":{"price":"1"},${text.slice(1)}`), [tradeRecord]);
      assert.equal(records({ ...trade, symbol: name })[0].market, `binance:${name}`);
    }
    assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
  });

  it('reads escapes in keys and symbols', () => {
    const text = JSON.stringify(trade).replace('BTCUSDT', 'BTC\\/\\u0055SDT').replace('"price"', '"\\u0070rice"');
    assert.deepEqual(subject.records(text), [{ ...tradeRecord, market: 'binance:BTC/USDT' }]);
  });
});

describe('normalised books', () => {
  it('become a head and its levels', () => assert.deepEqual(records(change), changeRecords));

  it('take their fields in any order', () => {
    const byPrice = (list: readonly PlainRecord[]): PlainRecord[] =>
      [...list].sort((a, b) => String(a.price).localeCompare(String(b.price)));
    fc.assert(
      fc.property(orders, (order) => {
        const got = subject.records(shuffled(change, order));
        assert.deepEqual(got[0], changeRecords[0]);
        assert.deepEqual(byPrice(got.slice(1)), byPrice(changeRecords.slice(1)));
      }),
    );
  });

  it('say when they are snapshots', () => {
    assert.equal(records({ ...change, isSnapshot: true })[0].flags, ChangeFlag.snapshot);
    assert.equal(records(without(change, 'isSnapshot'))[0].flags, 0);
    const snapshot = { ...without(change, 'isSnapshot'), type: 'book_snapshot', depth: 2, interval: 0 };
    assert.equal(records(snapshot)[0].flags, ChangeFlag.snapshot);
    assert.deepEqual(records({ ...snapshot, bids: [], asks: [] }), [head(ChangeFlag.snapshot, 0)]);
    assert.equal(records(without(change, 'timestamp'))[0].exchangeTimeUs, 0);
  });

  for (const [name, value, want] of [
    ['a level without a price', { bids: [{ amount: 1 }] }, FrameResult.missingField],
    ['a level without an amount', { asks: [{ price: 1 }] }, FrameResult.missingField],
    ['a level at price zero', { asks: [{ price: 0, amount: 1 }] }, FrameResult.range],
    ['a negative amount', { asks: [{ price: 1, amount: -1 }] }, FrameResult.range],
    ['a level that is a list', { asks: [[1, 2]] }, FrameResult.shape],
    ['a null level', { asks: [null] }, FrameResult.shape],
    ['bids that are no list', { bids: {} }, FrameResult.type],
    ['null bids', { bids: null }, FrameResult.type],
    ['isSnapshot that is text', { isSnapshot: 'true' }, FrameResult.type],
    ['a bad last level', { asks: [...change.asks, { price: 'x', amount: 1 }] }, FrameResult.type],
  ] as const) {
    it(`refuse ${name}, whole`, () => {
      assert.equal(result({ ...change, ...value }), want);
      assert.equal(result([trade, { ...change, ...value }]), want);
    });
  }

  it('refuse a price named twice in a level', () => {
    const text = JSON.stringify(change).replace('"price":61837.64', '"price":61837.64,"price":1');
    assert.equal(result(text), FrameResult.shape);
  });

  it('need bids and asks', () => {
    for (const name of ['bids', 'asks', 'symbol', 'exchange']) {
      assert.equal(result(without(change, name)), FrameResult.missingField, name);
    }
  });

  it('of more records than a frame may have are too large', () => {
    const small = new DecoderUnderTest((sink, venue) => new NormalisedDecoder(sink, venue), 'json', 3);
    assert.equal(small.result(JSON.stringify(change)), FrameResult.tooLarge);
  });
});

describe('normalised quotes', () => {
  it('become quote records', () => {
    const market = 'binance:BTCUSDT';
    const want = [
      {
        type: 'quote',
        market,
        flags: 0,
        count: 0,
        exchangeTimeUs: TIME_US,
        sequence: 0,
        bidPrice: '100',
        bidQuantity: '2',
      },
      { type: 'quoteAsk', market, flags: 0, count: 0, askPrice: '101', askQuantity: '1.5' },
    ];
    assert.deepEqual(records(quote), want);
    assert.deepEqual(records({ ...quote, type: 'quote' }), want);
  });

  it('without one side are applied and leave no record', () => {
    for (const oneSided of [without(quote, 'bidPrice'), { ...quote, askPrice: null }]) {
      assert.deepEqual([result(oneSided), records(oneSided)], [FrameResult.applied, []]);
    }
    assert.equal(result({ ...quote, askPrice: 'x' }), FrameResult.type);
  });
});

describe('frames of normalised messages', () => {
  const decoder = subject.decoder as NormalisedDecoder;

  it('are arrays, applied whole', () => {
    assert.deepEqual(records([trade, change]), [tradeRecord, ...changeRecords]);
    assert.equal(result([]), FrameResult.applied);
    assert.equal(subject.sink.slots, 0);
    assert.equal(result([trade, { ...trade, price: 'x' }]), FrameResult.type);
    assert.equal(result([trade, 5]), FrameResult.shape);
    assert.equal(result([trade, {}]), FrameResult.missingField);
    assert.equal(result(`${JSON.stringify([trade]).slice(0, -1)},]`), FrameResult.syntax);
  });

  it('are wrappers, in any order, with a stated sequence', () => {
    assert.deepEqual(records({ seq: 7, messages: [trade, change] }), [tradeRecord, ...changeRecords]);
    assert.equal(decoder.statedSequence, 7);
    assert.deepEqual(records({ extra: {}, messages: [trade], seq: '8' }), [tradeRecord]);
    assert.equal(decoder.statedSequence, 8);
    assert.deepEqual(records({ messages: [trade] }), [tradeRecord]);
    assert.equal(decoder.statedSequence, -1);
    assert.deepEqual(records(trade), [tradeRecord]);
    assert.equal(decoder.statedSequence, -1);
    assert.deepEqual(records({ seq: 9, ...trade }), [tradeRecord]);
    assert.equal(result('{"seq":1,"seq":2,"messages":[]}'), FrameResult.shape);
    assert.equal(result('{"messages":[],"messages":[]}'), FrameResult.shape);
    assert.equal(result({ seq: -1, messages: [] }), FrameResult.range);
    assert.equal(result({ seq: 1.5, messages: [] }), FrameResult.type);
    assert.equal(result({ seq: 1, messages: {} }), FrameResult.type);
    assert.equal(result({ seq: 1 }), FrameResult.missingField);
  });

  it('of other types are control or unknown', () => {
    assert.equal(result({ type: 'disconnect', exchange: 'binance', localTimestamp: TIME }), FrameResult.control);
    assert.equal(result({ type: 'derivative_ticker', symbol: 'X', lastPrice: null }), FrameResult.unknown);
    assert.equal(result({ type: 'trade_bar', open: 1 }), FrameResult.unknown);
    assert.deepEqual(records([{ type: 'disconnect' }, { type: 'trade_bar' }, trade]), [tradeRecord]);
    assert.equal(result([{ type: 'disconnect' }, { type: 'trade_bar' }]), FrameResult.control);
    assert.equal(result('{"type":"trade_bar",}'), FrameResult.syntax);
    // Broken behind another fault.
    assert.equal(result('{} {}'), FrameResult.syntax);
    assert.equal(result(`[{"type":"trade"},${JSON.stringify(trade)}`), FrameResult.syntax);
  });

  it('that are no messages are shape, or syntax where they are no JSON', () => {
    for (const text of ['5', '"x"', 'null', 'true']) assert.equal(result(text), FrameResult.shape);
    for (const text of ['', ' ', '{', '[', '\ufeff{}', '{"type":"x"}{}', 'nul', '5 5', '{"type":"trade"', "{'type':1}"])
      assert.equal(result(text), FrameResult.syntax, text);
  });

  it('cut at any byte are refused, and never throw', () => {
    for (const value of [trade, change, quote, [trade, change], { seq: 1, messages: [change] }]) {
      const bytes = Buffer.from(JSON.stringify(value));
      for (let end = 0; end < bytes.length; end++) {
        const got = subject.result(Uint8Array.from(bytes.subarray(0, end)));
        assert.ok(got < 0, `${bytes.toString('utf8', 0, end)} was ${got}`);
      }
    }
  });

  it('with one byte changed are never worse than refused', () => {
    const frames = [trade, change, quote, [trade, change]].map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.nat(), fc.nat({ max: 255 }), (text, at, byte) => {
        const bytes = Uint8Array.from(Buffer.from(text));
        bytes[at % bytes.length] = byte;
        const got = subject.result(bytes);
        assert.ok(Number.isInteger(got) && got >= FrameResult.tooLarge && got <= FrameResult.unknown && got !== 0);
        const isJson = ((): boolean => {
          try {
            return JSON.parse(Buffer.from(bytes).toString('latin1')) !== undefined;
          } catch {
            return false;
          }
        })();
        if (!isJson) assert.ok(got < 0, Buffer.from(bytes).toString());
      }),
      { numRuns: 3000 },
    );
  });
});
