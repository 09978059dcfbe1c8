// Owns the property tests of exact decimals: parsing, comparing, adding and writing against BigInt over the whole range.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ATTO_PER_MILLI,
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  formatFixed,
  MILLI_MAX,
  subtractDecimals,
} from '../../engine/base/decimal.ts';
import { lastDecimals, parseDecimal } from '../../engine/decode/decimal.ts';
import { parseInteger } from '../../engine/decode/integer.ts';
import { parseNumber } from '../../engine/decode/number.ts';
import { FrameResult } from '../../schemas/ids.ts';
import '../support/seed.ts';

const RUNS = { numRuns: 3000 };
const ATTO = 10n ** 15n;
const ONE = 10n ** 18n;
/** Largest value that fits, in units of 10^-18. */
const LIMIT = BigInt(MILLI_MAX + 1) * ATTO - 1n;

const unitsOf = (value: Decimal): bigint => BigInt(value.milli) * ATTO + BigInt(value.atto);

function decimalOf(units: bigint): Decimal {
  const rest = ((units % ATTO) + ATTO) % ATTO;
  return { milli: Number((units - rest) / ATTO), atto: Number(rest) };
}

/** Canonical text of units of 10^-18, by BigInt alone. */
function textOf(units: bigint): string {
  const size = units < 0n ? -units : units;
  const fraction = (size % ONE).toString().padStart(18, '0').replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${size / ONE}${fraction === '' ? '' : `.${fraction}`}`;
}

const out = new Float64Array(4);

function parsed(parse: typeof parseDecimal, text: string): { result: number; units: bigint; decimals: number } {
  const bytes = Buffer.from(`x${text}"`);
  out.fill(Number.NaN);
  const after = parse(bytes, 1, bytes.length, out, 1);
  if (after < 0) return { result: after, units: 0n, decimals: 0 };
  assert.equal(after, bytes.length - 1, `expected all of ${text} to be read`);
  assert.ok(Number.isNaN(out[0]) && Number.isNaN(out[3]), 'expected only its own two words written');
  return { result: 1, units: BigInt(out[1]) * ATTO + BigInt(out[2]), decimals: lastDecimals };
}

/** What the grammar and the range say of `digits.fraction e exponent`. */
function expected(whole: string, fraction: string, exponent: number): number | bigint {
  const digits = BigInt(whole + fraction);
  const power = exponent - fraction.length + 18;
  const scaled = power >= 0 ? digits * 10n ** BigInt(power) : digits / 10n ** BigInt(-power);
  if (power < 0 && scaled * 10n ** BigInt(-power) !== digits) {
    return scaled > LIMIT ? Number.NaN : FrameResult.precision;
  }
  return scaled > LIMIT ? FrameResult.range : scaled;
}

const digitsOf = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const wholeText = fc.oneof(
  digitsOf(1, 15).map((digits) => digits.replace(/^0+(?=\d)/, '')),
  fc.constantFrom('0', '8999999999999', '9000000000000', '9000000000001', '9007199254740', '9007199254741'),
  fc.constantFrom('9999999999999', '10000000000000', '99999999999999999999'),
);
const fractionText = fc.oneof(
  digitsOf(0, 18),
  digitsOf(19, 24),
  fc.tuple(digitsOf(0, 18), fc.integer({ min: 0, max: 30 })).map(([digits, zeros]) => digits + '0'.repeat(zeros)),
  fc.constantFrom('999', '9990', '999999999999999999', '000000000000000001', '0000000000000000001'),
);
const anyUnits = fc.oneof(
  fc.bigInt({ min: -LIMIT, max: LIMIT }),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  // Few decimals, as venues write them.
  fc
    .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.integer({ min: 0, max: 18 }))
    .map(([digits, decimals]) => digits * 10n ** BigInt(18 - decimals)),
  fc.constantFrom(0n, 1n, -1n, ATTO, -ATTO, ATTO - 1n, 1n - ATTO, ONE, -ONE, LIMIT, -LIMIT, LIMIT - ATTO + 1n),
);

