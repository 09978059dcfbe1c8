// Owns the property tests of synthetic markets against a plain book: any seed, market, depth and reader's start.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { encodeJson } from '../../engine/synthetic/encode-json.ts';
import { KrakenEncoder } from '../../engine/synthetic/encode-kraken.ts';
import { SyntheticMarket } from '../../engine/synthetic/market.ts';
import { marketSpecs, SYNTHETIC_DIALECTS } from '../../engine/synthetic/specs.ts';
import { PlainBook, plainLevels } from '../unit/synthetic/plain-book.ts';
import '../support/seed.ts';

const RUNS = { numRuns: 60 };
const STEPS_MAX = 600;

const input = fc.record({
  dialect: fc.constantFrom(...SYNTHETIC_DIALECTS),
  marketIndex: fc.nat(12),
  seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  levels: fc.integer({ min: 12, max: 80 }),
  before: fc.nat(200),
  steps: fc.integer({ min: 1, max: STEPS_MAX }),
});
type Input = typeof input extends fc.Arbitrary<infer Value> ? Value : never;

/** A market that has already moved for a while. */
function moved({ dialect, marketIndex, seed, levels, before }: Input): SyntheticMarket {
  const market = new SyntheticMarket(marketSpecs(dialect, marketIndex + 1)[marketIndex], seed, levels);
  for (let step = 0; step < before; step++) market.next(step);
  return market;
}

describe('synthetic markets', () => {
  it('give deltas that lead a snapshot to their own book, with ids that continue, never crossed', () => {
    fc.assert(
      fc.property(input, (value) => {
        const market = moved(value);
        const book = new PlainBook();
        const snapshot = market.snapshot(0);
        book.replace(snapshot);
        let updateId = snapshot.updateId;
        for (let step = 0; step < value.steps || market.isUnsettled; step++) {
          const event = market.next(step);
          if (event.kind === 'trade') continue;
          assert.equal(event.firstUpdateId, updateId + 1);
          assert.ok(event.lastUpdateId >= event.firstUpdateId);
          updateId = event.lastUpdateId;
          book.apply(event);
          const [bids, asks] = [book.sorted(true), book.sorted(false)];
          assert.ok(bids[0][0] > 0n && bids[0][0] < asks[0][0], 'crossed');
          assert.deepEqual([bids[0], asks[0]], plainLevels([event.bestBid, event.bestAsk]));
        }
        const truth = market.levels();
        assert.deepEqual(book.sorted(true), plainLevels(truth.bids));
        assert.deepEqual(book.sorted(false), plainLevels(truth.asks));
      }),
      RUNS,
    );
  });

  it('trade at the touch of a book that trades eat from, with trade ids that rise by one', () => {
    fc.assert(
      fc.property(input, (value) => {
        const market = moved(value);
        const book = new PlainBook();
        book.replace(market.snapshot(0));
        let tradeId: number | null = null;
        for (let step = 0; step < value.steps; step++) {
          const event = market.next(step);
          if (event.kind === 'delta') {
            book.apply(event);
            continue;
          }
          assert.equal(event.tradeId, (tradeId ?? event.tradeId - 1) + 1);
          tradeId = event.tradeId;
          const isBid = event.aggressorSide === 'sell';
          const [[price, quantity]] = book.sorted(isBid);
          assert.equal(BigInt(event.priceTicks), price);
          assert.ok(event.quantityLots > 0 && BigInt(event.quantityLots) <= quantity);
          book.eat(isBid, price, BigInt(event.quantityLots));
          const truth = market.levels();
          assert.deepEqual(book.sorted(isBid), plainLevels(isBid ? truth.bids : truth.asks));
        }
      }),
      RUNS,
    );
  });

  it('are the same for the same seed: same events, same text', () => {
    fc.assert(
      fc.property(input, (value) => {
        const [first, second] = [moved(value), moved(value)];
        for (let step = 0; step < value.steps; step++)
          assert.equal(encodeJson(first.next(step), step), encodeJson(second.next(step), step));
        assert.deepEqual(first.levels(), second.levels());
      }),
      RUNS,
    );
  });

  it('seal every Kraken book frame with the CRC of the true top ten', () => {
    fc.assert(
      fc.property(input, fc.constantFrom(10, 25, 100), (value, depth) => {
        const market = moved({ ...value, dialect: 'kraken' });
        const encoder = new KrakenEncoder([market.spec], depth);
        encoder.encode(market.snapshot(0));
        for (let step = 0; step < value.steps; step++) {
          const event = market.next(step);
          const frame = encoder.encode(event).find((text) => text.includes('"book"'));
          if (frame === undefined) continue;
          const { bids, asks } = market.levels(10);
          const text = [...asks, ...bids].map((level) => `${level.priceTicks}${level.quantityLots}`).join('');
          assert.equal(JSON.parse(frame).data[0].checksum, zlibCrc32(text));
        }
      }),
      RUNS,
    );
  });
});
