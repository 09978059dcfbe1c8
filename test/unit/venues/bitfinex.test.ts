// Bitfinex frames, one by one: what each kind becomes, and what is refused.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ChangeFlag,
  DerivativeFlag,
  DerivativeKind,
  FrameResult,
  LevelFlag,
  Side,
  TradeFlag,
} from '../../../schemas/ids.ts';
import type { MemoryRecord } from '../../support/memory-sink.ts';
import { formatDecimal, parseDecimal, plainText } from '../../support/reference/decimal.ts';
import { Rejected } from '../../support/reference/rejection.ts';
import {
  BOOK,
  CANDLES,
  CONF,
  DERIVATIVES,
  EVENTS,
  head,
  LIQUIDATED,
  level,
  once,
  Peer,
  TRADES,
  tradeRecord,
} from './bitfinex-peer.ts';

const { applied, control, unknown } = FrameResult;

// ---- books

test('a list of levels replaces the book, one level changes it, and the sign of the amount is its side', () => {
  const peer = new Peer();
  assert.deepEqual(peer.take('[10,[[7254.7,3,3.3],[7254.80,1,-0.50]],1]'), {
    result: applied,
    records: [
      head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 2, 1),
      level(0, '7254.7', '3.3', 1, 1),
      level(LevelFlag.ask, '7254.80', '0.50', 2, 2),
    ],
  });
  assert.deepEqual(peer.take('[10,[1e-7,2,-2.2626931299999997],2]').records, [
    head(ChangeFlag.hasSequence, 1, 2),
    level(LevelFlag.ask, '0.0000001', '2.2626931299999997', 7, 16),
  ]);
  assert.deepEqual(peer.take('[10,[],3]').records, [head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 0, 3)]);
});

test('count 0 takes a level out on the side that its amount tells', () => {
  assert.deepEqual(once('[10,[215350,0,1],1]').records[1], level(0, '215350', '0', 0, 0));
  assert.deepEqual(once('[10,[215350,0,-1],1]').records[1], level(LevelFlag.ask, '215350', '0', 0, 0));
});

test('amounts of any JSON number keep every digit, or are refused as the reference refuses them', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 });
  const number = fc
    .tuple(fc.boolean(), fc.integer({ min: 0, max: 99_999_999 }), digits, fc.integer({ min: -24, max: 8 }))
    .map(([isAsk, whole, fraction, exponent]) => `${isAsk ? '-' : ''}${whole}.${fraction}e${exponent}`);
  fc.assert(
    fc.property(number, (text) => {
      const { result, records } = once(`[10,[5,1,${text}],1]`);
      try {
        const value = parseDecimal(plainText(text.replace(/^-/, '')));
        if (value === 0n) return assert.equal(result, FrameResult.range, text);
        assert.equal(result, applied, text);
        assert.equal(formatDecimal(parseDecimal(String(records[1]['quantity']))), formatDecimal(value), text);
        assert.equal(records[1]['flags'], text.startsWith('-') ? LevelFlag.ask : 0);
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        assert.equal(result, error.category === 'precision' ? FrameResult.precision : FrameResult.range, text);
      }
    }),
  );
});

test('with bulk updates the first list is the snapshot, and lists after it are changes', () => {
  const peer = new Peer([CONF.replace('65536', String(65_536 + 536_870_912)), BOOK]);
  assert.equal(peer.take('[10,[[1,1,1]],1]').records[0]['flags'], ChangeFlag.snapshot | ChangeFlag.hasSequence);
  assert.equal(peer.take('[10,[[1,1,1],[2,1,-1]],2]').records[0]['flags'], ChangeFlag.hasSequence);
  peer.all(['{"event":"unsubscribed","status":"OK","chanId":10}', BOOK]);
  assert.equal(peer.take('[10,[[1,1,1]],3]').records[0]['flags'], ChangeFlag.snapshot | ChangeFlag.hasSequence);
});

