// dYdX frames, one by one: what each kind becomes, what is refused, and what their order and writing may be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DydxDecoder } from '../../../engine/venues/dydx/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import '../../support/seed.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { applied, control, missingField, range, shape, syntax, tooLarge, type, unknown } = FrameResult;

function once(frame: string, recordsMax?: number): { result: number; records: MemoryRecord[] } {
  const sink = new MemorySink(recordsMax === undefined ? {} : { recordsMax });
  return decodeFrame(sink, new DydxDecoder(sink, 'dydx'), frame);
}

const HEAD = '"connection_id":"ee5a4696-dce8-44ef-8d68-f0e0d0b06160","message_id":484';
const SUBSCRIBED =
  `{"type":"subscribed",${HEAD},"channel":"v4_orderbook","id":"BTC-USD","contents":{"bids":[{"price":"28194","size":"4.764826096"},` +
  '{"price":"28193","size":"3.115323739"}],"asks":[{"price":"28195","size":"3.219612343"}]}}';
const UPDATE =
  `{"type":"channel_data",${HEAD},"id":"BTC-USD","channel":"v4_orderbook","version":"1.0.0",` +
  '"contents":{"bids":[["27773","1.986168516"],["27772.50","0.0"]]}}';
const BATCH =
  `{"type":"channel_batch_data",${HEAD},"id":"ETH-USD","channel":"v4_orderbook","version":"1.0.0",` +
  '"contents":[{"asks":[["3102.1","0"]]},{"asks":[["3101.4","0.645"]],"bids":[["3040.6","0"]]}]}';
const TRADE =
  `{"type":"channel_data",${HEAD},"id":"BTC-USD","channel":"v4_trades","version":"2.1.0","contents":{"trades":[` +
  '{"id":"8ee6d90d-272d-5edd-bf0f-2e4d6ae3d3b7","size":"0.000100431","price":"27839","side":"BUY",' +
  '"createdAt":"2023-04-04T00:29:19.353Z","type":"LIQUIDATED"}]}}';
const PAST_TRADES =
  `{"type":"subscribed",${HEAD},"channel":"v4_trades","id":"BTC-USD","contents":{"trades":[` +
  '{"id":"b","side":"SELL","size":"2","price":"10","type":"LIMIT","createdAt":"2023-04-04T00:29:19.353Z","createdAtHeight":"5"},' +
  '{"side":"BUY","size":"1","price":"11","createdAt":"2023-04-04T00:29:18.000Z","createdAtHeight":"4"}]}}';
const CANDLE =
  `{"type":"channel_data",${HEAD},"id":"BTC-USD/1MIN","channel":"v4_candles","version":"1.0.0","contents":` +
  '{"startedAt":"2024-01-01T00:01:00.000Z","ticker":"BTC-USD","resolution":"1MIN","low":"43350.0","high":"43600.0","open":"43400.0",' +
  '"close":"43550.0","baseTokenVolume":"8.765","usdVolume":"381000.25","trades":98,"startingOpenInterest":"1000100.0","id":"c"}}';
const MARKETS =
  `{"type":"channel_data",${HEAD},"channel":"v4_markets","version":"1.0.0","contents":{"oraclePrices":{"ETH-USD":` +
  '{"oraclePrice":"2623.3521","effectiveAt":"2024-08-23T00:00:54.301Z","effectiveAtHeight":"23455252","marketId":86}}}}';
const BACKFILL =
  '{"backfill":{"symbol":"BTC-USD","trades":{"trades":[{"id":"a","side":"SELL","size":"2","price":"10","type":"DELEVERAGED",' +
  '"createdAt":"2023-04-04T00:29:19.353Z"}]}}}';
const FRAMES = [SUBSCRIBED, UPDATE, BATCH, TRADE, PAST_TRADES, CANDLE, MARKETS, BACKFILL];

function change(market: string, flags: number, count: number): MemoryRecord {
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0 };
  const numbers = { firstSequence: 484, lastSequence: 484, previousSequence: 0, checksum: 0, depth: 0 };
  return { type: 'bookChange', market, flags, count, ...times, ...numbers };
}

function level(market: string, flags: number, price: string, quantity: string): MemoryRecord {
  const decimals = (text: string): number => (text.split('.')[1] ?? '').length;
  const counted = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags, count: 0, price, quantity, ...counted };
}

