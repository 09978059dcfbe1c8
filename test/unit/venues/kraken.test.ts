// Kraken frames of both protocol versions, one by one: what each kind becomes, what is refused, which depth a book has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KrakenDecoder } from '../../../engine/venues/kraken/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { applied, control, missingField, precision, range, shape, syntax, type, unknown, tooLarge } = FrameResult;

function make(limits: { recordsMax?: number } = {}): { sink: MemorySink; decoder: KrakenDecoder } {
  const sink = new MemorySink(limits);
  return { sink, decoder: new KrakenDecoder(sink, 'kraken') };
}

function once(frame: string): { result: number; records: MemoryRecord[] } {
  const { sink, decoder } = make();
  return decodeFrame(sink, decoder, frame);
}

const BOOK =
  '{"channel":"book","type":"update","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5657,"qty":1098.3947558}],"asks":[],' +
  '"checksum":2114181697,"timestamp":"2023-10-06T17:35:55.440295Z"}]}';
const TRADE =
  '{"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market",' +
  '"trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}';
const OHLC =
  '{"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:26:30.524394914Z","data":[{"symbol":"MATIC/USD","open":0.5624,' +
  '"high":0.5628,"low":0.5622,"close":0.5627,"trades":12,"volume":30927.68066226,"vwap":0.5626,' +
  '"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":5,"timestamp":"2023-10-04T16:30:00.000000Z"}]}';
const TICKER =
  '{"channel":"ticker","type":"snapshot","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10035,' +
  '"ask_qty":740.00000000,"last":0.10035,"volume":997038.98383185}]}';
const ACK =
  '{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"MATIC/USD"},"success":true,' +
  '"time_in":"2023-10-06T17:35:55.219022Z","time_out":"2023-10-06T17:35:55.219067Z","req_id":1}';
const V1_SNAPSHOT =
  '[1360,{"as":[["0.000022900","13355.87450757","1618678123.481570"]],"bs":[["0.000022890","5.0","1618678132.136369","r"]]},' +
  '"book-1000","ADA/XBT"]';
const V1_UPDATE =
  '[992,{"b":[["354.15000000","5.00000000","1618678133.365913"]],"c":"2583817756"},"book-1000","XMR/USD"]';
const V1_BOTH =
  '[1920,{"a":[["0.042990","364630.28272081","1618678145.920470"]]},' +
  '{"b":[["0.042990","0.00000000","1618678145.920708"]],"c":"4105471083"},"book-10","SC/EUR"]';
const V1_TRADE =
  '[993,[["354.11000000","0.89594024","1618678142.557535","s","l",""],["354.2","1","1618678143","b","m",""]],"trade","XMR/USD"]';
const V1_TICKER =
  '[1668,{"a":["13.253900",35,"35.72892241"],"b":["13.232900",185,"185.18432037"],"c":["13.253900","3.71672000"]},' +
  '"ticker","WAVES/EUR"]';
const V1_SPREAD = '[0,["5698.40000","5700.00000","1542057299.545897","1.01234567","0.98765432"],"spread","XBT/USD"]';
const V1_OHLC =
  '[42,["1542057314.748456","1542057360.435743","3586.70000","3586.80000","3586.60000","3586.65000","3586.68894",' +
  '"0.03373000",2],"ohlc-5","XBT/USD"]';
const OBJECTS = [BOOK, TRADE, OHLC, TICKER];
const ARRAYS = [V1_SNAPSHOT, V1_UPDATE, V1_BOTH, V1_TRADE, V1_TICKER, V1_SPREAD, V1_OHLC];

function head(
  market: string,
  flags: number,
  count: number,
  time: number,
  checksum: number,
  depth: number,
): MemoryRecord {
  return {
    type: 'bookChange',
    market,
    flags,
    count,
    receiveTimeNs: 1,
    exchangeTimeUs: time,
    firstSequence: 0,
    lastSequence: 0,
    previousSequence: 0,
    checksum,
    depth,
  };
}

function level(market: string, flags: number, price: string, quantity: string): MemoryRecord {
  const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
}

function trade(market: string, flags: number, time: number, price: string, quantity: string, id: number): MemoryRecord {
  return { type: 'trade', market, flags, count: 1, receiveTimeNs: 1, exchangeTimeUs: time, price, quantity, id };
}

