// Injective frames, one by one: what each kind becomes in human units, what is refused, and what their writing may be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InjectiveDecoder } from '../../../engine/venues/injective/decode.ts';
import { MarketId } from '../../../engine/venues/injective/market-id.ts';
import { scaledAny } from '../../../engine/venues/injective/numbers.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { scaledDecimal } from '../../support/reference/injective.ts';
import { Rejected } from '../../support/reference/rejection.ts';
import '../../support/seed.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const { applied, control, ignored, missingField, precision, range, shape, syntax, type, unknown } = FrameResult;

/** INJ/USDT, 18 and 6 decimals; and a derivative in USDT. */
const SPOT = '0x0611780ba69656949525013d947713300f56c37b6175e02f26bffa495c3208fe';
const SPOT_BASE64 = Buffer.from(SPOT.slice(2), 'hex').toString('base64');
const PERP = '0x17ef48032cb24375ba7c2e39f384e56433bcab20cbee9a7357e4cba2eb00abe6';
const MARKETS =
  `{"markets":[{"marketId":"${SPOT}","baseDenom":"inj","baseTokenMeta":{"decimals":18},"quoteTokenMeta":{"decimals":6}},` +
  `{"market":{"market_id":"${PERP}","oracle_base":"0x2d","quote_decimals":6},"perpetual_info":{"market_info":{"market_id":"${PERP}"}}}]}`;

// Shapes of the documents (venues.md §6.2 to §6.4) and of the recordings.
const BLOCK =
  `{"jsonrpc":"2.0","id":1,"result":{"block_height":"12345678","block_time":"1702123456789","spot_trades":[],"spot_orderbook_updates":[` +
  `{"seq":"7","orderbook":{"market_id":"${SPOT}","buy_levels":[{"p":"17.280000000000000000","q":"44557.734000000000000000"}],` +
  `"sell_levels":[{"p":"17.300000000000000000","q":"0.000000000000000000"}]}}],"derivative_trades":[],"oracle_prices":[],"gas_price":"160000000"}}`;
const SPOT_TRADE =
  `{"market_id":"${SPOT}","is_buy":true,"executionType":"Market","quantity":"2.500000000000000000","price":"17.280000000000000000",` +
  '"subaccount_id":"0x3d","fee":"0.1","order_hash":"0xaa","fee_recipient_address":"inj1","cid":"","trade_id":"12345678_3"}';
const PERP_TRADE =
  `{"market_id":"${PERP}","executionType":"MarketLiquidation","position_delta":{"execution_quantity":"3.000000000000000000",` +
  '"execution_margin":"1","execution_price":"20.5"},"trade_id":"12345678_5"}';
const UPDATE =
  `{"orderbookLevelUpdates":{"marketId":"${SPOT}","sequence":"6916387","buys":[{"price":"0.000000000073489","quantity":"129000000000000000",` +
  '"isActive":true,"timestamp":"1702044441000"}],"sells":[{"price":"8.5E-11","quantity":"6681507000000000000000","isActive":false,"timestamp":"1"}],' +
  `"updatedAt":"1702044441000"},"operationType":"update","timestamp":"1702044441000","marketId":"${SPOT}"}`;
const WHOLE =
  '{"orderbook":{"buys":[{"price":"13400000","quantity":"683.3032","timestamp":"1702002966962"}],"sells":[],"sequence":"1919121",' +
  `"timestamp":"1702003627697"},"operationType":"update","timestamp":"1702003629000","marketId":"${PERP}"}`;
const TRADE =
  `{"trade":{"orderHash":"0xa7","marketId":"${SPOT}","tradeExecutionType":"limitMatchNewOrder","tradeDirection":"sell","price":{` +
  '"price":"0.00000000001","quantity":"1000000000000000000","timestamp":"1701978102242"},"fee":"10000","executedAt":"1701978102242",' +
  '"tradeId":"22868_1","executionSide":"taker","cid":""},"operationType":"insert","timestamp":"1701978103000"}';
const LCD = `{"snapshot":{"symbol":"${SPOT}","buys_price_level":[{"p":"17.27","q":"1"}],"sells_price_level":[{"p":"17.29","q":"2"}],"seq":"6"}}`;

