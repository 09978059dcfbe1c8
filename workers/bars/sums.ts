// Exact sums of quantities and of price × quantity, kept as integer limbs in float64 rows. Hot path.

import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';

/** Words of a quantity sum: tera (10^12), milli under 10^15, atto under 10^15. */
export const QUANTITY_WORDS = 3;
/** Words of a notional sum: limbs of base 10^10, lowest first, counting 10^-36. */
export const NOTIONAL_WORDS = 7;
/** Limbs of an emitted notional: base 10^12 (schemas/derived.ts barNotional). */
export const EMITTED_LIMBS = 6;

/** A product that is zero adds nothing. */
export const EMPTY_RANGE = 0;

const MILLI_PER_TERA = 1e15;
export const LIMB = 1e10;
const DIGIT = 1e5;
/** A product that rounds to less than this is exact, and so is its sum with a carry under 10^11: 2^53 is 9.007·10^15. */
export const EXACT_MAX = 9e15;
/**
 * A limb is carried when it reaches this. Each trade adds less than 10^10 and a carry from below less than 10^6, so a
 * limb stays under 2^53 and is carried at most once in 800,000 trades. The top limb counts 10^24 whole units.
 */
const CARRY_AT = 8e15;

/** Limb of a milli × milli product: 10^-6 is 10^30 of 10^-36. */
const MILLI_LIMB = 3;
const RANGE_SHIFT = 3;
const RANGE_MASK = 7;
const SHORT_RANGE = (MILLI_LIMB - 1) | ((MILLI_LIMB + 2) << RANGE_SHIFT);

const PRICE_LIMBS = 4;
const QUANTITY_DIGITS = 7;
const COLUMNS = 14;
const price = new Float64Array(PRICE_LIMBS);
const quantity = new Float64Array(QUANTITY_DIGITS);
const columns = new Float64Array(COLUMNS);

/** Adds the quantity [milli, atto] at `values[quantityAt]` to the sum at `sums[at]`. */
export function addQuantity(sums: Float64Array, at: number, values: Float64Array, quantityAt: number): void {
  let milli = values[quantityAt];
  let atto = sums[at + 2] + values[quantityAt + 1];
  if (milli >= MILLI_PER_TERA) {
    const tera = Math.floor(milli / MILLI_PER_TERA);
    milli -= tera * MILLI_PER_TERA;
    sums[at] += tera;
  }
  milli += sums[at + 1];
  if (atto >= ATTO_PER_MILLI) {
    atto -= ATTO_PER_MILLI;
    milli += 1;
  }
  if (milli >= MILLI_PER_TERA) {
    milli -= MILLI_PER_TERA;
    sums[at] += 1;
  }
  sums[at + 1] = milli;
  sums[at + 2] = atto;
}

/**
 * price × quantity, both [milli, atto] and not negative, as limbs of base 10^10 in `product`. Returns the range of limbs
 * that may differ from zero, for addProduct(); limbs outside it are left as they were.
 */
export function multiply(values: Float64Array, priceAt: number, quantityAt: number, product: Float64Array): number {
  const attoHigh = Math.floor(values[quantityAt + 1] / LIMB);
  if (values[priceAt + 1] === 0 && attoHigh * LIMB === values[quantityAt + 1]) {
    // Usual: a price of at most 3 decimals, a quantity of at most 8, and neither large. `part` counts 10^-11.
    const whole = values[priceAt] * values[quantityAt];
    const part = values[priceAt] * attoHigh;
    if (whole < EXACT_MAX && part < EXACT_MAX) {
      const partHigh = Math.floor(part / DIGIT);
      const sum = whole + partHigh;
      const high = Math.floor(sum / LIMB);
      product[MILLI_LIMB - 1] = (part - partHigh * DIGIT) * DIGIT;
      product[MILLI_LIMB] = sum - high * LIMB;
      product[MILLI_LIMB + 1] = high;
      return SHORT_RANGE;
    }
  }
  splitPrice(values, priceAt);
  splitQuantity(values, quantityAt);
  return multiplyLimbs(product);
}