function quotes(market: string, time: number, bid: [string, string], ask: [string, string]): MemoryRecord[] {
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: time, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: bid[0], bidQuantity: bid[1] },
    { type: 'quoteAsk', ...common, askPrice: ask[0], askQuantity: ask[1] },
  ];
}

function microseconds(iso: string, micros: number): number {
  return Date.parse(iso) * 1000 + micros;
}

test('a v2 book update is a change with its checksum and the digits as sent', () => {
  assert.deepEqual(once(BOOK), {
    result: applied,
    records: [
      head('MATIC/USD', ChangeFlag.hasChecksum, 1, microseconds('2023-10-06T17:35:55Z', 440295), 2114181697, 0),
      level('MATIC/USD', 0, '0.5657', '1098.3947558'),
    ],
  });
});

test('exponents and whole numbers in v2 levels are the decimals of their plain text', () => {
  const { records } = once(BOOK.replace('0.5657', '1.50e-6').replace('1098.3947558', '12E+2'));
  assert.deepEqual(records[1], level('MATIC/USD', 0, '0.00000150', '1200'));
});

test("a v2 trade keeps its id and the taker's side; those of a snapshot are history", () => {
  const expected = trade('MATIC/USD', Side.sell, microseconds('2023-09-25T07:49:37Z', 708706), '0.5117', '40', 4665906);
  assert.deepEqual(once(TRADE), { result: applied, records: [expected] });
  const bought = TRADE.replace('"sell"', '"buy"').replace('"update"', '"snapshot"');
  assert.deepEqual(once(bought).records, [{ ...expected, flags: Side.buy | TradeFlag.history }]);
});

test('a v2 candle starts at interval_begin', () => {
  const common = { market: 'MATIC/USD', flags: 0 };
  assert.deepEqual(once(OHLC).records, [
    {
      type: 'candle',
      ...common,
      count: 12,
      receiveTimeNs: 1,
      startTimeUs: microseconds('2023-10-04T16:25:00Z', 0),
      intervalMs: 300000,
      closePrice: '0.5627',
      volume: '30927.68066226',
    },
    { type: 'candlePrices', ...common, count: 0, openPrice: '0.5624', highPrice: '0.5628', lowPrice: '0.5622' },
  ]);
});

test('a v2 ticker is a quote; without one of the four numbers only its market is known', () => {
  assert.deepEqual(once(TICKER).records, quotes('ALGO/USD', 0, ['0.10025', '740'], ['0.10035', '740']));
  const { sink, decoder } = make();
  assert.deepEqual(decodeFrame(sink, decoder, TICKER.replace('"bid":0.10025,', '')), { result: applied, records: [] });
  assert.deepEqual(sink.symbols, ['ALGO/USD']);
});

test('a v1 snapshot has the depth of its channel, its levels as sent and the latest of their times', () => {
  assert.deepEqual(once(V1_SNAPSHOT), {
    result: applied,
    records: [
      head('ADA/XBT', ChangeFlag.snapshot, 2, 1618678132136369, 0, 1000),
      level('ADA/XBT', LevelFlag.ask, '0.000022900', '13355.87450757'),
      level('ADA/XBT', 0, '0.000022890', '5.0'),
    ],
  });
});

test('a v1 update is one change, be it in one payload or two', () => {
  assert.deepEqual(once(V1_UPDATE).records, [
    head('XMR/USD', ChangeFlag.hasChecksum, 1, 1618678133365913, 2583817756, 1000),
    level('XMR/USD', 0, '354.15000000', '5.00000000'),
  ]);
  assert.deepEqual(once(V1_BOTH).records, [
    head('SC/EUR', ChangeFlag.hasChecksum, 2, 1618678145920708, 4105471083, 10),
    level('SC/EUR', LevelFlag.ask, '0.042990', '364630.28272081'),
    level('SC/EUR', 0, '0.042990', '0.00000000'),
  ]);
});

test("v1 trades have no id and the taker's side", () => {
  assert.deepEqual(once(V1_TRADE).records, [
    trade('XMR/USD', Side.sell | TradeFlag.noId, 1618678142557535, '354.11', '0.89594024', 0),
    trade('XMR/USD', Side.buy | TradeFlag.noId, 1618678143000000, '354.2', '1', 0),
  ]);
});