function check(parse: typeof parseDecimal, text: string, want: number | bigint): void {
  const { result, units } = parsed(parse, text);
  if (typeof want === 'bigint') {
    assert.equal(result, 1, `expected ${text} accepted, was ${result}`);
    assert.equal(units, want, text);
  } else if (Number.isNaN(want)) {
    assert.ok(result === FrameResult.range || result === FrameResult.precision, `${text} was ${result}`);
  } else assert.equal(result, want, text);
}

describe('parseDecimal', () => {
  it('reads every decimal that fits and names why another does not', () => {
    fc.assert(
      fc.property(wholeText, fractionText, (whole, fraction) => {
        const text = fraction === '' ? whole : `${whole}.${fraction}`;
        check(parseDecimal, text, expected(whole, fraction, 0));
        check(parseNumber, text, expected(whole, fraction, 0));
      }),
      RUNS,
    );
  });

  it('gives back the text it accepted, trailing zeros by the decimals it counted', () => {
    fc.assert(
      fc.property(wholeText, fractionText, (whole, fraction) => {
        const text = fraction === '' ? whole : `${whole}.${fraction}`;
        const { result, units, decimals } = parsed(parseDecimal, text);
        if (result < 0) return;
        const { milli, atto } = decimalOf(units);
        assert.equal(formatDecimal(milli, atto), textOf(units));
        assert.equal(formatFixed(milli, atto, decimals), text);
      }),
      RUNS,
    );
  });

  it('refuses what is no decimal', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['', FrameResult.type],
      ['.5', FrameResult.type],
      ['5.', FrameResult.type],
      ['+1', FrameResult.type],
      ['-', FrameResult.type],
      ['--1', FrameResult.type],
      ['-x', FrameResult.type],
      ['-1', FrameResult.range],
      ['-0', FrameResult.range],
      ['00', FrameResult.type],
      ['01', FrameResult.type],
      ['01.5', FrameResult.type],
      ['1e5', FrameResult.type],
      ['1.5E5', FrameResult.type],
      ['1.e5', FrameResult.type],
      ['NaN', FrameResult.type],
      ['Infinity', FrameResult.type],
      [' 1', FrameResult.type],
      ['９', FrameResult.type],
      ['٣', FrameResult.type],
      ['9'.repeat(400), FrameResult.range],
      [`0.${'0'.repeat(399)}1`, FrameResult.precision],
    ];
    for (const [text, want] of cases) check(parseDecimal, text, want);
    for (const text of ['0x10', '1_000', '1 ', '1,5', '1.5.5', '1.5 ']) {
      const bytes = Buffer.from(`${text}"`);
      const after = parseDecimal(bytes, 0, bytes.length, out, 0);
      assert.ok(after < 0 || bytes[after] !== 0x22, `expected ${text} not to be read to its end`);
    }
  });

  it('never reads past the end it was given', () => {
    const bytes = Buffer.from('12.345678901234567890123');
    for (let end = 0; end <= bytes.length; end++) {
      const text = bytes.toString('latin1', 0, end);
      const after = parseDecimal(bytes, 0, end, out, 0);
      if (end === 0 || end === 3) assert.equal(after, FrameResult.type, text);
      else if (end > 21) assert.equal(after, FrameResult.precision, text);
      else {
        assert.equal(after, end);
        assert.equal(formatDecimal(out[0], out[1]), text.replace(/(\..*?)0+$/, '$1'), text);
      }
    }
  });
});

