// OKX frames, one by one: what each kind becomes, what is refused, and what their order and writing may be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OkxDecoder } from '../../../engine/venues/okx/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import '../../support/seed.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { applied, control, missingField, precision, range, shape, syntax, type, unknown, tooLarge } = FrameResult;

function make(limits: { recordsMax?: number } = {}): { sink: MemorySink; decoder: OkxDecoder } {
  const sink = new MemorySink(limits);
  return { sink, decoder: new OkxDecoder(sink, 'okx') };
}

function once(frame: string): { result: number; records: MemoryRecord[] } {
  const { sink, decoder } = make();
  return decodeFrame(sink, decoder, frame);
}

// Shapes of the API guide and of the recordings.
const SNAPSHOT =
  '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["8476.98","415","0","13"],' +
  '["8477","7","0","2"]],"bids":[["8476.970","256","0","12"]],"ts":"1597026383085","checksum":0,"prevSeqId":-1,"seqId":123456}]}';
const UPDATE =
  '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["78729.9","0","0","0"]],' +
  '"bids":[["78722.2","0.48865650","0","19"]],"ts":"1787612486207","checksum":0,"seqId":80274874876,"prevSeqId":80274874800}]}';
const SEALED =
  '{"arg":{"channel":"books-l2-tbt","instId":"XMR-USDT-SWAP"},"action":"update","data":[{"asks":[["196.4","774","0","4"]],' +
  '"bids":[],"ts":"1626995753399","checksum":-1431042442}]}';
const BOOKS_5 =
  '{"arg":{"channel":"books5","instId":"BTC-USDT"},"data":[{"asks":[["111.06","55154","0","2"]],"bids":[["111.05","57745","0","2"]],' +
  '"instId":"BTC-USDT","ts":"1670324386802","seqId":363996337}]}';
const BBO =
  '{"arg":{"channel":"bbo-tbt","instId":"BCH-USDT-SWAP"},"data":[{"asks":[["111.06","55154","0","2"]],"bids":[["111.05","57745","0","2"]],' +
  '"ts":"1670324386802","seqId":363996337}]}';
const TRADE =
  '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9",' +
  '"sz":"0.12060306","side":"buy","ts":"1630048897897","count":"3","source":"0","seqId":1234}]}';
const TRADE_ALL =
  '{"arg":{"channel":"trades-all","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"130639473","px":"42219.9",' +
  '"sz":"0.5","side":"sell","source":"1","ts":"1630048897897"}]}';
const TICKER =
  '{"arg":{"channel":"tickers","instId":"FUN-BTC"},"data":[{"instType":"SPOT","instId":"FUN-BTC","last":"0.000000454",' +
  '"lastSz":"11.83","askPx":"0.000000455","askSz":"142796.14","bidPx":"0.000000452","bidSz":"141211.03","open24h":"0.000000445",' +
  '"volCcy24h":"0.13","vol24h":"302436.11","ts":"1626995753163"}]}';
const CANDLE =
  '{"arg":{"channel":"candle5m","instId":"BTC-USDT"},"data":[["1597026383085","8533.02","8553.74","8527.17","8548.26",' +
  '"45247","529.5858061","5529.5858061","1"]]}';
const FRAMES = [SNAPSHOT, UPDATE, SEALED, BOOKS_5, BBO, TRADE, TRADE_ALL, TICKER, CANDLE];
const ACK = '{"id":"1512","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}';

function head(market: string, flags: number, count: number, time: number, more: Record<string, number>): MemoryRecord {
  const common = { type: 'bookChange', market, flags, count, receiveTimeNs: 1, exchangeTimeUs: time };
  return { ...common, firstSequence: 0, lastSequence: 0, previousSequence: 0, checksum: 0, depth: 400, ...more };
}

function level(market: string, flags: number, price: string, quantity: string): MemoryRecord {
  const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
}

function quotes(market: string, time: number, sequence: number, numbers: string[]): MemoryRecord[] {
  const common = { market, flags: 0, count: 0 };
  const [bidPrice, bidQuantity, askPrice, askQuantity] = numbers;
  const times = { receiveTimeNs: 1, exchangeTimeUs: time, sequence };
  return [
    { type: 'quote', ...common, ...times, bidPrice, bidQuantity },
    { type: 'quoteAsk', ...common, askPrice, askQuantity },
  ];
}

const NUMBERED = ChangeFlag.hasSequence | ChangeFlag.hasPrevious;