test('the state on subscribing is a snapshot, and a control frame: it answers a request', () => {
  assert.deepEqual(once(SUBSCRIBED), {
    result: control,
    records: [
      change('BTC-USD', ChangeFlag.snapshot | ChangeFlag.hasSequence, 3),
      level('BTC-USD', 0, '28194', '4.764826096'),
      level('BTC-USD', 0, '28193', '3.115323739'),
      level('BTC-USD', LevelFlag.ask, '28195', '3.219612343'),
    ],
  });
});

test('an update has pairs of either side, of which any may be missing; every zero removes', () => {
  assert.deepEqual(once(UPDATE), {
    result: applied,
    records: [
      change('BTC-USD', ChangeFlag.hasSequence, 2),
      level('BTC-USD', 0, '27773', '1.986168516'),
      level('BTC-USD', 0, '27772.50', '0.0'),
    ],
  });
});

test('each part of a batch is a change of its own, in order', () => {
  assert.deepEqual(once(BATCH), {
    result: applied,
    records: [
      change('ETH-USD', ChangeFlag.hasSequence, 1),
      level('ETH-USD', LevelFlag.ask, '3102.1', '0'),
      change('ETH-USD', ChangeFlag.hasSequence, 2),
      level('ETH-USD', LevelFlag.ask, '3101.4', '0.645'),
      level('ETH-USD', 0, '3040.6', '0'),
    ],
  });
});

test('a liquidation is a trade of the market with a text id, and is told as a liquidation too', () => {
  const times = { receiveTimeNs: 1, exchangeTimeUs: Date.UTC(2023, 3, 4, 0, 29, 19, 353) * 1000 };
  const what = { ...times, price: '27839', quantity: '0.000100431' };
  const id = '8ee6d90d-272d-5edd-bf0f-2e4d6ae3d3b7';
  assert.deepEqual(once(TRADE), {
    result: applied,
    records: [
      { type: 'trade', market: 'BTC-USD', flags: Side.buy | TradeFlag.textId, count: 1, ...what, id: 0 },
      { type: 'tradeId', market: 'BTC-USD', flags: 0, count: 36, text: id },
      { type: 'liquidation', market: 'BTC-USD', flags: Side.buy, count: 0, ...what },
    ],
  });
});

function flagsOf(frame: string): number[] {
  return once(frame).records.flatMap((record) => (record.type === 'trade' ? [Number(record['flags'])] : []));
}

test('a deleveraging is made beside the market; a type not known is a trade like any other', () => {
  assert.deepEqual(flagsOf(TRADE.replace('LIQUIDATED', 'DELEVERAGED')), [
    Side.buy | TradeFlag.textId | TradeFlag.offMarket,
  ]);
  assert.deepEqual(flagsOf(TRADE.replace('LIQUIDATED', 'TWAP_SUBORDER')), [Side.buy | TradeFlag.textId]);
});

test('past trades come oldest first, are history, and need no id', () => {
  const { history, noId, textId } = TradeFlag;
  const { result, records } = once(PAST_TRADES);
  assert.equal(result, control);
  assert.deepEqual(
    records.map((each) => [each.type, each['price'] ?? each['text'], each['flags']]),
    [
      ['trade', '11', Side.buy | history | noId],
      ['trade', '10', Side.sell | history | textId],
      ['tradeId', 'b', 0],
    ],
  );
});

test('trades asked for by REST are history of their market, without liquidations told again', () => {
  const { history, offMarket, textId } = TradeFlag;
  const { result, records } = once(BACKFILL);
  assert.equal(result, applied);
  assert.deepEqual(
    records.map((each) => each.type),
    ['trade', 'tradeId'],
  );
  assert.equal(records[0]['flags'], Side.sell | history | offMarket | textId);
});

test('the length of a candle is in the id, its market before the slash', () => {
  const lengths = ['1MIN', '5MINS', '15MINS', '30MINS', '1HOUR', '4HOURS', '1DAY', '1WEEK'].map((name) => {
    const [candle] = once(CANDLE.replace('BTC-USD/1MIN', `BTC-USD/${name}`)).records;
    return [candle['market'], candle['intervalMs']];
  });
  const minutes = [1, 5, 15, 30, 60, 240, 1440, 0].map((each) => ['BTC-USD', each * 60_000]);
  assert.deepEqual(lengths, minutes);
});