/** 10^10 limbs of a decimal: its milli begins in the middle of the second. */
function splitPrice(values: Float64Array, at: number): void {
  const milli = values[at];
  const atto = values[at + 1];
  const attoHigh = Math.floor(atto / LIMB);
  const milliHigh = Math.floor(milli / DIGIT);
  const top = Math.floor(milliHigh / LIMB);
  price[0] = atto - attoHigh * LIMB;
  price[1] = (milli - milliHigh * DIGIT) * DIGIT + attoHigh;
  price[2] = milliHigh - top * LIMB;
  price[3] = top;
}

/** 10^5 digits of a decimal: three of its atto, four of its milli. */
function splitQuantity(values: Float64Array, at: number): void {
  const milli = values[at];
  const atto = values[at + 1];
  const attoHigh = Math.floor(atto / LIMB);
  const attoLow = atto - attoHigh * LIMB;
  const milliHigh = Math.floor(milli / LIMB);
  const milliLow = milli - milliHigh * LIMB;
  quantity[1] = Math.floor(attoLow / DIGIT);
  quantity[0] = attoLow - quantity[1] * DIGIT;
  quantity[2] = attoHigh;
  quantity[4] = Math.floor(milliLow / DIGIT);
  quantity[3] = milliLow - quantity[4] * DIGIT;
  quantity[6] = Math.floor(milliHigh / DIGIT);
  quantity[5] = milliHigh - quantity[6] * DIGIT;
}

/**
 * Long multiplication in columns of base 10^5. A column sums at most four products under 10^15 and a carry under 10^11,
 * so nothing passes 2^53. floor(a / b) of integers under 2^53 is exact: the quotient of floats rounds to the next
 * integer only where the dividend is above 2^54.
 */
function multiplyLimbs(product: Float64Array): number {
  columns.fill(0);
  for (let digit = 0; digit < QUANTITY_DIGITS; digit++) {
    const factor = quantity[digit];
    if (factor === 0) continue;
    for (let limb = 0; limb < PRICE_LIMBS; limb++) columns[digit + 2 * limb] += price[limb] * factor;
  }
  let carry = 0;
  let first = NOTIONAL_WORDS;
  let end = 0;
  for (let limb = 0; limb < NOTIONAL_WORDS; limb++) {
    const low = columns[2 * limb] + carry;
    const lowCarry = Math.floor(low / DIGIT);
    const high = columns[2 * limb + 1] + lowCarry;
    carry = Math.floor(high / DIGIT);
    const value = low - lowCarry * DIGIT + (high - carry * DIGIT) * DIGIT;
    product[limb] = value;
    if (value === 0) continue;
    if (end === 0) first = limb;
    end = limb + 1;
  }
  return end === 0 ? EMPTY_RANGE : first | (end << RANGE_SHIFT);
}

/**
 * Adds sums of products to the notional sum at `sums[at]`: `milli` counts 10^-6, of prices and quantities in milli, `part`
 * 10^-11, of prices in milli and of what is left of quantities in 10^-8. Both are integers under 2^53.
 */
export function addProductSums(sums: Float64Array, at: number, milli: number, part: number): void {
  const partHigh = Math.floor(part / DIGIT);
  const milliTop = Math.floor(milli / LIMB);
  const partTop = Math.floor(partHigh / LIMB);
  columns[0] = (part - partHigh * DIGIT) * DIGIT;
  columns[1] = partHigh - partTop * LIMB;
  columns[2] = partTop;
  addLimbs(sums, at, 3);
  columns[0] = 0;
  columns[1] = milli - milliTop * LIMB;
  columns[2] = milliTop;
  addLimbs(sums, at, 3);
}

function addLimbs(sums: Float64Array, at: number, count: number): void {
  for (let limb = 0; limb < count; limb++) {
    const to = MILLI_LIMB - 1 + limb;
    sums[at + to] += columns[limb];
    if (sums[at + to] >= CARRY_AT) carryUp(sums, at, to);
  }
}