class Connection {
  readonly sink = new MemorySink();
  readonly decoder = new InjectiveDecoder(this.sink, 'injective');

  feed(frame: string): { result: number; records: MemoryRecord[] } {
    return decodeFrame(this.sink, this.decoder, frame);
  }
}

/** A connection of its own, which knows the decimals where `isTold`. */
function once(frame: string, isTold = true): { result: number; records: MemoryRecord[] } {
  const connection = new Connection();
  if (isTold) assert.equal(connection.feed(MARKETS).result, control);
  return connection.feed(frame);
}

function block(lists: string): string {
  return `{"block_height":1,"block_time":1702123456789,${lists}}`;
}

function head(market: string, flags: number, count: number, timeUs: number, sequence: number): MemoryRecord {
  const numbers = { firstSequence: sequence, lastSequence: sequence, previousSequence: 0, checksum: 0, depth: 0 };
  return { type: 'bookChange', market, flags, count, receiveTimeNs: 1, exchangeTimeUs: timeUs, ...numbers };
}

/** Price and quantity of each level, the side before them; trailing zeros cut. */
function levels(records: readonly MemoryRecord[]): string[] {
  const plain = (text: unknown): string =>
    /\./.test(String(text)) ? String(text).replace(/\.?0+$/, '') : String(text);
  return records.flatMap((record) =>
    record.type === 'level'
      ? [`${record['flags'] === LevelFlag.ask ? 'ask' : 'bid'} ${plain(record['price'])} ${plain(record['quantity'])}`]
      : [],
  );
}

test('a block, wrapped or bare, gives the changes of its books in human units', () => {
  const bare = JSON.stringify((JSON.parse(BLOCK) as { result: object }).result);
  for (const frame of [BLOCK, bare, bare.replaceAll(SPOT, SPOT_BASE64), bare.replace('"7"', '7')]) {
    const { result, records } = once(frame, false);
    assert.equal(result, applied, frame);
    assert.deepEqual(records[0], head(SPOT, ChangeFlag.hasSequence, 2, 1702123456789000, 7));
    assert.deepEqual(levels(records), ['bid 17.28 44557.734', 'ask 17.3 0']);
  }
});

test('lists and sides may be left out, be null or empty, and stand before the time of their block', () => {
  const [first] = once(block(`"spot_orderbook_updates":[{"seq":1,"orderbook":{"market_id":"${SPOT}"}}]`)).records;
  assert.deepEqual(first, head(SPOT, ChangeFlag.hasSequence, 0, 1702123456789000, 1));
  const turned = `{"derivative_orderbook_updates":[{"orderbook":{"sell_levels":[{"q":2,"p":1.5e1}],"market_id":"${PERP}"},"seq":3}],"block_time":5,"spot_trades":null}`;
  const { result, records } = once(turned, false);
  assert.equal(result, applied);
  assert.deepEqual(records[0], head(PERP, ChangeFlag.hasSequence, 1, 5000, 3));
  assert.deepEqual(levels(records), ['ask 15 2']);
  for (const frame of [
    '{"block_height":"5"}',
    '{"bank_balances":[]}',
    '{"jsonrpc":"2.0","id":2,"result":{"oracle_prices":[{"price":"1"}]}}',
  ]) {
    assert.deepEqual(once(frame, false), { result: applied, records: [] }, frame);
  }
});

test("trades of a block are the takers', with the block's time; makers are passed over, settlements stay out of the market", () => {
  const maker = SPOT_TRADE.replace('"Market"', '"LimitFill"').replace('_3', '_2').replace('true', 'false');
  const { records } = once(block(`"spot_trades":[${maker},${SPOT_TRADE}],"derivative_trades":[${PERP_TRADE}]`), false);
  const common = { receiveTimeNs: 1, exchangeTimeUs: 1702123456789000 };
  const spot = { type: 'trade', market: SPOT, flags: Side.buy | TradeFlag.textId, count: 1, ...common };
  const perp = { ...spot, market: PERP, flags: Side.sell | TradeFlag.textId };
  assert.deepEqual(records, [
    { ...spot, price: '17.28', quantity: '2.5', id: 0 },
    { type: 'tradeId', market: SPOT, flags: 0, count: 10, text: '12345678_3' },
    { ...perp, price: '20.5', quantity: '3', id: 0 },
    { type: 'tradeId', market: PERP, flags: 0, count: 10, text: '12345678_5' },
    { type: 'liquidation', market: PERP, flags: Side.sell, count: 0, ...common, price: '20.5', quantity: '3' },
  ]);
  const [settled] = once(
    block(`"spot_trades":[${SPOT_TRADE.replace('"Market"', '"ExpiryMarketSettlement"')}]`),
  ).records;
  assert.equal(settled['flags'], Side.buy | TradeFlag.textId | TradeFlag.offMarket);
  assert.deepEqual(once(block(`"spot_trades":[${maker}]`)), { result: applied, records: [] });
});

