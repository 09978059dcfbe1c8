// Exact arithmetic of splitting a trade: amounts as limbs, and the smallest quantity that fills a notional. Hot path.

import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { multiply, NOTIONAL_WORDS } from './sums.ts';

/**
 * Two forms of an amount, both lowest limb first:
 *
 *   decimal   [ atto | milli ]             base 10^15
 *   notional  [ 10^-36 | 10^-26 | … ]      base 10^10, the inner limbs of sums.ts
 *
 * All limbs but the highest stay under their base, so that amounts compare limb by limb from the highest down.
 */
export const DECIMAL_LIMBS = 2;
export const DECIMAL_BASE = ATTO_PER_MILLI;
export const NOTIONAL_LIMBS = NOTIONAL_WORDS;
export const NOTIONAL_BASE = 1e10;
/** Words that hold either. */
export const AMOUNT_WORDS = NOTIONAL_LIMBS;

export function isLess(a: Float64Array, aAt: number, b: Float64Array, bAt: number, limbs: number): boolean {
  for (let limb = limbs - 1; limb > 0; limb--) {
    const difference = a[aAt + limb] - b[bAt + limb];
    if (difference !== 0) return difference < 0;
  }
  return a[aAt] < b[bAt];
}

/** Takes b from a. Where b is the larger, the highest limb of a becomes negative. */
export function subtractAmount(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  limbs: number,
  base: number,
): void {
  let borrow = 0;
  for (let limb = 0; limb < limbs; limb++) {
    let value = a[aAt + limb] - b[bAt + limb] - borrow;
    borrow = 0;
    if (value < 0 && limb < limbs - 1) {
      value += base;
      borrow = 1;
    }
    a[aAt + limb] = value;
  }
}

/** Adds b to a. */
export function addAmount(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  limbs: number,
  base: number,
): void {
  let carry = 0;
  for (let limb = 0; limb < limbs; limb++) {
    let value = a[aAt + limb] + b[bAt + limb] + carry;
    carry = 0;
    if (value >= base && limb < limbs - 1) {
      value -= base;
      carry = 1;
    }
    a[aAt + limb] = value;
  }
}

const MILLI = trade.at.quantityMilli;
const ATTO = trade.at.quantityAtto;

/** Takes the quantity of the trade record `part` from that of `rest`; both lie at 0. */
export function subtractQuantity(rest: Float64Array, part: Float64Array): void {
  const atto = rest[ATTO] - part[ATTO];
  const borrow = atto < 0 ? 1 : 0;
  rest[MILLI] -= part[MILLI] + borrow;
  rest[ATTO] = atto + borrow * ATTO_PER_MILLI;
}

export function hasQuantity(record: Float64Array): boolean {
  return record[MILLI] !== 0 || record[ATTO] !== 0;
}

export function isSameQuantity(a: Float64Array, b: Float64Array): boolean {
  return a[MILLI] === b[MILLI] && a[ATTO] === b[ATTO];
}

export function copyQuantity(from: Float64Array, to: Float64Array): void {
  to[MILLI] = from[MILLI];
  to[ATTO] = from[ATTO];
}

export function copyTrade(record: Float64Array, base: number, to: Float64Array): void {
  for (let word = 0; word < SLOT_F64; word++) to[word] = record[base + word];
}

/** The float quotient errs by a few parts in 2^53, and must never be above the exact one. */
const UNDER = 1 - 2 ** -46;

const factors = new Float64Array(4);
const PRICE = 0;
const TAKEN = 2;
const product = new Float64Array(NOTIONAL_LIMBS);
const left = new Float64Array(NOTIONAL_LIMBS);

/**
 * Makes the quantity of the trade record `part` the smallest one that, times the record's price, is at least the
 * notional at `room[roomAt]`. There must be such a quantity, as there is where a trade of that price fills the room.
 *
 * Division by repeated estimates: each takes off the float quotient of what is left, a little short, so about 46 bits
 * of the answer; when less than one step of 10^-18 seems left, single steps follow. Four or five rounds at most: 0.9 µs
 * of processor time where BigInt takes 1.0 (Node 20, x86-64), and nothing is allocated.
 */
export function fillNotional(room: Float64Array, roomAt: number, part: Float64Array): void {
  let milli = 0;
  let atto = 0;
  const priceUnits = part[trade.at.priceMilli] / 1e3 + part[trade.at.priceAtto] / 1e18;
  factors[PRICE] = part[trade.at.priceMilli];
  factors[PRICE + 1] = part[trade.at.priceAtto];
  for (let limb = 0; limb < NOTIONAL_LIMBS; limb++) left[limb] = room[roomAt + limb];
  while (isPositive(left)) {
    writeEstimate((units(left) / priceUnits) * UNDER);
    multiplyWhole();
    subtractAmount(left, 0, product, 0, NOTIONAL_LIMBS, NOTIONAL_BASE);
    milli += factors[TAKEN];
    atto += factors[TAKEN + 1];
    if (atto >= ATTO_PER_MILLI) {
      atto -= ATTO_PER_MILLI;
      milli += 1;
    }
  }
  part[MILLI] = milli;
  part[ATTO] = atto;
}

/** Writes a float quotient as a decimal to the factors, at least one step. */
function writeEstimate(quotient: number): void {
  const milli = Math.floor(quotient * 1e3);
  const atto = Math.floor((quotient * 1e3 - milli) * ATTO_PER_MILLI);
  factors[TAKEN] = milli;
  factors[TAKEN + 1] = milli === 0 && atto === 0 ? 1 : atto;
}

/** multiply() leaves the limbs outside its range as they were. */
function multiplyWhole(): void {
  product.fill(0);
  multiply(factors, PRICE, TAKEN, product);
}

/** Only the last step of a division passes zero, and then the highest limb is negative. */
function isPositive(amount: Float64Array): boolean {
  if (amount[NOTIONAL_LIMBS - 1] < 0) return false;
  for (let limb = 0; limb < NOTIONAL_LIMBS; limb++) if (amount[limb] !== 0) return true;
  return false;
}

function units(amount: Float64Array): number {
  let value = 0;
  for (let limb = NOTIONAL_LIMBS - 1; limb >= 0; limb--) value = value * NOTIONAL_BASE + amount[limb];
  return value / 1e36;
}
