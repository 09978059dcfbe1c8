// A signed sum of decimals without any rounding, in integers; a float only when read. Hot path.

import { ATTO_PER_MILLI, decimalToFloat } from '../../../engine/base/decimal.ts';
import { SLOT_F64 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import type { TradeView } from '../signal.ts';

/** Words of a sum: parts that are added up and may differ in sign until they are read. */
const part = { tera: 0, milli: 1, atto: 2 } as const;
export const EXACT_WORDS = 3;

const MILLI_PER_TERA = 1e15;
const WHOLE_PER_TERA = 1e12;

/** The milli of a quantity below this may be added up a thousand times over and stay far under 2^53. */
export const MILLI_SMALL = 1e12;
/** An atto sum up to this takes one more quantity and is still under 2^53. */
export const ATTO_MANY = 8e15;

/** Adds `sign` (1 or -1) times the quantity of a trade to the sum at `words[at]`. Exact up to 9·10^27 in all. */
export function addQuantity(words: Float64Array, at: number, sign: number, view: TradeView): void {
  add(words, at, sign, view.quantityMilli, view.quantityAtto);
}

/** As addQuantity(), for the trade record at a slot. */
export function addRecord(words: Float64Array, at: number, sign: number, f64: Float64Array, slot: number): void {
  const base = slot * SLOT_F64;
  add(words, at, sign, f64[base + trade.at.quantityMilli], f64[base + trade.at.quantityAtto]);
}

/** Adds `sign` times the sum of many quantities, its parts of any sign: milli under 2^53, atto up to ATTO_MANY or just above. */
export function add(words: Float64Array, at: number, sign: number, milli: number, atto: number): void {
  let milliRest = milli;
  let attoRest = atto;
  if (atto >= ATTO_PER_MILLI || atto <= -ATTO_PER_MILLI) {
    const full = Math.trunc(atto / ATTO_PER_MILLI);
    attoRest -= full * ATTO_PER_MILLI;
    milliRest += full;
  }
  if (milliRest >= MILLI_PER_TERA || milliRest <= -MILLI_PER_TERA) {
    const tera = Math.trunc(milliRest / MILLI_PER_TERA);
    words[at + part.tera] += sign * tera;
    milliRest -= tera * MILLI_PER_TERA;
  }
  words[at + part.milli] += sign * milliRest;
  words[at + part.atto] += sign * attoRest;
  carry(words, at + part.atto, ATTO_PER_MILLI, at + part.milli);
  carry(words, at + part.milli, MILLI_PER_TERA, at + part.tera);
}

/** Keeps a part between -base and base. */
function carry(words: Float64Array, from: number, base: number, to: number): void {
  if (words[from] >= base) {
    words[from] -= base;
    words[to] += 1;
  } else if (words[from] <= -base) {
    words[from] += base;
    words[to] -= 1;
  }
}

/** The sum at `words[at]` as a float, within two roundings; sums that are equal give the same float. */
export function exactValue(words: Float64Array, at: number): number {
  let tera = words[at + part.tera];
  let milli = words[at + part.milli];
  let atto = words[at + part.atto];
  // All parts get the sign of the whole, so that their floats add up without cancelling each other.
  const sign = Math.sign(tera) || Math.sign(milli) || Math.sign(atto);
  if (sign * atto < 0) {
    atto += sign * ATTO_PER_MILLI;
    milli -= sign;
  }
  if (sign * milli < 0) {
    milli += sign * MILLI_PER_TERA;
    tera -= sign;
  }
  return tera * WHOLE_PER_TERA + decimalToFloat(milli, atto);
}