test('v1 tickers and spreads are quotes', () => {
  const waves = quotes('WAVES/EUR', 0, ['13.2329', '185.18432037'], ['13.2539', '35.72892241']);
  assert.deepEqual(once(V1_TICKER).records, waves);
  const xbt = quotes('XBT/USD', 1542057299545897, ['5698.4', '1.01234567'], ['5700', '0.98765432']);
  assert.deepEqual(once(V1_SPREAD).records, xbt);
  assert.deepEqual(once('[1,{"c":["1","1"]},"ticker","A/B"]'), { result: applied, records: [] });
});

test('a v1 candle starts at its end less the interval', () => {
  const common = { market: 'XBT/USD', flags: 0 };
  assert.deepEqual(once(V1_OHLC).records, [
    {
      type: 'candle',
      ...common,
      count: 2,
      receiveTimeNs: 1,
      startTimeUs: 1542057000e6,
      intervalMs: 300000,
      closePrice: '3586.65',
      volume: '0.03373',
    },
    { type: 'candlePrices', ...common, count: 0, openPrice: '3586.7', highPrice: '3586.8', lowPrice: '3586.6' },
  ]);
});

test('status, acknowledgements, heartbeats, pongs and errors are control; the rest is unknown', () => {
  const table: [string, number][] = [
    ['{"channel":"heartbeat"}', control],
    ['{"channel":"status","type":"update","data":[{"connection_id":13834774380200032777,"system":"online"}]}', control],
    ['{"channel":"instrument","type":"snapshot","data":{"assets":[],"pairs":[{"qty_increment":1e-08}]}}', control],
    ['{"method":"pong","req_id":101,"time_in":"a","time_out":"b"}', control],
    [
      '{"error":"Currency pair not supported XBT/USD","method":"subscribe","success":false,"symbol":"XBT/USD"}',
      control,
    ],
    ['{"error":"Exceeded msg rate"}', control],
    [ACK, control],
    [ACK.replaceAll('subscribe', 'unsubscribe'), control],
    ['{"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.8.3"}', control],
    ['{"channelID":1664,"event":"subscriptionStatus","pair":"A/B","subscription":{"depth":1000}}', control],
    ['{"event":"heartbeat"}', control],
    ['{"event":"pong","reqid":42}', control],
    ['{"event":"error","errorMessage":"Malformed \\"request\\""}', control],
    ['{"event":"unheard-of"}', unknown],
    ['{"channel":"level3","type":"snapshot","data":[]}', unknown],
    ['{}', unknown],
    ['[1,{"x":1},"openOrders","A/B"]', unknown],
    ['[1,{"x":1},"book-","A/B"]', unknown],
    ['[1,{"x":1},"book-1x","A/B"]', unknown],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, frame), { result, records: [] }, frame);
    assert.deepEqual(sink.symbols, [], frame);
  }
});

function bookOf(kind: string, bids: number, asks: number, symbol = 'MATIC/USD'): string {
  const side = (count: number): Json[] => Array.from({ length: count }, (_, i) => ({ price: i + 1, qty: 1 }));
  const data = [{ symbol, bids: side(bids), asks: side(asks), checksum: 1 }];
  return JSON.stringify({ channel: 'book', type: kind, data });
}

/** Depths of the heads that the frames make one after another on one connection. */
function depthsOf(frames: string[]): unknown[] {
  const { sink, decoder } = make();
  const heads = frames.flatMap((frame) => decodeFrame(sink, decoder, frame).records);
  return heads.filter((record) => record.type === 'bookChange').map((record) => record['depth']);
}

