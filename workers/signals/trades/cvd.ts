// Cumulative volume delta: what takers bought less what they sold, since the market began. Hot path.
//
// Definition  Σ quantity of taker buys − Σ quantity of taker sells over all accepted trades; trades without a side add 0.
// Units       quantity; kept exactly in integers, a float only when read.
// Seeding     0 when the market begins.
// Warm-up     one accepted trade; NaN before.
// Source      the usual definition, with neither smoothing nor a daily reset; the side is the taker's (INTERFACES).

import { Side, SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { addQuantity, EXACT_WORDS, exactValue } from './exact-sum.ts';

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
}
