// Runs the synthetic feed on a thread of its own, so that its timers never wait for the main thread.

import { Worker } from 'node:worker_threads';
import { entryUrl } from '../base/entry.ts';

export type FeedPlan = {
  readonly url: string;
  readonly token: string | null;
  /** PEM of the one server that is trusted, by whatever name, where the address asks for TLS. */
  readonly certificate?: string | null;
  readonly rate: number;
  readonly seed: number;
};

export class FeedThread {
  private readonly worker: Worker;
  private readonly exited: Promise<unknown>;

  private constructor(worker: Worker) {
    this.worker = worker;
    this.exited = new Promise((resolve) => worker.once('exit', resolve));
  }

  /** Resolves once the feed runs. */
  static async start(plan: FeedPlan): Promise<FeedThread> {
    const worker = new Worker(entryUrl('./feed-entry.ts', import.meta.url), {
      workerData: plan,
      name: 'synthetic feed',
    });
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    return new FeedThread(worker);
  }

  async stop(): Promise<void> {
    this.worker.postMessage('stop');
    await this.exited;
  }
}
