// A budget that refills with time: what may be spent at once, and what comes back each second. Hot path.

const MS_PER_S = 1_000;

/** The clock is the caller's, monotonic, in milliseconds; a step back of it adds nothing. No timers, no allocation. */
export class TokenBucket {
  private readonly perMs: number;
  private readonly burst: number;
  private tokens: number;
  private atMs: number;

  /** `burst` is what may be spent at once, and what it holds at `nowMs`. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.perMs = perSecond / MS_PER_S;
    this.burst = burst;
    this.tokens = burst;
    this.atMs = nowMs;
  }

  /** What is left at a time. */
  left(nowMs: number): number {
    if (nowMs > this.atMs) {
      this.tokens = Math.min(this.burst, this.tokens + (nowMs - this.atMs) * this.perMs);
      this.atMs = nowMs;
    }
    return this.tokens;
  }

  /** Spends what may be more than the burst, where there is anything: the debt is paid off before the next. */
  takeLarge(cost: number, nowMs: number): boolean {
    if (this.left(nowMs) <= 0) return false;
    this.tokens -= cost;
    return true;
  }

  /** Spends, where there is enough. */
  take(cost: number, nowMs: number): boolean {
    if (this.left(nowMs) < cost) return false;
    this.tokens -= cost;
    return true;
  }
}