// ---- trades

test('past trades come newest first and are written oldest first', () => {
  const list = '[11,[[9,1574694475039,2,5],[7,1574694475039,-2,5],[8,1574694475039,2,5]],1]';
  assert.deepEqual(once(list).records, [
    tradeRecord(7, Side.sell | TradeFlag.history),
    tradeRecord(8, Side.buy | TradeFlag.history),
    tradeRecord(9, Side.buy | TradeFlag.history),
  ]);
});

test('a trade executed counts at once, its update only where the first word of it was missed', () => {
  const peer = new Peer();
  assert.deepEqual(peer.take('[11,"te",[20,1574694475039,-2,5],1]').records, [tradeRecord(20, Side.sell)]);
  assert.deepEqual(peer.take('[11,"tu",[20,1574694475039,-2,5],2]'), { result: applied, records: [] });
  assert.deepEqual(peer.take('[11,"tu",[21,1574694475039,2,5.50],3]').records, [tradeRecord(21, Side.buy, '5.5')]);
  assert.deepEqual(peer.take('[11,"tu",[21,1574694475039,2,5.5],4]').records, []);
  peer.take('[11,[[30,1574694475039,2,5]],5]');
  assert.deepEqual(peer.take('[11,"tu",[30,1574694475039,2,5],6]').records, []);
});

test('an update of a refused execution counts', () => {
  const peer = new Peer();
  assert.equal(peer.take('[11,"te",[20,1574694475039,0,5],1]').result, FrameResult.range);
  assert.deepEqual(peer.take('[11,"tu",[20,1574694475039,2,5],2]').records, [tradeRecord(20, Side.buy)]);
});

test('trades fetched by REST are history of their market, outside the numbers of the connection', () => {
  const peer = new Peer();
  peer.take('[10,[[1,1,1]],1]');
  const trades = '[[7,1574694475039,-2,5],[8,1574694475039,2,5]]';
  const records = [tradeRecord(7, Side.sell | TradeFlag.history), tradeRecord(8, Side.buy | TradeFlag.history)];
  assert.deepEqual(peer.take(`{"backfill":{"symbol":"tBTCUSD","trades":${trades}}}`), { result: applied, records });
  assert.deepEqual(peer.take(`{"backfill":{"trades":${trades},"symbol":"tBTCUSD"}}`), { result: applied, records });
  assert.deepEqual(peer.take('[10,"hb",2]'), { result: control, records: [] });
  assert.equal(peer.take('{"backfill":{"symbol":"tBTCUSD"}}').result, FrameResult.missingField);
  assert.equal(peer.take('{"backfill":{"symbol":"tBTCUSD","trades":{}}}').result, FrameResult.type);
  assert.equal(peer.take('{"backfill":[]}').result, FrameResult.type);
});

// ---- the other channels

test('a ticker is a quote without quantities, since those sent are sums over many levels', () => {
  const peer = new Peer();
  const market = 'tBTCUSD';
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0, sequence: 0 };
  assert.deepEqual(peer.take('[12,[7616.5,31.89,7617.5,43.35,-550.8,-0.0674,7617.1,8314.7,8257.8,7500],1]'), {
    result: applied,
    records: [
      { type: 'quote', market, flags: 0, count: 0, ...times, bidPrice: '7616.5', bidQuantity: '0' },
      { type: 'quoteAsk', market, flags: 0, count: 0, askPrice: '7617.5', askQuantity: '0' },
    ],
  });
  assert.deepEqual(peer.take('[12,[null,null,7617.5,43.35,0,0,1,1,1,1],2]'), { result: applied, records: [] });
});

