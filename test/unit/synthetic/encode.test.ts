// Owns the tests of the encoders: fields, ids, sides and sums as the venues send them, checksums against zlib's CRC.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { crc32 } from '../../../engine/synthetic/crc32.ts';
import { BinanceEncoder } from '../../../engine/synthetic/encode-binance.ts';
import { CoinbaseEncoder } from '../../../engine/synthetic/encode-coinbase.ts';
import { encodeJson, encodeJsonBookSnapshot } from '../../../engine/synthetic/encode-json.ts';
import { KrakenEncoder, krakenChecksum } from '../../../engine/synthetic/encode-kraken.ts';
import type { Level, TradeEvent } from '../../../engine/synthetic/events.ts';
import { SyntheticMarket } from '../../../engine/synthetic/market.ts';
import { type MarketSpec, marketSpecs } from '../../../engine/synthetic/specs.ts';

const NOW_US = Date.UTC(2026, 0, 5, 12) * 1000;
const ALL = ['depth', 'trade', 'aggTrade', 'bookTicker', 'kline'] as const;

function trade(market: MarketSpec, changes: Partial<TradeEvent> = {}): TradeEvent {
  const basis = { kind: 'trade', timeUs: NOW_US, tradeId: 10, aggressorSide: 'buy', isLastOfOrder: true } as const;
  return { ...basis, market, priceTicks: 9_700_001, quantityLots: 150_000, ...changes };
}

describe('json', () => {
  const [market] = marketSpecs('json', 1);

  it('writes a trade with canonical decimals as text', () => {
    assert.deepEqual(JSON.parse(encodeJson(trade(market), NOW_US + 5)), {
      type: 'trade',
      exchange: 'synthetic',
      symbol: 'BTC-USDT',
      id: '10',
      price: '97000.01',
      amount: '1.5',
      side: 'buy',
      timestamp: '2026-01-05T12:00:00.000000Z',
      localTimestamp: '2026-01-05T12:00:00.000005Z',
    });
  });

  it('writes snapshots in either form with all levels', () => {
    const snapshot = new SyntheticMarket(market, 1, 20).snapshot(NOW_US);
    const change = JSON.parse(encodeJson(snapshot, NOW_US));
    const whole = JSON.parse(encodeJsonBookSnapshot(snapshot, NOW_US));
    assert.equal(change.type, 'book_change');
    assert.equal(change.isSnapshot, true);
    assert.equal(whole.type, 'book_snapshot');
    assert.equal(whole.depth, 20);
    assert.deepEqual(whole.bids, change.bids);
    assert.equal(change.bids.length, 20);
  });
});