test("the indexer's updates are converted with the decimals of the market; isActive false removes", () => {
  const { records } = once(UPDATE);
  assert.deepEqual(records[0], head(SPOT, ChangeFlag.hasSequence, 2, 1702044441000000, 6916387));
  assert.deepEqual(levels(records), ['bid 73.489 0.129', 'ask 85 0']);
});

test('a whole book is a snapshot each time, an answer one that joins by its number; both in any order of members', () => {
  const { records } = once(WHOLE);
  assert.deepEqual(records[0], head(PERP, ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1702003627697000, 1919121));
  assert.deepEqual(levels(records), ['bid 13.4 683.3032']);
  const joined = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;
  const inner = WHOLE.slice(1, WHOLE.indexOf(',"operationType"'));
  const answers = [
    `{"orderbooks":[{"marketId":"${PERP}",${inner}}]}`,
    `{"snapshot":{"symbol":"${PERP}",${inner}}}`,
    `{"snapshot":{${inner},"marketId":"${PERP}"}}`,
    `{"snapshot":{"symbol":"${PERP}","orderbooks":[{${inner},"market_id":"${PERP}"}]}}`,
  ];
  for (const frame of answers) {
    const answer = once(frame);
    assert.deepEqual(answer.records[0], head(PERP, joined, 1, 1702003627697000, 1919121), frame);
    assert.deepEqual(answer.records[1], records[1]);
  }
  const untouched = `{"orderbooks":[{"marketId":"${PERP}","orderbook":{"buys":[],"sells":[],"sequence":"0","timestamp":"-62135596800000"}}]}`;
  assert.deepEqual(once(untouched, false).records, [head(PERP, joined, 0, 0, 0)]);
  const [unnumbered] = once(untouched.replace('"sequence":"0",', '')).records;
  assert.equal(unnumbered['flags'], ChangeFlag.snapshot | ChangeFlag.rest);
});

test("a node's snapshot is in human units and needs no decimals, but its number: v1beta1 has none and other units", () => {
  const { result, records } = once(LCD, false);
  assert.equal(result, applied);
  assert.deepEqual(records[0], head(SPOT, ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence, 2, 0, 6));
  assert.deepEqual(levels(records), ['bid 17.27 1', 'ask 17.29 2']);
  assert.equal(once(LCD.replace(',"seq":"6"', '')).result, missingField);
});

test("the indexer's trades are the takers' in human units; past ones are put in order of time and marked", () => {
  const common = { type: 'trade', market: SPOT, count: 1, receiveTimeNs: 1, price: '10', quantity: '1', id: 0 };
  const flags = Side.sell | TradeFlag.textId;
  const expected = { ...common, flags, exchangeTimeUs: 1701978102242000 };
  assert.deepEqual(once(TRADE).records[0], expected);
  const maker = TRADE.replace('"taker"', '"maker"');
  assert.deepEqual(once(maker), { result: ignored, records: [] });
  const [old] = once(TRADE.replace(',"executionSide":"taker"', '').replace('"tradeId":"22868_1",', '')).records;
  assert.deepEqual(old, { ...expected, flags: Side.sell | TradeFlag.noId });
  const entry = TRADE.slice(9, TRADE.indexOf(',"operationType"'));
  const earlier = entry.replaceAll('1701978102242', '1701978102000').replace('22868_1', '7_1');
  for (const frame of [
    `{"trades":[${entry},${earlier}],"paging":{"total":"2"}}`,
    `{"backfill":{"symbol":"${SPOT}","trades":[${entry},${earlier}]}}`,
  ]) {
    const { records } = once(frame);
    assert.deepEqual(
      records.map((record) => record['text'] ?? record['flags']),
      [flags | TradeFlag.history, '7_1', flags | TradeFlag.history, '22868_1'],
    );
  }
  assert.deepEqual(once('{"trades":[]}'), { result: ignored, records: [] });
});