test('a v2 book is cut to the acknowledged depth, else to the smallest sold that holds its snapshot', () => {
  const refused = ACK.replace('"success":true', '"success":false,"error":"no"');
  const table: [string[], number[]][] = [
    [
      [ACK, bookOf('snapshot', 3, 1), bookOf('update', 1, 0)],
      [25, 25],
    ],
    [[ACK.replace('"depth":25,', ''), bookOf('snapshot', 11, 1)], [10]],
    [[refused, bookOf('snapshot', 3, 1)], [10]],
    [[ACK.replace('"book"', '"trade"'), bookOf('snapshot', 3, 1)], [10]],
    [
      [ACK, bookOf('snapshot', 3, 1, 'BTC/USD'), bookOf('snapshot', 3, 1)],
      [10, 25],
    ],
    [
      [bookOf('snapshot', 10, 1), bookOf('update', 30, 0)],
      [10, 10],
    ],
    [
      [bookOf('snapshot', 1, 11), bookOf('update', 1, 0)],
      [25, 25],
    ],
    [[bookOf('snapshot', 26, 0)], [100]],
    [[bookOf('snapshot', 101, 0)], [500]],
    [[bookOf('snapshot', 501, 0)], [1000]],
    [
      [bookOf('snapshot', 1001, 0), bookOf('update', 1, 0)],
      [0, 0],
    ],
    [[bookOf('update', 1, 0)], [0]],
    [[ACK, bookOf('update', 1, 0)], [25]],
    [
      [bookOf('snapshot', 1, 1), bookOf('snapshot', 11, 1), bookOf('update', 1, 0)],
      [10, 25, 25],
    ],
    [
      [bookOf('snapshot', 1, 1), `${bookOf('snapshot', 11, 1)}]`, bookOf('update', 1, 0)],
      [10, 10],
    ],
  ];
  for (const [frames, depths] of table) assert.deepEqual(depthsOf(frames), depths, frames.join('\n').slice(0, 300));
});

test('acknowledgements of many symbols are all remembered, and refused ones name their fault', () => {
  const names = Array.from({ length: 300 }, (_, i) => `S${i}/USD`);
  const acks = names.map((name, i) => ACK.replace('MATIC/USD', name).replace('25', String(i + 1)));
  const depths = depthsOf([...acks, ...names.map((name) => bookOf('snapshot', 1, 1, name))]);
  assert.deepEqual(
    depths,
    names.map((_, i) => i + 1),
  );
  assert.equal(once(ACK.replace('25', '"deep"')).result, type);
  assert.equal(once(ACK.replace('25', '0')).result, range);
});

