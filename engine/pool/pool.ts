// The shard workers: a Piscina pool with as many threads as shards, one never-ending task on each, and who watches them.

import { setTimeout as delay } from 'node:timers/promises';
import { Piscina } from 'piscina';
import {
  SHARD_RESTARTS_MAX,
  SHARD_RESTARTS_WINDOW_MS,
  SHARD_STUCK_MS,
  START_DEADLINE_MS,
  SUPERVISE_MS,
} from '../../schemas/config.ts';
import type { ShardResult, ShardTask } from '../../schemas/shard-task.ts';
import { engineWords, shardWords } from '../../schemas/shared-state.ts';
import { entryUrl } from '../base/entry.ts';
import type { MarketPlans } from '../base/market-plans.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';
import { Mismatches } from './mismatches.ts';
import { SignalSwitches } from './signal-switches.ts';

export type PoolOptions = {
  readonly plans: MarketPlans;
  readonly isReplay: boolean;
  readonly isGcMeasured: boolean;
  /** Told of each signal switched off, each checksum that did not match, each shard that ended; one sentence. */
  readonly onEvent: (sentence: string) => void;
};

type Task = ShardTask<EngineMemory, MarketPlans>;
type Result = ShardResult<RingMemory>;

/** One shard as main sees it. */
type Watched = {
  readonly words: Int32Array;
  abort: AbortController;
  /** Of the task that runs now. */
  task: Promise<Result>;
  epoch: number;
  failure: string | null;
  beat: number;
  /** Looks in a row that found the heartbeat where it was. */
  silentLooks: number;
  /** Its first task has not come to run yet: no heartbeat is expected. */
  isStarting: boolean;
  isRestarting: boolean;
  /** Nothing takes its place any more. */
  isGivenUp: boolean;
  /** Its task has returned, as it does once the engine stops: no heartbeat is expected. */
  hasReturned: boolean;
  restartsAtMs: number[];
};

const READY_POLL_MS = 2;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * A task whose worker dies before it is ready stays neither resolved nor rejected (RELIABILITY §1): each has an abort
 * signal and a deadline by which its shard must be running, and an epoch that makes a late twin return at once.
 *
 * A shard that throws, or whose heartbeat stands still, is replaced: the thread is ended and a new task takes the same
 * rings. What lies in the rings is applied; what was consumed is lost, so its markets are `resyncing` and their bars
 * `gap`. A word names the user's signal that ran when the heartbeat stopped: the shard goes on without it.
 */
export class ShardPool {
  readonly signals: SignalSwitches;
  readonly mismatches: Mismatches;
  /** Filled by stop(). */
  results: readonly Result[] = [];
  private readonly memory: EngineMemory;
  private readonly options: PoolOptions;
  private readonly piscina: Piscina<Task, Result>;
  private readonly shards: Watched[];
  private readonly watch: NodeJS.Timeout;
  private isEnding = false;

