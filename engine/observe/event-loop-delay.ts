// Measures how late the event loop of a thread serves what has become due, into a recorder.

import { LatencyRecorder } from './latency.ts';

/** Moments lie this far apart: fifty wake-ups a second. */
const EVERY_MS = 20;
const NS_PER_MS = 1e6;

/**
 * Moments lie on a fixed grid; each is recorded once, by how long after it the loop came to it. A loop that stood still
 * for a second therefore leaves fifty records of up to a second, not one. Timers count whole milliseconds, so that an idle
 * loop shows up to about one and a half: this is a measure of standstills, not of microseconds.
 */
export class EventLoopDelay {
  private readonly recorder: LatencyRecorder;
  private readonly nowNs: () => number;
  private timer: NodeJS.Timeout | null = null;
  private dueNs = 0;

  constructor(memory: SharedArrayBuffer, nowNs: () => number) {
    this.recorder = new LatencyRecorder(memory);
    this.nowNs = nowNs;
  }

  start(): void {
    this.dueNs = this.nowNs() + EVERY_MS * NS_PER_MS;
    this.arm();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private arm(): void {
    const waitMs = Math.ceil((this.dueNs - this.nowNs()) / NS_PER_MS);
    this.timer = setTimeout(() => this.look(), waitMs);
    this.timer.unref();
  }

  private look(): void {
    const nowNs = this.nowNs();
    for (; this.dueNs <= nowNs; this.dueNs += EVERY_MS * NS_PER_MS) this.recorder.record(nowNs - this.dueNs, 1);
    this.arm();
  }
}
