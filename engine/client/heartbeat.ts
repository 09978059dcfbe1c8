// Notices a connection that is open and dead: asks after half the idle time of silence, gives it up after the other half.

const LOOKS_PER_IDLE = 4;

export type HeartbeatHooks = { readonly ping: () => void; readonly dead: () => void };

export class Heartbeat {
  private readonly idleMs: number;
  private readonly hooks: HeartbeatHooks;
  private readonly nowMs: () => number;
  private timer: ReturnType<typeof setInterval> | null = null;
  private heardMs = 0;
  private lookedMs = 0;
  /** When the unanswered ping was sent; null where there is none. */
  private askedMs: number | null = null;

  constructor(idleMs: number, hooks: HeartbeatHooks, nowMs: () => number = () => performance.now()) {
    this.idleMs = idleMs;
    this.hooks = hooks;
    this.nowMs = nowMs;
  }

  start(): void {
    this.stop();
    this.heard();
    this.lookedMs = this.heardMs;
    this.timer = setInterval(() => this.look(), this.idleMs / LOOKS_PER_IDLE);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Anything came in. */
  heard(): void {
    this.heardMs = this.nowMs();
    this.askedMs = null;
  }

  /**
   * Timers run late in a page in the background, on a machine that slept, and behind a loop that kept the thread busy:
   * answers may then lie unread. A late look judges nothing and asks once more.
   */
  look(): void {
    const nowMs = this.nowMs();
    const isLate = nowMs - this.lookedMs > this.idleMs / 2;
    this.lookedMs = nowMs;
    if (this.askedMs === null || isLate) {
      if (nowMs - this.heardMs < this.idleMs / 2) return;
      this.askedMs = nowMs;
      this.hooks.ping();
    } else if (nowMs - this.askedMs >= this.idleMs / 2) this.hooks.dead();
  }
}
