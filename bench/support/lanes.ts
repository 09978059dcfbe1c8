// Threads that benches run: the sender and the baselines, with the numbers they share.

import { Worker } from 'node:worker_threads';
import { entryUrl } from '../../engine/base/entry.ts';
import type { GcReport } from '../../schemas/shard-task.ts';
import type { GeneratorPlan, GeneratorTask } from './generator.ts';
import { ThreadTimes, threadsBegunBy } from './thread-times.ts';

export function nextMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (value: T) => {
      worker.off('error', reject);
      resolve(value);
    });
  });
}

/** The sender, with its frames prepared. */
export class Generator {
  private readonly worker: Worker;

  private constructor(worker: Worker) {
    this.worker = worker;
  }

  static async prepare(plan: GeneratorPlan): Promise<Generator> {
    const worker = new Worker(entryUrl('./generator.ts', import.meta.url), { workerData: plan });
    await nextMessage(worker);
    return new Generator(worker);
  }

  /** Sends a part of the workload; resolves when the last byte is handed to the kernel. */
  send(task: GeneratorTask): Promise<unknown> {
    const sent = nextMessage(this.worker);
    this.worker.postMessage(task);
    return sent;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

export type BaselineModule = './sink.ts' | './naive.ts' | './tardis-pipeline.ts';

/** A baseline server on its own thread, which counts frames into shared memory. */
export class Baseline {
  readonly port: number;
  private readonly worker: Worker;
  private readonly counter: Float64Array;
  private readonly times: ThreadTimes | null;

  private constructor(worker: Worker, counter: Float64Array, port: number, threads: readonly number[]) {
    this.worker = worker;
    this.counter = counter;
    this.port = port;
    this.times = threads.length === 1 ? new ThreadTimes(threads) : null;
  }

  static async start(module: BaselineModule): Promise<Baseline> {
    const memory = new SharedArrayBuffer(2 * 8);
    const { value, threads } = await threadsBegunBy(async () => {
      const worker = new Worker(entryUrl(module, import.meta.url), { workerData: memory });
      return { worker, port: await nextMessage<number>(worker) };
    });
    return new Baseline(value.worker, new Float64Array(memory), value.port, threads);
  }

  markTimes(): void {
    this.times?.mark();
  }

  /** Nanoseconds of processor time since the last mark; null where the kernel does not tell. */
  timeSinceMark(): number | null {
    return this.times?.sinceMarkNs() ?? null;
  }

  get frames(): number {
    return this.counter[0];
  }

  /** A number by which the answer is checked; 0 where a baseline has none. */
  get answer(): number {
    return this.counter[1];
  }

  startGc(): void {
    this.worker.postMessage('gc-start');
  }

  stopGc(): Promise<GcReport> {
    const report = nextMessage<GcReport>(this.worker);
    this.worker.postMessage('gc-stop');
    return report;
  }

  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.postMessage('close');
    await exited;
  }
}

const POLL_MS = 1;
const STALL_MS = 30_000;

/** Resolves when `read` has reached `wanted`; rejects when it stands still for half a minute. */
export async function until(read: () => number, wanted: number, what: string, pollMs = POLL_MS): Promise<void> {
  let last = -1;
  let movedAt = performance.now();
  for (;;) {
    const value = read();
    if (value >= wanted) return;
    if (value !== last) {
      last = value;
      movedAt = performance.now();
    } else if (performance.now() - movedAt > STALL_MS)
      throw new Error(`${what}: expected ${wanted}, stuck at ${value}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** A thread of a bench that tells when it is ready, answers, and closes what it has open before it ends. */
export class Lane<Ready = unknown> {
  readonly ready: Ready;
  private readonly worker: Worker;
  private readonly times: ThreadTimes | null;

  private constructor(worker: Worker, ready: Ready, threads: readonly number[]) {
    this.worker = worker;
    this.ready = ready;
    this.times = threads.length === 1 ? new ThreadTimes(threads) : null;
  }

  /** The module's path is relative to this one. */
  static async start<Ready>(module: string, data: unknown): Promise<Lane<Ready>> {
    const { value, threads } = await threadsBegunBy(async () => {
      const worker = new Worker(entryUrl(module, import.meta.url), { workerData: data });
      return { worker, ready: await nextMessage<Ready>(worker) };
    });
    return new Lane<Ready>(value.worker, value.ready, threads);
  }

  ask(message: unknown): Promise<unknown> {
    const answer = nextMessage(this.worker);
    this.worker.postMessage(message);
    return answer;
  }

  markTimes(): void {
    this.times?.mark();
  }

  /** Nanoseconds of processor time since the last mark; null where the kernel does not tell. */
  timeSinceMark(): number | null {
    return this.times?.sinceMarkNs() ?? null;
  }

  async close(message: unknown): Promise<void> {
    const exited = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.postMessage(message);
    await exited;
  }
}
