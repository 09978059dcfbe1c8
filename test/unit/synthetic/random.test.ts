// Owns the tests of seeded chance: the published vector of the generator, and the shapes of its distributions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random, seededRandom } from '../../../engine/synthetic/random.ts';

const DRAWS = 20_000;

function mean(draw: () => number): number {
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) sum += draw();
  return sum / DRAWS;
}

describe('random', () => {
  it('is xoshiro128**: the first numbers from the state 1, 2, 3, 4', () => {
    // Made with the authors' C code, version 1.1; rust-random's rand_xoshiro tests the same ten.
    const random = new Random([1, 2, 3, 4]);
    const expected = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    assert.deepEqual(
      expected.map(() => random.nextUint32()),
      expected,
    );
  });

  it('gives the same numbers for the same seed and name, others for any other', () => {
    const first = (seed: number, name: string): number[] => {
      const random = seededRandom(seed, name);
      return Array.from({ length: 4 }, () => random.nextUint32());
    };
    assert.deepEqual(first(7, 'BTC-USDT'), first(7, 'BTC-USDT'));
    const all = [first(7, 'BTC-USDT'), first(8, 'BTC-USDT'), first(7, 'ETH-USDT'), first(7 + 2 ** 32, 'BTC-USDT')];
    assert.equal(new Set(all.map(String)).size, all.length);
  });

  it('draws uniform, exponential and gaussian numbers of the right mean', () => {
    const random = seededRandom(1, 'means');
    assert.ok(Math.abs(mean(() => random.uniform()) - 0.5) < 0.02);
    assert.ok(Math.abs(mean(() => random.exponential(3)) - 3) < 0.15);
    assert.ok(Math.abs(mean(() => random.gaussian())) < 0.05);
    assert.ok(Math.abs(mean(() => random.gaussian() ** 2) - 1) < 0.1);
  });

  it('draws Zipf indexes inside their range, each about as often as its law says', () => {
    const random = seededRandom(2, 'zipf');
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < DRAWS; i++) counts[random.zipf(counts.length)]++;
    counts.forEach((count, index) => {
      const expected = Math.log((index + 2) / (index + 1)) / Math.log(counts.length + 1);
      assert.ok(Math.abs(count / DRAWS - expected) < 0.02, `index ${index}: ${count}`);
    });
    assert.equal(random.zipf(1), 0);
  });
});