test('a snapshot has its sequence and none before it, and the digits of its levels as sent', () => {
  assert.deepEqual(once(SNAPSHOT), {
    result: applied,
    records: [
      head('BTC-USDT', ChangeFlag.snapshot | ChangeFlag.hasSequence, 3, 1597026383085000, {
        firstSequence: 123456,
        lastSequence: 123456,
      }),
      level('BTC-USDT', LevelFlag.ask, '8476.98', '415'),
      level('BTC-USDT', LevelFlag.ask, '8477', '7'),
      level('BTC-USDT', 0, '8476.970', '256'),
    ],
  });
});

test('an update is chained to the one before it; a checksum of 0 is none', () => {
  const numbers = { firstSequence: 80274874876, lastSequence: 80274874876, previousSequence: 80274874800 };
  assert.deepEqual(once(UPDATE).records, [
    head('BTC-USDT', NUMBERED, 2, 1787612486207000, numbers),
    level('BTC-USDT', LevelFlag.ask, '78729.9', '0'),
    level('BTC-USDT', 0, '78722.2', '0.48865650'),
  ]);
  assert.deepEqual(once(UPDATE.replace('"checksum":0,', '')), once(UPDATE));
});

test('a keep-alive and a counter that is set back are changes like any other', () => {
  const keepAlive = UPDATE.replace(/\[\["78729.*?\]\]/, '[]').replace(/\[\["78722.*?\]\]/, '[]');
  const [same] = once(keepAlive.replace('80274874800', '80274874876')).records;
  assert.deepEqual([same['count'], same['lastSequence'], same['previousSequence']], [0, 80274874876, 80274874876]);
  const [back] = once(UPDATE.replace('"seqId":80274874876', '"seqId":3')).records;
  assert.deepEqual([back['flags'], back['lastSequence'], back['previousSequence']], [NUMBERED, 3, 80274874800]);
});

test('a signed checksum is kept as the unsigned number of the same bits', () => {
  const table: [string, number][] = [
    ['-1431042442', 2863924854],
    ['-1', 0xffffffff],
    ['-2147483648', 0x80000000],
    ['2147483647', 0x7fffffff],
    ['1', 1],
  ];
  for (const [sent, checksum] of table) {
    const [record] = once(SEALED.replace('-1431042442', sent)).records;
    const flags = ChangeFlag.hasChecksum;
    assert.deepEqual(record, head('XMR-USDT-SWAP', flags, 1, 1626995753399000, { checksum }), sent);
  }
  for (const none of ['0', '-0']) {
    assert.equal(once(SEALED.replace('-1431042442', none)).records[0]['flags'], 0, none);
  }
});

test('the depth is that of the channel, and books5 is a snapshot each time', () => {
  const depths: [string, number][] = [
    ['books', 400],
    ['books-l2-tbt', 400],
    ['books50-l2-tbt', 50],
  ];
  for (const [channel, depth] of depths) {
    assert.equal(once(UPDATE.replace('"books"', `"${channel}"`)).records[0]['depth'], depth, channel);
  }
  const numbers = { firstSequence: 363996337, lastSequence: 363996337, depth: 5 };
  const expected = [
    head('BTC-USDT', ChangeFlag.snapshot | ChangeFlag.hasSequence, 2, 1670324386802000, numbers),
    level('BTC-USDT', LevelFlag.ask, '111.06', '55154'),
    level('BTC-USDT', 0, '111.05', '57745'),
  ];
  assert.deepEqual(once(BOOKS_5).records, expected);
  assert.deepEqual(once(BOOKS_5.replace('"data"', '"action":"snapshot","data"')).records, expected);
});

test('bbo-tbt is a quote with the number of its book, tickers are quotes without', () => {
  const bbo = quotes('BCH-USDT-SWAP', 1670324386802000, 363996337, ['111.05', '57745', '111.06', '55154']);
  assert.deepEqual(once(BBO), { result: applied, records: bbo });
  const fun = ['0.000000452', '141211.03', '0.000000455', '142796.14'];
  assert.deepEqual(once(TICKER).records, quotes('FUN-BTC', 1626995753163000, 0, fun));
});

test('where a side is empty there is no quote, but the market is known', () => {
  for (const frame of [
    BBO.replace('[["111.06","55154","0","2"]]', '[]'),
    BBO.replace('[["111.05","57745","0","2"]]', '[ ]'),
    TICKER.replace('"0.000000452"', '""'),
    TICKER.replace('"askSz":"142796.14",', ''),
  ]) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, frame), { result: applied, records: [] }, frame);
    assert.equal(sink.symbols.length, 1, frame);
  }
});