test('frames are refused by their category, and nothing of them is kept', () => {
  const table: [string, number][] = [
    ['', syntax],
    ['7', shape],
    ['null', shape],
    ['nul', syntax],
    [`${BOOK},`, syntax],
    [BOOK.replace('"symbol":"MATIC/USD",', ''), missingField],
    [BOOK.replace('"type":"update",', ''), missingField],
    [BOOK.replace('"price":0.5657,', ''), missingField],
    [BOOK.replace(',"qty":1098.3947558', ''), missingField],
    [BOOK.replace(/"bids".*"asks":\[\],/, ''), missingField],
    ['{"channel":"book","type":"update"}', missingField],
    [TRADE.replace('"side":"sell",', ''), missingField],
    [TRADE.replace('"trade_id":4665906,', ''), missingField],
    [OHLC.replace('"interval":5,', ''), missingField],
    [TICKER.replace('"symbol":"ALGO/USD",', ''), missingField],
    [BOOK.replace('"update"', '"delta"'), type],
    [BOOK.replace('0.5657', '"0.5657"'), type],
    [BOOK.replace('0.5657', 'null'), type],
    [BOOK.replace('"MATIC/USD"', '1'), type],
    [BOOK.replace('"MATIC/USD"', '"a\\"b"'), shape],
    [BOOK.replace('[{"symbol"', '{"symbol"').replace('}]}', '}}'), type],
    [BOOK.replace('"asks":[]', '"asks":{}'), type],
    [BOOK.replace('2114181697', '2114181697.5'), type],
    [BOOK.replace('2023-10-06T', '2023-10-06 '), applied],
    [BOOK.replace('2023-10-06T17', '2023-10-0617'), type],
    [BOOK.replace('0.5657', '0.0'), range],
    [BOOK.replace('0.5657', '-1'), range],
    [BOOK.replace('0.5657', '1e13'), range],
    [BOOK.replace('0.5657', '01'), syntax],
    [BOOK.replace('0.5657', '1.'), syntax],
    [BOOK.replace('1098.3947558', '1e-19'), precision],
    [BOOK.replace('1098.3947558', '1e-400'), precision],
    [TRADE.replace('40.0', '0.0'), range],
    [TRADE.replace('"sell"', '"SELL"'), type],
    [TRADE.replace('4665906', '"4665906"'), type],
    [TRADE.replace('4665906', '99999999999999999999'), range],
    [OHLC.replace('"trades":12', '"trades":5000000000'), range],
    ['[]', shape],
    ['[1]', shape],
    ['[1,2', syntax],
    ['["book-10","A/B"]', shape],
    ['[1,"book-10","A/B"]', shape],
    ['[1,{"b":[]},"book-10",5]', shape],
    ['[1,{"b":[]} "book-10","A/B"]', syntax],
    ['[1,{"c":"1"},"book-10","A/B"]', missingField],
    ['[1,{"as":[]},{"b":[]},"book-10","A/B"]', shape],
    ['[1,[],"book-10","A/B"]', type],
    ['[1,{"b":[]},"book-10",""]', shape],
    [V1_UPDATE.replace('"354.15000000"', '354.15'), type],
    [V1_UPDATE.replace('"354.15000000"', '"0.0"'), range],
    [V1_UPDATE.replace('"354.15000000"', '"1e3"'), type],
    [V1_UPDATE.replace(',"5.00000000","1618678133.365913"', ''), shape],
    [V1_UPDATE.replace(',"1618678133.365913"', ''), applied],
    [V1_UPDATE.replace('"1618678133.365913"', '1618678133.365913'), type],
    [V1_UPDATE.replace('1618678133.365913', '1618678133.'), type],
    [V1_UPDATE.replace('1618678133.365913', '16186781333.65913'), range],
    [V1_UPDATE.replace('"2583817756"', '2583817756'), type],
    [V1_UPDATE.replace('2583817756', '25838177561'), type],
    [V1_UPDATE.replace('2583817756', ''), type],
    [V1_TRADE.replace('"s"', '"sell"'), type],
    [V1_TRADE.replace(',"s","l",""', ''), shape],
    [V1_TRADE.replace('"0.89594024"', '"0"'), range],
    [V1_TRADE.replace('"trade"', '[],"trade"'), shape],
    [V1_TICKER.replace(',35,"35.72892241"', ''), shape],
    [V1_SPREAD.replace(',"0.98765432"', ''), shape],
    [V1_OHLC.replace(',2]', ']'), shape],
    [V1_OHLC.replace('1542057360.435743', '200.0'), range],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    const decoded = decodeFrame(sink, decoder, frame);
    assert.equal(decoded.result, result, frame);
    if (result < 0) assert.deepEqual([decoded.records, sink.symbols], [[], []], frame);
  }
  const { sink, decoder } = make({ recordsMax: 1 });
  assert.equal(decodeFrame(sink, decoder, BOOK).result, tooLarge);
});

test('a known field twice is shape, an unknown one may come twice', () => {
  const names = ['channel', 'type', 'data', 'symbol', 'bids', 'asks', 'checksum', 'timestamp', 'price', 'qty', 'side'];
  const others = ['trade_id', 'open', 'high', 'low', 'close', 'trades', 'volume', 'interval', 'interval_begin', 'bid'];
  for (const name of [...names, ...others, 'bid_qty', 'ask', 'ask_qty', 'as', 'bs', 'a', 'b', 'c']) {
    const frames = [...OBJECTS, ...ARRAYS].filter((frame) => frame.includes(`"${name}":`));
    assert.ok(frames.length > 0, name);
    for (const frame of frames) {
      const isPassedOver =
        (name === 'volume' && frame === TICKER) ||
        (name === 'c' && frame === V1_TICKER) ||
        (name === 'timestamp' && frame === OHLC);
      assert.equal(once(doubled(frame, name)).result, isPassedOver ? applied : shape, `${name} in ${frame}`);
    }
  }
  assert.equal(once(doubled(ACK, 'method')).result, shape);
});

/** The frame with the first field of that name written twice. */
function doubled(frame: string, name: string): string {
  const from = frame.indexOf(`"${name}":`);
  for (let to = from + name.length + 4; ; to++) {
    const member = frame.slice(from, to);
    try {
      JSON.parse(`{${member}}`);
      if (',}'.includes(frame[to])) return `${frame.slice(0, to)},${member}${frame.slice(to)}`;
    } catch {
      // Not a whole member yet.
    }
  }
}

