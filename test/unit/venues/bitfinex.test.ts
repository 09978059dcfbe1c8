// Bitfinex frames, one by one: what each kind becomes, what is refused, and how channels and numbers are followed.

import '../../support/seed.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitfinexDecoder } from '../../../engine/venues/bitfinex/decode.ts';
import {
  ChangeFlag,
  DerivativeFlag,
  DerivativeKind,
  FrameResult,
  LevelFlag,
  Side,
  StateReason,
  TradeFlag,
} from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { formatDecimal, parseDecimal, plainText } from '../../support/reference/decimal.ts';
import { Rejected } from '../../support/reference/rejection.ts';

const { applied, control, unknown } = FrameResult;

const CONF = '{"event":"conf","status":"OK","flags":65536}';
const BOOK =
  '{"event":"subscribed","channel":"book","chanId":10,"symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"100","pair":"BTCUSD"}';
const TRADES = '{"event":"subscribed","channel":"trades","chanId":11,"symbol":"tBTCUSD","pair":"BTCUSD"}';
const TICKER = '{"event":"subscribed","channel":"ticker","chanId":12,"symbol":"tBTCUSD","pair":"BTCUSD"}';
const CANDLES = '{"event":"subscribed","channel":"candles","chanId":13,"key":"trade:1m:tBTCF0:USTF0"}';
const DERIVATIVES = '{"event":"subscribed","channel":"status","chanId":14,"key":"deriv:tBTCF0:USTF0"}';
const LIQUIDATIONS = '{"event":"subscribed","channel":"status","chanId":15,"key":"liq:global"}';
const EVENTS = [CONF, BOOK, TRADES, TICKER, CANDLES, DERIVATIVES, LIQUIDATIONS];

const LIQUIDATED =
  '[15,[["pos",142397657,1574697680828.2002,null,"tBSVUSD",-2.62932,91.583875238719,null,1,1,null,112.27]],1]';

class Peer {
  readonly sink: MemorySink;
  readonly decoder: BitfinexDecoder;

  constructor(events: readonly string[] = EVENTS, limits: { recordsMax?: number; marketsMax?: number } = {}) {
    this.sink = new MemorySink(limits);
    this.decoder = new BitfinexDecoder(this.sink, 'bitfinex');
    for (const event of events) assert.equal(this.take(event).result, control, event);
  }

  take(frame: string): { result: number; records: MemoryRecord[] } {
    return decodeFrame(this.sink, this.decoder, frame);
  }

  /** Result and records of each frame, of which the last are given back. */
  all(frames: readonly string[]): { result: number; records: MemoryRecord[] } {
    let last: { result: number; records: MemoryRecord[] } = { result: 0, records: [] };
    for (const frame of frames) last = this.take(frame);
    return last;
  }
}

const once = (frame: string): { result: number; records: MemoryRecord[] } => new Peer().take(frame);

function head(flags: number, count: number, sequence: number, market = 'tBTCUSD', exchangeTimeUs = 0): MemoryRecord {
  const sequences = { firstSequence: sequence, lastSequence: sequence, previousSequence: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs };
  return { type: 'bookChange', market, flags, count, ...times, ...sequences, checksum: 0, depth: 100 };
}

function level(flags: number, price: string, quantity: string, priceDecimals: number, quantityDecimals: number) {
  return { type: 'level', market: 'tBTCUSD', flags, count: 0, price, quantity, priceDecimals, quantityDecimals };
}

function tradeRecord(id: number, flags: number, price = '5', quantity = '2'): MemoryRecord {
  const times = { receiveTimeNs: 1, exchangeTimeUs: 1_574_694_475_039_000 };
  return { type: 'trade', market: 'tBTCUSD', flags, count: 1, ...times, price, quantity, id };
}

function gapRecord(market: string, flags: number, lost: number): MemoryRecord {
  return { type: 'gap', market, flags, count: 0, receiveTimeNs: 1, lost, sinceTimeUs: 0 };
}

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

// ---- numbers of the connection