describe('parseNumber', () => {
  it('reads exponents exactly, or refuses', () => {
    const exponents = fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -500, max: 500 }));
    fc.assert(
      fc.property(
        wholeText,
        fractionText,
        exponents,
        fc.constantFrom('e', 'E'),
        fc.boolean(),
        (whole, fraction, exponent, letter, plus) => {
          const mantissa = fraction === '' ? whole : `${whole}.${fraction}`;
          const text = `${mantissa}${letter}${exponent >= 0 && plus ? '+' : ''}${exponent}`;
          check(parseNumber, text, expected(whole, fraction, exponent));
        },
      ),
      RUNS,
    );
  });

  it('refuses broken and endless exponents', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['1e', FrameResult.type],
      ['1e+', FrameResult.type],
      ['1e-', FrameResult.type],
      ['1e--1', FrameResult.type],
      ['01e1', FrameResult.type],
      ['1.e1', FrameResult.type],
      ['-1e1', FrameResult.range],
      ['1e400', FrameResult.range],
      ['1e99999999999999999999', FrameResult.range],
      ['1e-320', FrameResult.precision],
      ['1e-99999999999999999999', FrameResult.precision],
      [`${'9'.repeat(401)}e1`, FrameResult.range],
    ];
    for (const [text, want] of cases) check(parseNumber, text, want);
    check(parseNumber, '0e99999', 0n);
    check(parseNumber, '0.000e-99999', 0n);
    check(parseNumber, '2.2626931299999997', 2262693129999999700n);
  });
});

describe('parseInteger', () => {
  it('reads 0 to 2^53 - 1 and refuses the rest', () => {
    const numbers = fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 0n, max: 2n ** 53n + 10n }));
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = Buffer.from(`${value},`);
        const after = parseInteger(bytes, 0, bytes.length, out, 0);
        if (value <= BigInt(Number.MAX_SAFE_INTEGER)) {
          assert.equal(after, bytes.length - 1);
          assert.equal(BigInt(out[0]), value);
        } else assert.equal(after, FrameResult.range);
      }),
      RUNS,
    );
    const cases: readonly (readonly [string, number])[] = [
      ['9007199254740992', FrameResult.range],
      ['9007199254740993', FrameResult.range],
      ['9'.repeat(400), FrameResult.range],
      ['', FrameResult.type],
      ['-', FrameResult.type],
      ['-1', FrameResult.range],
      ['+1', FrameResult.type],
      ['01', FrameResult.type],
      ['1.0', FrameResult.type],
      ['1e3', FrameResult.type],
      ['null', FrameResult.type],
    ];
    for (const [text, want] of cases) {
      const bytes = Buffer.from(`${text},`);
      assert.equal(parseInteger(bytes, 0, bytes.length, out, 0), want, text);
    }
  });
});

describe('decimals', () => {
  it('compare as their exact values', () => {
    fc.assert(
      fc.property(anyUnits, anyUnits, (a, b) => {
        const left = decimalOf(a);
        const right = decimalOf(b);
        const want = a < b ? -1 : a > b ? 1 : 0;
        assert.equal(compareDecimals(left.milli, left.atto, right.milli, right.atto), want);
        assert.equal(compareDecimals(left.milli, left.atto, left.milli, left.atto), 0);
      }),
      RUNS,
    );
  });

  it('add and subtract exactly, or say that the result does not fit', () => {
    const floor = -BigInt(MILLI_MAX + 1) * ATTO;
    const same = (got: Decimal | null, want: bigint): void => {
      if (want > LIMIT || want < floor) {
        assert.equal(got, null);
        return;
      }
      assert.notEqual(got, null);
      if (got === null) return;
      assert.ok(got.atto >= 0 && got.atto < ATTO_PER_MILLI);
      assert.equal(unitsOf(got), want);
    };
    fc.assert(
      fc.property(anyUnits, anyUnits, (a, b) => {
        same(addDecimals(decimalOf(a), decimalOf(b)), a + b);
        same(subtractDecimals(decimalOf(a), decimalOf(b)), a - b);
      }),
      RUNS,
    );
  });

  it('are written canonically, and with any number of decimals', () => {
    fc.assert(
      fc.property(anyUnits, fc.integer({ min: 0, max: 40 }), (units, decimals) => {
        const { milli, atto } = decimalOf(units);
        const text = textOf(units);
        assert.equal(formatDecimal(milli, atto), text);
        const has = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
        if (has > decimals) {
          assert.throws(() => formatFixed(milli, atto, decimals), RangeError);
          return;
        }
        const zeros = '0'.repeat(decimals - has);
        assert.equal(formatFixed(milli, atto, decimals), has === 0 && decimals > 0 ? `${text}.${zeros}` : text + zeros);
      }),
      RUNS,
    );
  });
});
