// Bybit frames, one by one: what each kind becomes, what is refused, and what their order and writing may be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { venueOfAddress } from '../../../engine/ingress/replay-source.ts';
import { BybitDecoder } from '../../../engine/venues/bybit/decode.ts';
import {
  ChangeFlag,
  DerivativeFlag,
  DerivativeKind,
  FrameResult,
  LevelFlag,
  Side,
  TradeFlag,
} from '../../../schemas/ids.ts';
import { doubled, escaped, type JsonValue, rewritten } from '../../support/frame-forms.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import '../../support/seed.ts';

const { applied, control, ignored, missingField, precision, range, shape, syntax, type, unknown, tooLarge } =
  FrameResult;

function make(limits: { recordsMax?: number } = {}): { sink: MemorySink; decoder: BybitDecoder } {
  const sink = new MemorySink(limits);
  return { sink, decoder: new BybitDecoder(sink, 'bybit') };
}

function once(frame: string): { result: number; records: MemoryRecord[] } {
  const { sink, decoder } = make();
  return decodeFrame(sink, decoder, frame);
}

// Shapes of the documentation and of the recordings.
const SNAPSHOT =
  '{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT","b":[["16493.50","0.006"],' +
  '["16493.00","0.1"]],"a":[["16611.00","0.029"]],"u":18521288,"seq":7961638724},"cts":1672304484976}';
const DELTA =
  '{"topic":"orderbook.200.BTCUSDT","ts":1687940967466,"type":"delta","data":{"s":"BTCUSDT","b":[["30247.20","30.028"],' +
  '["30245.40","0"]],"a":[],"u":177400507,"seq":66544703342},"cts":1687940967464}';
const BEST =
  '{"topic":"orderbook.1.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT","b":[["16493.50","0.006"]],' +
  '"a":[["16611.00","0.029"]],"u":77,"seq":7961638724},"cts":1672304484976}';
const TRADE =
  '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT","S":"Buy",' +
  '"v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false,"seq":1783284617}]}';
const TICKER =
  '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","lastPrice":"65114.30","markPrice":"65117.44",' +
  '"indexPrice":"65137.76","openInterest":"59891.732","openInterestValue":"3899996265.01","nextFundingTime":"1786320000000",' +
  '"fundingRate":"-0.0001","bid1Price":"65114.20","bid1Size":"5.954","ask1Price":"65114.30","ask1Size":"10.470",' +
  '"preOpenPrice":""},"cs":753843900397,"ts":1786310817583}';
const SPOT_TICKER =
  '{"topic":"tickers.BTCUSDT","ts":1673853746003,"type":"snapshot","cs":2588407389,"data":{"symbol":"BTCUSDT",' +
  '"lastPrice":"21109.77","usdIndexPrice":"21120.2391136"}}';
const CANDLE =
  '{"topic":"kline.5.BTCUSDT","data":[{"start":1672324800000,"end":1672325099999,"interval":"5","open":"16649.5",' +
  '"close":"16677","high":"16678","low":"16608","volume":"2.081","turnover":"34666.4005","confirm":false,' +
  '"timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"}';
const LIQUIDATIONS =
  '{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,"s":"ROSEUSDT",' +
  '"S":"Sell","v":"20000","p":"0.04499"}]}';
const LIQUIDATION =
  '{"data":{"price":"0.03803","side":"Buy","size":"1637","symbol":"GALAUSDT","updatedTime":1673251091822},' +
  '"topic":"liquidation.GALAUSDT","ts":1673251091822,"type":"snapshot"}';
const BACKFILL =
  '{"backfill":{"symbol":"BTCUSDT","trades":[{"execId":"2100000000007764263","symbol":"BTCUSDT","price":"16618.49",' +
  '"size":"0.00012","side":"Sell","time":"1672052955758","isBlockTrade":false,"isRPITrade":true}]}}';
