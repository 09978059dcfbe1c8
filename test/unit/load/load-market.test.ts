// Owns the tests of a load run's market: its changes against a plain map of prices; and of what prepared bytes write.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConnectionNumbers } from '../../../engine/load/connection-numbers.ts';
import { writeDigits } from '../../../engine/load/frame-template.ts';
import { LoadMarket } from '../../../engine/load/load-market.ts';
import { loadSpecs } from '../../../engine/load/load-specs.ts';
import { tagOf } from '../../../engine/load/protocol.ts';
import type { PriceLevel } from '../../../engine/simulate/protocol.ts';
import '../../support/seed.ts';

const [SPEC] = loadSpecs({ markets: 1 });
const DEPTH = 30;
const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const text = (tag: number): string => (tag / 1e8).toFixed(8);

/** A side as a subscriber holds it: prices in ticks. */
function sideOf(levels: readonly PriceLevel[]): Map<number, string> {
  return new Map(levels.map(([price, quantity]) => [Math.round(Number(price) * 100), quantity]));
}

function apply(side: Map<number, string>, count: number, ticks: Float64Array, tags: Float64Array): void {
  for (let i = 0; i < count; i++) {
    if (tags[i] === 0) assert.ok(side.delete(ticks[i]), 'expected to remove what is there');
    else side.set(ticks[i], text(tags[i]));
  }
}

describe('a market of a load run', () => {
  it('changes so that a subscriber holds its book, never crossed, always as deep, and sees the tag each time', () => {
    fc.assert(
      fc.property(fc.array(bits, { minLength: 1, maxLength: 400 }), fc.boolean(), (changes, isOneLevel) => {
        const market = new LoadMarket(SPEC, DEPTH);
        const bids = sideOf(market.bids());
        const asks = sideOf(market.asks());
        changes.forEach((chance, n) => {
          if (isOneLevel) market.changeOne(tagOf(n), chance, (chance & 1) === 1);
          else market.change(tagOf(n), chance);
          const { update } = market;
          apply(bids, update.bids, update.bidTicks, update.bidTags);
          apply(asks, update.asks, update.askTicks, update.askTags);
          assert.ok([...bids.values(), ...asks.values()].includes(text(tagOf(n))));
          assert.ok(Math.max(...bids.keys()) < Math.min(...asks.keys()));
          assert.deepEqual([bids.size, asks.size], [DEPTH, DEPTH]);
        });
        const best = (side: Map<number, string>, sign: number): [number, string][] =>
          [...side].sort(([a], [b]) => sign * (a - b));
        assert.deepEqual([...sideOf(market.bids())], best(bids, -1));
        assert.deepEqual([...sideOf(market.asks())], best(asks, 1));
      }),
      { numRuns: 40 },
    );
  });

  it('trades at its touch', () => {
    const market = new LoadMarket(SPEC);
    for (let n = 0; n < 500; n++) {
      market.change(tagOf(n), Math.imul(n, 0x9e3779b9) >>> 0);
      assert.equal(market.priceText(market.tradeTicks(true)), market.asks(1)[0][0]);
      assert.equal(market.priceText(market.tradeTicks(false)), market.bids(1)[0][0]);
    }
  });
});

describe('prepared bytes', () => {
  it('have numbers of any size with zeros in front', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.double({ min: 0, max: 1, noNaN: true }), (width, part) => {
        const value = Math.floor(part * (10 ** Math.min(width, 15) - 1));
        const target = new Uint8Array(width + 2).fill(0x78);
        writeDigits(target, 1, value, width);
        assert.equal(Buffer.from(target).toString(), `x${String(value).padStart(width, '0')}x`);
      }),
    );
  });
});

describe('numbers over a connection', () => {
  it('count all its frames, under one name', () => {
    const dydx = new ConnectionNumbers('dydx');
    const frame = (name: string, id: number): string => `{"connection_id":"${name}","message_id":${id},"id":"BTC-USD"}`;
    const texts = [frame('a', 0), frame('b', 17), frame('c', 123_456)].map((sent) => dydx.renumber(sent));
    assert.deepEqual(texts, [frame('a', 0), frame('a', 1), frame('a', 2)]);
    assert.equal(new ConnectionNumbers('kraken').renumber('{"message_id":9}'), '{"message_id":9}');
  });

  it('leave out frames that have none', () => {
    const coinbase = new ConnectionNumbers('coinbase');
    assert.equal(coinbase.renumber('{"type":"error"}'), '{"type":"error"}');
    assert.equal(coinbase.renumber('{"sequence_num":5,"events":[]}'), '{"sequence_num":0,"events":[]}');
  });
});
