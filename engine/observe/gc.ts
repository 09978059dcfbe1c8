// Counts a thread's garbage collections and the bytes it allocated, between two moments; for benches and reports.

import { GCProfiler, getHeapStatistics } from 'node:v8';
import type { GcReport } from '../../schemas/shard-task.ts';

/** Uses the synchronous profiler: a shard thread never returns to its event loop, where observers would be called. */
export class GcCount {
  private readonly profiler = new GCProfiler();
  private readonly before = getHeapStatistics().used_heap_size;

  constructor() {
    this.profiler.start();
  }

  stop(): GcReport {
    const used = getHeapStatistics().used_heap_size;
    const statistics = this.profiler.stop()?.statistics ?? [];
    const scavenges = statistics.filter(({ gcType }) => gcType === 'Scavenge').length;
    const freed = statistics.reduce(
      (sum, { beforeGC, afterGC }) =>
        sum + (beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize),
      0,
    );
    return {
      scavenges,
      others: statistics.length - scavenges,
      allocatedBytes: Math.max(0, freed + used - this.before),
      longestPauseUs: statistics.reduce((most, { cost }) => Math.max(most, cost), 0),
    };
  }
}
