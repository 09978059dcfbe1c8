// OKX frames of contracts, and trades fetched after a loss: what each becomes, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OkxDecoder } from '../../../engine/venues/okx/decode.ts';
import { gathered, PastTrades } from '../../../engine/venues/okx/past-trades.ts';
import { DerivativeFlag, DerivativeKind, FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { doubled, escaped, type JsonValue, rewritten } from '../../support/frame-forms.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import '../../support/seed.ts';

const { applied, missingField, range, shape, syntax, type } = FrameResult;

function once(frame: string): { result: number; records: MemoryRecord[]; symbols: string[] } {
  const sink = new MemorySink();
  return { ...decodeFrame(sink, new OkxDecoder(sink, 'okx'), frame), symbols: sink.symbols };
}

// Shapes of the API guide.
const MARK =
  '{"arg":{"channel":"mark-price","instId":"BTC-USDT"},"data":[{"instType":"MARGIN","instId":"BTC-USDT","markPx":"42310.6",' +
  '"ts":"1630049139746"}]}';
const INDEX =
  '{"arg":{"channel":"index-tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","idxPx":"0.1","high24h":"0.5",' +
  '"low24h":"0.1","open24h":"0.1","sodUtc0":"0.1","sodUtc8":"0.1","ts":"1597026383085"}]}';
const FUNDING =
  '{"arg":{"channel":"funding-rate","instId":"BTC-USD-SWAP"},"data":[{"formulaType":"noRate","fundingRate":"-0.0001875391284828",' +
  '"fundingTime":"1700726400000","instId":"BTC-USD-SWAP","instType":"SWAP","nextFundingRate":"","nextFundingTime":"1700755200000",' +
  '"ts":"1700724675402"}]}';
const INTEREST =
  '{"arg":{"channel":"open-interest","instId":"LTC-USD-SWAP"},"data":[{"instType":"SWAP","instId":"LTC-USD-SWAP","oi":"5000",' +
  '"oiCcy":"555.55","oiUsd":"50000","ts":"1597026383085"}]}';
const LIQUIDATIONS =
  '{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[{"bkLoss":"0","bkPx":"0.007831","ccy":"",' +
  '"posSide":"short","side":"buy","sz":"13","ts":"1692266434010"}],"instFamily":"IOST-USDT","instId":"IOST-USDT-SWAP",' +
  '"instType":"SWAP","uly":"IOST-USDT"}]}';
const BACKFILL =
  '{"backfill":{"symbol":"BTC-USDT","trades":[{"instId":"BTC-USDT","tradeId":"7","px":"29963.2","sz":"0.03","side":"sell",' +
  '"ts":"1654161646974","count":"3","source":"0"}]}}';
const FRAMES = [MARK, INDEX, FUNDING, INTEREST, LIQUIDATIONS, BACKFILL];

function derivative(market: string, flags: number, exchangeTimeUs: number, value: string, due = 0): MemoryRecord {
  const common = { type: 'derivative', market, flags, count: 0, receiveTimeNs: 1 };
  return { ...common, exchangeTimeUs, value, effectiveTimeUs: due } as MemoryRecord;
}

test('prices of contracts, funding and open interest are derivative records', () => {
  const { markPrice, indexPrice, fundingRate, openInterest } = DerivativeKind;
  assert.deepEqual(once(MARK).records, [derivative('BTC-USDT', markPrice, 1630049139746000, '42310.6')]);
  assert.deepEqual(once(INDEX).records, [derivative('BTC-USDT', indexPrice, 1597026383085000, '0.1')]);
  assert.deepEqual(once(INTEREST).records, [derivative('LTC-USD-SWAP', openInterest, 1597026383085000, '5000')]);
  const flags = fundingRate | DerivativeFlag.negative;
  const [, time, due] = [0, 1700724675402000, 1700726400000000];
  assert.deepEqual(once(FUNDING).records, [derivative('BTC-USD-SWAP', flags, time, '0.0001875391284828', due)]);
  const undated = once(FUNDING.replace(',"ts":"1700724675402"', '').replace('"fundingTime":"1700726400000",', ''));
  assert.deepEqual(undated.records, [derivative('BTC-USD-SWAP', flags, 0, '0.0001875391284828')]);
  assert.deepEqual(once(MARK.replace('"42310.6"', '""')).records, []);
});

test('a liquidation belongs to the market of its entry', () => {
  const common = { type: 'liquidation', market: 'IOST-USDT-SWAP', count: 0, receiveTimeNs: 1 };
  const buy = { ...common, flags: Side.buy, exchangeTimeUs: 1692266434010000, price: '0.007831', quantity: '13' };
  assert.deepEqual(once(LIQUIDATIONS), { result: applied, records: [buy], symbols: ['IOST-USDT-SWAP'] });
  const sell = once(LIQUIDATIONS.replace('"side":"buy"', '"side":"sell"')).records;
  assert.deepEqual(sell, [{ ...buy, flags: Side.sell }]);
  assert.deepEqual(once(LIQUIDATIONS.replace(/"details":\[.*?\]/, '"details":[]')).records, []);
});

test('trades fetched after a loss are past ones of the channel `trades`', () => {
  const flags = Side.sell | TradeFlag.aggregate | TradeFlag.history;
  const common = { type: 'trade', market: 'BTC-USDT', flags, count: 3, receiveTimeNs: 1 };
  const numbers = { exchangeTimeUs: 1654161646974000, price: '29963.2', quantity: '0.03', id: 7 };
  assert.deepEqual(once(BACKFILL).records, [{ ...common, ...numbers }]);
});

test('frames of contracts are refused by their category, and nothing of them is kept', () => {
  const table: [string, number][] = [
    [MARK.replace('"markPx":"42310.6",', ''), missingField],
    [MARK.replace(',"ts":"1630049139746"', ''), missingField],
    [FUNDING.replace(/"fundingRate":"[^"]*",/, ''), missingField],
    [LIQUIDATIONS.replace('"instId":"IOST-USDT-SWAP",', ''), missingField],
    [LIQUIDATIONS.replace('"bkPx":"0.007831",', ''), missingField],
    [LIQUIDATIONS.replace('"side":"buy",', ''), missingField],
    ['{"backfill":{"symbol":"A"}}', missingField],
    ['{"backfill":{"trades":[]}}', missingField],
    [BACKFILL.replace('"px":"29963.2",', ''), missingField],
    [MARK.replace('"42310.6"', '42310.6'), type],
    [FUNDING.replace('"-0.0001875391284828"', '"-"'), type],
    [FUNDING.replace('"-0.0001875391284828"', '"--1"'), type],
    [LIQUIDATIONS.replace('"side":"buy"', '"side":"short"'), type],
    [LIQUIDATIONS.replace('"details":[', '"details":7,"x":['), type],
    [MARK.replace('"42310.6"', '"-42310.6"'), range],
    [BACKFILL.replace('"0.03"', '"0"'), range],
    [MARK.replace('"data":[{"instType":"MARGIN","instId":"BTC-USDT"', '"data":[{"instId":"ETH-USDT"'), shape],
    [BACKFILL.replace('"instId":"BTC-USDT"', '"instId":"ETH-USDT"'), shape],
    [BACKFILL.replace('{"backfill"', '{"event":"notice","backfill"'), shape],
    [LIQUIDATIONS.replaceAll('IOST-USDT-SWAP', ''), shape],
  ];
  for (const [frame, result] of table) {
    assert.deepEqual(once(frame), { result, records: [], symbols: [] }, frame);
  }
  for (const name of ['markPx', 'idxPx', 'fundingRate', 'fundingTime', 'oi', 'details', 'bkPx', 'side', 'backfill']) {
    const frame = FRAMES.find((one) => one.includes(`"${name}":`)) ?? '';
    assert.equal(once(doubled(frame, name)).result, shape, name);
  }
});

test('their fields may come in any order, with white space and unknown fields, or as escapes', () => {
  const property = fc.property(fc.constantFrom(...FRAMES), fc.infiniteStream(fc.nat()), (frame, numbers) => {
    const text = rewritten(JSON.parse(frame) as JsonValue, (limit) => Number(numbers.next().value) % limit);
    assert.deepEqual(once(text), once(frame), text);
  });
  fc.assert(property);
  for (const frame of FRAMES) assert.deepEqual(once(escaped(frame)), once(frame), frame);
});

test('cut at any byte they are refused', () => {
  for (const frame of FRAMES) {
    for (let length = 0; length < frame.length; length++) {
      assert.equal(once(frame.slice(0, length)).result, syntax, frame.slice(0, length));
    }
  }
});

// ---- gathering

type Match = { instId: string; tradeId: string; px: string; sz: string; side: string; ts: string };
const match = (id: number, px: string, sz: string, ts = '1', side = 'buy'): Match => ({
  ...{ instId: 'A-B', tradeId: String(id), px, sz, side, ts },
});

test("matches of one price, side and millisecond with ids in a row are one order's", () => {
  const alone = [match(1, '5', '0.1'), match(2, '5.1', '0.2'), match(4, '5.1', '0.3'), match(5, '5.1', '1', '2')];
  assert.deepEqual(
    gathered([...alone, match(6, '5.1', '1', '2', 'sell')]).map(({ tradeId, count }) => [tradeId, count]),
    [1, 2, 4, 5, 6].map((id) => [String(id), '1']),
  );
  const together = gathered([match(7, '5', '0.1'), match(8, '5', '0.95'), match(9, '5', '2')]);
  assert.deepEqual(together, [{ ...match(9, '5', '3.05'), count: '3' }]);
});

test('gathering keeps quantity and matches, whatever the matches are', () => {
  const part = fc.record({
    step: fc.integer({ min: 1, max: 2 }),
    same: fc.boolean(),
    tenths: fc.integer({ min: 1, max: 999 }),
  });
  const property = fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
    let [id, time] = [100, 1];
    const matches = parts.map(({ step, same, tenths }) => {
      id += step;
      time += same ? 0 : 1;
      return match(id, '7', `${Math.floor(tenths / 10)}.${tenths % 10}`, String(time));
    });
    const groups = gathered(matches);
    const tenthsOf = (list: readonly { readonly sz: string }[]): number =>
      list.reduce((sum, { sz }) => sum + Math.round(Number(sz) * 10), 0);
    assert.equal(tenthsOf(groups), tenthsOf(matches));
    assert.equal(
      groups.reduce((sum, { count = '0' }) => sum + Number(count), 0),
      matches.length,
    );
    const ids = new Set(matches.map(({ tradeId }) => tradeId));
    assert.ok(groups.every(({ tradeId }) => ids.has(tradeId)));
  });
  fc.assert(property);
});