/** Adds a product to the notional sum at `sums[at]`. */
export function addProduct(sums: Float64Array, at: number, product: Float64Array, range: number): void {
  const end = range >> RANGE_SHIFT;
  for (let limb = range & RANGE_MASK; limb < end; limb++) {
    const sum = sums[at + limb] + product[limb];
    sums[at + limb] = sum;
    if (sum >= CARRY_AT) carryUp(sums, at, limb);
  }
}

function carryUp(sums: Float64Array, at: number, from: number): void {
  for (let limb = from; limb < NOTIONAL_WORDS - 1 && sums[at + limb] >= CARRY_AT; limb++) {
    const carry = Math.floor(sums[at + limb] / LIMB);
    sums[at + limb] -= carry * LIMB;
    sums[at + limb + 1] += carry;
  }
}

/** Adds the quantity sum at `from[fromAt]` to the one at `sums[at]`. */
export function addTotal(sums: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  const atto = sums[at + 2] + from[fromAt + 2];
  const attoCarry = atto >= ATTO_PER_MILLI ? 1 : 0;
  const milli = sums[at + 1] + from[fromAt + 1] + attoCarry;
  const milliCarry = milli >= MILLI_PER_TERA ? 1 : 0;
  sums[at] += from[fromAt] + milliCarry;
  sums[at + 1] = milli - milliCarry * MILLI_PER_TERA;
  sums[at + 2] = atto - attoCarry * ATTO_PER_MILLI;
}

/** Adds the notional sum at `from[fromAt]` to the one at `sums[at]`: carried first, a limb adds less than 10^10 as of a trade. */
export function addNotional(sums: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  let carry = 0;
  for (let limb = 0; limb < NOTIONAL_WORDS; limb++) {
    const value = from[fromAt + limb] + carry;
    carry = limb === NOTIONAL_WORDS - 1 ? 0 : Math.floor(value / LIMB);
    // The remainder first: both sums together may pass 2^53.
    const sum = sums[at + limb] + (value - carry * LIMB);
    sums[at + limb] = sum;
    if (sum >= CARRY_AT) carryUp(sums, at, limb);
  }
}

const settled = new Float64Array(NOTIONAL_WORDS);

/** Writes a notional sum as six limbs of base 10^12; the sum itself stays as it is. */
export function emitNotional(sums: Float64Array, at: number, out: Float64Array, outAt: number): void {
  let carry = 0;
  for (let limb = 0; limb < NOTIONAL_WORDS - 1; limb++) {
    const value = sums[at + limb] + carry;
    carry = Math.floor(value / LIMB);
    settled[limb] = value - carry * LIMB;
  }
  // Each emitted limb takes what the one before left of its inner limb, and the low digits of the next.
  let left = settled[0];
  let leftBase = 1e10;
  for (let limb = 0; limb < EMITTED_LIMBS - 2; limb++) {
    const taken = 1e12 / leftBase;
    const next = settled[limb + 1];
    const rest = Math.floor(next / taken);
    out[outAt + limb] = left + (next - rest * taken) * leftBase;
    left = rest;
    leftBase = 1e10 / taken;
  }
  out[outAt + EMITTED_LIMBS - 2] = left + settled[NOTIONAL_WORDS - 2] * leftBase;
  out[outAt + EMITTED_LIMBS - 1] = sums[at + NOTIONAL_WORDS - 1] + carry;
}

/** Writes the sum of three quantity sums that lie behind one another, as tera, milli, atto. */
export function emitTotal(sums: Float64Array, at: number, out: Float64Array, outAt: number): void {
  const atto = sums[at + 2] + sums[at + 5] + sums[at + 8];
  const attoCarry = Math.floor(atto / ATTO_PER_MILLI);
  const milli = sums[at + 1] + sums[at + 4] + sums[at + 7] + attoCarry;
  const milliCarry = Math.floor(milli / MILLI_PER_TERA);
  out[outAt] = sums[at] + sums[at + 3] + sums[at + 6] + milliCarry;
  out[outAt + 1] = milli - milliCarry * MILLI_PER_TERA;
  out[outAt + 2] = atto - attoCarry * ATTO_PER_MILLI;
}