test('messages without market data are control, unknown channels and types are unknown', () => {
  const cases: [string, number][] = [
    [`{"type":"connected",${HEAD}}`, control],
    [`{"type":"unsubscribed",${HEAD},"channel":"v4_orderbook","id":"BTC-USD"}`, control],
    [`{"type":"error","message":"Invalid channel: v3",${HEAD}}`, control],
    [`{"type":"pong",${HEAD},"id":7}`, control],
    [
      `{"type":"subscribed",${HEAD},"channel":"v4_block_height","id":"v4_block_height","contents":{"height":"1"}}`,
      control,
    ],
    [
      `{"type":"channel_data",${HEAD},"channel":"v4_block_height","id":"v4_block_height","contents":{"blockHeight":"1"}}`,
      control,
    ],
    [`{"type":"subscribed",${HEAD},"channel":"v4_parent_subaccounts","id":"dydx1/0","contents":{}}`, unknown],
    [`{"type":"channel_data",${HEAD},"channel":"v4_subaccounts","id":"dydx1/0","contents":{"fills":[]}}`, unknown],
    [`{"type":"news",${HEAD}}`, unknown],
    ['{"type":"news"}', unknown],
    ['{}', unknown],
    ['[1]', unknown],
  ];
  for (const [frame, expected] of cases) {
    assert.deepEqual(once(frame), { result: expected, records: [] }, frame);
  }
});

test('a malformed frame is refused with its category, and leaves nothing', () => {
  const cases: [string, number][] = [
    ['', syntax],
    ['7', shape],
    [UPDATE.slice(0, -1), syntax],
    [`${UPDATE}}`, syntax],
    [UPDATE.replace('"message_id":484,', ''), missingField],
    [UPDATE.replace('484', '"484"'), type],
    [UPDATE.replace('484', '4.5'), type],
    [UPDATE.replace('"id":"BTC-USD",', ''), missingField],
    [UPDATE.replace('"channel":"v4_orderbook",', ''), missingField],
    [UPDATE.replace(/,"contents".*/, '}'), missingField],
    [UPDATE.replace('{"bids"', '[{"bids"').replace(/}}$/, '}]}'), type],
    [UPDATE.replace('"27773"', '27773'), type],
    [UPDATE.replace('"27773"', '"0"'), range],
    [UPDATE.replace('"27773"', '"-1"'), range],
    [UPDATE.replace('["27773","1.986168516"]', '["27773"]'), shape],
    [UPDATE.replace('"bids":[', '"bids":[],"bids":['), shape],
    [UPDATE.replace('BTC-USD', ''), shape],
    [SUBSCRIBED.replace(/,"asks".*/, '}}'), missingField],
    [SUBSCRIBED.replace('"size":"4.764826096"', '"sized":"1"'), missingField],
    [SUBSCRIBED.replace('"price":"28193"', '"price":"28193","price":"1"'), shape],
    [SUBSCRIBED.replace('{"price":"28193","size":"3.115323739"}', '["28193","3"]'), type],
    [BATCH.replace('"contents":[', '"contents":[7,'), type],
    [BATCH.replace('[{"asks":[["3102.1","0"]]},', '{"asks":[').replace('}]}', '}]}}'), type],
    [TRADE.replace('"BUY"', '"LONG"'), type],
    [TRADE.replace('"0.000100431"', '"0"'), range],
    [TRADE.replace('"price":"27839",', ''), missingField],
    [TRADE.replace('2023-04-04T00:29:19.353Z', 'today'), type],
    [TRADE.replace(/"8ee6.*?"/, '""'), shape],
    [TRADE.replace(/"8ee6.*?"/, `"${'x'.repeat(57)}"`), shape],
    [TRADE.replace('{"trades":[', '{"traded":['), missingField],
    [CANDLE.replace('"open":"43400.0",', ''), missingField],
    [CANDLE.replace('"trades":98', '"trades":"98"'), type],
    [MARKETS.replace('"2623.3521"', '"n/a"'), type],
    [MARKETS.replace('"2623.3521"', '2623.3521'), type],
    [BACKFILL.replace('"symbol":"BTC-USD",', ''), missingField],
    [BACKFILL.replace('"trades":{"trades"', '"trades":{"trade"'), missingField],
  ];
  for (const [frame, expected] of cases) {
    assert.deepEqual(once(frame), { result: expected, records: [] }, frame);
  }
});

test('a frame with more records than one may have is refused', () => {
  assert.deepEqual(once(SUBSCRIBED, 3), { result: tooLarge, records: [] });
  assert.equal(once(SUBSCRIBED, 4).result, control);
});

test('a price null is none, and a rate is cut behind its 18th decimal', () => {
  assert.deepEqual(once(MARKETS.replace('"2623.3521"', 'null')), { result: applied, records: [] });
  const rate = MARKETS.replace('"oraclePrice":"2623.3521"', '"nextFundingRate":"-0.00001351666666666667"');
  assert.equal(once(rate).records[0]['value'], '0.000013516666666666');
  const wrong = MARKETS.replace('"oraclePrice":"2623.3521"', '"nextFundingRate":"0.00001351x"');
  assert.equal(once(wrong).result, type);
});