test('a jump tells every market with a book or trades of this connection, before the records of the frame', () => {
  const peer = new Peer([...EVENTS, TRADES.replace('11', '16').replaceAll('BTCUSD', 'ETHUSD')]);
  peer.all(['[10,[[1,1,1]],1]', '[16,[[5,1574694475039,1,1]],2]', '[12,[1,1,2,1],3]']);
  assert.deepEqual(peer.take('[10,[2,1,-1],6]').records, [
    gapRecord('tBTCUSD', StateReason.gap, 2),
    gapRecord('tETHUSD', StateReason.none, 2),
    head(ChangeFlag.hasSequence, 1, 6),
    level(LevelFlag.ask, '2', '1', 0, 0),
  ]);
  assert.deepEqual(peer.take('[10,"hb",8]'), {
    result: control,
    records: [gapRecord('tBTCUSD', StateReason.gap, 1), gapRecord('tETHUSD', StateReason.none, 1)],
  });
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [2, 0]);
});

test('an old frame is dropped whole and counted', () => {
  const peer = new Peer();
  peer.all(['[10,[[1,1,1]],4]', '[10,[2,1,-1],5]']);
  for (const old of ['[10,[3,1,-1],5]', '[10,[3,1,-1],2]', '[11,"te",[20,1574694475039,-2,5],5]', '[10,"hb",3]']) {
    assert.deepEqual(peer.take(old), { result: applied, records: [] }, old);
  }
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [0, 4]);
});

test('a refused frame leaves a hole that the next frame shows', () => {
  const peer = new Peer();
  peer.take('[10,[[1,1,1]],1]');
  assert.equal(peer.take('[10,[2,1,"-1"],2]').result, FrameResult.type);
  assert.deepEqual(peer.take('[10,[2,1,-1],3]').records[0], gapRecord('tBTCUSD', StateReason.gap, 1));
});

test('frames without numbers are taken as they come, with a time where that was asked for', () => {
  const plain = new Peer([CONF.replace('65536', '0'), BOOK]);
  plain.take('[10,[[1,1,1]]]');
  assert.deepEqual(plain.take('[10,[2,1,-1],99]').records[0], head(0, 1, 0));
  assert.deepEqual(plain.take('[10,"hb"]'), { result: control, records: [] });
  const timed = new Peer([CONF.replace('65536', '98304'), BOOK]);
  assert.deepEqual(
    timed.take('[10,[[2,1,-1]],1,1574694478808]').records[0],
    head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1, 'tBTCUSD', 1_574_694_478_808_000),
  );
  const onlyTimed = new Peer([CONF.replace('65536', '32768'), BOOK]);
  assert.deepEqual(
    onlyTimed.take('[10,[2,1,-1],1574694478808]').records[0],
    head(0, 1, 0, 'tBTCUSD', 1_574_694_478_808_000),
  );
});

test('where no conf was seen, the frame itself tells', () => {
  const peer = new Peer([BOOK]);
  assert.deepEqual(peer.take('[10,[2,1,-1]]').records[0], head(0, 1, 0));
  assert.deepEqual(peer.take('[10,[2,1,-1],7]').records[0], head(ChangeFlag.hasSequence, 1, 7));
  assert.deepEqual(
    peer.take('[10,[2,1,-1],8,1574694478808]').records[0],
    head(ChangeFlag.hasSequence, 1, 8, 'tBTCUSD', 1_574_694_478_808_000),
  );
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [0, 0]);
});

test('elements that are appended, and white space, change nothing', () => {
  const frames: [string, string][] = [
    ['[10,[[1,1,1]],1]', '[10,[[1,1,1,"x"]],1,"new",{"a":[2]}]'],
    ['[10,[1,1,1],1]', ' [\t10 , [ 1 , 1 , 1 , null ] ,\n1 , [3] ] '],
    ['[11,"te",[20,1574694475039,-2,5],1]', '[11,"te",[20,1574694475039,-2,5,7],1,true]'],
    ['[12,[1,1,2,1],1]', '[12,[1,1,2,1,0,0,0,0,0,0,null],1]'],
    ['[13,[1574698260000,1,1,1,1,1],1]', '[13,[1574698260000,1,1,1,1,1,"x"],1]'],
  ];
  for (const [plain, longer] of frames) assert.deepEqual(once(longer), once(plain), longer);
});