test("trades have the taker's side; those of `trades` stand for their matches, those of `trades-all` are alone", () => {
  const numbers = { receiveTimeNs: 1, exchangeTimeUs: 1630048897897000, price: '42219.9' };
  const grouped = { type: 'trade', market: 'BTC-USDT', flags: Side.buy | TradeFlag.aggregate, count: 3, ...numbers };
  assert.deepEqual(once(TRADE).records, [{ ...grouped, quantity: '0.12060306', id: 130639474 }]);
  // Without a count its id is told as text: nothing says which ids it uses up, so none can be known to be missing.
  const [uncounted, id] = once(TRADE.replace('"count":"3",', '')).records;
  const flags = Side.buy | TradeFlag.aggregate | TradeFlag.textId;
  assert.deepEqual([uncounted['flags'], uncounted['count'], id['text']], [flags, 1, '130639474']);
  const alone = { type: 'trade', market: 'BTC-USDT', flags: Side.sell, count: 1, ...numbers };
  assert.deepEqual(once(TRADE_ALL).records, [{ ...alone, quantity: '0.5', id: 130639473 }]);
});

test('all entries of a message are read, in their order', () => {
  const entry = TRADE.slice(TRADE.indexOf('[') + 1, -2);
  const two = TRADE.replace(entry, `${entry},${entry.replace('130639474', '130639475')}`);
  assert.deepEqual(
    once(two).records.map(({ id }) => id),
    [130639474, 130639475],
  );
  assert.deepEqual(once(TRADE.replace(entry, '')), { result: applied, records: [] });
});

test('a candle has the length its channel names, and says whether it is closed', () => {
  const common = { market: 'BTC-USDT', count: 0 };
  const prices = { openPrice: '8533.02', highPrice: '8553.74', lowPrice: '8527.17' };
  const times = { receiveTimeNs: 1, startTimeUs: 1597026383085000, intervalMs: 300_000 };
  const candle = { type: 'candle', ...common, flags: 1, ...times, closePrice: '8548.26', volume: '45247' };
  assert.deepEqual(once(CANDLE).records, [candle, { type: 'candlePrices', ...common, flags: 0, ...prices }]);
  assert.equal(once(CANDLE.replace(',"1"]', ',"0"]')).records[0]['flags'], 0);
  assert.equal(once(CANDLE.replace(',"529.5858061","5529.5858061","1"]', ']')).records[0]['flags'], 0);
  const table: [string, number | null][] = [
    ['candle1s', 1000],
    ['candle1m', 60_000],
    ['candle30m', 1_800_000],
    ['candle12H', 43_200_000],
    ['candle1D', 86_400_000],
    ['candle1Dutc', 86_400_000],
    ['candle1W', 604_800_000],
    ['candle3Mutc', 0],
    ['candle1Y', 0],
    ['candle', null],
    ['candle1', null],
    ['candlem', null],
    ['candle0m', null],
    ['candle100m', null],
    ['candle1x', null],
    ['candle1mm', null],
    ['candleutc', null],
    ['mark-price-candle1m', null],
  ];
  for (const [channel, intervalMs] of table) {
    const { result, records } = once(CANDLE.replace('candle5m', channel));
    assert.equal(result, intervalMs === null ? unknown : applied, channel);
    assert.equal(records[0]?.['intervalMs'] ?? null, intervalMs, channel);
  }
});

test('events and the text pong are control; channels and messages of other kinds are unknown', () => {
  const table: [string, number][] = [
    ['pong', control],
    [ACK, control],
    [ACK.replace('"subscribe"', '"unsubscribe"'), control],
    ['{"id":"1","event":"error","code":"60012","msg":"Invalid request: {\\"op\\"}","connId":"a4d3ae55"}', control],
    ['{"event":"error","arg":{"channel":"books","instId":"X"},"code":"60018","msg":"no"}', control],
    ['{"event":"notice","code":"64008","msg":"The connection will soon be closed."}', control],
    ['{"event":"channel-conn-count","channel":"orders","connCount":"2","connId":"abcd1234"}', control],
    ['{"event":"channel-conn-count-error","channel":"orders","connCount":"20"}', control],
    ['{"event":"unheard-of"}', unknown],
    ['{}', unknown],
    ['[]', unknown],
    ['{"id":"1512","op":"order","data":[],"code":"1","msg":""}', unknown],
    ['{"arg":{"channel":"books-rpi","instId":"A"},"action":"x","data":[{"asks":[["1","2","1","1"]]}]}', unknown],
    ['{"arg":{"channel":"instruments","instType":"SPOT"},"data":[{"instId":"A"}]}', unknown],
    ['{"arg":{"channel":"estimated-price","instId":"A"},"data":{"any":"thing"}}', unknown],
    ['{"arg":{"channel":"estimated-price","instId":"A"}}', unknown],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, frame), { result, records: [] }, frame);
    assert.deepEqual(sink.symbols, [], frame);
  }
});

