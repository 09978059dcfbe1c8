// Hyperliquid frames, one by one: what each kind becomes, what is refused, and what their order and writing may be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HyperliquidDecoder } from '../../../engine/venues/hyperliquid/decode.ts';
import {
  ChangeFlag,
  DerivativeFlag,
  DerivativeKind,
  FrameResult,
  LevelFlag,
  Side,
  TradeFlag,
} from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import '../../support/seed.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { applied, control, missingField, precision, range, shape, syntax, type, unknown, tooLarge } = FrameResult;

function make(limits: { recordsMax?: number } = {}): { sink: MemorySink; decoder: HyperliquidDecoder } {
  const sink = new MemorySink(limits);
  return { sink, decoder: new HyperliquidDecoder(sink, 'hyperliquid') };
}

function once(frame: string): { result: number; records: MemoryRecord[] } {
  const { sink, decoder } = make();
  return decodeFrame(sink, decoder, frame);
}

// Shapes of the documentation, the public SDKs and the recordings.
const BOOK =
  '{"channel":"l2Book","data":{"coin":"BTC","time":1703875200000,"levels":[[{"px":"98450.50","sz":"2.5","n":3},' +
  '{"px":"98449.75","sz":"1.8","n":2}],[{"px":"98451.00","sz":"1.5","n":2}]]}}';
const FAST =
  '{"channel":"l2Book","data":{"coin":"xyz:NVDA","time":1785251521889,"levels":[[],[{"px":"1","sz":"0.01246","n":2}]],' +
  '"spread":"1.0","fast":true}}';
const TRADE =
  '{"channel":"trades","data":[{"coin":"BTC","side":"A","px":"104320.0","sz":"0.01500","hash":"0x0003","time":1769916002000,' +
  '"tid":300003,"users":["0xbuyer3","0xseller3"]}]}';
const BBO =
  '{"channel":"bbo","data":{"coin":"@107","time":1703875200000,"bbo":[{"px":"98450.5","sz":"2.5","n":3},' +
  '{"px":"98451.0","sz":"1.5","n":2}]}}';
const CANDLE =
  '{"channel":"candle","data":{"t":1684699200000,"T":1684702799999,"s":"kPEPE","i":"1h","o":"0.001601","c":"0.001604",' +
  '"h":"0.001616","l":"0.0016","v":"520665683.0","n":709}}';
const CONTEXT =
  '{"channel":"activeAssetCtx","data":{"coin":"MOODENG","ctx":{"funding":"-0.00004863","openInterest":"18617460.0",' +
  '"prevDayPx":"0.20296","dayNtlVlm":"7665220.55613","premium":"-0.00008521","oraclePx":"0.1995","markPx":"0.19963",' +
  '"midPx":"0.19957","impactPxs":["0.199517","0.199725"]}}}';
const SPOT_CONTEXT =
  '{"channel":"activeSpotAssetCtx","data":{"coin":"@2","ctx":{"prevDayPx":"0.000031","markPx":"0.00005299","coin":"@2"}}}';
const BACKFILL =
  '{"backfill":{"symbol":"BTC","trades":[{"coin":"BTC","side":"B","px":"104310.5","sz":"0.02","hash":"0x0002",' +
  '"time":1769916001000,"tid":300002,"users":["0xbuyer2","0xseller2"]}]}}';
const FRAMES = [BOOK, FAST, TRADE, BBO, CANDLE, CONTEXT, SPOT_CONTEXT, BACKFILL];
const ACK =
  '{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"trades","coin":"BTC"}}}';
const GREETING = 'Websocket connection established.';

/** `depth` is the levels of the longer side. */
function head(market: string, count: number, timeMs: number, depth: number): MemoryRecord {
  const flags = ChangeFlag.snapshot | ChangeFlag.hasSequence;
  const times = { receiveTimeNs: 1, exchangeTimeUs: timeMs * 1000, firstSequence: timeMs, lastSequence: timeMs };
  return { type: 'bookChange', market, flags, count, ...times, previousSequence: 0, checksum: 0, depth };
}

function level(market: string, flags: number, price: string, quantity: string): MemoryRecord {
  const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
}

function trade(market: string, flags: number, timeMs: number, numbers: string[], text: string): MemoryRecord[] {
  const [price, quantity] = numbers;
  const times = { receiveTimeNs: 1, exchangeTimeUs: timeMs * 1000 };
  return [
    { type: 'trade', market, flags: flags | TradeFlag.textId, count: 1, ...times, price, quantity, id: 0 },
    { type: 'tradeId', market, flags: 0, count: text.length, text },
  ];
}