describe('binance', () => {
  const [spot] = marketSpecs('binance', 1);
  const [usdm] = marketSpecs('binance-futures', 1);

  it('continues ids on spot, and on USD-M jumps but names the id before', () => {
    for (const [flavour, market] of [
      ['spot', spot],
      ['usdm', usdm],
    ] as const) {
      const encoder = new BinanceEncoder({ flavour, isCombined: false, channels: ['depth'] });
      const source = new SyntheticMarket(market, 1, 20);
      let last = encoder.venueId(source.snapshot(NOW_US).updateId);
      for (let step = 0; step < 200; step++) {
        for (const text of encoder.encode(source.next(NOW_US + step * 1000))) {
          const frame = JSON.parse(text);
          assert.ok(frame.U <= frame.u);
          if (flavour === 'spot') assert.equal(frame.U, last + 1);
          else assert.ok(frame.pu === last && frame.U > last + 1 && frame.T === frame.E);
          last = frame.u;
        }
      }
    }
  });

  it('writes one trade per match and one aggregate per order and price', () => {
    const encoder = new BinanceEncoder({ flavour: 'spot', isCombined: true, channels: ['trade', 'aggTrade'] });
    const frames = [
      trade(spot, { tradeId: 1, isLastOfOrder: false }),
      trade(spot, { tradeId: 2, isLastOfOrder: false }),
      trade(spot, { tradeId: 3, priceTicks: 9_700_002 }),
    ].flatMap((event) => encoder.encode(event).map((text) => JSON.parse(text)));
    assert.deepEqual(
      frames.map(({ stream }) => stream.split('@')[1]),
      ['trade', 'trade', 'aggTrade', 'trade', 'aggTrade'],
    );
    const aggregates = frames.filter(({ data }) => data.e === 'aggTrade').map(({ data }) => data);
    assert.deepEqual(
      aggregates.map(({ f, l, p, q, m }) => [f, l, p, q, m]),
      [
        [1, 2, '97000.01000000', '3.00000000', false],
        [3, 3, '97000.02000000', '1.50000000', false],
      ],
    );
    assert.equal(aggregates[1].a, aggregates[0].a + 1);
  });

  it('marks USD-M trades with X, and the maker side in m', () => {
    const encoder = new BinanceEncoder({ flavour: 'usdm', isCombined: false, channels: ['trade'] });
    const frame = JSON.parse(encoder.encode(trade(usdm, { aggressorSide: 'sell' }))[0]);
    assert.deepEqual([frame.X, frame.m, frame.p, frame.q], ['MARKET', true, '97000.01', '150.000']);
  });

  it('closes a candle when its minute is over, with exact sums', () => {
    const encoder = new BinanceEncoder({ flavour: 'spot', isCombined: false, channels: ['kline'] });
    encoder.greet(NOW_US);
    encoder.encode(trade(spot, { tradeId: 7 }));
    encoder.encode(trade(spot, { tradeId: 8, aggressorSide: 'sell', priceTicks: 9_690_000 }));
    const running = encoder.tick(NOW_US + 2_000_000).map((text) => JSON.parse(text));
    assert.deepEqual(
      running.map(({ k }) => k.x),
      [false],
    );
    const [closed] = encoder.tick(NOW_US + 60_000_000).map((text) => JSON.parse(text).k);
    assert.deepEqual(
      [closed.x, closed.f, closed.L, closed.n, closed.o, closed.c, closed.h, closed.l, closed.T],
      [true, 7, 8, 2, '97000.01000000', '96900.00000000', '97000.01000000', '96900.00000000', NOW_US / 1000 + 59_999],
    );
    assert.deepEqual(
      [closed.v, closed.V, closed.q, closed.Q],
      ['3.00000000', '1.50000000', '290850.01500000', '145500.01500000'],
    );
    const [empty] = encoder.tick(NOW_US + 62_000_000).map((text) => JSON.parse(text).k);
    assert.deepEqual([empty.f, empty.n, empty.o, empty.v], [-1, 0, '96900.00000000', '0.00000000']);
  });

  it('pushes a snapshot with its symbol, and sends best quotes only when they changed', () => {
    const encoder = new BinanceEncoder({ flavour: 'spot', isCombined: false, channels: ALL });
    const source = new SyntheticMarket(spot, 2, 20);
    const push = JSON.parse(encoder.encode(source.snapshot(NOW_US))[0]).snapshot;
    assert.deepEqual(Object.keys(push), ['symbol', 'lastUpdateId', 'bids', 'asks']);
    let previous = '';
    for (let step = 0; step < 300; step++) {
      const event = source.next(NOW_US);
      const quotes = encoder
        .encode(event)
        .map((text) => JSON.parse(text))
        .filter((frame) => 'B' in frame);
      if (event.kind !== 'delta') continue;
      const touch = JSON.stringify([event.bestBid, event.bestAsk]);
      assert.equal(quotes.length, touch === previous ? 0 : 1);
      if (quotes.length > 0) assert.equal(quotes[0].u, event.lastUpdateId);
      previous = touch;
    }
  });
});

describe('kraken', () => {
  it('has the CRC of zlib', () => {
    assert.equal(crc32('123456789'), 3421780262);
    for (const text of ['', 'a', '4528521000004528641545719534']) assert.equal(crc32(text), zlibCrc32(text));
  });

  it('reproduces the checksum of the documentation (venues.md §3.5)', () => {
    const levels = (text: string): Level[] =>
      text.split(' ').map((pair) => {
        const [price, quantity] = pair.split('=');
        return { priceTicks: Math.round(Number(price) * 10), quantityLots: Math.round(Number(quantity) * 1e8) };
      });
    const asks = levels(
      '45285.2=0.001 45286.4=1.54571953 45286.6=1.54571109 45289.6=1.54560911 45290.2=0.1589066 45291.8=1.54553491 45294.7=0.04454749 45296.1=0.3538 45297.5=0.09945542 45299.5=0.18772827',
    );
    const bids = levels(
      '45283.5=0.1 45283.4=1.54582015 45282.1=0.1 45281.0=0.1 45280.3=1.54592586 45279.0=0.0799 45277.6=0.03310103 45277.5=0.3 45277.3=1.54602737 45276.6=0.15445238',
    );
    assert.equal(krakenChecksum(bids, asks), 3310070434);
  });

  it('holds for a reader who knows only the subscribed depth, with zlib and the digits as sent', () => {
    const [market] = marketSpecs('kraken', 1);
    const source = new SyntheticMarket(market, 3, 30);
    const encoder = new KrakenEncoder([market], 10);
    assert.equal(encoder.greet(NOW_US).length, 3);
    const reader = { bids: new Map<string, string>(), asks: new Map<string, string>() };
    const texts = [...encoder.encode(source.snapshot(NOW_US))];
    for (let step = 0; step < 2_000; step++) texts.push(...encoder.encode(source.next(NOW_US + step * 1000)));
    const frames = texts.filter((text) => text.includes('"book"'));
    assert.ok(frames.length > 500);
    for (const text of frames) assert.equal(readKrakenFrame(reader, text), true);
    while (source.isUnsettled) for (const text of encoder.encode(source.next(NOW_US))) readKrakenFrame(reader, text);
    const prices = source.levels(10).bids.map((level) => level.priceTicks);
    assert.deepEqual(
      bestOf(reader.bids, true).map(([price]) => Number(price.replace('.', ''))),
      prices,
    );
  });

  it('sends a heartbeat after a silent second only', () => {
    const encoder = new KrakenEncoder(marketSpecs('kraken', 1), 10);
    encoder.greet(NOW_US);
    assert.deepEqual(encoder.tick(NOW_US + 900_000), []);
    assert.deepEqual(encoder.tick(NOW_US + 1_000_000), ['{"channel":"heartbeat"}']);
    assert.deepEqual(encoder.tick(NOW_US + 1_250_000), []);
  });
});

