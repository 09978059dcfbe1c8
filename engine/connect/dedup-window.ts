// Remembers ids for a while, bounded by count and by time, so that the same thing is not asked twice.

export class DedupWindow {
  hits = 0;
  private readonly windowMs: number;
  private readonly sizeMax: number;
  /** Time of each id, oldest first: a Map keeps the order of insertion. */
  private readonly seen = new Map<string, number>();

  constructor(windowMs: number, sizeMax: number) {
    this.windowMs = windowMs;
    this.sizeMax = sizeMax;
  }

  get size(): number {
    return this.seen.size;
  }

  /** True the first time, false (and counted) again within the window. Beyond sizeMax ids the oldest are forgotten. */
  isNew(id: string, nowMs: number): boolean {
    for (const [oldest, atMs] of this.seen) {
      if (atMs + this.windowMs > nowMs) break;
      this.seen.delete(oldest);
    }
    if (this.seen.has(id)) {
      this.hits++;
      return false;
    }
    if (this.seen.size >= this.sizeMax) this.seen.delete(this.seen.keys().next().value as string);
    this.seen.set(id, nowMs);
    return true;
  }

  forget(id: string): void {
    this.seen.delete(id);
  }
}