function derivative(market: string, flags: number, value: string): MemoryRecord {
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0, effectiveTimeUs: 0 };
  return { type: 'derivative', market, flags, count: 0, ...times, value };
}

test('a book is whole, numbered by its time, with the digits of its levels as sent', () => {
  assert.deepEqual(once(BOOK), {
    result: applied,
    records: [
      head('BTC', 3, 1703875200000, 2),
      level('BTC', 0, '98450.50', '2.5'),
      level('BTC', 0, '98449.75', '1.8'),
      level('BTC', LevelFlag.ask, '98451.00', '1.5'),
    ],
  });
});

test('a fast book, one with a spread, and one with an empty side are books like any other', () => {
  const expected = [head('xyz:NVDA', 1, 1785251521889, 1), level('xyz:NVDA', LevelFlag.ask, '1', '0.01246')];
  assert.deepEqual(once(FAST), { result: applied, records: expected });
  const empty = '{"channel":"l2Book","data":{"coin":"SHIA","time":1730160007687,"levels":[[],[]]}}';
  assert.deepEqual(once(empty), { result: applied, records: [head('SHIA', 0, 1730160007687, 0)] });
});

test("a trade has the taker's side, and time and tid together are its id", () => {
  const numbers = ['104320', '0.015'];
  const expected = trade('BTC', Side.sell, 1769916002000, numbers, '1769916002000-300003');
  assert.deepEqual(once(TRADE).records, expected);
  const [bought] = once(TRADE.replace('"A"', '"B"')).records;
  assert.equal(bought['flags'], Side.buy | TradeFlag.textId);
});

test('all trades of a push are read in their order, each of its own coin', () => {
  const entry = TRADE.slice(TRADE.indexOf('[') + 1, -2);
  const other = entry.replace('300003', '1016375172059570').replace('"BTC"', '"ETH"');
  const { records } = once(TRADE.replace(entry, `${entry},${other}`));
  assert.deepEqual(
    records.map((record) => [record.market, record['text'] ?? null]),
    [
      ['BTC', null],
      ['BTC', '1769916002000-300003'],
      ['ETH', null],
      ['ETH', '1769916002000-1016375172059570'],
    ],
  );
  assert.deepEqual(once(TRADE.replace(entry, '')), { result: applied, records: [] });
});

test('the first push of a market behind a subscribe to trades is history; without an answer none is', () => {
  const { sink, decoder } = make();
  const isHistory = (frame: string): boolean =>
    (Number(decodeFrame(sink, decoder, frame).records[0]['flags']) & TradeFlag.history) !== 0;
  assert.equal(isHistory(TRADE), false);
  assert.equal(decodeFrame(sink, decoder, ACK.replace('"trades"', '"l2Book"')).result, control);
  assert.equal(decodeFrame(sink, decoder, ACK.replace('"subscribe"', '"unsubscribe"')).result, control);
  assert.equal(isHistory(TRADE), false);
  assert.equal(decodeFrame(sink, decoder, ACK).result, control);
  assert.ok(decodeFrame(sink, decoder, TRADE.replace('"sz"', '"size"')).result < 0);
  const entry = TRADE.slice(TRADE.indexOf('[') + 1, -2);
  const { records } = decodeFrame(sink, decoder, TRADE.replace(entry, `${entry},${entry}`));
  const flags = Side.sell | TradeFlag.textId | TradeFlag.history;
  assert.deepEqual([records[0]['flags'], records[2]['flags']], [flags, flags]);
  assert.equal(isHistory(TRADE), false);
  assert.equal(isHistory(TRADE.replaceAll('"BTC"', '"ETH"')), true);
  assert.equal(isHistory(TRADE.replaceAll('"BTC"', '"ETH"')), false);
});

test('trades asked for by REST are history', () => {
  const flags = Side.buy | TradeFlag.history;
  const expected = trade('BTC', flags, 1769916001000, ['104310.5', '0.02'], '1769916001000-300002');
  assert.deepEqual(once(BACKFILL), { result: applied, records: expected });
  assert.deepEqual(once('{"backfill":{"trades":[],"symbol":"BTC"}}'), { result: applied, records: [] });
});

