// Owns the tests of what an update is by its number: markets by Zipf's law, over fixed connections; and of its tag.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UpdateDraws, zipfOrder } from '../../../engine/load/draws.ts';
import { TAG_CYCLE, tagOf, updateOfTag } from '../../../engine/load/protocol.ts';
import '../../support/seed.ts';

const plan = { seed: 3, markets: 50, connections: 4, batch: 1, updates: 'mixed' as const };
const UPDATES = 20_000;
const numbers = Array.from({ length: UPDATES }, (_, n) => n);

describe('draws of a load run', () => {
  it('follow from the seed', () => {
    const draw = (seed: number): string => {
      const draws = new UpdateDraws({ ...plan, seed });
      return numbers.map((n) => `${draws.marketOf(n)}${draws.isTrade(n)}${draws.bitsOf(n)}`).join();
    };
    assert.equal(draw(3), draw(3));
    assert.notEqual(draw(3), draw(4));
  });

  it("have markets as often as Zipf's law says, each at least once", () => {
    for (const markets of [1, 2, 50, 10_000]) {
      const order = zipfOrder(1, markets);
      const counts = new Array<number>(markets).fill(0);
      for (const market of order) counts[market]++;
      assert.ok(counts.every((count) => count >= 1));
      const share = (rank: number): number => Math.log((rank + 2) / (rank + 1)) / Math.log(markets + 1);
      const expected = (order.length - markets) * share(0) + 1;
      assert.ok(Math.abs(counts[0] - expected) <= 1, `${counts[0]} for ${expected}`);
    }
  });

  it('have nothing but what was asked for, or the share of trades of the synthetic markets', () => {
    const trades = (updates: 'trades' | 'books' | 'mixed'): number => {
      const draws = new UpdateDraws({ ...plan, updates });
      return numbers.filter((n) => draws.isTrade(n)).length;
    };
    assert.equal(trades('trades'), UPDATES);
    assert.equal(trades('books'), 0);
    assert.ok(Math.abs(trades('mixed') / UPDATES - 0.37) < 0.02);
  });

  it('keep a market on its connection, in frames of any size', () => {
    const sizes = { markets: fc.integer({ min: 1, max: 300 }), connections: fc.integer({ min: 1, max: 20 }) };
    fc.assert(
      fc.property(fc.record({ ...sizes, batch: fc.integer({ min: 1, max: 300 }) }), (chosen) => {
        const draws = new UpdateDraws({ ...plan, ...chosen });
        for (let n = 0; n < 1_000; n++) {
          const market = draws.marketOf(n);
          assert.ok(market >= 0 && market < chosen.markets);
          assert.equal(market % chosen.connections, draws.connectionOf(n - (n % chosen.batch)));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('repeat with the position', () => {
    const draws = new UpdateDraws({ ...plan, batch: 100 });
    const period = Math.floor(zipfOrder(3, 50).length / 100) * 100;
    for (let n = 0; n < 1_000; n++) {
      assert.equal(draws.positionOf(n + period), draws.positionOf(n));
      assert.equal(draws.marketOf(n + period), draws.marketOf(n));
      assert.equal(draws.isTrade(n + period), draws.isTrade(n));
    }
  });
});

describe('tags', () => {
  it('are never 0, fit eight digits, and lead back to their update while it is among the newest', () => {
    const updates = fc.integer({ min: 0, max: 10 * TAG_CYCLE });
    fc.assert(
      fc.property(updates, fc.integer({ min: 0, max: TAG_CYCLE - 1 }), (update, later) => {
        const tag = tagOf(update);
        assert.ok(tag >= 1 && tag <= 99_999_999);
        assert.equal(updateOfTag(tag, update + later), update);
      }),
    );
  });
});
