// Realised volatility: how much the price moved over the window, up and down alike. Hot path.
//
// Definition  √ Σ r², r the log return between the prices of the last trades of successive sub-buckets of windowS / 60
//             (time-window.ts), over the sub-buckets of the window. The newest counts as it stands; one without trades
//             has no return, and the next one's return spans it. A price of 0 is passed over.
// Units       a ratio per √windowS: 0.01 is one per cent over the window. Not annualised, no mean subtracted; for a
//             year multiply by √(seconds of the year ÷ windowS).
// Seeding     the first sub-bucket with a trade gives the first price and no return.
// Warm-up     once times have spanned windowS. NaN before the second sub-bucket with a trade.
// Exactness   a sum of squares, made anew per sub-bucket. Memory 60 × 8 bytes.
// Source      Andersen, Bollerslev, Diebold, Labys, "Modeling and forecasting realized volatility" (2003); sampling
//             at intervals, not at every trade, as there against the bounce between bid and ask.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { TimeWindow } from './time-window.ts';

/** Words of the state: price of the last trade, that of the last one before the newest sub-bucket, sum of older r². */
const state = { last: 0, before: 1, older: 2 } as const;
const STATE_WORDS = 3;

export class RealisedVolatility implements TradeSignal {
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly state = new Float64Array(STATE_WORDS).fill(Number.NaN);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, 1);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    if (Number.isNaN(this.state[state.before])) return Number.NaN;
    return Math.sqrt(this.state[state.older] + this.window.values[this.window.at]);
  }

  trade(view: TradeView): void {
    if (!(view.price > 0)) return;
    const { window } = this;
    const words = this.state;
    if (window.move(view.timeUs) > 0) {
      words[state.before] = words[state.last];
      words[state.older] = window.sumOlder(0);
    }
    words[state.last] = view.price;
    const before = words[state.before];
    const logReturn = Number.isNaN(before) ? 0 : logReturnOf(before, view.price);
    window.values[window.at] = logReturn * logReturn;
  }
}

/** Of small changes by log1p, which keeps the digits that the ratio near 1 loses; of large ones by the ratio. */
function logReturnOf(before: number, now: number): number {
  const change = (now - before) / before;
  return Math.abs(change) < 0.5 ? Math.log1p(change) : Math.log(now / before);
}
