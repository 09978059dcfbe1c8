// Cumulative volume delta: what takers bought less what they sold, since the market began. Hot path.
//
// Definition  Σ quantity of taker buys − Σ quantity of taker sells over all accepted trades; trades without a side add 0.
// Units       quantity; kept exactly in integers, a float only when read.
// Seeding     0 when the market begins.
// Warm-up     one accepted trade; NaN before.
// Source      the usual definition, with neither smoothing nor a daily reset; the side is the taker's (INTERFACES).

import { ATTO_PER_MILLI, decimalToFloat } from '../../engine/base/decimal.ts';
import { Side, TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';

/** Words of the state: signed parts that are added up, and the trades so far. */
const state = { tera: 0, milli: 1, atto: 2, trades: 3 } as const;
const STATE_WORDS = 4;

const MILLI_PER_TERA = 1e15;
const WHOLE_PER_TERA = 1e12;

export class Cvd {
  private readonly state = new Float64Array(STATE_WORDS);

  /** Takes one accepted trade record. */
  trade(u8: Uint8Array, f64: Float64Array, slot: number): void {
    const side = u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
    addSigned(this.state, side, f64, slot * SLOT_F64 + trade.at.quantityMilli);
  }

  /** Writes the value as a float and the trades it was computed from; returns 1 when warm. */
  write(out: Float64Array, valueAt: number, inputAt: number): number {
    out[inputAt] = this.state[state.trades];
    if (this.state[state.trades] === 0) {
      out[valueAt] = Number.NaN;
      return 0;
    }
    writeFloat(this.state, out, valueAt);
    return 1;
  }
}

function addSigned(cvd: Float64Array, side: number, values: Float64Array, quantityAt: number): void {
  cvd[state.trades] += 1;
  if (side !== Side.buy && side !== Side.sell) return;
  const sign = side === Side.buy ? 1 : -1;
  const milli = values[quantityAt];
  const tera = Math.floor(milli / MILLI_PER_TERA);
  cvd[state.tera] += sign * tera;
  cvd[state.milli] += sign * (milli - tera * MILLI_PER_TERA);
  cvd[state.atto] += sign * values[quantityAt + 1];
  carry(cvd, state.atto, ATTO_PER_MILLI, state.milli);
  carry(cvd, state.milli, MILLI_PER_TERA, state.tera);
}

/** Keeps a part between -base and base; parts may differ in sign until they are read. */
function carry(cvd: Float64Array, from: number, base: number, to: number): void {
  if (cvd[from] >= base) {
    cvd[from] -= base;
    cvd[to] += 1;
  } else if (cvd[from] <= -base) {
    cvd[from] += base;
    cvd[to] -= 1;
  }
}

/** All parts first get the sign of the whole, so that their floats add up without cancelling each other. */
function writeFloat(cvd: Float64Array, out: Float64Array, outIndex: number): void {
  let tera = cvd[state.tera];
  let milli = cvd[state.milli];
  let atto = cvd[state.atto];
  const sign = Math.sign(tera) || Math.sign(milli) || Math.sign(atto);
  if (sign * atto < 0) {
    atto += sign * ATTO_PER_MILLI;
    milli -= sign;
  }
  if (sign * milli < 0) {
    milli += sign * MILLI_PER_TERA;
    tera -= sign;
  }
  out[outIndex] = tera * WHOLE_PER_TERA + decimalToFloat(milli, atto);
}
