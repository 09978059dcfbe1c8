// The simulated market: its book as text, its sequences, its trades, its past.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimulatedMarket, venueSpecs } from '../../../engine/simulate/market.ts';
import type { PriceLevel, SimMarket } from '../../../engine/simulate/protocol.ts';
import { canonicalDecimal, hashLevel, keyOfSum, TextLadder } from '../../../engine/simulate/text-ladder.ts';
import '../../support/seed.ts';

const START_MS = Date.UTC(2026, 2, 4);
const DASHED = { symbol: (base: string) => `${base}-USD`, quantityDecimals: 8 };

function makeMarket(seed = 1, levels = 30): SimulatedMarket {
  return new SimulatedMarket(venueSpecs(DASHED, 1)[0], seed, START_MS, levels);
}

/** The plain reference: a Map by price, sorted when asked. */
function apply(book: Map<string, string>, levels: readonly PriceLevel[]): void {
  for (const [price, quantity] of levels) {
    if (Number(quantity) === 0) book.delete(price);
    else book.set(price, quantity);
  }
}

const sorted = (book: Map<string, string>, isBid: boolean): PriceLevel[] =>
  [...book].sort(([a], [b]) => (isBid ? Number(b) - Number(a) : Number(a) - Number(b)));

test('markets carry the symbols and quantity decimals of the venue', () => {
  const specs = venueSpecs(DASHED, 10);
  assert.equal(new Set(specs.map(({ symbol }) => symbol)).size, 10);
  assert.equal(specs[0].symbol, 'BTC-USD');
  assert.equal(specs[8].symbol, 'BTC2-USD');
  assert.ok(specs.every(({ quantityDecimals }) => quantityDecimals === 8));
  assert.equal(venueSpecs({ ...DASHED, quantityDecimals: null }, 1)[0].quantityDecimals, 5);
});

test('changes applied to the first book give the book, without a hole in the sequences', () => {
  const market = makeMarket();
  const bids = new Map(market.bids());
  const asks = new Map(market.asks());
  let sequence = market.sequence;
  for (let i = 0; i < 500; i++) {
    const event = market.step(START_MS + i);
    if (event.kind === 'trade') continue;
    assert.equal(event.change.previousSequence, sequence);
    assert.equal(event.change.firstSequence, sequence + 1);
    assert.ok(event.change.lastSequence >= event.change.firstSequence);
    sequence = event.change.lastSequence;
    apply(bids, event.change.bids);
    apply(asks, event.change.asks);
    assert.deepEqual(market.bids(), sorted(bids, true));
    assert.deepEqual(market.asks(), sorted(asks, false));
    assert.equal(market.sequence, sequence);
  }
});

test('a trade leaves the book as it was until the change that shows it', () => {
  const market = makeMarket();
  let trades = 0;
  for (let i = 0; i < 2_000 && trades < 20; i++) {
    const before = JSON.stringify([market.bids(), market.asks(), market.sequence]);
    const event = market.step(START_MS + i);
    if (event.kind !== 'trade') continue;
    trades++;
    assert.equal(JSON.stringify([market.bids(), market.asks(), market.sequence]), before);
    assert.ok(market.isUnsettled);
    const [touch] = event.trade.takerSide === 'buy' ? market.asks(1) : market.bids(1);
    assert.ok(event.trade.takerSide === 'buy' ? event.trade.price >= touch[0] : event.trade.price <= touch[0]);
  }
  assert.equal(trades, 20);
  assert.equal(market.settle(START_MS + 5_000).at(-1)?.kind, 'change');
});

test('trades are numbered one by one and the latest are given oldest first', () => {
  const market = makeMarket();
  for (let i = 0; i < 3_000; i++) market.step(START_MS + i);
  const trades = market.trades(50);
  assert.equal(trades.length, 50);
  trades.forEach((trade, index) => {
    assert.equal(trade.id, trades[0].id + index);
  });
  assert.deepEqual(market.trades(0), []);
});

test('prices and quantities have all their decimals', () => {
  const market = makeMarket();
  for (const [price, quantity] of [...market.bids(), ...market.asks()]) {
    assert.match(price, /^\d+\.\d{2}$/);
    assert.match(quantity, /^\d+\.\d{8}$/);
  }
});

test('the same seed gives the same market, another seed another', () => {
  const run = (seed: number): string => {
    const market = makeMarket(seed);
    return JSON.stringify(Array.from({ length: 200 }, (_, i) => market.step(START_MS + i)));
  };
  assert.equal(run(7), run(7));
  assert.notEqual(run(7), run(8));
});

test('time never runs backwards in a market', () => {
  const market = makeMarket();
  market.step(START_MS + 1_000);
  market.step(START_MS);
  assert.equal(market.timeMs, START_MS + 1_000);
});

test('the market as it was is a book that it truly had, and trades no later than it', () => {
  const market = makeMarket();
  const books = new Map<number, string>();
  const textOf = (book: SimMarket): string => JSON.stringify([book.bids(), book.asks()]);
  for (let i = 0; i < 400; i++) {
    books.set(market.sequence, textOf(market));
    market.step(START_MS + i);
  }
  const past = market.asItWas();
  assert.ok(past.sequence < market.sequence);
  assert.equal(textOf(past), books.get(past.sequence));
  assert.ok(past.trades(5).every(({ timeMs }) => timeMs <= past.timeMs));
});

test('a text ladder equals a sorted map', () => {
  const level = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(
      fc.array(level, { maxLength: 200 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      (levels, isBid, depth) => {
        const ladder = new TextLadder(isBid);
        const book = new Map<string, string>();
        for (const [ticks, lots] of levels) {
          const written: PriceLevel = [
            `${Math.floor(ticks / 100)}.${String(ticks % 100).padStart(2, '0')}`,
            `${lots}.0`,
          ];
          ladder.set(written);
          apply(book, [written]);
        }
        assert.deepEqual(ladder.best(), sorted(book, isBid));
        assert.deepEqual(ladder.best(depth), sorted(book, isBid).slice(0, depth));
        const sum = { high: 0, low: 0 };
        ladder.addTo(sum, depth);
        const wanted = { high: 0, low: 0 };
        for (const held of sorted(book, isBid).slice(0, depth).reverse()) {
          const { high, low } = hashLevel(isBid, held);
          wanted.high = (wanted.high + high) | 0;
          wanted.low = (wanted.low + low) | 0;
        }
        assert.equal(keyOfSum(sum), keyOfSum(wanted));
      },
    ),
  );
});

test('decimals are hashed by value, not by writing', () => {
  assert.equal(canonicalDecimal('1.500'), '1.5');
  assert.equal(canonicalDecimal('10.00'), '10');
  assert.equal(canonicalDecimal('100'), '100');
  assert.deepEqual(hashLevel(true, ['1.50', '2.0']), hashLevel(true, ['1.5', '2']));
  assert.notDeepEqual(hashLevel(true, ['1.5', '2']), hashLevel(false, ['1.5', '2']));
});
