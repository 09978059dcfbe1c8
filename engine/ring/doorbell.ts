// How a thread sleeps until another has something for it: a parked flag and a bell word, so that a busy pair never
// calls the kernel. Hot path: ring() runs once per commit.

/** Words (Int32) of a doorbell, each on its own cache line. */
const PARKED = 0;
const BELL = 16;
const RINGS = 17;
export const DOORBELL_BYTES = 2 * 64;

/**
 * One sleeper, any number of ringers.
 *
 *   sleeper                         ringer
 *   1 seen = load(bell)             a store(work)          e.g. the ring's tail
 *   2 store(parked, 1)              b if load(parked):
 *   3 look for work again           c   add(bell, 1)
 *   4 wait(bell, seen)              d   notify(bell)
 *   5 store(parked, 0)
 *
 * Ordering: all are sequentially consistent. Either b sees 2, then c makes 4 return at once; or b comes before 2,
 * then a comes before 3 and the sleeper finds the work. Swapping 2 and 3, or a and b, loses a wake-up
 * (test/model/ring.pml, decisions/0003).
 */
export class Doorbell {
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer, byteOffset = 0) {
    this.words = new Int32Array(memory, byteOffset, DOORBELL_BYTES / 4);
  }

  /** Wakes the sleeper if it sleeps or is about to. Call after the store that makes the work visible. */
  ring(): void {
    if (Atomics.load(this.words, PARKED) === 0) return;
    Atomics.add(this.words, BELL, 1);
    Atomics.add(this.words, RINGS, 1);
    Atomics.notify(this.words, BELL);
  }

  /** Steps 1 and 2: announces that this thread is about to sleep. The caller must look for work again after it. */
  announce(): number {
    const seen = Atomics.load(this.words, BELL);
    Atomics.store(this.words, PARKED, 1);
    return seen;
  }

  /** Steps 4 and 5: sleeps until the bell differs from `seen`, or the time is over. Not on the main thread. */
  sleep(seen: number, timeoutMs: number): void {
    Atomics.wait(this.words, BELL, seen, timeoutMs);
    Atomics.store(this.words, PARKED, 0);
  }

  /** Step 5 without sleeping: work was found. */
  cancel(): void {
    Atomics.store(this.words, PARKED, 0);
  }

  /**
   * As sleep, for the main thread: resolves when rung, with whether it slept. Without a timeout, which would cost two
   * more turns of the event loop for each sleep: one to set a timer, one when it ends (decisions/0005).
   */
  async sleepAsync(seen: number): Promise<boolean> {
    const waiting = Atomics.waitAsync(this.words, BELL, seen);
    if (waiting.async) await waiting.value;
    Atomics.store(this.words, PARKED, 0);
    return waiting.async;
  }

  /** A short sleep that no ringer ends: PARKED stays 0, so the ringer pays nothing. */
  nap(timeoutMs: number): void {
    Atomics.wait(this.words, BELL, Atomics.load(this.words, BELL), timeoutMs);
  }

  /** Times the bell was rung. */
  get rings(): number {
    return Atomics.load(this.words, RINGS);
  }
}