test('numbers in chain units of a market whose decimals are not known are refused, those without levels not', () => {
  for (const frame of [UPDATE, WHOLE, TRADE]) assert.equal(once(frame, false).result, missingField, frame);
  const unset = MARKETS.replace('"decimals":18', '"decimals":0');
  const connection = new Connection();
  connection.feed(unset);
  assert.equal(connection.feed(UPDATE).result, missingField);
  assert.equal(connection.feed(WHOLE).result, applied);
  // Nothing of a list that is refused is kept.
  const other = new Connection();
  assert.equal(other.feed(MARKETS.replace('"quote_decimals":6', '"quote_decimals":"6.5"')).result, type);
  assert.equal(other.feed(UPDATE).result, missingField);
});

test('lists of markets are taken in each of their forms', () => {
  const forms = [
    `{"markets":[{"marketId":"${SPOT}","baseDecimals":18,"quoteDecimals":"6"}]}`,
    `{"markets":[{"market_id":"${SPOT_BASE64}","base_denom":"inj","base_decimals":18,"quote_decimals":6}]}`,
    `{"markets":[{"quoteTokenMeta":{"name":"USDT","decimals":6},"baseTokenMeta":{"decimals":18},"marketId":"${SPOT.toUpperCase().replace('0X', '0x')}"}],"paging":{}}`,
  ];
  for (const form of forms) {
    const connection = new Connection();
    assert.equal(connection.feed(form).result, control);
    assert.deepEqual(levels(connection.feed(UPDATE).records), ['bid 73.489 0.129', 'ask 85 0'], form);
    assert.deepEqual(connection.sink.symbols, [SPOT], 'a list makes no markets');
  }
});

test('a stream declared to be in chain units is converted like the indexer, and human again when declared so', () => {
  const chain = block(
    `"spot_orderbook_updates":[{"seq":1,"orderbook":{"market_id":"${SPOT}","sell_levels":[{"p":"0.000000000005488000","q":"8000000000000000000.000000000000000000"}]}}]`,
  );
  assert.equal(once(chain).result, range, '8·10^18 is no human quantity');
  const connection = new Connection();
  connection.feed(MARKETS);
  assert.equal(connection.feed('{"streamScale":"chain"}').result, control);
  assert.deepEqual(levels(connection.feed(chain).records), ['ask 5.488 8']);
  connection.feed('{"streamScale":"human"}');
  assert.equal(connection.feed(chain).result, range);
  assert.equal(connection.feed('{"streamScale":"other"}').result, type);
});

function sideOf(text: string, quantity: string): string {
  return block(
    `"spot_orderbook_updates":[{"seq":1,"orderbook":{"market_id":"${SPOT}","buy_levels":[{"p":${text},"q":${quantity}}]}}]`,
  );
}

test('a stream that prints integers × 10^18 is told by its first number, and a connection prints in one way', () => {
  const atto = new Connection();
  assert.deepEqual(levels(atto.feed(sideOf('"17280000000000000000"', '"5"')).records), [
    'bid 17.28 0.000000000000000005',
  ]);
  assert.deepEqual(levels(atto.feed(sideOf('20000000000000', '0')).records), ['bid 0.00002 0']);
  assert.equal(atto.feed(sideOf('"17.28"', '"5"')).result, range);
  const plain = new Connection();
  assert.deepEqual(levels(plain.feed(sideOf('"17"', '"5"')).records), ['bid 17 5']);
  assert.equal(plain.feed(sideOf('"17280000000000000000"', '"5"')).result, range);
  // A frame that is refused decides nothing.
  const undecided = new Connection();
  assert.equal(undecided.feed(sideOf('"17280000000000000000"', '"5"').replace('"seq":1,', '')).result, missingField);
  assert.deepEqual(levels(undecided.feed(sideOf('"17.28"', '"5"')).records), ['bid 17.28 5']);
});

