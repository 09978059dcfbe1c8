// Owns the tests of one seeded market: same seed, same events; clustered trades; sizes that do not drift.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeltaEvent, TradeEvent } from '../../../engine/synthetic/events.ts';
import { SyntheticMarket } from '../../../engine/synthetic/market.ts';
import { type MarketSpec, marketSpecs, SYNTHETIC_DIALECTS } from '../../../engine/synthetic/specs.ts';

const STEPS = 5_000;
const BTC = marketSpecs('json', 1)[0];

function events(spec: MarketSpec, seed: number, steps = STEPS): (TradeEvent | DeltaEvent)[] {
  const market = new SyntheticMarket(spec, seed, 100);
  return Array.from({ length: steps }, (_, step) => market.next(step));
}

describe('market', () => {
  it('is the same for the same seed and symbol, and another for any other', () => {
    assert.deepEqual(events(BTC, 1, 500), events(BTC, 1, 500));
    assert.notDeepEqual(events(BTC, 1, 50), events(BTC, 2, 50));
    const renamed = { ...BTC, symbol: 'OTHER' };
    const prices = (spec: MarketSpec): number[] =>
      events(spec, 1, 50).flatMap((event) => (event.kind === 'delta' ? event.bestBid.priceTicks : []));
    assert.notDeepEqual(prices(BTC), prices(renamed));
  });

  it('shows what a taker ate in the delta right after the last match of the order', () => {
    const all = events(BTC, 3);
    all.slice(0, -1).forEach((event, index) => {
      const next = all[index + 1];
      if (event.kind !== 'trade') return;
      assert.equal(next.kind, event.isLastOfOrder ? 'delta' : 'trade');
      if (next.kind !== 'delta') return;
      const side = event.aggressorSide === 'buy' ? next.asks : next.bids;
      assert.ok(side.some((level) => level.priceTicks === event.priceTicks));
    });
  });

  it('has trades in clusters: an order is likelier soon after an order', () => {
    const all = events(BTC, 4, 20_000);
    // One entry per decision: an order or a quiet delta.
    const isOrder = all.flatMap((event, index) => {
      if (event.kind === 'trade') return event.isLastOfOrder ? [true] : [];
      return index > 0 && all[index - 1].kind === 'trade' ? [] : [false];
    });
    const share = (values: boolean[]): number => values.filter(Boolean).length / values.length;
    const afterOrder = isOrder.filter((_, index) => index > 0 && isOrder[index - 1]);
    assert.ok(share(afterOrder) > 1.2 * share(isOrder), `${share(afterOrder)} against ${share(isOrder)}`);
  });

  for (const dialect of SYNTHETIC_DIALECTS) {
    it(`keeps prices, depth and spread of every ${dialect} market within reason`, () => {
      for (const spec of marketSpecs(dialect, 8)) {
        const market = new SyntheticMarket(spec, 5, 100);
        for (let step = 0; step < STEPS; step++) market.next(step);
        const { bids, asks } = market.levels();
        assert.ok(bids.length >= 80 && bids.length <= 125, `${spec.symbol}: ${bids.length} bids`);
        assert.ok(asks.length >= 80 && asks.length <= 125, `${spec.symbol}: ${asks.length} asks`);
        assert.ok(
          Math.abs(bids[0].priceTicks / spec.startPriceTicks - 1) < 0.05,
          `${spec.symbol}: ${bids[0].priceTicks}`,
        );
        assert.ok((asks[0].priceTicks - bids[0].priceTicks) / spec.startPriceTicks < 0.005, `${spec.symbol}: spread`);
        for (const level of [...bids, ...asks])
          assert.ok(Number.isSafeInteger(level.quantityLots) && level.quantityLots > 0);
      }
    });
  }

  it('names markets as each venue does, and goes on beyond the eight assets', () => {
    assert.deepEqual(
      marketSpecs('json', 9).map((spec) => spec.symbol),
      ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT', 'DOGE-USDT', 'ADA-USDT', 'AVAX-USDT', 'LINK-USDT', 'BTC2-USDT'],
    );
    assert.equal(marketSpecs('kraken', 1)[0].symbol, 'BTC/USD');
    assert.equal(marketSpecs('coinbase', 1)[0].symbol, 'BTC-USD');
    assert.equal(marketSpecs('binance', 1)[0].symbol, 'BTCUSDT');
  });
});
