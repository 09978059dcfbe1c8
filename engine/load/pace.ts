// Waits for a moment more closely than timers can, on a thread whose sockets need their event loop now and then.
//
// A timer of Node's has whole milliseconds and comes up to one late. A futex wait (Atomics.wait) takes any time and wakes some
// 60 µs late on Linux (its timer slack is 50 µs), which is measured and taken off: half of the waits end some microseconds
// early, and only those are spent spinning. While a thread waits it reads nothing, so no wait is longer than WAIT_NS_MAX.

/** No single wait is longer: pings, errors and orders of the runner come this much later at most. */
const WAIT_NS_MAX = 1_000_000;
/** From here on a timer is used, which ends this much early. */
const TIMER_NS_MIN = 6_000_000;
const TIMER_EARLY_NS = 3_000_000;
/** Shorter waits are not worth a system call. */
const WAIT_NS_MIN = 5_000;
/** What is expected of the next wait goes this much up or down by each: it follows the median, whatever a busy machine does. */
const STEP_NS = 1_000;
const OVERSHOOT_NS_START = 60_000;
const OVERSHOOT_NS_MAX = 150_000;
const NS_PER_MS = 1e6;

export class Pace {
  private readonly word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly nowNs: () => number;
  private overshootNs = OVERSHOOT_NS_START;

  constructor(nowNs: () => number) {
    this.nowNs = nowNs;
  }

  /** How long a timer should wait for a moment `leftNs` away, in whole ms; 0 where rest() serves better. */
  timerMs(leftNs: number): number {
    return leftNs < TIMER_NS_MIN ? 0 : Math.floor((leftNs - TIMER_EARLY_NS) / NS_PER_MS);
  }

  /** Blocks this thread for about `leftNs`, at most a millisecond. */
  rest(leftNs: number): void {
    const waitNs = Math.min(leftNs, WAIT_NS_MAX) - this.overshootNs;
    if (waitNs < WAIT_NS_MIN) return;
    const startNs = this.nowNs();
    Atomics.wait(this.word, 0, 0, waitNs / NS_PER_MS);
    const overNs = this.nowNs() - startNs - waitNs;
    const expectedNs = this.overshootNs + (overNs > this.overshootNs ? STEP_NS : -STEP_NS);
    this.overshootNs = Math.min(OVERSHOOT_NS_MAX, Math.max(0, expectedNs));
  }
}