  private constructor(memory: EngineMemory, options: PoolOptions) {
    this.memory = memory;
    this.options = options;
    this.mismatches = new Mismatches(options.onEvent);
    this.signals = new SignalSwitches(memory.signalsOff, options.plans.signals, options.onEvent);
    this.piscina = new Piscina({
      filename: entryUrl('../../workers/main.ts', import.meta.url).href,
      minThreads: memory.shards.length,
      maxThreads: memory.shards.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
    this.piscina.on('message', (message: unknown) => {
      this.signals.take(message);
      this.mismatches.take(message);
    });
    this.shards = memory.shards.map((_, shard) => this.begin(shard));
    this.watch = setInterval(() => this.supervise(), SUPERVISE_MS);
    this.watch.unref();
  }

  /** Starts one task per shard; rejects when one is not running by the deadline. */
  static async start(memory: EngineMemory, options: PoolOptions): Promise<ShardPool> {
    const pool = new ShardPool(memory, options);
    try {
      await Promise.all(pool.shards.map((_, shard) => pool.started(shard)));
    } catch (error) {
      await pool.destroy();
      throw error;
    }
    return pool;
  }

  private begin(shard: number): Watched {
    const abort = new AbortController();
    const watched: Watched = {
      words: new Int32Array(this.memory.shards[shard].words),
      abort,
      task: this.run(shard, 1, abort),
      epoch: 1,
      failure: null,
      beat: -1,
      silentLooks: 0,
      isStarting: true,
      isRestarting: false,
      isGivenUp: false,
      hasReturned: false,
      restartsAtMs: [],
    };
    this.note(watched);
    return watched;
  }

  private run(shard: number, epoch: number, abort: AbortController): Promise<Result> {
    const { plans, isReplay, isGcMeasured } = this.options;
    const task: Task = {
      memory: this.memory,
      shard,
      epoch,
      plans,
      isReplay,
      isGcMeasured,
      isRestart: epoch > 1,
      recovery: null,
    };
    return this.piscina.run(task, { signal: abort.signal });
  }

  /** A failure is kept for supervise() and told by the awaited promise; this branch keeps it from being unhandled. */
  private note(watched: Watched): void {
    const { epoch } = watched;
    watched.task.then(
      () => {
        watched.hasReturned ||= watched.epoch === epoch;
      },
      (error: unknown) => {
        if (watched.epoch === epoch) watched.failure ??= messageOf(error);
      },
    );
  }

  /** Only from here on does its heartbeat count: a thread may take longer to start than a running one may be silent. */
  private async started(shard: number): Promise<void> {
    await this.running(shard);
    this.shards[shard].silentLooks = 0;
    this.shards[shard].isStarting = false;
  }

  private async running(shard: number): Promise<void> {
    const watched = this.shards[shard];
    const deadline = performance.now() + START_DEADLINE_MS;
    while (Atomics.load(watched.words, shardWords.at.running) === 0) {
      if (watched.failure !== null) throw new Error(`shard ${shard}: expected to start, was: ${watched.failure}`);
      if (performance.now() > deadline)
        throw new Error(`shard ${shard}: expected to run within ${START_DEADLINE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }

  /** Looks at each shard; one that failed or does not beat is replaced. A replay is not: its result would be another. */
  private supervise(): void {
    if (this.isEnding) return;
    const nowMs = performance.now();
    for (const [shard, watched] of this.shards.entries()) {
      this.look(watched);
      const problem = this.problemOf(watched);
      if (problem === null || watched.isStarting || watched.isRestarting) continue;
      const running = Atomics.load(watched.words, shardWords.at.runningSignal);
      if (running > 0) this.signals.switchOff(running - 1, 'did not return');
      this.options.onEvent(`shard ${shard} ${problem}`);
      const isLasting = watched.restartsAtMs.filter((atMs) => nowMs - atMs < SHARD_RESTARTS_WINDOW_MS);
      watched.restartsAtMs = [...isLasting, nowMs];
      if (this.options.isReplay || isLasting.length >= SHARD_RESTARTS_MAX) this.giveUp(watched, problem);
      else void this.replace(shard, watched);
    }
  }

  /** Looks are counted and not time: where the machine is too busy for this thread, it is too busy for the shard's. */
  private look(watched: Watched): void {
    const beat = Atomics.load(watched.words, shardWords.at.heartbeat);
    // One that has left its loop writes its result, which takes a while where that is large; then its task returns.
    const isSilent = beat === watched.beat && Atomics.load(watched.words, shardWords.at.running) === 1;
    watched.silentLooks = isSilent ? watched.silentLooks + 1 : 0;
    watched.beat = beat;
  }

  private problemOf(watched: Watched): string | null {
    if (watched.hasReturned) return null;
    if (watched.failure !== null) return `failed: ${watched.failure}`;
    if (watched.isStarting || watched.isRestarting) return null;
    return watched.silentLooks * SUPERVISE_MS > SHARD_STUCK_MS ? 'does not beat' : null;
  }

  /** The thread is ended; nothing takes its place. */
  private giveUp(watched: Watched, problem: string): void {
    watched.failure = problem;
    watched.isRestarting = true;
    watched.isGivenUp = true;
    watched.abort.abort();
  }

  private async replace(shard: number, watched: Watched): Promise<void> {
    watched.isRestarting = true;
    watched.abort.abort();
    await watched.task.catch(() => undefined);
    if (this.isEnding) return;
    Atomics.store(watched.words, shardWords.at.running, 0);
    Atomics.store(watched.words, shardWords.at.runningSignal, 0);
    watched.abort = new AbortController();
    watched.epoch++;
    watched.failure = null;
    watched.task = this.run(shard, watched.epoch, watched.abort);
    this.note(watched);
    const began = await this.started(shard).then(
      () => 'began anew',
      (error: unknown) => `did not begin anew: ${messageOf(error)}`,
    );
    watched.isRestarting = false;
    this.options.onEvent(`shard ${shard} ${began}`);
  }

  /** Shards begun anew so far. */
  get restarts(): number {
    return this.shards.reduce((sum, { epoch }) => sum + epoch - 1, 0);
  }

  /** Shards that failed, are being replaced or whose heartbeat stands still, with the reason. */
  health(): string[] {
    const reasons = this.shards.map((watched, shard) => {
      const problem = this.problemOf(watched);
      if (problem !== null) return `shard ${shard} ${problem}`;
      return watched.isRestarting ? `shard ${shard} is being replaced` : null;
    });
    return reasons.filter((reason) => reason !== null);
  }

  /**
   * The result of the task that a shard ends with: one that is replaced meanwhile is waited for, and one that was given
   * up has none. A replay fails with its shard.
   */
  private async resultOf(watched: Watched): Promise<Result | null> {
    for (;;) {
      const { task } = watched;
      try {
        return await task;
      } catch (error) {
        if (this.options.isReplay) throw error;
      }
      while (watched.task === task && !watched.isGivenUp && !this.isEnding)
        await delay(READY_POLL_MS, undefined, { ref: false });
      if (watched.isGivenUp || this.isEnding) return null;
    }
  }

  /** Rejects when a shard fails. For a replay, which would wait without limit for room in the ring of one. */
  failed(): Promise<never> {
    return new Promise((_, reject) => {
      for (const [shard, watched] of this.shards.entries()) {
        const fail = (): void =>
          reject(new Error(`shard ${shard}: expected to run to the end, was: ${watched.failure}`));
        watched.task.catch(fail);
      }
    });
  }

  /** Asks every shard to return once its ring is empty and ingress is done; resolves with the results of those that do. */
  async stop(): Promise<readonly Result[]> {
    Atomics.store(new Int32Array(this.memory.words), engineWords.at.stop, 1);
    for (const shard of this.memory.shards) new Doorbell(shard.doorbell).ring();
    const results = await Promise.all(this.shards.map((watched) => this.resultOf(watched)));
    this.results = results.filter((result) => result !== null);
    this.end();
    return this.results;
  }

  private end(): void {
    this.isEnding = true;
    clearInterval(this.watch);
  }

  /** Ends the threads, whatever they do. */
  async destroy(): Promise<void> {
    this.end();
    for (const { abort } of this.shards) abort.abort();
    await Promise.allSettled(this.shards.map(({ task }) => task));
    await this.piscina.destroy();
  }

  /** Ends the threads of tasks that have returned. */
  async close(): Promise<void> {
    this.end();
    await this.piscina.close();
  }
}