test('a candle has its close before high and low', () => {
  const market = 'tBTCF0:USTF0';
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, startTimeUs: 1_574_698_260_000_000, intervalMs: 60_000 };
  const candle = [
    { type: 'candle', ...common, ...times, closePrice: '7383.8', volume: '1.68829482' },
    { type: 'candlePrices', ...common, openPrice: '7379.785503', highPrice: '7388.3', lowPrice: '7370.1' },
  ];
  const row = '[1574698260000,7379.785503,7383.8,7388.3,7370.1,1.68829482]';
  assert.deepEqual(once(`[13,${row},1]`), { result: applied, records: candle });
  assert.deepEqual(once(`[13,[${row},${row}],1]`).records, [...candle, ...candle]);
});

test('candles are as long as their key says', () => {
  for (const [name, ms] of [
    ['5m', 300_000],
    ['12h', 43_200_000],
    ['1D', 86_400_000],
    ['14D', 1_209_600_000],
    ['1W', 604_800_000],
    ['1M', 0],
  ] as const) {
    const peer = new Peer([CONF, CANDLES.replace('1m', name)]);
    assert.equal(peer.take('[13,[1574698260000,1,1,1,1,1],1]').records[0]['intervalMs'], ms, name);
  }
});

test('a status has mark and index price, the funding that is due, and the open interest', () => {
  const row =
    '[1596124822000,null,0.896,0.771995,null,1396531.67460709,null,1596153600000,-0.0001056,6,null,-0.01381344,null,null,0.7664,null,null,246502.09001551,null,null,null,null,0.3]';
  const common = { type: 'derivative', market: 'tBTCF0:USTF0', count: 0, receiveTimeNs: 1 };
  const record = (flags: number, value: string, effectiveTimeUs = 0): MemoryRecord => ({
    ...common,
    flags,
    exchangeTimeUs: 1_596_124_822_000_000,
    value,
    effectiveTimeUs,
  });
  assert.deepEqual(once(`[14,${row},1]`), {
    result: applied,
    records: [
      record(DerivativeKind.markPrice, '0.7664'),
      record(DerivativeKind.indexPrice, '0.771995'),
      record(DerivativeKind.fundingRate | DerivativeFlag.negative, '0.0001056', 1_596_153_600_000_000),
      record(DerivativeKind.openInterest, '246502.09001551'),
    ],
  });
  assert.deepEqual(once('[14,[1596124822000,null,null,null,null],1]'), { result: applied, records: [] });
});

test('a liquidation names its market; a short position is closed by buying; a trigger leaves no record', () => {
  assert.deepEqual(once(LIQUIDATED).records, [
    {
      type: 'liquidation',
      market: 'tBSVUSD',
      flags: Side.buy,
      count: 0,
      receiveTimeNs: 1,
      exchangeTimeUs: 1_574_697_680_828_200,
      price: '112.27',
      quantity: '2.62932',
    },
  ]);
  assert.equal(once(LIQUIDATED.replace('-2.62932', '2.62932')).records[0]['flags'], Side.sell);
  for (const other of [LIQUIDATED.replace('null,1,1,', 'null,0,1,'), LIQUIDATED.replace('112.27', 'null')]) {
    assert.deepEqual(once(other), { result: applied, records: [] });
  }
});

// ---- events

test('events are control or unknown, whatever the order of their fields', () => {
  const table: [string, number][] = [
    ['{"event":"info","version":2,"serverId":"a","platform":{"status":1}}', control],
    ['{"platform":{"status":1},"version":2,"event":"info"}', control],
    ['{"event":"info","code":20051,"msg":"Stopping"}', control],
    ['{"event":"error","msg":"symbol: invalid","code":10300,"channel":7,"symbol":null}', control],
    ['{"event":"pong","ts":1511545528111,"cid":1234}', control],
    ['{"event":"auth","status":"FAILED","chanId":0}', control],
    ['{"event":"conf","status":"FAILED"}', control],
    ['{"event":"unsubscribed","status":"OK","chanId":77}', control],
    ['{"event":"novelty"}', unknown],
    ['{}', unknown],
    ['[]', unknown],
    ['["a"]', unknown],
    ['[[1]]', unknown],
  ];
  for (const [frame, result] of table) assert.deepEqual(once(frame), { result, records: [] }, frame);
});

