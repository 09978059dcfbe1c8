// A clock that stands still until a test moves it; due work runs in order of time, then of asking.

import type { Timers } from '../../engine/connect/timers.ts';

type Due = { readonly atMs: number; readonly order: number; readonly run: () => void };

export class VirtualTimers implements Timers {
  private now: number;
  private order = 0;
  private readonly due = new Map<number, Due>();
  /** Ran so far. */
  runs = 0;

  constructor(startMs = 1_000) {
    this.now = startMs;
  }

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): () => void {
    const order = this.order++;
    this.due.set(order, { atMs: this.now + Math.max(0, delayMs), order, run });
    return () => this.due.delete(order);
  }

  /** Timers that neither ran nor were cancelled. */
  get open(): number {
    return this.due.size;
  }

  /** Moves on, running what falls due, each at its own time. For work without promises. */
  advanceSync(byMs: number): void {
    const untilMs = this.now + byMs;
    for (let next = this.next(untilMs); next !== null; next = this.next(untilMs)) this.step(next);
    this.now = untilMs;
  }

  /** The same, and between two timers all promises that can go on do. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.now + byMs;
    await settle();
    for (let next = this.next(untilMs); next !== null; next = this.next(untilMs)) {
      this.step(next);
      await settle();
    }
    this.now = untilMs;
  }

  /** Moves on until the condition holds, by at most `limitMs`; says whether it holds. */
  async advanceUntil(isReached: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.now + limitMs;
    await settle();
    while (!isReached()) {
      const next = this.next(untilMs);
      if (next === null) return isReached();
      this.step(next);
      await settle();
    }
    return true;
  }

  private step(due: Due): void {
    this.due.delete(due.order);
    this.now = Math.max(this.now, due.atMs);
    this.runs++;
    due.run();
  }

  private next(untilMs: number): Due | null {
    let first: Due | null = null;
    for (const due of this.due.values()) {
      if (due.atMs > untilMs) continue;
      if (first === null || due.atMs < first.atMs || (due.atMs === first.atMs && due.order < first.order)) first = due;
    }
    return first;
  }
}

/** Lets every promise that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