const FRAMES = [SNAPSHOT, DELTA, BEST, TRADE, TICKER, SPOT_TICKER, CANDLE, LIQUIDATIONS, LIQUIDATION, BACKFILL];
const ACK = '{"success":true,"ret_msg":"subscribe","conn_id":"2324d924","req_id":"10001","op":"subscribe"}';

function head(market: string, flags: number, count: number, more: Record<string, number>): MemoryRecord {
  const common = { type: 'bookChange', market, flags, count, receiveTimeNs: 1 };
  return { ...common, previousSequence: 0, checksum: 0, ...more } as MemoryRecord;
}

function level(flags: number, price: string, quantity: string): MemoryRecord {
  const decimals = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0);
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market: 'BTCUSDT', flags, count: 0, price, quantity, ...counted };
}

function quotes(time: number, numbers: string[]): MemoryRecord[] {
  const common = { market: 'BTCUSDT', flags: 0, count: 0 };
  const [bidPrice, bidQuantity, askPrice, askQuantity] = numbers;
  const times = { receiveTimeNs: 1, exchangeTimeUs: time, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice, bidQuantity },
    { type: 'quoteAsk', ...common, askPrice, askQuantity },
  ];
}

const SNAPSHOT_FLAGS = ChangeFlag.snapshot | ChangeFlag.hasSequence;

test("a book change has its update id, the matching engine's time, its topic's depth and the digits as sent", () => {
  const numbers = { firstSequence: 18521288, lastSequence: 18521288, depth: 50 };
  assert.deepEqual(once(SNAPSHOT), {
    result: applied,
    records: [
      head('BTCUSDT', SNAPSHOT_FLAGS, 3, { exchangeTimeUs: 1672304484976000, ...numbers }),
      level(0, '16493.50', '0.006'),
      level(0, '16493.00', '0.1'),
      level(LevelFlag.ask, '16611.00', '0.029'),
    ],
  });
  const [delta] = once(DELTA).records;
  assert.deepEqual([delta['flags'], delta['count'], delta['depth']], [ChangeFlag.hasSequence, 2, 200]);
  const [undated] = once(DELTA.replace(',"cts":1687940967464', '')).records;
  assert.equal(undated['exchangeTimeUs'], 1687940967466000);
});

test('a message with the update id 1 is a whole book, whatever its type', () => {
  assert.equal(once(DELTA.replace('177400507', '1')).records[0]['flags'], SNAPSHOT_FLAGS);
  assert.equal(once(DELTA.replace('177400507', '2')).records[0]['flags'], ChangeFlag.hasSequence);
});

test('the first depth of a market builds its book on a connection; another depth is ignored', () => {
  const { sink, decoder } = make();
  const other = SNAPSHOT.replace('orderbook.50', 'orderbook.1000');
  // A frame that is refused decides nothing.
  assert.equal(decodeFrame(sink, decoder, other.replace('"0.029"', '"x"')).result, type);
  assert.equal(decodeFrame(sink, decoder, SNAPSHOT).result, applied);
  assert.deepEqual(decodeFrame(sink, decoder, other), { result: ignored, records: [] });
  assert.equal(decodeFrame(sink, decoder, SNAPSHOT.replace('"type":"snapshot"', '"type":"delta"')).result, applied);
  // Another market and another connection are free.
  assert.equal(decodeFrame(sink, decoder, other.replaceAll('BTCUSDT', 'ETHUSDT')).result, applied);
  assert.equal(once(other).result, applied);
  // Many markets.
  for (let i = 0; i < 300; i++) {
    const symbol = `M${i}USDT`;
    assert.equal(decodeFrame(sink, decoder, SNAPSHOT.replaceAll('BTCUSDT', symbol)).result, applied);
    assert.equal(decodeFrame(sink, decoder, other.replaceAll('BTCUSDT', symbol)).result, ignored);
  }
});