// ---- frames before their subscription

test('frames before their subscription are kept and decoded with it, in their order', () => {
  const frames = ['[10,[[1,1,1]],1]', '[11,"te",[20,1574694475039,-2,5],2]', '[10,"hb",3]', '[10,[2,1,-1],4]'];
  const early = new Peer([CONF]);
  for (const frame of frames) assert.deepEqual(early.take(frame), { result: control, records: [] }, frame);
  assert.deepEqual(early.sink.symbols, []);
  assert.deepEqual(early.take(BOOK), {
    result: control,
    records: [
      head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1),
      level(0, '1', '1', 0, 0),
      head(ChangeFlag.hasSequence, 1, 4),
      level(LevelFlag.ask, '2', '1', 0, 0),
    ],
  });
  assert.deepEqual(early.take(TRADES).records, [tradeRecord(20, Side.sell)]);
  assert.deepEqual(early.take('[11,"tu",[20,1574694475039,-2,5],5]').records, []);
  assert.deepEqual([early.decoder.gaps, early.take(BOOK).records], [0, []]);
});

test('kept frames are decoded once, also where numbers are not asked for', () => {
  const peer = new Peer([]);
  peer.take('[10,[[1,1,1]]]');
  const takeAsSession = (frame: string): MemoryRecord[] => {
    const bytes = Uint8Array.from(Buffer.from(frame));
    peer.sink.begin();
    assert.equal(peer.decoder.decodeInOrder(new DataView(bytes.buffer), 0, bytes.length), 0);
    return peer.take(frame).records;
  };
  assert.equal(takeAsSession(BOOK).length, 2);
  assert.deepEqual(takeAsSession(BOOK), []);
});

test('a kept frame that is no frame of its channel refuses the subscription once, and the loss is told', () => {
  const peer = new Peer([CONF]);
  peer.all(['[10,[[1,1,1]],1]', '[10,[2,"1",-1],2]']);
  assert.deepEqual(peer.take(BOOK), { result: FrameResult.type, records: [] });
  assert.deepEqual(peer.take('[10,[3,1,1],3]').records, [
    gapRecord('tBTCUSD', StateReason.gap, 0),
    head(ChangeFlag.hasSequence, 1, 3),
    level(0, '3', '1', 0, 0),
  ]);
  assert.equal(peer.take('[10,[3,1,1],4]').records.length, 2);
});

test('what is kept is bounded; what had to go is told as a loss', () => {
  const peer = new Peer([CONF]);
  const long = `[10,[[1,1,1]${',[1,1,1]'.repeat(40_000)}],`;
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((number) => peer.take(`${long}${number}]`).result),
    [control, control, control, unknown, unknown],
  );
  assert.deepEqual(peer.take(BOOK), { result: control, records: [] });
  assert.deepEqual(peer.take('[10,[3,1,1],6]').records[0], gapRecord('tBTCUSD', StateReason.gap, 0));
  const many = new Peer([CONF]);
  const results = Array.from({ length: 70 }, (_, index) => many.take(`[${100 + index},[1,1,1],${index + 1}]`).result);
  assert.deepEqual([results.indexOf(unknown), results.lastIndexOf(control)], [64, 63]);
});

