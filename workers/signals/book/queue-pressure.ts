// Queue pressure: which of the two best queues is being filled and which used up. Hot path.
//
// Definition  (up − down) / (up + down) over the book changes of the last windowS seconds (trades/time-window.ts: between
//             59/60 and the whole of it). up: quantity added at the best bid and removed at the best ask; down: added at
//             the best ask and removed at the best bid. A better price adds its whole quantity, a worse one removes that
//             of the price before it (best-flow.ts). Unlike ofi it does not grow with the market's activity.
// Units       a ratio, -1 (only against the bid) to 1 (only against the ask).
// Seeding     none; the first book after a start or reset has no flow, and a reset forgets the window.
// Warm-up     once times have spanned windowS since the start or reset. NaN while nothing changed at the best prices.
// Exactness   two sums of floats that are not below 0, made anew per sub-bucket: absolute error under 2^-52 a change of
//             the window. Memory 60 × 16 bytes.
// Source      the two best queues with arrivals and departures of Cont, de Larrard, "Price dynamics in a Markovian limit
//             order market" (2013), counted as in Cont, Kukanov, Stoikov (2014); the ratio is our way to scale it.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BookSignal, BookView } from '../signal.ts';
import { TimeWindow } from '../trades/time-window.ts';
import { BestFlow, flow } from './best-flow.ts';

/** Words of a sub-bucket, and of the sums of all but the newest. */
const sum = { up: 0, down: 1 } as const;
const SUM_WORDS = 2;

export class QueuePressure implements BookSignal {
  readonly isStateless = false;
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly flow = new BestFlow();
  private readonly older = new Float64Array(SUM_WORDS);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, SUM_WORDS);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    const { older, window } = this;
    const up = older[sum.up] + window.values[window.at + sum.up];
    const down = older[sum.down] + window.values[window.at + sum.down];
    return (up - down) / (up + down);
  }

  book(view: BookView): void {
    const { older, window } = this;
    if (window.move(view.timeUs) > 0) {
      older[sum.up] = window.sumOlder(sum.up);
      older[sum.down] = window.sumOlder(sum.down);
    }
    if (!this.flow.take(view)) return;
    const bid = this.flow.values[flow.bid];
    const ask = this.flow.values[flow.ask];
    window.values[window.at + sum.up] += Math.max(bid, 0) + Math.max(-ask, 0);
    window.values[window.at + sum.down] += Math.max(ask, 0) + Math.max(-bid, 0);
  }

  reset(): void {
    this.window.reset();
    this.flow.reset();
    this.older.fill(0);
  }
}