test('the book of one level is a quote and leaves the deep book alone', () => {
  const expected = quotes(1672304484976000, ['16493.5', '0.006', '16611', '0.029']);
  assert.deepEqual(once(BEST), { result: applied, records: expected });
  const delta = BEST.replace('"snapshot"', '"delta"').replace('[["16493.50"', '[["16494.00","0"],["16493.50"');
  assert.deepEqual(once(delta).records, expected);
  for (const empty of [BEST.replace('[["16611.00","0.029"]]', '[]'), BEST.replace('"0.029"', '"0"')]) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, empty), { result: applied, records: [] });
    assert.deepEqual(sink.symbols, ['BTCUSDT']);
  }
  const { sink, decoder } = make();
  for (const frame of [BEST, SNAPSHOT, BEST, DELTA.replace('orderbook.200', 'orderbook.50')]) {
    assert.equal(decodeFrame(sink, decoder, frame).result, applied);
  }
});

function trade(flags: number, more: Record<string, string | number>): MemoryRecord {
  const common = { type: 'trade', market: 'BTCUSDT', flags: flags | TradeFlag.textId, count: 1 };
  return { ...common, receiveTimeNs: 1, id: 0, ...more } as MemoryRecord;
}

const idOf = (text: string): MemoryRecord => ({
  type: 'tradeId',
  market: 'BTCUSDT',
  flags: 0,
  count: text.length,
  text,
});

test("trades have the taker's side and an id of text; a block trade is beside the market", () => {
  const numbers = { exchangeTimeUs: 1672304486865000, price: '16578.5', quantity: '0.001' };
  const id = idOf('20f43950-d8dd-5b31-9112-a178eb6023af');
  assert.deepEqual(once(TRADE), { result: applied, records: [trade(Side.buy, numbers), id] });
  assert.deepEqual(once(TRADE.replace('"Buy"', '"Sell"')).records, [trade(Side.sell, numbers), id]);
  const block = once(TRADE.replace('"BT":false', '"BT":true')).records;
  assert.deepEqual(block, [trade(Side.buy | TradeFlag.offMarket, numbers), id]);
  assert.deepEqual(once(TRADE.replace(',"BT":false', '')), once(TRADE));
  const spot = once(TRADE.replace('20f43950-d8dd-5b31-9112-a178eb6023af', '2290000000068683805')).records;
  assert.deepEqual(spot[1], idOf('2290000000068683805'));
});

test('a message of 1,024 trades is read in its order', () => {
  const entry = TRADE.slice(TRADE.indexOf('[') + 1, -2);
  const entries = Array.from({ length: 1024 }, (_, index) => entry.replace('20f43950', `trade-${index}`));
  const { result, records } = once(TRADE.replace(entry, entries.join(',')));
  assert.equal(result, applied);
  assert.deepEqual(
    records.filter((record) => record.type === 'tradeId').map((record) => String(record['text']).split('-')[1]),
    Array.from({ length: 1024 }, (_, index) => String(index)),
  );
});

test('trades fetched after a loss are marked so, and have the ids of the stream', () => {
  const numbers = { exchangeTimeUs: 1672052955758000, price: '16618.49', quantity: '0.00012' };
  const flags = Side.sell | TradeFlag.history;
  assert.deepEqual(once(BACKFILL).records, [trade(flags, numbers), idOf('2100000000007764263')]);
  assert.deepEqual(once('{"backfill":{"trades":[],"symbol":"BTCUSDT"}}'), { result: applied, records: [] });
});

function derivative(flags: number, value: string, effectiveTimeUs = 0): MemoryRecord {
  const common = { type: 'derivative', market: 'BTCUSDT', flags, count: 0, receiveTimeNs: 1 };
  return { ...common, exchangeTimeUs: 1786310817583000, value, effectiveTimeUs } as MemoryRecord;
}

