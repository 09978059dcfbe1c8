// Counts how long a thread stands still for garbage collection, over its whole life, into a shared recorder.

import { PerformanceObserver } from 'node:perf_hooks';
import { LatencyRecorder } from './latency.ts';

const NS_PER_MS = 1e6;

/**
 * Pauses of the thread it was made on, from V8's call before a collection to the one after it; steps of marking between
 * collections are not among them. For threads that return to their event loop, from which the observer is called. V8's
 * synchronous profiler (GCProfiler) would serve a shard's thread too, but started anew each second it kept memory for every
 * collection in worker threads: 6 GB in ten minutes at 100,000 updates a second (Node 20.20.2, November 2026).
 */
export class GcPauses {
  private readonly recorder: LatencyRecorder;
  private readonly observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.recorder.record(Math.round(duration * NS_PER_MS), 1);
  });

  constructor(memory: SharedArrayBuffer) {
    this.recorder = new LatencyRecorder(memory);
  }

  start(): void {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.observer.disconnect();
  }
}
