// What `/v1/stats` and `/metrics` say of the engine's process: memory, processor time, collections, the main loop's delay.

import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { EventLoopDelay } from '../observe/event-loop-delay.ts';
import { GcPauses } from '../observe/gc-pauses.ts';
import { LatencyRecorder } from '../observe/latency.ts';
import { type CountsJson, countsToJson, type StageCounts } from '../observe/latency-counts.ts';

/** `process` of `/v1/stats`. Counts are since the start: two answers subtracted tell what lies between. */
export type ProcessReport = {
  readonly pid: number;
  readonly node: string;
  readonly rssBytes: number;
  /** Of the main thread's heap. */
  readonly heapUsedBytes: number;
  /** Held outside the heap by the main thread's objects: buffers. Shared memory is in rssBytes alone. */
  readonly externalBytes: number;
  /** Of all threads, user and system. */
  readonly cpuUs: number;
  readonly uptimeS: number;
  readonly gc: readonly { readonly thread: string; readonly pauses: CountsJson }[];
  /** Of the main thread. */
  readonly eventLoopDelay: CountsJson;
};

type ThreadRecorder = { readonly thread: string; readonly recorder: LatencyRecorder };

/** Measures the main thread, and reads what the others count. Thread: main. */
export class ProcessFacts {
  private readonly threads: readonly ThreadRecorder[];
  private readonly delay: LatencyRecorder;
  private readonly pauses: GcPauses;
  private readonly loop: EventLoopDelay;

  constructor(memory: EngineMemory, clock: EngineClock) {
    this.threads = [
      { thread: 'main', recorder: new LatencyRecorder(memory.mainGcPauses) },
      { thread: 'ingress', recorder: new LatencyRecorder(memory.ingressGcPauses) },
    ];
    this.delay = new LatencyRecorder(memory.mainLoopDelay);
    this.pauses = new GcPauses(memory.mainGcPauses);
    this.loop = new EventLoopDelay(memory.mainLoopDelay, () => clock.nowNs());
    this.pauses.start();
    this.loop.start();
  }

  /** Pauses of the threads that have an event loop, for garbage collection; to be read at once. */
  gcPauses(): { thread: string; counts: StageCounts }[] {
    return this.threads.map(({ thread, recorder }) => ({ thread, counts: recorder.view() }));
  }

  /** To be read at once. */
  eventLoopDelay(): StageCounts {
    return this.delay.view();
  }

  report(): ProcessReport {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      pid: process.pid,
      node: process.version,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      cpuUs: user + system,
      uptimeS: process.uptime(),
      gc: this.gcPauses().map(({ thread, counts }) => ({ thread, pauses: countsToJson(counts) })),
      eventLoopDelay: countsToJson(this.eventLoopDelay()),
    };
  }

  close(): void {
    this.loop.stop();
    this.pauses.stop();
  }
}