type Reader = { readonly bids: Map<string, string>; readonly asks: Map<string, string> };

function bestOf(side: Map<string, string>, isBid: boolean): [string, string][] {
  const levels = [...side].sort(([a], [b]) => Number(a) - Number(b));
  return (isBid ? levels.reverse() : levels).slice(0, 10);
}

/** Applies a frame as venues.md §3.4 says, cuts both sides to ten levels, and says whether the checksum holds. */
function readKrakenFrame(reader: Reader, text: string): boolean {
  const [bidsText, asksText] = text.slice(text.indexOf('"bids"')).split('"asks"');
  for (const [side, part] of [
    [reader.bids, bidsText],
    [reader.asks, asksText],
  ] as const) {
    if (text.includes('"snapshot"')) side.clear();
    for (const [, price, quantity] of part.matchAll(/"price":([\d.]+),"qty":([\d.]+)/g))
      if (Number(quantity) === 0) side.delete(price);
      else side.set(price, quantity);
    for (const price of [...side.keys()])
      if (!bestOf(side, side === reader.bids).some(([kept]) => kept === price)) side.delete(price);
  }
  const token = (value: string): string => value.replace('.', '').replace(/^0+/, '');
  const levels = [...bestOf(reader.asks, false), ...bestOf(reader.bids, true)];
  const checksum = Number(/"checksum":(\d+)/.exec(text)?.[1]);
  return zlibCrc32(levels.map(([price, quantity]) => token(price) + token(quantity)).join('')) === checksum;
}

describe('coinbase', () => {
  const markets = marketSpecs('coinbase', 2);

  it('counts one number over all messages of the connection', () => {
    const encoder = new CoinbaseEncoder(markets, 5);
    const sources = markets.map((market) => new SyntheticMarket(market, 6, 20));
    const texts = encoder.greet(NOW_US, [trade(markets[0]), trade(markets[1])]);
    for (let step = 1; step < 500; step++) {
      const timeUs = NOW_US + step * 10_000;
      texts.push(...encoder.encode(sources[step % 2].next(timeUs)), ...encoder.tick(timeUs));
    }
    const frames = texts.map((text) => JSON.parse(text));
    assert.deepEqual(
      frames.map((frame) => frame.sequence_num),
      [...frames.keys()],
    );
    const channels = new Set(frames.map((frame) => frame.channel));
    assert.deepEqual([...channels].sort(), ['heartbeats', 'l2_data', 'market_trades', 'subscriptions']);
    assert.equal(frames.filter((frame) => frame.channel === 'heartbeats').length, 4);
  });

  it("gives a trade the maker's side, and past trades newest first", () => {
    const encoder = new CoinbaseEncoder(markets, 5);
    const past = [trade(markets[0], { tradeId: 1 }), trade(markets[0], { tradeId: 2, aggressorSide: 'sell' })];
    const [event] = JSON.parse(encoder.greet(NOW_US, past)[0]).events;
    assert.equal(event.type, 'snapshot');
    assert.deepEqual(
      event.trades.map((row: { trade_id: string; side: string }) => [row.trade_id, row.side]),
      [
        ['2', 'BUY'],
        ['1', 'SELL'],
      ],
    );
  });
});
