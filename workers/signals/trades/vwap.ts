// VWAP of a window: the mean price of trades weighted by quantity, over a time or a number of trades. Hot path.
//
// Definition  Σ price × quantity / Σ quantity over the trades of the last windowS seconds (time-window.ts: between 59/60
//             and the whole of it), or over the last `count` trades. Both sums are kept; never a running average.
// Units       quote currency per unit; a float.
// Seeding     none: the trades there are.
// Warm-up     once times have spanned windowS; `count` trades. NaN before the first trade.
// Exactness   sums of positive floats, made anew per sub-bucket or never subtracted (rolling-sum.ts): relative error
//             under 2^-53 a trade of the window. Memory 60 × 16 bytes, or 16 a trade.
// Source      Berkowitz, Logue, Noser, "The total cost of transactions on the NYSE" (1988).

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { RollingSum } from './rolling-sum.ts';
import { TimeWindow } from './time-window.ts';

/** Words of a sub-bucket, and of the sums of all but the newest. */
const sums = { notional: 0, quantity: 1 } as const;
const SUM_WORDS = 2;

export class Vwap implements TradeSignal {
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly older = new Float64Array(SUM_WORDS);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, SUM_WORDS);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    const { older, window } = this;
    const notional = older[sums.notional] + window.values[window.at + sums.notional];
    return notional / (older[sums.quantity] + window.values[window.at + sums.quantity]);
  }

  trade(view: TradeView): void {
    const { older, window } = this;
    if (window.move(view.timeUs) > 0) {
      older[sums.notional] = window.sumOlder(sums.notional);
      older[sums.quantity] = window.sumOlder(sums.quantity);
    }
    window.values[window.at + sums.notional] += view.price * view.quantity;
    window.values[window.at + sums.quantity] += view.quantity;
  }
}

export class VwapCount implements TradeSignal {
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly notional: RollingSum;
  private readonly quantity: RollingSum;

  constructor(count: number) {
    this.notional = new RollingSum(count);
    this.quantity = new RollingSum(count);
  }

  get isWarm(): boolean {
    return this.quantity.isFull;
  }

  get value(): number {
    return this.notional.sum / this.quantity.sum;
  }

  trade(view: TradeView): void {
    this.notional.add(view.price * view.quantity);
    this.quantity.add(view.quantity);
  }
}
