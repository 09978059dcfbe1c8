// The shard workers: a Piscina pool with as many threads as shards and one never-ending task on each.

import { Piscina } from 'piscina';
import { HEARTBEAT_STALE_MS, START_DEADLINE_MS } from '../../schemas/config.ts';
import type { ShardResult, ShardTask } from '../../schemas/shard-task.ts';
import { engineWords, shardWords } from '../../schemas/shared-state.ts';
import { entryUrl } from '../base/entry.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';

export type PoolOptions = {
  readonly barIntervals: readonly { readonly name: string; readonly intervalMs: number }[];
  readonly isReplay: boolean;
  readonly isGcMeasured: boolean;
};

const READY_POLL_MS = 2;

/**
 * A task whose worker dies before it is ready stays neither resolved nor rejected (RELIABILITY §1): each has an abort
 * signal and a deadline by which its shard must be running, and an epoch that makes a late twin return at once.
 */
export class ShardPool {
  private readonly memory: EngineMemory;
  private readonly piscina: Piscina<ShardTask<EngineMemory>, ShardResult<RingMemory>>;
  private readonly words: Int32Array[];
  private readonly aborts: AbortController[] = [];
  private readonly tasks: Promise<ShardResult<RingMemory>>[] = [];
  /** Filled by stop(). */
  results: readonly ShardResult<RingMemory>[] = [];
  private readonly failures = new Map<number, string>();
  private readonly beats: { beat: number; atMs: number }[];

  private constructor(memory: EngineMemory) {
    this.memory = memory;
    this.words = memory.shards.map((shard) => new Int32Array(shard.words));
    this.beats = memory.shards.map(() => ({ beat: -1, atMs: performance.now() }));
    this.piscina = new Piscina({
      filename: entryUrl('../../workers/main.ts', import.meta.url).href,
      minThreads: memory.shards.length,
      maxThreads: memory.shards.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
  }

  /** Starts one task per shard; rejects when one is not running by the deadline. */
  static async start(memory: EngineMemory, options: PoolOptions): Promise<ShardPool> {
    const pool = new ShardPool(memory);
    for (let shard = 0; shard < memory.shards.length; shard++) pool.run(shard, options);
    try {
      await pool.running();
    } catch (error) {
      await pool.destroy();
      throw error;
    }
    return pool;
  }

  private run(shard: number, options: PoolOptions): void {
    const abort = new AbortController();
    this.aborts[shard] = abort;
    const task = this.piscina.run({ memory: this.memory, shard, epoch: 1, ...options }, { signal: abort.signal });
    // A failure is kept for health() and told by the awaited promise; the extra branch keeps it from being unhandled.
    task.catch((error: unknown) => this.failures.set(shard, error instanceof Error ? error.message : String(error)));
    this.tasks[shard] = task;
  }

  private async running(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      const late = this.words.findIndex((words) => Atomics.load(words, shardWords.at.running) === 0);
      if (late < 0) return;
      const failure = this.failures.get(late);
      if (failure !== undefined) throw new Error(`shard ${late}: expected to start, was: ${failure}`);
      if (performance.now() > deadline)
        throw new Error(`shard ${late}: expected to run within ${START_DEADLINE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }

  /** Shards that failed or whose heartbeat stands still, with the reason. */
  health(): string[] {
    const now = performance.now();
    const reasons: string[] = [];
    for (let shard = 0; shard < this.words.length; shard++) {
      const failure = this.failures.get(shard);
      const beat = Atomics.load(this.words[shard], shardWords.at.heartbeat);
      const seen = this.beats[shard];
      if (beat !== seen.beat) this.beats[shard] = { beat, atMs: now };
      if (failure !== undefined) reasons.push(`shard ${shard} failed: ${failure}`);
      else if (now - this.beats[shard].atMs > 2 * HEARTBEAT_STALE_MS) reasons.push(`shard ${shard} does not beat`);
    }
    return reasons;
  }

  /** Asks every shard to return once its ring is empty and ingress is done; resolves with their results. */
  async stop(): Promise<readonly ShardResult<RingMemory>[]> {
    Atomics.store(new Int32Array(this.memory.words), engineWords.at.stop, 1);
    for (const shard of this.memory.shards) new Doorbell(shard.doorbell).ring();
    this.results = await Promise.all(this.tasks);
    return this.results;
  }

  /** Ends the threads, whatever they do. */
  async destroy(): Promise<void> {
    for (const abort of this.aborts) abort.abort();
    await Promise.allSettled(this.tasks);
    await this.piscina.destroy();
  }

  /** Ends the threads of tasks that have returned. */
  async close(): Promise<void> {
    await this.piscina.close();
  }
}