test('a ticker is a quote where all four numbers came, and what else it has of the contract', () => {
  const { markPrice, indexPrice, openInterest, fundingRate } = DerivativeKind;
  const derivatives = [
    derivative(markPrice, '65117.44'),
    derivative(indexPrice, '65137.76'),
    derivative(openInterest, '59891.732'),
    derivative(fundingRate | DerivativeFlag.negative, '0.0001', 1786320000000000),
  ];
  const quote = quotes(1786310817583000, ['65114.2', '5.954', '65114.3', '10.47']);
  assert.deepEqual(once(TICKER).records, [...quote, ...derivatives]);
  assert.deepEqual(once(TICKER.replace('"bid1Size":"5.954",', '')).records, derivatives);
  assert.deepEqual(once(TICKER.replace('"5.954"', '""')).records, derivatives);
  const [, , , , , funding] = once(TICKER.replace('"nextFundingTime":"1786320000000",', '')).records;
  assert.deepEqual(funding, derivative(fundingRate | DerivativeFlag.negative, '0.0001'));
  assert.deepEqual(once(SPOT_TICKER), { result: applied, records: [] });
  const positive = once(TICKER.replace('"-0.0001"', '"0.0001"')).records.at(-1);
  assert.equal(positive?.['flags'], fundingRate);
  assert.equal(once(TICKER.replace('"-0.0001"', '"-0"')).records.at(-1)?.['flags'], fundingRate);
});

test('a candle has the length its topic names, and says whether it is closed', () => {
  const common = { market: 'BTCUSDT', count: 0 };
  const prices = { openPrice: '16649.5', highPrice: '16678', lowPrice: '16608' };
  const times = { receiveTimeNs: 1, startTimeUs: 1672324800000000, intervalMs: 300_000 };
  assert.deepEqual(once(CANDLE).records, [
    { type: 'candle', ...common, flags: 0, ...times, closePrice: '16677', volume: '2.081' },
    { type: 'candlePrices', ...common, flags: 0, ...prices },
  ]);
  assert.equal(once(CANDLE.replace('"confirm":false', '"confirm":true')).records[0]['flags'], 1);
  const table: [string, number | null][] = [
    ['1', 60_000],
    ['720', 43_200_000],
    ['D', 86_400_000],
    ['W', 604_800_000],
    ['M', 0],
    ['0', null],
    ['', null],
    ['X', null],
    ['5m', null],
    ['DD', null],
    ['12345', null],
  ];
  for (const [interval, intervalMs] of table) {
    const { result, records } = once(CANDLE.replace('kline.5.', `kline.${interval}.`));
    assert.equal(result, intervalMs === null ? unknown : applied, interval);
    assert.equal(records[0]?.['intervalMs'] ?? null, intervalMs, interval);
  }
});

test('a liquidation has the side of the order that closed the position, which a frame names', () => {
  const common = { type: 'liquidation', count: 0, receiveTimeNs: 1 };
  const short = { flags: Side.buy, exchangeTimeUs: 1739502302929000, price: '0.04499', quantity: '20000' };
  assert.deepEqual(once(LIQUIDATIONS).records, [{ ...common, market: 'ROSEUSDT', ...short }]);
  const long = { flags: Side.sell, exchangeTimeUs: 1673251091822000, price: '0.03803', quantity: '1637' };
  assert.deepEqual(once(LIQUIDATION).records, [{ ...common, market: 'GALAUSDT', ...long }]);
});