test('a stream whose prices are in another scale than the snapshot is refused until one agrees', () => {
  const connection = new Connection();
  connection.feed(LCD);
  assert.equal(connection.feed(sideOf('"0.00000000001728"', '"5"')).result, range);
  assert.equal(connection.feed(sideOf('"17280000"', '"5"')).result, range);
  const trade = block(`"spot_trades":[${SPOT_TRADE.replace('17.280000000000000000', '17280000')}]`);
  assert.equal(connection.feed(trade).result, range);
  // Deep in the book is no other scale, and does not settle it yet.
  assert.equal(connection.feed(sideOf('"1.5"', '"5"')).result, applied);
  assert.equal(connection.feed(trade).result, range);
  assert.equal(connection.feed(sideOf('"17"', '"5"')).result, applied);
  assert.equal(connection.feed(sideOf('"0.001"', '"5"')).result, applied, 'settled');
  assert.equal(connection.feed(trade).result, applied);
});

test('answers and errors are control; what is of no kind known is unknown', () => {
  const table: [string, number][] = [
    ['{"jsonrpc":"2.0","id":1,"result":"success"}', control],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Invalid Request"}}', control],
    ['{"error":null,"result":{"block_height":"1"}}', applied],
    ['{"result":null}', control],
    ['{}', unknown],
    ['[]', unknown],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', unknown],
    ['{"unheard":"of"}', unknown],
    ['{"operationType":"update","timestamp":"1"}', unknown],
    ['{"error":{},"spot_trades":[]}', shape],
    ['7', shape],
    ['', syntax],
    ['{"block_height":1', syntax],
  ];
  for (const [frame, result] of table) assert.deepEqual(once(frame), { result, records: [] }, frame);
});