test('a subscription is known whatever the order of its fields and the type of its length', () => {
  const shuffled = [
    '"len":100',
    '"prec":"P0"',
    '"x":{"a":[1]}',
    '"symbol":"tBTCUSD"',
    '"chanId":10',
    '"channel":"book"',
  ];
  const peer = new Peer([CONF, `{${shuffled.join(',')},"event":"subscribed"}`]);
  assert.deepEqual(peer.take('[10,[1,1,1],1]').records[0], head(ChangeFlag.hasSequence, 1, 1));
});

test('raw books, funding, other channels and other words are unknown', () => {
  const unknowns = [
    BOOK.replace('"P0"', '"R0"'),
    BOOK.replace('tBTCUSD', 'fUSD'),
    TRADES.replace('tBTCUSD', 'fUSD').replace('11', '10'),
    CANDLES.replace('tBTCF0:USTF0', 'fUSD:a30:p2:p30').replace('13', '10'),
    CANDLES.replace('trade:1m', 'other:1m').replace('13', '10'),
    DERIVATIVES.replace('deriv', 'novel').replace('14', '10'),
    '{"event":"subscribed","channel":"novel","chanId":10}',
  ];
  for (const event of unknowns) {
    const peer = new Peer([CONF, event]);
    assert.deepEqual(peer.take('[10,[[1,2,3,4,5]],1]'), { result: unknown, records: [] }, event);
    assert.deepEqual(peer.sink.symbols, []);
  }
  assert.equal(once('[11,"fte",[1,2,3,4,5],1]').result, unknown);
  assert.equal(once('[10,"te",[1,2,3,4,5],1]').result, unknown);
  assert.equal(once('[0,"ps",[],1,1]').result, unknown);
});

test('heartbeats and checksums are control', () => {
  for (const frame of [
    '[10,"hb",1]',
    '[10,"cs",-1719428120,1]',
    '[99,"hb",1]',
    '[99,"cs",5,1]',
    ' [ 10 , "hb" , 1 ] ',
  ]) {
    assert.deepEqual(once(frame), { result: control, records: [] }, frame);
  }
});

// ---- refusals