test('a channel that has ended is unknown until it is subscribed again', () => {
  const peer = new Peer();
  peer.take('[10,[[1,1,1]],1]');
  peer.take('{"event":"unsubscribed","status":"OK","chanId":10}');
  assert.deepEqual(peer.take('[10,[2,1,1],2]'), { result: control, records: [] });
  assert.deepEqual(peer.take(BOOK).records.length, 2);
  assert.deepEqual(peer.take('[10,[[5,1,1]],3]').records[1], level(0, '5', '1', 0, 0));
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

// ---- frames read in words

/** Decodes a frame in words and byte by byte, each on a peer that has had the same frames. */
function bothWays(before: readonly string[], frame: string): [number, MemoryRecord[], number, MemoryRecord[]] {
  const [words, bytes] = [new Peer(), new Peer()];
  for (const peer of [words, bytes]) peer.all(before);
  const padded = Buffer.from(`#####${frame}`);
  words.sink.begin();
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const result = words.decoder.decodeInOrder(view, 5, padded.length);
  const expected = bytes.take(frame);
  return [result, result === 0 ? [] : words.sink.records(), expected.result, expected.records];
}

const BEFORE = ['[10,[[1,1,1]],17]'];

test('book frames in the venue’s own writing are read in words, to the same records', () => {
  for (const frame of [
    '[10,[60400,1,0.68826974],18]',
    '[10,[215350,0,-1],18]',
    '[10,[0.068965,12,-100],18]',
    '[10,[[60400,1,0.68826974],[60406.5,2,-1.123456789],[1.1e-7,3,1000000],[2,1,2.2626931299999997]],18]',
  ]) {
    const [result, records, expectedResult, expected] = bothWays(BEFORE, frame);
    assert.deepEqual([result, records], [applied, expected], frame);
    assert.equal(expectedResult, applied);
  }
});

test('what is read in words has the result of the other way; all else is left to it', () => {
  const digit = fc.constantFrom(
    ...'0123456789',
    '12',
    '0.5',
    '60400',
    '999999999',
    '1234567890',
    '0.0000000001',
    '1e-7',
  );
  const number = fc.oneof(
    { weight: 8, arbitrary: digit },
    fc.constantFrom('', '-1', '00', '1.', '.5', '"1"', 'null', '[1]'),
  );
  const row = fc.tuple(number, number, number).map((parts) => `[${parts.join(',')}]`);
  const payload = fc.oneof(
    row,
    fc.array(row, { maxLength: 4 }).map((rows) => `[${rows.join(',')}]`),
  );
  const tail = fc.constantFrom(
    '18]',
    '18]',
    '18]',
    '19]',
    '17]',
    '018]',
    '18,1]',
    ' 18]',
    '18] ',
    ']',
    '18',
    '[18]]',
    '1e1]',
  );
  const id = fc.constantFrom('10', '10', '10', '11', '99', '010', '-10');
  const frame = fc.tuple(id, payload, tail).map((parts) => `[${parts.join(',')}`);
  let read = 0;
  fc.assert(
    fc.property(frame, fc.nat(200), (text, cut) => {
      for (const given of [text, text.slice(0, cut)]) {
        const [result, records, expectedResult, expected] = bothWays(BEFORE, given);
        if (result === 0) continue;
        read++;
        assert.deepEqual([result, records], [expectedResult, expected], given);
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(read > 100, `${read} frames read in words`);
});

test('frames that do not simply follow are left to the other way', () => {
  for (const frame of [
    '[10,[2,1,1],19]',
    '[10,[2,1,1],17]',
    '[11,[[1,1,1]],18]',
    '[99,[2,1,1],18]',
    '[10,"hb",18]',
    '{}',
    '',
  ]) {
    assert.equal(bothWays(BEFORE, frame)[0], 0, frame);
  }
  assert.equal(bothWays([], '[10,[2,1,1],1]')[0], 0, 'no market and no number before');
  const peer = new Peer();
  peer.all(BEFORE);
  const read = (frame: string): number => {
    const bytes = Buffer.from(frame);
    peer.sink.begin();
    return peer.decoder.decodeInOrder(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  };
  assert.deepEqual([read('[10,[2,1,1],18]'), read('[10,[3,1,1],19]'), read('[10,[3,1,1],21]')], [applied, applied, 0]);
  assert.equal(peer.take('[10,[3,1,1],21]').records[0].type, 'gap');
  assert.equal(peer.decoder.gaps, 1);
});
