// Owns rate limits: sliding windows that are never exceeded, and the ordered work that waits for them.

import type { Pace } from './protocol.ts';
import type { Timers } from './timers.ts';

/** Added to each window of a venue: what is evenly spaced here may arrive closer together there. */
export const PACE_MARGIN_MS = 200;

export function withMargin(pace: Pace, marginMs: number): Pace {
  return { count: pace.count, windowMs: pace.windowMs + marginMs };
}

/** At most `count` units in any span of `windowMs`, its end left out. */
export class SlidingWindow {
  readonly pace: Pace;
  private readonly timesMs: number[] = [];
  private readonly weights: number[] = [];
  private first = 0;
  private used = 0;

  constructor(pace: Pace) {
    this.pace = pace;
  }

  /** Units taken in the window that ends now. */
  usedAt(nowMs: number): number {
    this.forget(nowMs);
    return this.used;
  }

  /** How long until `weight` units may go, 0 for now. More than the whole window is asked for as the whole window. */
  waitMs(nowMs: number, weight = 1): number {
    this.forget(nowMs);
    let missing = this.used + Math.min(weight, this.pace.count) - this.pace.count;
    if (missing <= 0) return 0;
    let index = this.first;
    for (; missing > this.weights[index]; index++) missing -= this.weights[index];
    return this.timesMs[index] + this.pace.windowMs - nowMs;
  }

  take(nowMs: number, weight = 1): void {
    const last = this.timesMs.length - 1;
    this.used += weight;
    if (last >= this.first && this.timesMs[last] === nowMs) {
      this.weights[last] += weight;
      return;
    }
    this.timesMs.push(nowMs);
    this.weights.push(weight);
  }

  private forget(nowMs: number): void {
    const { timesMs, weights } = this;
    while (this.first < timesMs.length && timesMs[this.first] + this.pace.windowMs <= nowMs) {
      this.used -= weights[this.first++];
    }
    if (this.first < 256 || this.first * 2 < timesMs.length) return;
    timesMs.splice(0, this.first);
    weights.splice(0, this.first);
    this.first = 0;
  }
}

/** Several windows that all must allow. */
export class Pacer {
  readonly windows: readonly SlidingWindow[];

  constructor(paces: readonly Pace[]) {
    this.windows = paces.map((pace) => new SlidingWindow(pace));
  }

  waitMs(nowMs: number, weight = 1): number {
    let wait = 0;
    for (const window of this.windows) wait = Math.max(wait, window.waitMs(nowMs, weight));
    return wait;
  }

  take(nowMs: number, weight = 1): void {
    for (const window of this.windows) window.take(nowMs, weight);
  }
}

/** Work that goes as its pacer allows: the lowest priority number first, among equals in order. Bounded. */
export class PacedQueue {
  /** Work refused for want of room. */
  overflows = 0;
  /** The most that ever waited. */
  highWater = 0;
  private readonly timers: Timers;
  private readonly pacer: Pacer;
  private readonly sizeMax: number;
  private readonly waiting: Array<Array<() => void>> = [];
  private cancelTimer: (() => void) | null = null;
  private isStopped = false;

  constructor(timers: Timers, pacer: Pacer, sizeMax: number) {
    this.timers = timers;
    this.pacer = pacer;
    this.sizeMax = sizeMax;
  }

  get size(): number {
    let size = 0;
    for (const list of this.waiting) size += list?.length ?? 0;
    return size;
  }

  /** False where there is no room or it is stopped. `run` is called at once where the pace allows. */
  push(run: () => void, priority = 0): boolean {
    if (this.isStopped) return false;
    if (this.size >= this.sizeMax) {
      this.overflows++;
      return false;
    }
    while (this.waiting.length <= priority) this.waiting.push([]);
    this.waiting[priority].push(run);
    this.highWater = Math.max(this.highWater, this.size);
    this.drain();
    return true;
  }

  /** Takes it back, if it still waits. */
  remove(run: () => void): void {
    for (const list of this.waiting) {
      const index = list.indexOf(run);
      if (index >= 0) list.splice(index, 1);
    }
  }

  /** Forgets what waits; the result is how much. */
  stop(): number {
    const left = this.size;
    this.isStopped = true;
    this.waiting.length = 0;
    this.cancelTimer?.();
    this.cancelTimer = null;
    return left;
  }

  private drain(): void {
    if (this.cancelTimer !== null) return;
    for (;;) {
      const list = this.waiting.find((candidate) => candidate.length > 0);
      if (list === undefined) return;
      const nowMs = this.timers.nowMs();
      const waitMs = this.pacer.waitMs(nowMs);
      if (waitMs > 0) {
        this.wake(waitMs);
        return;
      }
      this.pacer.take(nowMs);
      (list.shift() as () => void)();
    }
  }

  private wake(waitMs: number): void {
    this.cancelTimer = this.timers.after(waitMs, () => {
      this.cancelTimer = null;
      this.drain();
    });
  }
}
