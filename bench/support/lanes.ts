// Threads that benches run: the sender and the baselines, with the numbers they share.

import { Worker } from 'node:worker_threads';
import { entryUrl } from '../../engine/base/entry.ts';
import type { GcReport } from '../../schemas/shard-task.ts';
import type { GeneratorPlan, GeneratorTask } from './generator.ts';

function next<T>(worker: Worker): Promise<T> {
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
    await next(worker);
    return new Generator(worker);
  }

  /** Sends a part of the workload; resolves when the last byte is handed to the kernel. */
  send(task: GeneratorTask): Promise<unknown> {
    const sent = next(this.worker);
    this.worker.postMessage(task);
    return sent;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/** A baseline server on its own thread, which counts frames into shared memory. */
export class Baseline {
  readonly port: number;
  private readonly worker: Worker;
  private readonly counter: Float64Array;

  private constructor(worker: Worker, counter: Float64Array, port: number) {
    this.worker = worker;
    this.counter = counter;
    this.port = port;
  }

  static async start(module: './sink.ts' | './naive.ts'): Promise<Baseline> {
    const memory = new SharedArrayBuffer(8);
    const worker = new Worker(entryUrl(module, import.meta.url), { workerData: memory });
    return new Baseline(worker, new Float64Array(memory), await next<number>(worker));
  }

  get frames(): number {
    return this.counter[0];
  }

  reset(): void {
    this.counter[0] = 0;
  }

  startGc(): void {
    this.worker.postMessage('gc-start');
  }

  stopGc(): Promise<GcReport> {
    const report = next<GcReport>(this.worker);
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
export async function until(read: () => number, wanted: number, what: string): Promise<void> {
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
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
