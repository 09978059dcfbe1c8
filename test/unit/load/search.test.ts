// The search for the highest sustained rate, on systems whose capacity is known.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { confirmRate, SEARCH_PRECISION, searchRate, type Tried } from '../../../engine/load/search.ts';
import '../../support/seed.ts';

const MOST = 1_000_000;

/** Sustains every rate up to its capacity; `stalls` says which of its runs fail whatever the rate. */
class System {
  readonly tried: number[] = [];
  private readonly capacity: number;
  private readonly stalls: (run: number) => boolean;

  constructor(capacity: number, stalls: (run: number) => boolean = () => false) {
    this.capacity = capacity;
    this.stalls = stalls;
  }

  readonly measure = async (ratePerS: number): Promise<Tried> => {
    const run = this.tried.push(ratePerS) - 1;
    return { ratePerS, isSustained: ratePerS <= this.capacity && !this.stalls(run) };
  };
}

const always = (): boolean => true;
const bounds = (startPerS: number) => ({ startPerS, mostPerS: MOST, goesOn: always });

const capacities = fc.integer({ min: 1, max: MOST });
const starts = fc.integer({ min: 1, max: MOST });

describe('the search for the highest rate', () => {
  test('finds one that is sustained and within a twentieth of the capacity', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, starts, async (capacity, start) => {
        const found = await searchRate(new System(capacity).measure, bounds(start));
        assert.ok(found !== null && found <= capacity, `found ${found} of ${capacity}`);
        assert.ok(found * SEARCH_PRECISION >= capacity - 1, `found ${found} of ${capacity}`);
      }),
    );
  });

  test('takes a number of runs that grows with the distance alone', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, starts, async (capacity, start) => {
        const system = new System(capacity);
        await searchRate(system.measure, bounds(start));
        const doublings = Math.abs(Math.log2(capacity / start));
        assert.ok(system.tried.length <= 2 * (doublings + 8), `${system.tried.length} runs`);
      }),
    );
  });

  test('is not misled by a stall now and then', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, starts, fc.integer({ min: 2, max: 5 }), async (capacity, start, every) => {
        const system = new System(capacity, (run) => run % every === every - 1);
        const found = await searchRate(system.measure, bounds(start));
        assert.ok(found !== null && found <= capacity && found * SEARCH_PRECISION >= capacity - 1);
      }),
    );
  });

  test('tells where nothing is sustained, and stops at the most it may try', async () => {
    assert.equal(await searchRate(new System(0).measure, bounds(1000)), null);
    const unlimited = new System(Number.POSITIVE_INFINITY);
    assert.equal(await searchRate(unlimited.measure, bounds(1000)), MOST);
    assert.equal(Math.max(...unlimited.tried), MOST);
  });

  test('ends when told, with what it knows by then', async () => {
    const system = new System(100_000);
    const goesOn = (): boolean => system.tried.length < 3;
    assert.equal(await searchRate(system.measure, { startPerS: 1000, mostPerS: MOST, goesOn }), 4000);
    assert.deepEqual(system.tried, [1000, 2000, 4000]);
  });
});

describe('the confirming run', () => {
  test('backs off by a twentieth until one holds', async () => {
    const system = new System(92);
    assert.equal(await confirmRate(system.measure, 100, 5, always), 90);
    assert.deepEqual(system.tried, [100, 95, 90]);
  });

  test('gives up after its tries', async () => {
    const system = new System(10);
    assert.equal(await confirmRate(system.measure, 100, 3, always), null);
    assert.equal(system.tried.length, 3);
  });
});
