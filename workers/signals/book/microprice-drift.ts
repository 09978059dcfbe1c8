// Microprice drift: how far the microprice has moved over the window. Hot path.
//
// Definition  microprice ÷ microprice then − 1, then being as the oldest of the 60 sub-buckets of the window began
//             (trades/time-window.ts): between 59/60 of windowS and the whole of it ago. The microprice is that of
//             microprice.ts.
// Units       basis points (10^-4).
// Seeding     until the window is spanned, then is the first book after the start or reset; a reset forgets the window.
// Warm-up     once times have spanned windowS since the start or reset. NaN before the first book.
// Exactness   of two floats alone; nothing is summed. Memory 60 × 8 bytes.
// Source      the change of Stoikov's micro-price (2018) over a fixed time.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BookSignal, BookView } from '../signal.ts';
import { TimeWindow, WINDOW_BUCKETS } from '../trades/time-window.ts';
import { micropriceOf } from './microprice.ts';

const BPS = 1e4;

export class MicropriceDrift implements BookSignal {
  readonly isStateless = false;
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  /** Rows hold the microprice as their sub-bucket began. */
  private readonly window: TimeWindow;
  private readonly now = new Float64Array(1).fill(Number.NaN);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, 1);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    const now = this.now[0];
    const then = this.window.values[this.window.rowAt(WINDOW_BUCKETS - 1)];
    return ((now - then) / then) * BPS;
  }

  book(view: BookView): void {
    const { window, now } = this;
    const begun = window.move(view.timeUs);
    const microprice = micropriceOf(view);
    if (Number.isNaN(now[0])) window.values.fill(microprice);
    else fillBegun(window, begun, now[0]);
    now[0] = microprice;
  }

  reset(): void {
    this.window.reset();
    this.now[0] = Number.NaN;
  }
}

/** All sub-buckets that began did so at the microprice of the change before. */
function fillBegun(window: TimeWindow, begun: number, microprice: number): void {
  const rows = Math.min(begun, WINDOW_BUCKETS);
  for (let age = 0; age < rows; age++) window.values[window.rowAt(age)] = microprice;
}
