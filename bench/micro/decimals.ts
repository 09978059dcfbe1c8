// What do exact decimals cost beside floats and beside BigInt: from text, compared, added, and to text again?
//
//   ASCII digits ──► milli + atto        ours, exact to 18 decimals, no objects
//                ──► Number(text)        a float: rounds, and needs the text as a string
//                ──► BigInt of 10^-18    exact as ours
//
// The numbers are prices and quantities as venues write them. Before that all three must agree on each.

import { addDecimals, compareDecimals, type Decimal, formatDecimal } from '../../engine/base/decimal.ts';
import { parseDecimal } from '../../engine/decode/decimal.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { check, type Results, type Size } from '../harness.ts';
import { bench } from '../support/turns.ts';

const SEED = 20_260_103;
const DECIMALS = 18;
const UNIT = 10n ** BigInt(DECIMALS);
const ATTO_PER_MILLI = 10n ** 15n;
const text = new TextDecoder('latin1');

/** Numbers as text, as bytes in one buffer with a quote behind each, and read in three ways. */
class Numbers {
  readonly texts: string[];
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly pairs: Float64Array;
  readonly floats: number[];
  readonly bigints: bigint[];
  readonly decimals: Decimal[];

  constructor(count: number) {
    const random = seededRandom(SEED, 'decimals');
    this.texts = Array.from({ length: count }, (_, index) => {
      const isPrice = index % 2 === 0;
      const value = isPrice ? 61_000 + random.integer(200_000) / 100 : (1 + random.integer(999_999)) / 100_000;
      return value.toFixed(random.chance(0.5) ? 8 : isPrice ? 2 : 5);
    });
    this.bytes = new TextEncoder().encode(`${this.texts.join('"')}"`);
    this.starts = new Int32Array(count + 1);
    this.texts.forEach((each, index) => {
      this.starts[index + 1] = this.starts[index] + each.length + 1;
    });
    this.pairs = new Float64Array(2 * count);
    this.floats = this.texts.map(Number);
    this.bigints = this.texts.map(bigintOf);
    this.parse();
    this.decimals = this.texts.map((_, index) => ({ milli: this.pairs[2 * index], atto: this.pairs[2 * index + 1] }));
    this.checkAgreement();
  }

  get count(): number {
    return this.texts.length;
  }

  textAt(index: number): string {
    return text.decode(this.bytes.subarray(this.starts[index], this.starts[index + 1] - 1));
  }

  /** Ours: from bytes, into the pairs. Returns how many were numbers. */
  parse(): number {
    const { bytes, starts, pairs, count } = this;
    let parsed = 0;
    for (let i = 0; i < count; i++) if (parseDecimal(bytes, starts[i], bytes.length, pairs, 2 * i) > 0) parsed++;
    return parsed;
  }

  private checkAgreement(): void {
    this.decimals.forEach(({ milli, atto }, index) => {
      const units = BigInt(milli) * ATTO_PER_MILLI + BigInt(atto);
      const wanted = this.texts[index];
      const isRight = units === this.bigints[index] && Number(formatDecimal(milli, atto)) === this.floats[index];
      check(isRight, `decimals: expected ${wanted}, was ${formatDecimal(milli, atto)}`);
    });
  }
}

function bigintOf(decimal: string): bigint {
  const point = decimal.indexOf('.');
  const digits = decimal.length - point - 1;
  return BigInt(decimal.slice(0, point) + decimal.slice(point + 1)) * 10n ** BigInt(DECIMALS - digits);
}

function bigintText(value: bigint): string {
  const fraction = (value % UNIT).toString().padStart(DECIMALS, '0').replace(/0+$/, '');
  return fraction === '' ? (value / UNIT).toString() : `${value / UNIT}.${fraction}`;
}

