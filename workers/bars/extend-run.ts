// Many trades added to one bar at once, with its words in registers instead of memory. Hot path.

import { ATTO_PER_MILLI } from '../../engine/base/decimal.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import { barRow } from './ohlcv.ts';
import { addProduct, addProductSums, addQuantity, EXACT_MAX, LIMB, multiply, NOTIONAL_WORDS } from './sums.ts';

const row = barRow.at;
const SIDES = 3;
/** Quantities [milli, atto] by side, as in `flags`: what the run has of each. */
const quantities = new Float64Array(2 * SIDES);
const product = new Float64Array(NOTIONAL_WORDS);
/** Where a bar's sum of each side begins. */
const SUM_AT = Int32Array.of(row.unknownTera, row.buyTera, row.sellTera);
/** An atto sum below this takes one more quantity and is still under 2^53: carries are rare, not a branch that no one can foretell. */
const ATTO_MANY = 8e15;
/** A quantity below this may be added up a thousand times over before its milli would pass 2^53. */
const MILLI_SMALL = 1e12;
export const RUN_RECORDS_MAX = 1000;

/**
 * As extendBar() for each of the `count` records from `slot` on whose time is below `endUs` and at most `latestUs` and no
 * earlier than that of the one before, up to the first that is not; returns how many those were. count is at most
 * RUN_RECORDS_MAX.
 *
 * The exact sums are the same by another way: products of milli × milli and of milli × 10^-8 are added up as they are, as
 * long as their sum is an integer under 2^53, and split into limbs once, behind the loop.
 */
export function extendRun(
  rows: Float64Array,
  at: number,
  u8: Uint8Array,
  u32: Uint32Array,
  f64: Float64Array,
  slot: number,
  count: number,
  endUs: number,
  latestUs: number,
): number {
  let closeUs = rows[at + row.closeTimeUs];
  let receiveNs = rows[at + row.receiveTimeNs];
  let highMilli = rows[at + row.highMilli];
  let highAtto = rows[at + row.highAtto];
  let lowMilli = rows[at + row.lowMilli];
  let lowAtto = rows[at + row.lowAtto];
  let matches = 0;
  let wholeSum = 0;
  let partSum = 0;
  for (let word = 0; word < 2 * SIDES; word++) quantities[word] = 0;
  let index = 0;
  for (; index < count; index++) {
    const base = (slot + index) * SLOT_F64;
    const timeUs = f64[base + trade.at.exchangeTimeUs];
    if (!(timeUs >= closeUs && timeUs < endUs && timeUs <= latestUs)) break;
    closeUs = timeUs;
    const milli = f64[base + trade.at.priceMilli];
    const atto = f64[base + trade.at.priceAtto];
    if (milli >= highMilli && (milli > highMilli || atto > highAtto)) {
      highMilli = milli;
      highAtto = atto;
    }
    if (milli <= lowMilli && (milli < lowMilli || atto < lowAtto)) {
      lowMilli = milli;
      lowAtto = atto;
    }
    if (f64[base + trade.at.receiveTimeNs] > receiveNs) receiveNs = f64[base + trade.at.receiveTimeNs];
    matches += u32[(slot + index) * SLOT_U32 + trade.at.count];
    const quantityMilli = f64[base + trade.at.quantityMilli];
    const quantityAtto = f64[base + trade.at.quantityAtto];
    const side = u8[(slot + index) * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
    addToSide(rows, at, side, f64, base, quantityMilli, quantityAtto);
    const attoHigh = Math.floor(quantityAtto / LIMB);
    const whole = milli * quantityMilli;
    const part = milli * attoHigh;
    if (atto !== 0 || attoHigh * LIMB !== quantityAtto || !(whole < EXACT_MAX) || !(part < EXACT_MAX)) {
      const range = multiply(f64, base + trade.at.priceMilli, base + trade.at.quantityMilli, product);
      addProduct(rows, at + row.notional0, product, range);
      continue;
    }
    if (wholeSum > EXACT_MAX - whole || partSum > EXACT_MAX - part) {
      addProductSums(rows, at + row.notional0, wholeSum, partSum);
      wholeSum = 0;
      partSum = 0;
    }
    wholeSum += whole;
    partSum += part;
  }
  if (index === 0) return 0;
  const newest = (slot + index - 1) * SLOT_F64;
  rows[at + row.closeTimeUs] = closeUs;
  rows[at + row.closeMilli] = f64[newest + trade.at.priceMilli];
  rows[at + row.closeAtto] = f64[newest + trade.at.priceAtto];
  rows[at + row.receiveTimeNs] = receiveNs;
  rows[at + row.highMilli] = highMilli;
  rows[at + row.highAtto] = highAtto;
  rows[at + row.lowMilli] = lowMilli;
  rows[at + row.lowAtto] = lowAtto;
  rows[at + row.trades] += matches;
  addProductSums(rows, at + row.notional0, wholeSum, partSum);
  for (let side = 0; side < SIDES; side++) {
    if (quantities[2 * side] === 0 && quantities[2 * side + 1] === 0) continue;
    carryAtto(2 * side);
    addQuantity(rows, at + SUM_AT[side], quantities, 2 * side);
  }
  return index;
}

function addToSide(
  rows: Float64Array,
  at: number,
  side: number,
  f64: Float64Array,
  base: number,
  milli: number,
  atto: number,
): void {
  // What is no side of ours counts as unknown, as in extendBar().
  const known = side < SIDES ? side : 0;
  if (milli >= MILLI_SMALL) {
    addQuantity(rows, at + SUM_AT[known], f64, base + trade.at.quantityMilli);
    return;
  }
  quantities[2 * known] += milli;
  quantities[2 * known + 1] += atto;
  if (quantities[2 * known + 1] >= ATTO_MANY) carryAtto(2 * known);
}

/** Makes the atto sum less than a milli. */
function carryAtto(at: number): void {
  const full = Math.floor(quantities[at + 1] / ATTO_PER_MILLI);
  quantities[at] += full;
  quantities[at + 1] -= full * ATTO_PER_MILLI;
}