test('answers of every product are control; topics and messages of other kinds are unknown', () => {
  const table: [string, number][] = [
    [ACK, control],
    ['{"success":true,"ret_msg":"","conn_id":"d8bu","req_id":"","op":"subscribe"}', control],
    ['{"success":true,"ret_msg":"","conn_id":"d8bu","req_id":"7","op":"unsubscribe"}', control],
    [
      '{"success":false,"ret_msg":"error:handler not found,topic:orderbook.5.A","conn_id":"","op":"subscribe"}',
      control,
    ],
    ['{"success":true,"ret_msg":"pong","conn_id":"0970e817","op":"ping"}', control],
    ['{"success":true,"ret_msg":"pong","conn_id":"465772b1","req_id":"","op":"ping"}', control],
    ['{"args":["1672916271846"],"op":"pong"}', control],
    ['{"success":true,"conn_id":"aa","data":{"failTopics":[],"successTopics":["x"]},"type":"COMMAND_RESP"}', control],
    ['{"success":false,"ret_msg":"Bad request"}', control],
    ['{"op":"order.create","retCode":0}', unknown],
    ['{}', unknown],
    ['[]', unknown],
    ['{"topic":"orderbook.full.BTCUSDT","type":"delta","data":{"u":1}}', unknown],
    ['{"topic":"orderbook.rpi.BTCUSDT","type":"snapshot","data":{"b":[["1","2","3"]]}}', unknown],
    ['{"topic":"orderbook.25.BTC-6JAN23-18000-C","type":"snapshot","data":{}}', unknown],
    ['{"topic":"orderbook.100.BTC-6JAN23-18000-C","type":"snapshot","data":{}}', unknown],
    ['{"topic":"orderbook.BTCUSDT","data":{}}', unknown],
    ['{"topic":"orderbook.50","data":{}}', unknown],
    ['{"topic":"priceLimit.BTCUSDT","data":{}}', unknown],
    ['{"data":[],"topic":"kline_lt.5.EOS3LUSDT"}', unknown],
    ['{"topic":"unheard-of"}', unknown],
    ['{"topic":""}', unknown],
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
    ['pong', syntax],
    ['7', shape],
    ['null', shape],
    [`${DELTA},`, syntax],
    ['{"topic":"publicTrade.A"}', missingField],
    [DELTA.replace('"type":"delta",', ''), missingField],
    [DELTA.replace('"ts":1687940967466,', ''), missingField],
    [DELTA.replace('"u":177400507,', ''), missingField],
    [DELTA.replace('"a":[],', ''), missingField],
    [DELTA.replace(/"b":\[\[.*?\]\],/, ''), missingField],
    [BEST.replace('"u":77,', ''), missingField],
    [BEST.replace('"ts":1672304484978,', ''), missingField],
    [TICKER.replace(',"ts":1786310817583', ''), missingField],
    [TRADE.replace('"T":1672304486865,', ''), missingField],
    [TRADE.replace('"S":"Buy",', ''), missingField],
    [TRADE.replace('"v":"0.001",', ''), missingField],
    [TRADE.replace('"p":"16578.50",', ''), missingField],
    [TRADE.replace(/"i":"[^"]*",/, ''), missingField],
    [TRADE.replace('"s":"BTCUSDT",', ''), applied],
    [CANDLE.replace('"open":"16649.5",', ''), missingField],
    [CANDLE.replace('"confirm":false,', ''), missingField],
    [LIQUIDATIONS.replace('"S":"Sell",', ''), missingField],
    [LIQUIDATION.replace('"size":"1637",', ''), missingField],
    [BACKFILL.replace('"symbol":"BTCUSDT","trades"', '"trades"'), missingField],
    ['{"backfill":{"symbol":"A"}}', missingField],
    ['{"backfill":[]}', type],
    ['{"backfill":{"symbol":"A","trades":{}}}', type],
    [DELTA.replace('"delta"', '"other"'), type],
    [DELTA.replace('"delta"', 'null'), type],
    [DELTA.replace('1687940967466', '"1687940967466"'), type],
    [DELTA.replace('177400507', '"177400507"'), type],
    [DELTA.replace('177400507', '1.5'), type],
    [DELTA.replace('"30247.20"', '30247.20'), type],
    [DELTA.replace('"30247.20"', '"3e4"'), type],
    [DELTA.replace('"30247.20"', '""'), type],
    [DELTA.replace('"a":[]', '"a":{}'), type],
    [DELTA.replace('{"s"', '[{"s"').replace('},"cts"', '}],"cts"'), type],
    [TRADE.replace('"Buy"', '"buy"'), type],
    [TRADE.replace('"BT":false', '"BT":"false"'), type],
    [TRADE.replace('1672304486865', '"1672304486865"'), type],
    [TRADE.replace('"20f43950-d8dd-5b31-9112-a178eb6023af"', '7'), type],
    [CANDLE.replace('"confirm":false', '"confirm":0'), type],
    [CANDLE.replace('[{', '{').replace('}]', '}'), type],
    [TICKER.replace('"65117.44"', 'null'), type],
    [TICKER.replace('"-0.0001"', '"--1"'), type],
    [LIQUIDATIONS.replace('"Sell"', '"None"'), type],
    [BACKFILL.replace('"1672052955758"', '1672052955758'), type],
    [ACK.replace('true', '1'), type],
    [DELTA.replace('["30245.40","0"]', '["30245.40"]'), shape],
    [BEST.replace('["16611.00","0.029"]', '["16611.00"]'), shape],
    [DELTA.replace('"s":"BTCUSDT"', '"s":"ETHUSDT"'), shape],
    [TRADE.replace('"s":"BTCUSDT"', '"s":"BTCUSD"'), shape],
    [TICKER.replace('"symbol":"BTCUSDT"', '"symbol":"BTCUSDC"'), shape],
    [BACKFILL.replace('"symbol":"BTCUSDT","price"', '"symbol":"ETHUSDT","price"'), shape],
    [TRADE.replaceAll('BTCUSDT', ''), shape],
    [TRADE.replaceAll('BTCUSDT', 'a\\"b'), shape],
    [TRADE.replace('20f43950-d8dd-5b31-9112-a178eb6023af', ''), shape],
    [TRADE.replace('20f43950', '20f43950'.repeat(6)), shape],
    [TRADE.replace('{"topic"', '{"backfill":{"symbol":"A","trades":[]},"topic"'), shape],
    [DELTA.replace('"30247.20"', '"0.0"'), range],
    [DELTA.replace('"30247.20"', '"-1"'), range],
    [DELTA.replace('177400507', '-1'), range],
    [DELTA.replace('177400507', '9007199254740993'), range],
    [DELTA.replace('1687940967466', '9787612486207000'), range],
    [BEST.replace('"16611.00"', '"0"'), range],
    [TRADE.replace('"16578.50"', '"0"'), range],
    [TRADE.replace('"0.001"', '"0.0"'), range],
    [TICKER.replace('"65117.44"', '"-65117.44"'), range],
    [TICKER.replace('"-0.0001"', '"-10000000000000"'), range],
    [DELTA.replace('177400507', '01'), syntax],
    [TRADE.replace('0.001', '0.0000000000000000001'), precision],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = make();
    const decoded = decodeFrame(sink, decoder, frame);
    assert.equal(decoded.result, result, frame);
    if (result < 0) assert.deepEqual([decoded.records, sink.symbols], [[], []], frame);
  }
  for (const frame of [SNAPSHOT, BEST, TRADE, TICKER, CANDLE]) {
    const { sink, decoder } = make({ recordsMax: 1 });
    assert.equal(decodeFrame(sink, decoder, frame).result, tooLarge, frame);
  }
});

test('a decoder is not moved by a frame it refused', () => {
  const { sink, decoder } = make();
  for (const frame of FRAMES.filter((other) => other !== SNAPSHOT)) {
    decodeFrame(sink, decoder, frame.slice(0, -3));
    decodeFrame(sink, decoder, SNAPSHOT.replace('"16611.00"', '"0"'));
    assert.deepEqual(decodeFrame(sink, decoder, frame), once(frame));
  }
});

test('a known field twice is shape, an unknown one may come twice', () => {
  const names = ['topic', 'type', 'ts', 'cts', 'data', 's', 'b', 'a', 'u', 'T', 'S', 'v', 'p', 'i', 'BT', 'symbol'];
  const others = ['bid1Price', 'markPrice', 'fundingRate', 'start', 'confirm', 'volume', 'side', 'execId', 'backfill'];
  for (const name of [...names, ...others]) {
    const frames = FRAMES.filter((frame) => frame.includes(`"${name}":`));
    assert.ok(frames.length > 0, name);
    for (const frame of frames) assert.equal(once(doubled(frame, name)).result, shape, `${name} in ${frame}`);
  }
  assert.equal(once(doubled(ACK, 'op')).result, shape);
  assert.equal(once(doubled(DELTA, 'seq')).result, applied);
});

function sortLevels(records: MemoryRecord[]): MemoryRecord[] {
  const rank = (record: MemoryRecord): number => (record.type === 'level' ? 1 + Number(record['flags']) : 0);
  return [...records].sort((a, b) => rank(a) - rank(b));
}

test('fields may come in any order, with white space and unknown fields between them', () => {
  const property = fc.property(fc.constantFrom(...FRAMES), fc.infiniteStream(fc.nat()), (frame, numbers) => {
    const choose = (limit: number): number => Number(numbers.next().value) % limit;
    const text = rewritten(JSON.parse(frame) as JsonValue, choose);
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

test('whatever levels and numbers a book change has, its records say the same', () => {
  const property = fc.property(rows, rows, fc.maxSafeNat(), (bids, asks, u) => {
    const isPriced = ([price]: readonly string[]): boolean => Number(price) > 0;
    const data = { s: 'BTCUSDT', b: bids.filter(isPriced), a: asks.filter(isPriced), u, seq: 7 };
    const text = JSON.stringify({ topic: 'orderbook.1000.BTCUSDT', type: 'delta', ts: 1687940967466, data });
    const { result, records } = once(text);
    assert.equal(result, applied);
    const [change, ...levels] = records;
    assert.deepEqual([change['firstSequence'], change['lastSequence'], change['depth']], [u, u, 1000]);
    assert.deepEqual(levels, [
      ...data.b.map(([price, quantity]) => level(0, price, quantity)),
      ...data.a.map(([price, quantity]) => level(LevelFlag.ask, price, quantity)),
    ]);
  });
  fc.assert(property);
});

test('escapes are left to the session, which decodes the plain copy', () => {
  for (const frame of FRAMES) {
    const { sink, decoder } = make();
    assert.deepEqual(decodeFrame(sink, decoder, escaped(frame)), once(frame), frame);
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

test('the address of a connection tells linear from spot; other hosts and venues keep the default', () => {
  const table: [string, 'bybit' | 'bybit-spot' | 'okx', string][] = [
    ['wss://stream.bybit.com/v5/public/linear', 'bybit-spot', 'bybit'],
    ['wss://stream.bybit.com/v5/public/spot', 'bybit', 'bybit-spot'],
    ['wss://stream-testnet.bybit.com/v5/public/spot?x=1', 'bybit', 'bybit-spot'],
    ['wss://stream.bybit.kz/v5/public/spot', 'bybit', 'bybit-spot'],
    ['https://api.bybit.com/v5/market/orderbook?category=spot&symbol=A', 'bybit', 'bybit-spot'],
    ['https://api.bybit.com/v5/market/orderbook?symbol=A&category=linear', 'bybit-spot', 'bybit'],
    ['wss://stream.bybit.com/v5/public/inverse', 'bybit', 'bybit'],
    ['ws://127.0.0.1:9/v5/public/spot', 'bybit', 'bybit'],
    ['wss://stream.bybit.com/v5/public/spot', 'okx', 'okx'],
  ];
  for (const [address, fallback, expected] of table) assert.equal(venueOfAddress(address, fallback), expected, address);
});