function parsing(results: Results, size: Size, numbers: Numbers): void {
  const { count } = numbers;
  bench(results, size, {
    name: 'decimal from bytes',
    operation: 'number',
    operations: count,
    ways: [
      { name: 'milli + atto', run: () => check(numbers.parse() === count, 'decimals: expected every number') },
      {
        name: 'Number(text)',
        run: () => {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += Number(numbers.textAt(i));
          check(sum > 0, 'decimals: expected a sum');
        },
      },
      {
        name: 'scaled BigInt',
        run: () => {
          let last = 0n;
          for (let i = 0; i < count; i++) last = bigintOf(numbers.textAt(i));
          check(last === numbers.bigints[count - 1], 'decimals: expected the last number');
        },
      },
    ],
  });
}

/** Neighbours are compared: of how many the first is greater. */
function comparing(results: Results, size: Size, { pairs, floats, bigints, count }: Numbers): void {
  const greater = (isGreater: (index: number) => boolean): number => {
    let found = 0;
    for (let i = 1; i < count; i++) if (isGreater(i)) found++;
    return found;
  };
  const wanted = greater((i) => bigints[i] > bigints[i - 1]);
  const way = (name: string, isGreater: (index: number) => boolean) => ({
    name,
    run: () => check(greater(isGreater) === wanted, `decimals: expected ${wanted} greater by ${name}`),
  });
  bench(results, size, {
    name: 'decimals compared',
    operation: 'pair',
    operations: count - 1,
    ways: [
      way(
        'milli + atto',
        (i) => compareDecimals(pairs[2 * i], pairs[2 * i + 1], pairs[2 * i - 2], pairs[2 * i - 1]) > 0,
      ),
      way('float', (i) => floats[i] > floats[i - 1]),
      way('scaled BigInt', (i) => bigints[i] > bigints[i - 1]),
    ],
  });
}

function adding(results: Results, size: Size, { decimals, floats, bigints, count }: Numbers): void {
  const wanted = bigints.reduce((sum, each) => sum + each, 0n);
  const ours = (): void => {
    let sum: Decimal = { milli: 0, atto: 0 };
    for (let i = 0; i < count; i++) sum = addDecimals(sum, decimals[i]) ?? sum;
    const units = BigInt(sum.milli) * ATTO_PER_MILLI + BigInt(sum.atto);
    check(units === wanted, `decimals: expected the sum ${wanted}, was ${units}`);
  };
  const float = (): void => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += floats[i];
    check(Math.abs(sum - Number(wanted) / 1e18) < 1, `decimals: expected the sum near ${wanted}, was ${sum}`);
  };
  const scaled = (): void => {
    let sum = 0n;
    for (let i = 0; i < count; i++) sum += bigints[i];
    check(sum === wanted, `decimals: expected the sum ${wanted}, was ${sum}`);
  };
  bench(results, size, {
    name: 'decimals added',
    operation: 'number',
    operations: count,
    ways: [
      { name: 'milli + atto', run: ours },
      { name: 'float', run: float },
      { name: 'scaled BigInt', run: scaled },
    ],
  });
}

function formatting(results: Results, size: Size, { pairs, floats, bigints, count }: Numbers): void {
  // A character is read, since text put together of pieces is made whole only then.
  const digits = (textOf: (index: number) => string): number => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const each = textOf(i);
      sum += each.length + each.charCodeAt(each.length - 1);
    }
    return sum;
  };
  const wanted = digits((i) => bigintText(bigints[i]));
  const way = (name: string, textOf: (index: number) => string) => ({
    name,
    run: () => check(digits(textOf) === wanted, `decimals: expected the same lengths and last digits by ${name}`),
  });
  bench(results, size, {
    name: 'decimal to canonical text',
    operation: 'number',
    operations: count,
    ways: [
      way('milli + atto', (i) => formatDecimal(pairs[2 * i], pairs[2 * i + 1])),
      way('String(float)', (i) => String(floats[i])),
      way('scaled BigInt', (i) => bigintText(bigints[i])),
    ],
  });
}

export function decimals(results: Results, size: Size): void {
  const numbers = new Numbers(size === 'full' ? 20_000 : 200);
  parsing(results, size, numbers);
  comparing(results, size, numbers);
  adding(results, size, numbers);
  formatting(results, size, numbers);
}