test('frames are refused by their category, and nothing of them is kept', () => {
  const { missingField, range, precision, shape, syntax, type, tooLarge } = FrameResult;
  const table: [string, number][] = [
    ['', syntax],
    ['  ', syntax],
    ['3', shape],
    ['"a"', shape],
    ['[10,[1,1,1],1]x', syntax],
    ['[10,[1,1,1],1', syntax],
    ['[10,[1,1,1],]', syntax],
    ['[10', syntax],
    ['[10,[1,1,01],1]', syntax],
    ['[10,[1,1,--1],1]', syntax],
    ['[10]', shape],
    ['[-5,[1,1,1],1]', range],
    ['[10,[1,1],1]', shape],
    ['[10,[[]],1]', shape],
    ['[10,[[1,1,1],3],1]', type],
    ['[10,{},1]', type],
    ['[10,7,1]', type],
    ['[10,[0,1,1],1]', range],
    ['[10,[-1,1,1],1]', range],
    ['[10,[1,1,0],1]', range],
    ['[10,[1,-1,1],1]', range],
    ['[10,[1,1.5,1],1]', type],
    ['[10,[1,null,1],1]', type],
    ['[10,["1",1,1],1]', type],
    ['[10,[9000000000001,1,1],1]', range],
    ['[10,[1,1,0.1234567890123456789],1]', precision],
    ['[10,[1,1,1e-19],1]', precision],
    ['[11,"te",[1,1574694475039,1],1]', shape],
    ['[11,"te",[1,1574694475039,1,0],1]', range],
    ['[11,"te",[1,1574694475039,0,1],1]', range],
    ['[11,"te",["1",1574694475039,1,1],1]', type],
    ['[11,"te",[99999999999999999,1574694475039,1,1],1]', range],
    ['[11,"te",5,1]', type],
    ['[11,"te"]', shape],
    ['[12,[1,1,2],1]', shape],
    ['[12,["1",1,2,1],1]', type],
    ['[13,[1574698260000,1,1,1,1],1]', shape],
    ['[13,[1574698260000,1,0,1,1,1],1]', range],
    ['[14,[null,1,1,1],1]', type],
    [LIQUIDATED.replace('"pos"', '5'), type],
    [LIQUIDATED.replace('-2.62932', '0'), range],
    [BOOK.replace('"chanId":10,', ''), missingField],
    [BOOK.replace('"channel":"book",', ''), missingField],
    [BOOK.replace('"symbol":"tBTCUSD",', ''), missingField],
    [CANDLES.replace(',"key":"trade:1m:tBTCF0:USTF0"', ''), missingField],
    [BOOK.replace('"chanId":10', '"chanId":"10"'), type],
    [BOOK.replace('"tBTCUSD"', '7'), type],
    [BOOK.replace('"100"', '"many"'), type],
    [BOOK.replace('"chanId":10', '"chanId":10,"chanId":10'), shape],
    [CONF.replace('65536', '"x"'), type],
    ['{"event":7}', type],
    ['{"event":"unsubscribed"}', missingField],
    [`[10,${'['.repeat(40)}${']'.repeat(40)},1]`, shape],
    [`[99,${'['.repeat(40)}${']'.repeat(40)},1]`, shape],
  ];
  for (const [frame, result] of table) {
    const peer = new Peer();
    assert.deepEqual({ ...peer.take(frame), symbols: peer.sink.symbols }, { result, records: [], symbols: [] }, frame);
  }
  const full = new Peer(EVENTS, { recordsMax: 2 });
  assert.equal(full.take('[10,[[1,1,1],[2,1,-1]],1]').result, tooLarge);
  assert.equal(new Peer(EVENTS, { marketsMax: 0 }).take('[10,[1,1,1],1]').result, FrameResult.unknownMarket);
  const odd = new Peer([CONF, BOOK.replace('tBTCUSD', `t${'B'.repeat(90)}`)]);
  assert.equal(odd.take('[10,[1,1,1],1]').result, shape);
});

test('every beginning of a frame is refused, and the frame after it is as it would have been', () => {
  const peer = new Peer();
  for (const frame of [
    '[10,[[7254.7,3,3.3],[7254.8,1,-0.5]],1]',
    '[11,"te",[20,1574694475039,-2,5],1]',
    LIQUIDATED,
    BOOK,
  ]) {
    for (let end = 0; end < frame.length; end++) {
      assert.equal(peer.take(frame.slice(0, end)).result, FrameResult.syntax, frame.slice(0, end));
    }
  }
  assert.deepEqual(peer.take('[10,[1,1,1],1]').result, applied);
});

test('escapes are left to the session, which decodes the plain copy, and count once', () => {
  const escaped = (frame: string): string =>
    frame.replace(/"(\w)/g, (_, first: string) => `"\\u00${first.charCodeAt(0).toString(16)}`);
  const peer = new Peer([CONF]);
  peer.take('[10,[[1,1,1]],1]');
  assert.deepEqual(peer.take(escaped(BOOK)), {
    result: control,
    records: [head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1), level(0, '1', '1', 0, 0)],
  });
  peer.take(TRADES);
  assert.deepEqual(peer.take(escaped('[11,"te",[20,1574694475039,-2,5],2]')).records, [tradeRecord(20, Side.sell)]);
  assert.deepEqual(peer.take(escaped('[10,"hb",4]')).records.length, 1);
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [1, 0]);
  assert.deepEqual(peer.take('[10,[3,1,1],5]').records.length, 2);
});
