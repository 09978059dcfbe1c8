// Counts how long a thread stands still for garbage collection, over its whole life, into a shared recorder.

import { GCProfiler } from 'node:v8';
import { LatencyRecorder } from './latency.ts';

/** How often what the profiler gathered is counted: it keeps a few kilobytes of text for each collection. */
export const GC_COUNT_MS = 1_000;
const NS_PER_MS = 1e6;
const NS_PER_US = 1e3;

/**
 * Pauses of the thread it was made on, from V8's call before a collection to the one after it; steps of marking between
 * collections are not among them. It asks V8's synchronous profiler instead of a performance observer, which would be
 * called from the event loop: a shard's thread never returns to it. A count costs about 20 µs.
 */
export class GcPauses {
  private readonly recorder: LatencyRecorder;
  private profiler: GCProfiler | null = null;
  private dueNs = 0;

  constructor(memory: SharedArrayBuffer) {
    this.recorder = new LatencyRecorder(memory);
  }

  start(): void {
    this.profiler = new GCProfiler();
    this.profiler.start();
  }

  /** Counts when a second has passed since the last time; for a loop that no timer can interrupt. */
  countInTime(nowNs: number): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = nowNs + GC_COUNT_MS * NS_PER_MS;
    this.count();
  }

  /** Counts what came since the last time. The next profiler starts before this one is read, which itself allocates. */
  count(): void {
    if (this.profiler === null) return;
    const ended = this.profiler;
    this.start();
    this.take(ended);
  }

  stop(): void {
    if (this.profiler !== null) this.take(this.profiler);
    this.profiler = null;
  }

  private take(profiler: GCProfiler): void {
    for (const { cost } of profiler.stop()?.statistics ?? []) this.recorder.record(Math.round(cost * NS_PER_US), 1);
  }
}