test('a bbo is a quote where both sides have a level; else its market is known, without a record', () => {
  const common = { market: '@107', flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: 1703875200000000, sequence: 0 };
  assert.deepEqual(once(BBO).records, [
    { type: 'quote', ...common, ...times, bidPrice: '98450.5', bidQuantity: '2.5' },
    { type: 'quoteAsk', ...common, askPrice: '98451', askQuantity: '1.5' },
  ]);
  const ask = ',{"px":"98451.0","sz":"1.5","n":2}';
  const bid = '{"px":"98450.5","sz":"2.5","n":3}';
  for (const frame of [
    BBO.replace(ask, ',null'),
    BBO.replace(ask, ''),
    BBO.replace(bid, 'null'),
    BBO.replace(`${bid}${ask}`, 'null,null'),
    BBO.replace(`${bid}${ask}`, ''),
  ]) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, frame), { result: applied, records: [] }, frame);
    assert.deepEqual(sink.symbols, ['@107'], frame);
  }
});

test('a candle may be one object or a list, its numbers text or not', () => {
  const common = { market: 'kPEPE', flags: 0 };
  const times = { receiveTimeNs: 1, startTimeUs: 1684699200000000, intervalMs: 3_600_000 };
  const expected = [
    { type: 'candle', ...common, count: 709, ...times, closePrice: '0.001604', volume: '520665683' },
    { type: 'candlePrices', ...common, count: 0, openPrice: '0.001601', highPrice: '0.001616', lowPrice: '0.0016' },
  ];
  const object = CANDLE.slice(CANDLE.indexOf('{"t"'), -1);
  const asNumbers = CANDLE.replace(/"([ochlv])":"([\d.]+)"/g, '"$1":$2');
  const asList = (frame: string): string => frame.replace('"data":{', '"data":[{').replace(/}}$/, '}]}');
  assert.notEqual(asNumbers, CANDLE);
  for (const frame of [CANDLE, asNumbers, asList(CANDLE), asList(asNumbers)]) {
    assert.deepEqual(once(frame), { result: applied, records: expected }, frame);
  }
  assert.deepEqual(once(CANDLE.replace(object, `[${object},${object}]`)).records, [...expected, ...expected]);
  assert.equal(once(CANDLE.replace(',"n":709', '')).records[0]['count'], 0);
});

