// Watches work that another thread does, and says so once where it makes no progress for a while.

const LOOK_MS_MAX = 1_000;
/** Looks that must find nothing new. They are counted, not timed: a process that is stopped, or too busy to look, is not late. */
const LOOKS_LEAST = 4;

export class IdleWatch {
  private readonly timer: NodeJS.Timeout;

  /** `progress` tells how far the work has come, in any words; `onIdle` is called after `idleMs` with the same ones. */
  constructor(idleMs: number, progress: () => string, onIdle: () => void) {
    const lookMs = Math.min(LOOK_MS_MAX, idleMs / LOOKS_LEAST);
    let last = progress();
    let looks = 0;
    this.timer = setInterval(() => {
      const found = progress();
      looks = found === last ? looks + 1 : 0;
      last = found;
      if (looks * lookMs < idleMs) return;
      this.stop();
      onIdle();
    }, lookMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