test('frames are refused by their category, and nothing of them is kept', () => {
  const table: [string, number][] = [
    [`${BLOCK},`, syntax],
    [BLOCK.replace('"seq":"7",', ''), missingField],
    [BLOCK.replace(`"market_id":"${SPOT}",`, ''), missingField],
    [BLOCK.replace('"p":"17.280000000000000000",', ''), missingField],
    [BLOCK.replace(',"q":"44557.734000000000000000"', ''), missingField],
    [BLOCK.replace('"7"', '"7.5"'), type],
    [BLOCK.replace('"7"', '"-7"'), range],
    [BLOCK.replace('"7"', '"9007199254740993"'), range],
    [BLOCK.replace('"seq":"7"', '"seq":"7","seq":"7"'), shape],
    [BLOCK.replace('17.28', '-17.28'), range],
    [BLOCK.replace('17.28', '017.28'), type],
    [BLOCK.replace('17.28', 'x'), type],
    [BLOCK.replace('"17.280000000000000000"', '""'), type],
    [BLOCK.replace('"17.280000000000000000"', 'null'), type],
    [BLOCK.replace('"17.280000000000000000"', '"0"'), range],
    [BLOCK.replace('17.280000000000000000', '17.2800000000000000001'), precision],
    [BLOCK.replace('"spot_orderbook_updates":[', '"spot_orderbook_updates":[1,'), type],
    [BLOCK.replace('"spot_orderbook_updates":[', '"spot_orderbook_updates":{},"x":['), type],
    [BLOCK.replace(`"${SPOT}"`, '7'), type],
    [BLOCK.replace(`"${SPOT}"`, '""'), shape],
    [BLOCK.replace('"block_time"', '"spot_orderbook_updates":[],"block_time"'), shape],
    [BLOCK.replace('"1702123456789"', '"soon"'), type],
    [UPDATE.replace('"sequence":"6916387",', ''), missingField],
    // An answer of another kind is no empty book.
    [`{"snapshot":{"symbol":"${SPOT}"}}`, missingField],
    [`{"snapshot":{"symbol":"${SPOT}","lastUpdateId":5,"bids":[["17","1"]],"asks":[]}}`, missingField],
    [`{"snapshot":{"symbol":"${SPOT}","code":5,"message":"not found","details":[]}}`, missingField],
    [`{"orderbooks":[{"marketId":"${SPOT}"}]}`, missingField],
    [UPDATE.replace('true', '1'), type],
    [UPDATE.replace(/"}$/, '0"}'), shape],
    [UPDATE.replace('0.000000000073489', '0.0000000000734890000000000000001'), precision],
    [WHOLE.replace(`,"marketId":"${PERP}"`, ''), missingField],
    [TRADE.replace('"sell"', '"both"'), type],
    [TRADE.replace('"tradeDirection":"sell",', ''), missingField],
    [TRADE.replace(',"executedAt":"1701978102242"', ''), missingField],
    [TRADE.replace('"1000000000000000000"', '"0"'), range],
    [TRADE.replace('22868_1', '1'.repeat(57)), shape],
    [TRADE.replace('"trade":{', '"trade":[{').replace('},"operationType"', '}],"operationType"'), type],
    [block(`"spot_trades":[${SPOT_TRADE}]`).replace('"block_time":1702123456789,', ''), missingField],
    [block(`"spot_trades":[${SPOT_TRADE.replace('"executionType":"Market",', '')}]`), missingField],
    [block(`"spot_trades":[${SPOT_TRADE.replace(/"market_id":"[^"]*",/, '')}]`), missingField],
    ['{"snapshot":7}', type],
    ['{"snapshot":{}}', missingField],
    ['{"backfill":{"symbol":"x"}}', missingField],
    ['{"markets":{}}', type],
    ['{"markets":[{"baseDecimals":1}]}', missingField],
  ];
  for (const [frame, result] of table) {
    const { sink, decoder } = new Connection();
    assert.equal(decodeFrame(sink, decoder, MARKETS).result, control);
    assert.equal(decodeFrame(sink, decoder, frame).result, result, frame);
    assert.deepEqual(sink.symbols, [], frame);
  }
});

test('a frame cut at any byte is refused, and the connection reads on', () => {
  for (const frame of [BLOCK, UPDATE, WHOLE, TRADE, LCD, MARKETS]) {
    const connection = new Connection();
    connection.feed(MARKETS);
    for (let length = 0; length < frame.length; length++) {
      assert.equal(connection.feed(frame.slice(0, length)).result, syntax, frame.slice(0, length));
    }
    assert.ok(connection.feed(frame).result > 0);
  }
});

// ---- properties

/** The same document with members in another order and some that nobody knows. */
function stirred(value: Json, order: (names: string[]) => string[]): Json {
  if (Array.isArray(value)) return value.map((entry) => stirred(entry, order));
  if (typeof value !== 'object' || value === null) return value;
  const names = order([...Object.keys(value), 'extra']);
  return Object.fromEntries(
    names.map((name) => [name, name === 'extra' ? { deep: [1, { seq: '9' }] } : stirred(value[name], order)]),
  );
}

test('order of members and further members change nothing', () => {
  const frames = [
    BLOCK,
    UPDATE,
    WHOLE,
    TRADE,
    LCD,
    block(`"derivative_trades":[${PERP_TRADE}],"spot_trades":[${SPOT_TRADE}]`),
  ];
  const expected = frames.map((frame) => once(frame));
  fc.assert(
    fc.property(fc.nat(frames.length - 1), fc.infiniteStream(fc.nat(7)), (index, draws) => {
      const order = (names: string[]): string[] =>
        names
          .map((name) => ({ name, key: draws.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ name }) => name);
      const { result, records } = once(JSON.stringify(stirred(JSON.parse(frames[index]) as Json, order)));
      assert.equal(result, applied);
      // Sides and trades may come in the other order.
      const key = (record: MemoryRecord): string => JSON.stringify(record);
      assert.deepEqual(records.map(key).sort(), expected[index].records.map(key).sort());
    }),
  );
});

test('market ids in hex of either case and in base64 are one symbol', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const hex = Buffer.from(bytes).toString('hex');
      for (const text of [`0x${hex}`, `0X${hex.toUpperCase()}`, hex, Buffer.from(bytes).toString('base64')]) {
        const id = new MarketId();
        const written = Buffer.from(text);
        assert.equal(id.read(written, 0, written.length), 1);
        assert.equal(Buffer.from(id.text.subarray(0, id.length)).toString(), `0x${hex}`);
      }
    }),
  );
});

