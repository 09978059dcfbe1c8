// The monotonic clock and the timers of the connectors: real ones, and a count over any that shows what is still due.

/** All waiting goes through this, so that tests own the time. Milliseconds, monotonic; the zero has no meaning. */
export interface Timers {
  nowMs(): number;
  /** Runs once after `delayMs` or later, never at once; the result cancels, at any time and as often as wished. */
  after(delayMs: number, run: () => void): () => void;
}

/** 24 days. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The timers of the running thread. */
export class SystemTimers implements Timers {
  nowMs(): number {
    return performance.now();
  }

  after(delayMs: number, run: () => void): () => void {
    // Node rounds down to whole milliseconds and may fire a fraction early: one more keeps every wait at its length.
    // A longer wait than Node can count would not wait at all: whoever waits looks again.
    const timer = setTimeout(run, Math.min(Math.max(1, Math.floor(delayMs) + 1), DELAY_MS_MAX));
    return () => clearTimeout(timer);
  }
}

/** Counts the timers that neither ran nor were cancelled: zero after a feed has stopped, else one was left behind. */
export class CountedTimers implements Timers {
  open = 0;
  private readonly timers: Timers;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  nowMs(): number {
    return this.timers.nowMs();
  }

  after(delayMs: number, run: () => void): () => void {
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    this.open++;
    const cancel = this.timers.after(delayMs, () => {
      close();
      run();
    });
    return () => {
      close();
      cancel();
    };
  }
}