test('fields may come in any order, with white space and unknown fields between them', () => {
  for (const frame of [...OBJECTS, ...ARRAYS]) {
    const expected = once(frame);
    assert.equal(expected.result, applied);
    // Levels are written in the order of the sides in the frame; a book does not mind.
    const sorted = sortLevels(expected.records);
    for (let seed = 1; seed <= 60; seed++) {
      const shuffled = shuffle(frame, seed);
      const decoded = once(shuffled);
      assert.equal(decoded.result, applied, `seed ${seed}: ${shuffled}`);
      assert.deepEqual(sortLevels(decoded.records), sorted, `seed ${seed}: ${shuffled}`);
    }
  }
});

function sortLevels(records: MemoryRecord[]): MemoryRecord[] {
  const rank = (record: MemoryRecord): number => (record.type === 'level' ? 1 + Number(record['flags']) : 0);
  return [...records].sort((a, b) => rank(a) - rank(b));
}

/** The frame's text with members in an order drawn from the seed, an unknown one in each object, and white space. */
function shuffle(frame: string, seed: number): string {
  let state = seed * 2654435761;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const gap = (): string => ['', '', ' ', '\n', '\t ', '\r\n'][draw(6)];
  // Numbers travel as marked texts, so that their digits stay.
  const marked = frame.replace(/([:[,])(-?\d[\d.eE+-]*)(?=[,\]}])/g, '$1"#$2"');
  const write = (item: Json): string => {
    if (Array.isArray(item)) return `[${gap()}${item.map(write).join(`${gap()},${gap()}`)}${gap()}]`;
    if (typeof item === 'string' && item.startsWith('#')) return item.slice(1);
    if (item === null || typeof item !== 'object') return JSON.stringify(item);
    const members = Object.entries(item).map(([key, member]) => `"${key}"${gap()}:${gap()}${write(member)}`);
    members.push('"x_new":{"data":[null,true,-1.5e9,{"a":"\u00e9"}]}');
    for (let i = members.length - 1; i > 0; i--) {
      const other = draw(i + 1);
      [members[i], members[other]] = [members[other], members[i]];
    }
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  };
  return `${gap()}${write(JSON.parse(marked))}${gap()}`;
}

test('escapes are left to the session, which decodes the plain copy', () => {
  for (const frame of [...OBJECTS, ...ARRAYS]) {
    const escaped = frame.replace(/"([a-zA-Z])/g, (_, first: string) => `"\\u00${first.charCodeAt(0).toString(16)}`);
    const { sink, decoder } = make();
    sink.begin();
    assert.notEqual(decoder.decode(new Uint8Array(Buffer.from(escaped)), escaped.length), applied);
    assert.deepEqual(decodeFrame(sink, decoder, escaped), once(frame), escaped);
    const slashed = frame.replaceAll('/', '\\/');
    assert.deepEqual(once(slashed), once(frame), slashed);
  }
  assert.deepEqual(depthsOf([ACK.replace('/', '\\/'), bookOf('snapshot', 1, 1)]), [25]);
});

test('a frame cut at any byte is refused and throws nothing', () => {
  for (const frame of [...OBJECTS, ...ARRAYS, ACK]) {
    const bytes = new Uint8Array(Buffer.from(frame));
    const { sink, decoder } = make();
    for (let length = 0; length < bytes.length; length++) {
      const { result, records } = decodeFrame(sink, decoder, bytes.slice(0, length));
      assert.equal(result, syntax, frame.slice(0, length));
      assert.deepEqual(records, []);
    }
  }
});

test('whatever one byte is changed to, what is no JSON is refused', () => {
  for (const frame of [...OBJECTS, ...ARRAYS, ACK]) {
    for (let at = 0; at < frame.length; at++) {
      for (const byte of ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', ' ', '\n', 'x']) {
        const changed = frame.slice(0, at) + byte + frame.slice(at + 1);
        const { result } = once(changed);
        if (result > 0) assert.doesNotThrow(() => JSON.parse(changed), changed);
      }
    }
  }
});