test('a text of no 32 bytes is kept as it is, base64 with bits left over too', () => {
  const all = `${'A'.repeat(43)}=`;
  for (const text of ['INJ/USDT', '0x12', `${'A'.repeat(42)}B=`, `${'A'.repeat(42)}-=`, `0x${'g'.repeat(64)}`]) {
    const id = new MarketId();
    assert.equal(id.read(Buffer.from(text), 0, text.length), 1);
    assert.equal(Buffer.from(id.text.subarray(0, id.length)).toString(), text);
  }
  const id = new MarketId();
  id.read(Buffer.from(all), 0, all.length);
  assert.equal(Buffer.from(id.text.subarray(0, id.length)).toString(), `0x${'0'.repeat(64)}`);
  assert.equal(id.read(Buffer.from('x'.repeat(81)), 0, 81), shape);
});

const digits = (max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((list) => list.join(''));
const number = fc
  .tuple(digits(26), fc.option(digits(30)), fc.option(fc.integer({ min: -30, max: 30 })))
  .map(([whole, fraction, exponent]) => {
    const left = whole.replace(/^0+(?=\d)/, '');
    return `${left}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`;
  });

test('any number times any power of ten is exact, or refused as BigInt says', () => {
  const names: Readonly<Record<string, number>> = { range, precision, type };
  const out = new Float64Array(2);
  let exact = 0;
  fc.assert(
    fc.property(number, fc.integer({ min: -18, max: 18 }), fc.boolean(), (text, shift, isQuoted) => {
      const bytes = Buffer.from(isQuoted ? `"${text}"` : `${text},`);
      const after = scaledAny(bytes, 0, bytes.length, shift, out, 0);
      let expected: bigint | string;
      try {
        expected = scaledDecimal(text, shift);
      } catch (error) {
        assert.ok(error instanceof Rejected);
        expected = error.category;
      }
      if (typeof expected === 'bigint') {
        // The engine holds whole units up to 9·10^12, the reference a little more.
        if (after === range && expected > 9_000_000_000_000n * 10n ** 18n) return;
        assert.equal(after, isQuoted ? bytes.length : bytes.length - 1, text);
        assert.equal(BigInt(out[0]) * 10n ** 15n + BigInt(out[1]), expected, `${text} shifted by ${shift}`);
        exact++;
      } else assert.ok(after === names[expected] || (after < 0 && [range, precision].includes(after as -5 | -6)), text);
    }),
    { numRuns: 2000 },
  );
  assert.ok(exact > 50, `only ${exact} numbers fitted`);
});

test('spot and derivative numbers come out as their definition says, whatever the decimals', () => {
  const decimals = fc.constantFrom(5, 6, 8, 9, 10, 18);
  const level = fc.record({ price: fc.bigInt(1n, 10n ** 12n), quantity: fc.bigInt(1n, 10n ** 15n) });
  fc.assert(
    fc.property(decimals, decimals, level, fc.boolean(), (base, quote, { price, quantity }, isSpot) => {
      const connection = new Connection();
      const entry = isSpot
        ? `"baseDecimals":${base},"quoteDecimals":${quote}`
        : `"oracleBase":"x","quoteDecimals":${quote}`;
      assert.equal(connection.feed(`{"markets":[{"marketId":"${SPOT}",${entry}}]}`).result, control);
      // Human units of 10^-6; in chain units price × 10^(quote - base) and quantity × 10^base, or price × 10^quote.
      const priceExponent = isSpot ? quote - base - 6 : quote - 6;
      const quantityExponent = isSpot ? base - 6 : -6;
      const sent = `[{"price":"${price}e${priceExponent}","quantity":"${quantity}e${quantityExponent}"}]`;
      const frame = `{"orderbookLevelUpdates":{"marketId":"${SPOT}","sequence":"1","buys":${sent}}}`;
      const human = (units: bigint): string => {
        const text = units.toString().padStart(7, '0');
        return `${text.slice(0, -6)}.${text.slice(-6)}`.replace(/\.?0+$/, '');
      };
      assert.deepEqual(levels(connection.feed(frame).records), [`bid ${human(price)} ${human(quantity)}`]);
    }),
  );
});
