// A signed sum of decimals without any rounding, in integers; a float only when read. Hot path.

import { ATTO_PER_MILLI, decimalToFloat } from '../../../engine/base/decimal.ts';
import type { TradeView } from '../signal.ts';

/** Words of a sum: parts that are added up and may differ in sign until they are read. */
const part = { tera: 0, milli: 1, atto: 2 } as const;
export const EXACT_WORDS = 3;

const MILLI_PER_TERA = 1e15;
const WHOLE_PER_TERA = 1e12;

/** Adds `sign` (1 or -1) times the quantity of a trade to the sum at `words[at]`. Exact up to 9·10^27 in all. */
export function addQuantity(words: Float64Array, at: number, sign: number, view: TradeView): void {
  const milli = view.quantityMilli;
  const tera = Math.floor(milli / MILLI_PER_TERA);
  words[at + part.tera] += sign * tera;
  words[at + part.milli] += sign * (milli - tera * MILLI_PER_TERA);
  words[at + part.atto] += sign * view.quantityAtto;
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
