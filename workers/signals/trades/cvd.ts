// Cumulative volume delta: what takers bought less what they sold, since the market began. Hot path.
//
// Definition  Σ quantity of taker buys − Σ quantity of taker sells over all accepted trades; trades without a side add 0.
// Units       quantity; kept exactly in integers, a float only when read.
// Seeding     0 when the market begins.
// Warm-up     one accepted trade; NaN before.
// Source      the usual definition, with neither smoothing nor a daily reset; the side is the taker's (INTERFACES).

import { Side, SignalEvent, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { ATTO_MANY, add, addQuantity, addRecord, EXACT_WORDS, exactValue, MILLI_SMALL } from './exact-sum.ts';

/** What a trade counts, by the side in its flags. */
const SIGNS = Float64Array.of(0, 1, -1, 0);

export class Cvd implements TradeSignal {
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  isWarm = false;
  private readonly sum = new Float64Array(EXACT_WORDS);

  get value(): number {
    return this.isWarm ? exactValue(this.sum, 0) : Number.NaN;
  }

  trade(view: TradeView): void {
    this.isWarm = true;
    if (view.side === Side.buy) addQuantity(this.sum, 0, 1, view);
    else if (view.side === Side.sell) addQuantity(this.sum, 0, -1, view);
  }

  tradeRun(u8: Uint8Array, f64: Float64Array, slot: number, count: number): void {
    this.isWarm = true;
    let milli = 0;
    let atto = 0;
    for (let at = slot; at < slot + count; at++) {
      const sign = SIGNS[u8[at * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask];
      const quantityMilli = f64[at * SLOT_F64 + trade.at.quantityMilli];
      if (quantityMilli >= MILLI_SMALL) {
        addRecord(this.sum, 0, sign, f64, at);
        continue;
      }
      milli += sign * quantityMilli;
      atto += sign * f64[at * SLOT_F64 + trade.at.quantityAtto];
      if (atto > ATTO_MANY || atto < -ATTO_MANY) {
        add(this.sum, 0, 1, milli, atto);
        milli = 0;
        atto = 0;
      }
    }
    add(this.sum, 0, 1, milli, atto);
  }
}