test('frames are refused by their category, and nothing of them is kept', () => {
  const table: [string, number][] = [
    ['', syntax],
    ['pon', syntax],
    ['pong ', syntax],
    ['pongpong', syntax],
    ['"pong"', shape],
    ['7', shape],
    ['null', shape],
    [`${UPDATE},`, syntax],
    ['{"arg":{"instId":"A"},"data":[]}', missingField],
    ['{"arg":{"channel":"trades"},"data":[]}', missingField],
    ['{"arg":{"channel":"trades","instId":"A"}}', missingField],
    [UPDATE.replace('"action":"update",', ''), missingField],
    [UPDATE.replace(/"asks":\[\[.*?\]\],/, ''), missingField],
    [UPDATE.replace(/"bids":\[\[.*?\]\],/, ''), missingField],
    [UPDATE.replace(/"ts":"\d+",/, ''), missingField],
    [UPDATE.replace('"seqId":80274874876,', ''), missingField],
    [BBO.replace(/"ts":"\d+",/, ''), missingField],
    [TICKER.replace(/,"ts":"\d+"/, ''), missingField],
    [TRADE.replace(',"tradeId":"130639474"', ''), missingField],
    [TRADE.replace(',"px":"42219.9"', ''), missingField],
    [TRADE.replace(',"sz":"0.12060306"', ''), missingField],
    [TRADE.replace(',"side":"buy"', ''), missingField],
    [TRADE.replace(',"ts":"1630048897897"', ''), missingField],
    [TRADE.replace('"data":[{"instId":"BTC-USDT",', '"data":[{'), applied],
    [UPDATE.replace('"update"', '"partial"'), type],
    [UPDATE.replace('"update"', '1'), type],
    [UPDATE.replace('{"channel":"books","instId":"BTC-USDT"}', '"books"'), type],
    [UPDATE.replace('"books"', 'null'), type],
    [UPDATE.replace('"instId":"BTC-USDT"', '"instId":7'), type],
    [UPDATE.replace('[{"asks"', '{"asks"').replace('}]}', '}}'), type],
    [UPDATE.replace('[{"asks"', '[[{"asks"').replace('}]}', '}]]}'), type],
    [UPDATE.replace('"78729.9"', '78729.9'), type],
    [UPDATE.replace('"78729.9"', '"7e4"'), type],
    [UPDATE.replace('"78729.9"', '"078729.9"'), type],
    [UPDATE.replace('"78729.9"', '""'), type],
    [UPDATE.replace('[["78729.9","0","0","0"]]', '["78729.9","0","0","0"]'), type],
    [UPDATE.replace('[["78729.9","0","0","0"]]', '{}'), type],
    [UPDATE.replace('"1787612486207"', '1787612486207'), type],
    [UPDATE.replace('"checksum":0', '"checksum":"0"'), type],
    [UPDATE.replace('"checksum":0', '"checksum":0.5'), type],
    [UPDATE.replace('80274874876', '"80274874876"'), type],
    [UPDATE.replace('80274874876', '8e10'), type],
    [UPDATE.replace('80274874800', '-1.5'), type],
    [UPDATE.replace('80274874800', 'null'), type],
    [BOOKS_5.replace('"data"', '"action":"update","data"'), type],
    [TRADE.replace('"buy"', '"BUY"'), type],
    [TRADE.replace('"130639474"', '130639474'), type],
    [TRADE.replace('"130639474"', '"x1"'), type],
    [TRADE.replace('"count":"3"', '"count":3'), type],
    [TICKER.replace('"0.000000452"', 'null'), type],
    [CANDLE.replace('"1"]', '"2"]'), type],
    [CANDLE.replace('"8533.02"', '8533.02'), type],
    [CANDLE.replace('[["', '["').replace('"]]', '"]'), type],
    [BBO.replace('[["111.06","55154","0","2"]]', '[5]'), type],
    [UPDATE.replace('["78729.9","0","0","0"]', '[]'), shape],
    [UPDATE.replace('["78729.9","0","0","0"]', '["78729.9"]'), shape],
    [BBO.replace('["111.06","55154","0","2"]', '["111.06"]'), shape],
    [BBO.replace('["111.06","55154","0","2"]', '["111.06","55154"],["111.07","1"]'), shape],
    [CANDLE.replace(/,"45247".*"1"\]/, ']'), shape],
    [TRADE.replace('"data":[{"instId":"BTC-USDT"', '"data":[{"instId":"BTC-USDC"'), shape],
    [TRADE.replace('"data":[{"instId":"BTC-USDT"', '"data":[{"instId":"BTC-USD"'), shape],
    [TRADE.replaceAll('BTC-USDT', ''), shape],
    [TRADE.replaceAll('BTC-USDT', 'a\\"b'), shape],
    ['{"event":"subscribe","arg":{"channel":"trades","instId":"A"},"data":[]}', shape],
    [TRADE.replace('{"arg"', '{"event":"notice","arg"'), shape],
    [UPDATE.replace('"78729.9"', '"0.0"'), range],
    [UPDATE.replace('"78729.9"', '"-1"'), range],
    [UPDATE.replace('"78729.9"', '"10000000000000"'), range],
    [UPDATE.replace('"1787612486207"', '"9787612486207000"'), range],
    [UPDATE.replace('80274874876', '-5'), range],
    [UPDATE.replace('80274874876', '9007199254740993'), range],
    [UPDATE.replace('80274874800', '-2'), range],
    [UPDATE.replace('80274874800', '-99999999999999999999'), range],
    [SEALED.replace('-1431042442', '2147483648'), range],
    [SEALED.replace('-1431042442', '-2147483649'), range],
    [TRADE.replace('"0.12060306"', '"0.0"'), range],
    [TRADE.replace('"42219.9"', '"0"'), range],
    [TRADE.replace('"count":"3"', '"count":"0"'), range],
    [TRADE.replace('"count":"3"', '"count":"4294967296"'), range],
    [TRADE.replace('130639474', '99999999999999999999'), range],
    [UPDATE.replace('80274874800', '-01'), syntax],
    [UPDATE.replace('80274874800', '-'), syntax],
    [UPDATE.replace('80274874800', '01'), syntax],
    [TRADE.replace('0.12060306', '0.0000000000000000001'), precision],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    const decoded = decodeFrame(sink, decoder, frame);
    assert.equal(decoded.result, result, frame);
    if (result < 0) assert.deepEqual([decoded.records, sink.symbols], [[], []], frame);
  }
  const { sink, decoder } = make({ recordsMax: 1 });
  assert.equal(decodeFrame(sink, decoder, UPDATE).result, tooLarge);
});