const answerOf = (matches: readonly Match[]): string =>
  JSON.stringify({ code: '0', msg: '', data: [...matches].reverse() });
const tradesOf = (frames: readonly string[]): { tradeId: string; count: string }[] =>
  frames.flatMap(
    (frame) => (JSON.parse(frame) as { backfill: { trades: { tradeId: string; count: string }[] } }).backfill.trades,
  );

test('answers are read back to the last trade known, and told oldest first when all are there', () => {
  const past = new PastTrades();
  const query = { symbol: 'A-B', lastId: 850, fromMs: 0, toMs: 9e15 };
  const matches = Array.from({ length: 1000 }, (_, index) => match(index + 1, String(1 + index), '1'));
  assert.match(past.request(query).path, /instId=A-B&type=1&limit=100$/);
  const first = past.read(query, answerOf(matches.slice(900)));
  assert.deepEqual(first.frames, []);
  assert.match(first.next?.path ?? '', /after=901&/);
  const second = past.read(query, answerOf(matches.slice(800, 900)));
  assert.deepEqual([second.next, second.isWhole], [null, true]);
  const ids = tradesOf(second.frames).map(({ tradeId }) => Number(tradeId));
  assert.deepEqual(
    ids,
    Array.from({ length: 150 }, (_, index) => 851 + index),
  );
  // A page that is not full is the last there is.
  past.request(query);
  assert.deepEqual(past.read(query, answerOf([])), { frames: [], next: null, isWhole: true });
  assert.throws(() => past.read(query, '{"code":"50011","msg":"Too Many Requests","data":[]}'), /expected a list/);
});

test('without a known id the time tells how far back; after 40 answers it is given up and said so', () => {
  const past = new PastTrades();
  const query = { symbol: 'A-B', lastId: null, fromMs: 5, toMs: 9 };
  past.request(query);
  const matches = [match(1, '1', '1', '4'), match(2, '1', '1', '5'), match(3, '1', '1', '6')];
  assert.deepEqual(
    tradesOf(past.read(query, answerOf(matches)).frames).map(({ tradeId }) => tradeId),
    ['2', '3'],
  );
  past.request(query);
  let pages = 0;
  for (let to = 10_000; ; to -= 100) {
    const page = Array.from({ length: 100 }, (_, index) => match(to - 99 + index, String(index + 1), '1', '7'));
    const { next, isWhole, frames } = past.read(query, answerOf(page));
    pages++;
    if (next !== null) continue;
    assert.deepEqual([pages, isWhole, tradesOf(frames).length], [40, false, 4000]);
    break;
  }
});
