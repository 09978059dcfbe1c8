// Owns the property tests of exact sums: quantities and price × quantity against BigInt over the whole decimal range.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MILLI_MAX } from '../../engine/base/decimal.ts';
import { notionalUnits, volumeUnits } from '../../engine/publish/wide-decimal.ts';
import {
  addProduct,
  addQuantity,
  EMITTED_LIMBS,
  emitNotional,
  emitTotal,
  multiply,
  NOTIONAL_WORDS,
  QUANTITY_WORDS,
} from '../../workers/bars/sums.ts';
import '../support/seed.ts';

const ATTO = 10n ** 15n;
const LIMIT = BigInt(MILLI_MAX + 1) * ATTO - 1n;
/** Base of the sums' inner limbs. */
const INNER = 10n ** 10n;

/** Whole range, usual sizes, few digits, and the edges of every limb. */
const decimal = fc.oneof(
  fc.bigInt({ min: 0n, max: LIMIT }),
  fc.bigInt({ min: 0n, max: 10n ** 24n }),
  fc.bigInt({ min: 0n, max: BigInt(MILLI_MAX) }).map((milli) => milli * ATTO),
  fc.tuple(fc.bigInt({ min: 0n, max: 99_999n }), fc.integer({ min: 0, max: 25 })).map(([n, p]) => n * 10n ** BigInt(p)),
  fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: -1, max: 1 })).map(([power, step]) => {
    const value = 10n ** BigInt(power) + BigInt(step);
    return value > LIMIT ? LIMIT : value;
  }),
  fc.constantFrom(0n, 1n, LIMIT, LIMIT - 1n, ATTO - 1n, ATTO, ATTO * ATTO - 1n, ATTO * ATTO),
);

function put(values: Float64Array, at: number, units: bigint): void {
  values[at] = Number(units / ATTO);
  values[at + 1] = Number(units % ATTO);
}

const values = new Float64Array(6);
const product = new Float64Array(NOTIONAL_WORDS);

function emitted(sums: Float64Array, at: number): bigint {
  const out = new Float64Array(EMITTED_LIMBS + 2).fill(-1);
  emitNotional(sums, at, out, 1);
  assert.deepEqual([out[0], out[EMITTED_LIMBS + 1]], [-1, -1]);
  const limbs = out.subarray(1, EMITTED_LIMBS + 1);
  for (const limb of limbs.subarray(0, EMITTED_LIMBS - 1)) assert.ok(limb >= 0 && limb < 1e12, `limb was ${limb}`);
  return notionalUnits(limbs);
}

function total(sums: Float64Array): bigint {
  const out = new Float64Array(QUANTITY_WORDS);
  emitTotal(sums, 0, out, 0);
  assert.ok(out[1] < 1e15 && out[2] < 1e15);
  return volumeUnits(out[0], out[1], out[2]);
}

describe('sums of quantities', () => {
  it('hold every digit of each part and of their total', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(decimal, fc.integer({ min: 0, max: 2 })), { maxLength: 40 }), (adds) => {
        const sums = new Float64Array(3 * QUANTITY_WORDS);
        const expected = [0n, 0n, 0n];
        for (const [units, part] of adds) {
          put(values, 1, units);
          addQuantity(sums, part * QUANTITY_WORDS, values, 1);
          expected[part] += units;
        }
        for (const [part, want] of expected.entries()) {
          const [tera, milli, atto] = sums.subarray(part * QUANTITY_WORDS);
          assert.ok(milli < 1e15 && atto < 1e15, 'expected settled parts');
          assert.equal(volumeUnits(tera, milli, atto), want);
        }
        assert.equal(total(sums), expected[0] + expected[1] + expected[2]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('sums of price × quantity', () => {
  it('hold every digit of one product, within the range of limbs it names', () => {
    fc.assert(
      fc.property(decimal, decimal, (price, quantity) => {
        put(values, 1, price);
        put(values, 4, quantity);
        product.fill(Number.NaN);
        const range = multiply(values, 1, 4, product);
        let value = 0n;
        for (let limb = (range >> 3) - 1; limb >= (range & 7); limb--) {
          assert.ok(product[limb] >= 0 && product[limb] < 1e10, `limb was ${product[limb]}`);
          value = value * INNER + BigInt(product[limb]);
        }
        assert.equal(value * INNER ** BigInt(range & 7), price * quantity);
      }),
      { numRuns: 20_000 },
    );
  });

  it('hold every digit of products around 2^53, where a float stops to hold them', () => {
    const factor = fc.bigInt({ min: 94_000_000n, max: 96_000_000n });
    fc.assert(
      fc.property(factor, factor, fc.boolean(), (price, count, isPart) => {
        put(values, 0, price * ATTO);
        put(values, 2, count * (isPart ? INNER : ATTO));
        const sums = new Float64Array(NOTIONAL_WORDS);
        addProduct(sums, 0, product, multiply(values, 0, 2, product));
        assert.equal(emitted(sums, 0), price * ATTO * count * (isPart ? INNER : ATTO));
      }),
      { numRuns: 3000 },
    );
  });

  it('hold every digit of many products, also where limbs are about to be carried', () => {
    const start = fc.array(fc.integer({ min: 0, max: 8_000_000_000_000_000 - 1 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(start, fc.array(fc.tuple(decimal, decimal), { maxLength: 30 }), (limbs, adds) => {
        const sums = new Float64Array(NOTIONAL_WORDS + 1);
        sums.set(limbs, 1);
        let want = 0n;
        for (let limb = limbs.length - 1; limb >= 0; limb--) want = want * INNER + BigInt(limbs[limb]);
        for (const [price, quantity] of adds) {
          put(values, 1, price);
          put(values, 4, quantity);
          addProduct(sums, 1, product, multiply(values, 1, 4, product));
          want += price * quantity;
        }
        for (const limb of sums) assert.ok(Number.isSafeInteger(limb), `limb was ${limb}`);
        assert.equal(emitted(sums, 1), want);
        assert.equal(sums[0], 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('stay exact over a million of the largest trades, past the first carry of each limb', () => {
    const sums = new Float64Array(NOTIONAL_WORDS);
    put(values, 0, LIMIT);
    const range = multiply(values, 0, 0, product);
    for (let count = 0; count < 1_000_000; count++) addProduct(sums, 0, product, range);
    assert.equal(emitted(sums, 0), LIMIT * LIMIT * 1_000_000n);
  });
});