test('the length of a candle is that of its name, 0 where the name tells none', () => {
  const table: [string, number][] = [
    ['1m', 60_000],
    ['3m', 180_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['1d', 86_400_000],
    ['3d', 259_200_000],
    ['1w', 604_800_000],
    ['1M', 0],
    ['', 0],
    ['m', 0],
    ['x1m', 0],
    ['1234m', 0],
    ['1y', 0],
  ];
  for (const [name, length] of table) {
    assert.equal(once(CANDLE.replace('"1h"', `"${name}"`)).records[0]['intervalMs'], length, name);
  }
  assert.equal(once(CANDLE.replace('"i":"1h",', '')).records[0]['intervalMs'], 0);
});

test('a context is a record for each of mark, oracle, funding and open interest that it has', () => {
  const funding = derivative('MOODENG', DerivativeKind.fundingRate | DerivativeFlag.negative, '0.00004863');
  const others = [
    derivative('MOODENG', DerivativeKind.markPrice, '0.19963'),
    derivative('MOODENG', DerivativeKind.indexPrice, '0.1995'),
    derivative('MOODENG', DerivativeKind.openInterest, '18617460'),
  ];
  const [mark, oracle, interest] = others;
  assert.deepEqual(once(CONTEXT), { result: applied, records: [mark, oracle, funding, interest] });
  const asNumbers = CONTEXT.replace(/":"(-?[\d.]+)"/g, '":$1');
  assert.deepEqual(once(asNumbers).records, [mark, oracle, funding, interest]);
  const positive = derivative('MOODENG', DerivativeKind.fundingRate, '0.00004863');
  assert.deepEqual(once(CONTEXT.replace('"-0.00004863"', '0.4863e-4')).records[2], positive);
  const zero = derivative('MOODENG', DerivativeKind.fundingRate, '0');
  for (const none of ['"-0.0"', '-0', '0', '"0.0"']) {
    assert.deepEqual(once(CONTEXT.replace('"-0.00004863"', none)).records[2], zero, none);
  }
  assert.deepEqual(once(CONTEXT.replace('"-0.00004863"', 'null')).records, others);
  assert.deepEqual(once(CONTEXT.replace('"0.19963"', 'null')).records, [oracle, funding, interest]);
  const spot = [derivative('@2', DerivativeKind.markPrice, '0.00005299')];
  assert.deepEqual(once(SPOT_CONTEXT), { result: applied, records: spot });
});

test('answers and the greeting are control; channels and messages of other kinds are unknown', () => {
  const table: [string, number][] = [
    [GREETING, control],
    ['{"channel":"pong"}', control],
    [ACK, control],
    [
      '{"data":{"method":"subscribe","subscription":{"coin":"BTC","type":"trades"}},"channel":"subscriptionResponse"}',
      control,
    ],
    ['{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":[]}}', control],
    ['{"channel":"subscriptionResponse","data":{"method":"subscribe"}}', control],
    ['{"channel":"subscriptionResponse","data":[]}', control],
    ['{"channel":"error","data":"Already subscribed: {\\"type\\":\\"l2Book\\",\\"coin\\":\\"BTC\\"}"}', control],
    ['{"channel":"error","data":"Cannot subscribe to more than 1000 channels."}', control],
    ['{"channel":"post","data":{"id":1,"response":{"type":"info"}}}', control],
    ['{"channel":"notification","data":{"notification":"x"}}', control],
    ['{"channel":"allMids","data":{"mids":{"BTC":"1.5"}}}', control],
    ['{"channel":"l2","data":{"coin":"BTC"}}', unknown],
    ['{"channel":"webData3","data":{}}', unknown],
    ['{"channel":"userFills","data":{"fills":[]}}', unknown],
    ['{"channel":"unheard-of"}', unknown],
    ['{"data":[{"coin":"BTC"}]}', unknown],
    ['{}', unknown],
    ['[]', unknown],
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
    ['Websocket connection established', syntax],
    [`${GREETING} `, syntax],
    [`"${GREETING}"`, shape],
    ['7', shape],
    ['null', shape],
    [`${BOOK},`, syntax],
    ['{"channel":"trades"}', missingField],
    ['{"channel":"subscriptionResponse"}', missingField],
    [BOOK.replace('"coin":"BTC",', ''), missingField],
    [BOOK.replace('"time":1703875200000,', ''), missingField],
    [BOOK.replace('"levels"', '"level"'), missingField],
    [BOOK.replace('"px":"98450.50",', ''), missingField],
    [BOOK.replace('"sz":"2.5",', ''), missingField],
    [TRADE.replace('"coin":"BTC",', ''), missingField],
    [TRADE.replace('"side":"A",', ''), missingField],
    [TRADE.replace('"px":"104320.0",', ''), missingField],
    [TRADE.replace('"sz":"0.01500",', ''), missingField],
    [TRADE.replace('"time":1769916002000,', ''), missingField],
    [TRADE.replace('"tid":300003,', ''), missingField],
    [TRADE.replace('"hash":"0x0003",', ''), applied],
    [BBO.replace('"coin":"@107",', ''), missingField],
    [BBO.replace('"time":1703875200000,', ''), missingField],
    [BBO.replace('"bbo":[', '"x":['), missingField],
    [CANDLE.replace('"s":"kPEPE",', ''), missingField],
    [CANDLE.replace('"t":1684699200000,', ''), missingField],
    [CANDLE.replace('"v":"520665683.0",', ''), missingField],
    [CANDLE.replace('"o":"0.001601",', ''), missingField],
    [CONTEXT.replace('"coin":"MOODENG",', ''), missingField],
    [CONTEXT.replace('"ctx"', '"context"'), missingField],
    [BACKFILL.replace('"symbol":"BTC",', ''), missingField],
    [BACKFILL.replace('"trades"', '"trade"'), missingField],
    [BOOK.replace('"l2Book"', '7'), type],
    [BOOK.replace('"BTC"', 'null'), type],
    [BOOK.replace('1703875200000', '"1703875200000"'), type],
    [BOOK.replace('1703875200000', '1703875200000.5'), type],
    [BOOK.replace('"98450.50"', '98450.50'), type],
    [BOOK.replace('"98450.50"', '"9e4"'), type],
    [BOOK.replace('"98450.50"', '""'), type],
    [BOOK.replace('"98450.50"', 'null'), type],
    [BOOK.replace('"levels":[[', '"levels":[7,['), type],
    [FAST.replace('[[],', '[{},'), type],
    [FAST.replace('{"px":"1","sz":"0.01246","n":2}', '["1","0.01246"]'), type],
    ['{"channel":"l2Book","data":[]}', type],
    ['{"channel":"l2Book","data":{"coin":"A","time":1,"levels":{}}}', type],
    ['{"channel":"l2Book","data":{"levels":7,"coin":"A","time":1}}', type],
    [TRADE.replace('"A"', '"S"'), type],
    [TRADE.replace('"A"', '1'), type],
    [TRADE.replace('300003', '"300003"'), type],
    [TRADE.replace('300003', '3e5'), type],
    [TRADE.replace('[{', '{').replace('}]', '}'), type],
    ['{"channel":"trades","data":["BTC"]}', type],
    [BBO.replace('{"px":"98450.5","sz":"2.5","n":3}', '[]'), type],
    [BBO.replace('"bbo":[', '"bbo":{"x":[').replace(']}}', ']}}}'), type],
    [CANDLE.replace('"0.001601"', '"x"'), type],
    [CANDLE.replace('709', '"709"'), type],
    [CANDLE.replace('"1h"', '1'), type],
    ['{"channel":"candle","data":"x"}', type],
    [CONTEXT.replace('"0.19963"', 'true'), type],
    [CONTEXT.replace('"-0.00004863"', '"-"'), type],
    [CONTEXT.replace('"-0.00004863"', '"--1"'), type],
    [CONTEXT.replace('"-0.00004863"', '"-1x"'), type],
    [CONTEXT.replace('"-0.00004863"', '"-1e-5"'), type],
    ['{"channel":"activeAssetCtx","data":{"coin":"A","ctx":[]}}', type],
    ['{"backfill":[]}', type],
    [BACKFILL.replace('"trades":[', '"trades":{"x":[').replace(']}}', ']}}}'), type],
    ['{"channel":"l2Book","data":{"coin":"A","time":1,"levels":[]}}', shape],
    ['{"channel":"l2Book","data":{"coin":"A","time":1,"levels":[[]]}}', shape],
    ['{"channel":"l2Book","data":{"coin":"A","time":1,"levels":[[],[],[]]}}', shape],
    [BBO.replace(']}}', ',null]}}'), shape],
    [BACKFILL.replace('"symbol":"BTC"', '"symbol":"ETH"'), shape],
    [BACKFILL.replace('"symbol":"BTC"', '"symbol":"BT"'), shape],
    [BACKFILL.replace('"symbol":"BTC"', '"symbol":""'), shape],
    [BACKFILL.replace('{"backfill"', '{"channel":"trades","backfill"'), shape],
    [BACKFILL.replace('{"backfill"', '{"data":[],"backfill"'), shape],
    [BOOK.replace('"BTC"', '""'), shape],
    [TRADE.replace('"BTC"', '"a\\"b"'), shape],
    [BOOK.replace('"98450.50"', '"0.0"'), range],
    [BOOK.replace('"98450.50"', '"-1"'), range],
    [BOOK.replace('"98450.50"', '"10000000000000"'), range],
    [BOOK.replace('"2.5"', '"-2.5"'), range],
    [BOOK.replace('1703875200000', '-1'), range],
    [BOOK.replace('1703875200000', '9703875200000000'), range],
    [BBO.replace('"98450.5"', '"0"'), range],
    [TRADE.replace('"0.01500"', '"0.0"'), range],
    [TRADE.replace('"104320.0"', '"0"'), range],
    [TRADE.replace('300003', '9007199254740993'), range],
    [TRADE.replace('300003', '-1'), range],
    [CANDLE.replace('709', '4294967296'), range],
    [CONTEXT.replace('"0.19963"', '"-0.19963"'), range],
    [BOOK.replace('1703875200000', '01703875200000'), syntax],
    [CONTEXT.replace('"-0.00004863"', '-01'), syntax],
    [CONTEXT.replace('"-0.00004863"', '-'), syntax],
    [CONTEXT.replace('"-0.00004863"', '-"1"'), syntax],
    [TRADE.replace('0.01500', '0.0000000000000000001'), precision],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    const decoded = decodeFrame(sink, decoder, frame);
    assert.equal(decoded.result, result, frame);
    if (result < 0) assert.deepEqual([decoded.records, sink.symbols], [[], []], frame);
  }
  for (const frame of [BOOK, TRADE, BBO, CANDLE, CONTEXT, BACKFILL]) {
    const { sink, decoder } = make({ recordsMax: 1 });
    assert.equal(decodeFrame(sink, decoder, frame).result, tooLarge, frame);
  }
});

test('a decoder is not moved by a frame it refused', () => {
  const { sink, decoder } = make();
  for (const frame of FRAMES) {
    decodeFrame(sink, decoder, frame.slice(0, -3));
    decodeFrame(sink, decoder, BOOK.replace('"98449.75"', '"0"'));
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
  const table: [string, string[]][] = [
    [BOOK, ['channel', 'data', 'coin', 'time', 'levels', 'px', 'sz']],
    [TRADE, ['channel', 'data', 'coin', 'side', 'px', 'sz', 'time', 'tid']],
    [BBO, ['coin', 'time', 'bbo', 'px', 'sz']],
    [CANDLE, ['t', 's', 'i', 'o', 'c', 'h', 'l', 'v', 'n']],
    [CONTEXT, ['coin', 'ctx', 'funding', 'openInterest', 'oraclePx', 'markPx']],
    [BACKFILL, ['backfill', 'symbol', 'trades', 'tid']],
  ];
  for (const [frame, names] of table) {
    for (const name of names) assert.equal(once(doubled(frame, name)).result, shape, `${name} in ${frame}`);
  }
  for (const [frame, name] of [
    [BOOK, 'n'],
    [TRADE, 'hash'],
    [CANDLE, 'T'],
    [CONTEXT, 'midPx'],
    [FAST, 'fast'],
  ] as const) {
    assert.deepEqual(once(doubled(frame, name)), once(frame), name);
  }
});

/** A value's text with members in any order, an unknown one in each object, and white space: as the choices say. */
function rewrite(item: Json, choose: (limit: number) => number): string {
  const gap = (): string => ['', '', ' ', '\n', '\t ', '\r\n'][choose(6)];
  if (Array.isArray(item))
    return `[${gap()}${item.map((part) => rewrite(part, choose)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (item === null || typeof item !== 'object') return JSON.stringify(item);
  const members = Object.entries(item).map(([key, part]) => `"${key}"${gap()}:${gap()}${rewrite(part, choose)}`);
  members.push('"x_new":{"data":[null,true,-1.5e9,{"channel":"\u00e9"}]}');
  for (let i = members.length - 1; i > 0; i--) {
    const other = choose(i + 1);
    [members[i], members[other]] = [members[other], members[i]];
  }
  return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
}

test('fields may come in any order, with white space and unknown fields between them', () => {
  const property = fc.property(fc.constantFrom(...FRAMES), fc.infiniteStream(fc.nat()), (frame, numbers) => {
    const choose = (limit: number): number => Number(numbers.next().value) % limit;
    const text = rewrite(JSON.parse(frame) as Json, choose);
    assert.deepEqual(once(text), once(frame), text);
  });
  fc.assert(property, { numRuns: 300 });
});

const whole = fc.oneof(fc.nat(9_999_999), fc.integer({ min: 1e8, max: 5e12 }));
const digits = fc.tuple(whole, fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 }));
const decimalText = digits.map(([part, fraction]) => (fraction === '' ? String(part) : `${part}.${fraction}`));
const rows = fc.array(fc.tuple(decimalText, decimalText), { maxLength: 20 });

test('whatever levels a book has, its records say the same', () => {
  const property = fc.property(rows, rows, fc.integer({ min: 1, max: 9e12 }), (bids, asks, time) => {
    const isPriced = ([price]: readonly string[]): boolean => Number(price) > 0;
    const [bidRows, askRows] = [bids.filter(isPriced), asks.filter(isPriced)];
    const object = ([px, sz]: readonly string[]): Json => ({ px, sz, n: 1 });
    const levels = [bidRows.map(object), askRows.map(object)];
    const { result, records } = once(JSON.stringify({ channel: 'l2Book', data: { coin: 'A', time, levels } }));
    assert.equal(result, applied);
    assert.deepEqual(records, [
      head('A', bidRows.length + askRows.length, time, Math.max(bidRows.length, askRows.length)),
      ...bidRows.map(([price, quantity]) => level('A', 0, price, quantity)),
      ...askRows.map(([price, quantity]) => level('A', LevelFlag.ask, price, quantity)),
    ]);
  });
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
  for (const frame of [...FRAMES, ACK, GREETING]) {
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