test('a decoder is not moved by a frame it refused', () => {
  const { sink, decoder } = make();
  for (const frame of FRAMES) {
    decodeFrame(sink, decoder, frame.slice(0, -3));
    decodeFrame(sink, decoder, UPDATE.replace('"78722.2"', '"0"'));
    assert.deepEqual(decodeFrame(sink, decoder, frame), once(frame));
  }
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

test('a known field twice is shape, an unknown one may come twice', () => {
  const names = ['arg', 'channel', 'instId', 'action', 'data', 'asks', 'bids', 'ts', 'checksum', 'seqId', 'prevSeqId'];
  for (const name of [...names, 'tradeId', 'px', 'sz', 'side', 'count', 'askPx', 'askSz', 'bidPx', 'bidSz']) {
    const frames = FRAMES.filter((frame) => frame.includes(`"${name}":`));
    assert.ok(frames.length > 0, name);
    for (const frame of frames) {
      const isPassedOver = name === 'seqId' && frame === TRADE;
      assert.equal(once(doubled(frame, name)).result, isPassedOver ? applied : shape, `${name} in ${frame}`);
    }
  }
  assert.equal(once(doubled(ACK, 'event')).result, shape);
  assert.equal(once(doubled(TICKER, 'last')).result, applied);
  const instrument = TRADE.replace('"tradeId"', '"instId":"BTC-USDT","tradeId"');
  assert.equal(once(instrument).result, shape);
});

/** A value's text with members in any order, an unknown one in each object, and white space: as the choices say. */
function rewrite(item: Json, choose: (limit: number) => number): string {
  const gap = (): string => ['', '', ' ', '\n', '\t ', '\r\n'][choose(6)];
  if (Array.isArray(item))
    return `[${gap()}${item.map((part) => rewrite(part, choose)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (item === null || typeof item !== 'object') return JSON.stringify(item);
  const members = Object.entries(item).map(([key, part]) => `"${key}"${gap()}:${gap()}${rewrite(part, choose)}`);
  members.push('"x_new":{"data":[null,true,-1.5e9,{"arg":"\u00e9"}]}');
  for (let i = members.length - 1; i > 0; i--) {
    const other = choose(i + 1);
    [members[i], members[other]] = [members[other], members[i]];
  }
  return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
}

function sortLevels(records: MemoryRecord[]): MemoryRecord[] {
  const rank = (record: MemoryRecord): number => (record.type === 'level' ? 1 + Number(record['flags']) : 0);
  return [...records].sort((a, b) => rank(a) - rank(b));
}

test('fields may come in any order, with white space and unknown fields between them', () => {
  const property = fc.property(fc.constantFrom(...FRAMES), fc.infiniteStream(fc.nat()), (frame, numbers) => {
    const choose = (limit: number): number => Number(numbers.next().value) % limit;
    const text = rewrite(JSON.parse(frame) as Json, choose);
    const { result, records } = once(text);
    assert.equal(result, applied, text);
    // Levels are written in the order of the sides in the frame; a book does not mind.
    assert.deepEqual(sortLevels(records), sortLevels(once(frame).records), text);
  });
  fc.assert(property, { numRuns: 300 });
});

const digits = fc.tuple(fc.nat(9_999_999), fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 }));
const decimalText = digits.map(([whole, fraction]) => (fraction === '' ? String(whole) : `${whole}.${fraction}`));
const rows = fc.array(fc.tuple(decimalText, decimalText), { maxLength: 12 });
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });

test('whatever levels and numbers a book change has, its records say the same', () => {
  const property = fc.property(
    rows,
    rows,
    int32,
    fc.maxSafeNat(),
    fc.integer({ min: -1 }),
    (bids, asks, sum, id, before) => {
      const isPriced = ([price]: readonly string[]): boolean => Number(price) > 0;
      const row = ([price, quantity]: readonly string[]): string[] => [price, quantity, '0', '1'];
      const sides = { asks: asks.filter(isPriced).map(row), bids: bids.filter(isPriced).map(row) };
      const entry = { ...sides, ts: '1597026383085', checksum: sum, seqId: id, prevSeqId: before };
      const arg = { channel: 'books', instId: 'A-B' };
      const { result, records } = once(JSON.stringify({ arg, action: 'update', data: [entry] }));
      assert.equal(result, applied);
      const [change, ...levels] = records;
      assert.deepEqual(
        [Number(change['checksum']) | 0, change['lastSequence'], change['firstSequence']],
        [sum, id, id],
      );
      assert.equal(change['previousSequence'], Math.max(before, 0));
      assert.equal((Number(change['flags']) & ChangeFlag.hasPrevious) !== 0, before >= 0);
      assert.equal((Number(change['flags']) & ChangeFlag.hasChecksum) !== 0, sum !== 0);
      assert.deepEqual(levels, [
        ...sides.asks.map(([price, quantity]) => level('A-B', LevelFlag.ask, price, quantity)),
        ...sides.bids.map(([price, quantity]) => level('A-B', 0, price, quantity)),
      ]);
    },
  );
  fc.assert(property);
});

test('escapes are left to the session, which decodes the plain copy', () => {
  for (const frame of FRAMES) {
    const escaped = frame.replace(/"([a-zA-Z])/g, (_, first: string) => `"\\u00${first.charCodeAt(0).toString(16)}`);
    const { sink, decoder } = make();
    sink.begin();
    assert.notEqual(decoder.decode(new Uint8Array(Buffer.from(escaped)), escaped.length), applied);
    assert.deepEqual(decodeFrame(sink, decoder, escaped), once(frame), escaped);
  }
});

test('a frame cut at any byte is refused and throws nothing', () => {
  for (const frame of [...FRAMES, ACK]) {
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
  for (const frame of [...FRAMES, ACK]) {
    for (let at = 0; at < frame.length; at++) {
      for (const byte of ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', ' ', '\n', 'x']) {
        const changed = frame.slice(0, at) + byte + frame.slice(at + 1);
        const { result } = once(changed);
        if (result > 0) assert.doesNotThrow(() => JSON.parse(changed), changed);
      }
    }
  }
});
