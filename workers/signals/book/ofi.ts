// Order-flow imbalance: what came to the best bid and left the best ask, less the reverse, over the window. Hot path.
//
// Definition  Σ e_n over the book changes of the last windowS seconds (time-window.ts: between 59/60 and the whole of
//             it); with P, q the best prices and quantities after change n, b and a the sides, and 1{} one if true:
//             e_n = 1{Pb_n ≥ Pb_n-1} qb_n − 1{Pb_n ≤ Pb_n-1} qb_n-1 − 1{Pa_n ≤ Pa_n-1} qa_n + 1{Pa_n ≥ Pa_n-1} qa_n-1.
// Units       quantity; above 0 where demand grows.
// Seeding     none; the first book after a start or reset has no e_n. A reset forgets the window: what it missed is
//             unknown.
// Warm-up     once times have spanned windowS since the start or reset. NaN before the first e_n.
// Exactness   compensated sums (trades/compensated-sum.ts), made anew per sub-bucket: an e_n that has left leaves no
//             error. Memory 60 × 16 bytes.
// Source      Cont, Kukanov, Stoikov, "The price impact of order book events" (2014), equations 2 and 3.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BookSignal, BookView } from '../signal.ts';
import { addCompensated } from '../trades/compensated-sum.ts';
import { TimeWindow, WINDOW_BUCKETS } from '../trades/time-window.ts';
import { BestFlow, flow } from './best-flow.ts';

/** Words of a sub-bucket, and of the sum of all but the newest. */
const sum = { high: 0, rest: 1 } as const;
const SUM_WORDS = 2;

export class OrderFlowImbalance implements BookSignal {
  readonly isStateless = false;
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly flow = new BestFlow();
  private readonly older = new Float64Array(SUM_WORDS);
  private hasFlow = false;

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, SUM_WORDS);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    if (!this.hasFlow) return Number.NaN;
    const { older, window } = this;
    const high = older[sum.high] + window.values[window.at + sum.high];
    return high + (older[sum.rest] + window.values[window.at + sum.rest]);
  }

  book(view: BookView): void {
    const { window } = this;
    if (window.move(view.timeUs) > 0) this.sumOlder();
    if (!this.flow.take(view)) return;
    this.hasFlow = true;
    addCompensated(window.values, window.at, this.flow.values[flow.bid] - this.flow.values[flow.ask]);
  }

  reset(): void {
    this.window.reset();
    this.flow.reset();
    this.hasFlow = false;
  }

  private sumOlder(): void {
    const { older, window } = this;
    older.fill(0);
    for (let age = WINDOW_BUCKETS - 1; age > 0; age--) {
      const at = window.rowAt(age);
      addCompensated(older, 0, window.values[at + sum.high]);
      older[sum.rest] += window.values[at + sum.rest];
    }
  }
}
