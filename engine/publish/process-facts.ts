// What the engine says of its process: memory, processor time, collections, the main loop's delay.

import type { ProcessFigures } from '../../schemas/feed.ts';
import { journalRingWords } from '../../schemas/journal.ts';
import { engineWords, shardWords } from '../../schemas/shared-state.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { EventLoopDelay } from '../observe/event-loop-delay.ts';
import { GcPauses } from '../observe/gc-pauses.ts';
import { LatencyRecorder } from '../observe/latency.ts';
import { type CountsJson, countsToJson, type StageCounts } from '../observe/latency-counts.ts';
import { ownThreadNumber, threadCpuUs } from '../observe/thread-cpu.ts';

/** `process` of `/v1/stats`. Counts are since the start: two answers subtracted tell what lies between. */
export type ProcessReport = {
  readonly pid: number;
  readonly node: string;
  readonly rssBytes: number;
  /** Of the main thread's heap. */
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Held outside the heap by the main thread's objects: buffers. */
  readonly externalBytes: number;
  /** Set aside at the start for what all threads share, resident as it is used. */
  readonly sharedBytes: number;
  /** Of all threads, user and system. */
  readonly cpuUs: number;
  /** Of single threads, since each began; those that the system tells of. */
  readonly threads: readonly { readonly thread: string; readonly cpuUs: number }[];
  readonly uptimeS: number;
  readonly gc: readonly { readonly thread: string; readonly pauses: CountsJson }[];
  /** Of the main thread. */
  readonly eventLoopDelay: CountsJson;
};

type ThreadRecorder = { readonly thread: string; readonly recorder: LatencyRecorder };

/** Measures the main thread, and reads what the others count. Thread: main. */
export class ProcessFacts {
  private readonly threads: readonly ThreadRecorder[];
  private readonly numbers: readonly { readonly thread: string; readonly number: () => number }[];
  private readonly sharedBytes: number;
  private readonly delay: LatencyRecorder;
  private readonly pauses: GcPauses;
  private readonly loop: EventLoopDelay;

  constructor(memory: EngineMemory, clock: EngineClock) {
    this.threads = [
      { thread: 'main', recorder: new LatencyRecorder(memory.mainGcPauses) },
      { thread: 'ingress', recorder: new LatencyRecorder(memory.ingressGcPauses) },
    ];
    this.numbers = threadNumbers(memory);
    this.sharedBytes = bytesIn(memory);
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

  /** What keeps threads from their work, for `latency`; to be read at once. */
  stops(): Readonly<Record<string, StageCounts>> {
    const pauses = this.gcPauses().map(({ thread, counts }) => [`gc-${thread}`, counts]);
    return { 'event-loop': this.eventLoopDelay(), ...Object.fromEntries(pauses) };
  }

  /** Each thread is one small file of the system: some ten microseconds. */
  private threadTimes(): { thread: string; cpuUs: number }[] {
    return this.numbers.flatMap(({ thread, number }) => {
      const cpuUs = threadCpuUs(number());
      return cpuUs === null ? [] : [{ thread, cpuUs }];
    });
  }

  /** For `system`. */
  figures(): ProcessFigures {
    const { uptimeS, threads, ...rest } = this.usage();
    const threadCpuUs = Object.fromEntries(threads.map(({ thread, cpuUs }) => [thread, cpuUs]));
    return { ...rest, uptimeSeconds: Math.round(uptimeS), threadCpuUs };
  }

  private usage() {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      sharedBytes: this.sharedBytes,
      cpuUs: user + system,
      threads: this.threadTimes(),
      uptimeS: process.uptime(),
    };
  }

  report(): ProcessReport {
    return {
      pid: process.pid,
      node: process.version,
      ...this.usage(),
      gc: this.gcPauses().map(({ thread, counts }) => ({ thread, pauses: countsToJson(counts) })),
      eventLoopDelay: countsToJson(this.eventLoopDelay()),
    };
  }

  close(): void {
    this.loop.stop();
    this.pauses.stop();
  }
}

/** Where each thread shows the number that the system gave it; a shard that began anew shows that of its new thread. */
function threadNumbers({ words, journal, shards }: EngineMemory) {
  const read = (memory: SharedArrayBuffer, word: number) => (): number => Atomics.load(new Int32Array(memory), word);
  const own = ownThreadNumber();
  return [
    { thread: 'main', number: () => own },
    { thread: 'ingress', number: read(words, engineWords.at.ingressThread) },
    ...shards.map((shard, index) => ({ thread: `shard-${index}`, number: read(shard.words, shardWords.at.thread) })),
    ...(journal === null ? [] : [{ thread: 'journal', number: read(journal.words, journalRingWords.at.thread) }]),
  ];
}

/** Bytes of all shared memory that an object and those in it hold. */
function bytesIn(value: unknown): number {
  if (value instanceof SharedArrayBuffer) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + bytesIn(each), 0);
}