/** The members of every object in another order, and one more in each. */
function shuffled(value: Json, order: (count: number) => number[], isNamed = false): Json {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, order));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const moved = order(entries.length).map((index): [string, Json] => {
    const [key, inner] = entries[index];
    return [key, shuffled(inner, order, key === 'oraclePrices')];
  });
  // The members of `oraclePrices` are markets: one more would be a market more.
  return Object.fromEntries(isNamed ? moved : [...moved, ['zz', { more: [1, null, 'x'] }]]);
}

test('order of fields, blanks and fields not known change nothing', () => {
  const keys = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...FRAMES), keys, fc.boolean(), (frame, numbers, isSpaced) => {
      let used = 0;
      const order = (count: number): number[] => {
        const ranks = Array.from({ length: count }, () => numbers[used++ % numbers.length]);
        return ranks.map((_, index) => index).sort((a, b) => ranks[a] - ranks[b]);
      };
      const other = JSON.stringify(shuffled(JSON.parse(frame) as Json, order), null, isSpaced ? 1 : 0);
      const expected = once(frame);
      const actual = once(other);
      assert.equal(actual.result, expected.result, other);
      assert.deepEqual(inSides(actual.records), inSides(expected.records), other);
    }),
    { numRuns: 300 },
  );
});

/** Bids before asks within each change: the order of the two lists says nothing. */
function inSides(records: readonly MemoryRecord[]): MemoryRecord[] {
  let changes = 0;
  const keyed = records.map((record, index) => {
    if (record.type === 'bookChange') changes++;
    const side = record.type === 'level' && record['flags'] === LevelFlag.ask ? 1 : 0;
    return { record, key: changes * 1e6 + side * 1e3 + index };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ record }) => record);
}

test("read in words or not, a message is the same; what is not in the server's own writing is left", () => {
  const frames = [SUBSCRIBED, UPDATE, UPDATE.replace('484', '485'), UPDATE.replace('"27773"', '"0"')];
  frames.push(
    UPDATE.replace('}}', ',"asks":[["1","1"]],"bids":[["2","2"]]}}'),
    UPDATE.replace('}}', ',"bids":[["1","1"]]}}'),
  );
  const rows = fc.array(
    fc.tuple(fc.constantFrom('1', '27773.25', '0.000001', '12345678901', '7x'), fc.constantFrom('0', '0.0', '1.5')),
  );
  const change = fc
    .tuple(rows, rows)
    .map(([bids, asks]) => UPDATE.replace(/"contents".*/, `"contents":${JSON.stringify({ bids, asks })}}`));
  const cut = fc.tuple(change, fc.nat({ max: 400 })).map(([frame, length]) => frame.slice(0, length));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...frames), change, cut), { maxLength: 8 }), (list) => {
      const [plain, words] = [new MemorySink(), new MemorySink()];
      const [one, other] = [new DydxDecoder(plain, 'dydx'), new DydxDecoder(words, 'dydx')];
      for (const [index, raw] of list.entries()) {
        const frame = raw.replace('484', String(484 + (index % 3) * index));
        const expected = decodeFrame(plain, one, frame);
        const bytes = Buffer.from(`  ${frame}    `);
        words.begin();
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const result = other.decodeInOrder(view, 2, bytes.length - 4);
        if (result < 0) words.abandon();
        else if (result > 0) assert.deepEqual({ result, records: words.records() }, expected);
        else {
          words.abandon();
          assert.deepEqual(decodeFrame(words, other, frame), expected);
        }
        assert.deepEqual([other.gaps, other.duplicates], [one.gaps, one.duplicates]);
      }
    }),
    { numRuns: 400 },
  );
});

test("a message in the server's own writing is read in words", () => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  decodeFrame(sink, decoder, SUBSCRIBED);
  const bytes = Buffer.from(UPDATE.replace('484', '485'));
  sink.begin();
  assert.equal(
    decoder.decodeInOrder(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length),
    applied,
  );
  assert.equal(sink.records().length, 3);
});

test('a frame cut anywhere is refused as syntax', () => {
  for (const frame of FRAMES) {
    for (let length = 1; length < frame.length; length++) {
      assert.equal(once(frame.slice(0, length)).result, syntax, frame.slice(0, length));
    }
  }
});
