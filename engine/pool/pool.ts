// The shard workers: a Piscina pool with as many threads as shards, one never-ending task on each, and who watches them.

import { setTimeout as delay } from 'node:timers/promises';
import { Piscina } from 'piscina';
import { SHARD_STUCK_MS, START_DEADLINE_MS, SUPERVISE_MS } from '../../schemas/config.ts';
import type { ShardRecovery, ShardResult, ShardTask } from '../../schemas/shard-task.ts';
import { engineWords, shardWords } from '../../schemas/shared-state.ts';
import { entryUrl } from '../base/entry.ts';
import type { MarketPlans } from '../base/market-plans.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';
import { type Death, DeathCounts, deathOf } from './deaths.ts';
import { Mismatches } from './mismatches.ts';
import { RESTART_RULES, type RestartRules, Restarts } from './restarts.ts';
import { SignalSwitches } from './signal-switches.ts';

export type PoolOptions = {
  readonly plans: MarketPlans;
  /** How a replay is run; of `stream` the output is read, and nothing is kept. */
  readonly isReplay: boolean | 'stream';
  readonly isGcMeasured: boolean;
  /** Told of each signal switched off, each checksum that did not match, each shard that ended; one sentence. */
  readonly onEvent: (sentence: string) => void;
  /** Messages of shards that are none of the pool's: parts of checkpoints. */
  readonly onMessage?: (message: unknown) => void;
  /** What each shard begins from; nothing for an engine that begins with nothing. */
  readonly recoveries?: readonly ShardRecovery[];
  readonly recoverer?: ShardRecoverer;
  readonly rules?: Partial<RestartRules>;
};

/** How a shard comes back to where its forerunner was. */
export type RecoveredStart = {
  readonly recovery: ShardRecovery;
  /** Resolves once nothing more is made for it: with null, or why the shard would wait for ever. */
  readonly ended: Promise<string | null>;
  /** The shard needs it no more, or ended. */
  readonly close: () => void;
};

/** Thread: main. The shard's thread has ended, and its memory stands still, whenever one of these is called. */
export type ShardRecoverer = {
  /** A shard died. */
  died(shard: number, death: Death): void;
  /** Where a shard that died can begin from; null where it begins anew with nothing. */
  recover(shard: number): Promise<RecoveredStart | null>;
};

/** A shard that was replaced: times in ms. */
export type ShardDeath = Death & {
  readonly shard: number;
  readonly atMs: number;
  /** Since its heartbeat was last seen to move: at most this late it was noticed. */
  readonly noticedMs: number;
  /** Until it applied what is new again; null while it does not. */
  recoveredMs: number | null;
  /** Whether it came back with its state. */
  isRebuilt: boolean;
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
  failure: Death | null;
  beat: number;
  beatAtMs: number;
  /** Looks in a row that found the heartbeat where it was. */
  silentLooks: number;
  /** Its first task has not come to run yet: no heartbeat is expected. */
  isStarting: boolean;
  isRestarting: boolean;
  /** Nothing takes its place any more. */
  isGivenUp: boolean;
  /** Its task has returned, as it does once the engine stops: no heartbeat is expected. */
  hasReturned: boolean;
  readonly restarts: Restarts;
};

const READY_POLL_MS = 2;
/** Deaths told in `/v1/stats`. */
const DEATHS_KEPT = 20;
const sentenceOf = ({ kind, reason }: Death): string => (kind === 'stuck' ? reason : `failed: ${reason}`);
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
  readonly deathCounts = new DeathCounts();
  /** The last ones, newest last. */
  readonly deaths: ShardDeath[] = [];
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
      options.onMessage?.(message);
    });
    // A thread that ended between two tasks: the next task gets another.
    this.piscina.on('error', (error: Error) =>
      options.onEvent(`a shard thread ended without a task: ${error.message}`),
    );
    const rules = { ...RESTART_RULES, ...options.rules };
    this.shards = memory.shards.map((_, shard) => this.begin(shard, new Restarts(rules)));
    this.watch = setInterval(() => this.look(), SUPERVISE_MS);
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

  private begin(shard: number, restarts: Restarts): Watched {
    const abort = new AbortController();
    const watched: Watched = {
      words: new Int32Array(this.memory.shards[shard].words),
      abort,
      task: this.run(shard, 1, abort, this.options.recoveries?.[shard] ?? null),
      epoch: 1,
      failure: null,
      beat: -1,
      beatAtMs: performance.now(),
      silentLooks: 0,
      isStarting: true,
      isRestarting: false,
      isGivenUp: false,
      hasReturned: false,
      restarts,
    };
    this.note(watched);
    return watched;
  }

  private run(shard: number, epoch: number, abort: AbortController, recovery: ShardRecovery | null): Promise<Result> {
    const { plans, isReplay, isGcMeasured } = this.options;
    const { memory } = this;
    const kind = { isReplay: isReplay === true, isStreamed: isReplay === 'stream', isRestart: epoch > 1 };
    const task: Task = { memory, shard, epoch, plans, isGcMeasured, recovery, ...kind };
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
        if (watched.epoch !== epoch) return;
        watched.failure ??= deathOf(error, Atomics.load(watched.words, shardWords.at.running) === 1);
        // An end is noticed at once; only silence needs to be looked for.
        if (!watched.isStarting) queueMicrotask(() => this.supervise());
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
    let beat = Number.NaN;
    let deadline = 0;
    while (Atomics.load(watched.words, shardWords.at.running) === 0) {
      // One that takes up thousands of markets beats at each of them: it is not late as long as it goes on.
      const before = beat;
      beat = Atomics.load(watched.words, shardWords.at.heartbeat);
      if (beat !== before) deadline = performance.now() + START_DEADLINE_MS;
      if (watched.failure !== null)
        throw new Error(`shard ${shard}: expected to start, was: ${watched.failure.reason}`);
      if (performance.now() > deadline)
        throw new Error(`shard ${shard}: expected to run within ${START_DEADLINE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  }

  /** Looks at each shard; one that failed or does not beat is replaced. A replay is not: its result would be another. */
  private look(): void {
    for (const watched of this.shards) this.lookAt(watched);
    this.supervise();
  }

  private supervise(): void {
    if (this.isEnding) return;
    for (const [shard, watched] of this.shards.entries()) {
      const death = this.deathOf(watched);
      if (death === null || watched.isStarting || watched.isRestarting) continue;
      this.attend(shard, watched, death);
    }
  }

  private attend(shard: number, watched: Watched, death: Death): void {
    const nowMs = performance.now();
    const running = Atomics.load(watched.words, shardWords.at.runningSignal);
    if (running > 0) this.signals.switchOff(running - 1, 'did not return');
    this.options.onEvent(`shard ${shard} ${sentenceOf(death)}`);
    this.deathCounts.add(death.kind);
    const noticedMs = Math.round(nowMs - watched.beatAtMs);
    const told = { ...death, shard, atMs: nowMs, noticedMs, recoveredMs: null, isRebuilt: false };
    this.deaths.push(told);
    if (this.deaths.length > DEATHS_KEPT) this.deaths.shift();
    const delayMs = this.options.isReplay ? null : watched.restarts.next(nowMs);
    if (delayMs === null) this.giveUp(shard, watched, death);
    else
      this.replace(shard, watched, told, delayMs).catch((error: unknown) => {
        watched.isRestarting = false;
        watched.failure = { kind: 'start', reason: messageOf(error) };
        this.supervise();
      });
  }

  /** Looks are counted and not time: where the machine is too busy for this thread, it is too busy for the shard's. */
  private lookAt(watched: Watched): void {
    const beat = Atomics.load(watched.words, shardWords.at.heartbeat);
    // One that has left its loop writes its result, which takes a while where that is large; then its task returns.
    const isSilent = beat === watched.beat && Atomics.load(watched.words, shardWords.at.running) === 1;
    watched.silentLooks = isSilent ? watched.silentLooks + 1 : 0;
    if (beat !== watched.beat) watched.beatAtMs = performance.now();
    watched.beat = beat;
  }

  private deathOf(watched: Watched): Death | null {
    if (watched.hasReturned) return null;
    if (watched.failure !== null) return watched.failure;
    if (watched.isStarting || watched.isRestarting) return null;
    return watched.silentLooks * SUPERVISE_MS > SHARD_STUCK_MS ? { kind: 'stuck', reason: 'does not beat' } : null;
  }

  /** The thread is ended; nothing takes its place. */
  private giveUp(shard: number, watched: Watched, death: Death): void {
    watched.failure = death;
    watched.isRestarting = true;
    watched.isGivenUp = true;
    watched.abort.abort();
    if (!this.options.isReplay) this.options.onEvent(`shard ${shard} is given up: its markets stand still`);
  }

  /** Ends the thread of a shard, whatever it does, and waits until it does nothing more: its memory stands still then. */
  private async endThread(watched: Watched): Promise<void> {
    const before = [...this.piscina.threads];
    watched.abort.abort();
    await watched.task.catch(() => undefined);
    const left = new Set(this.piscina.threads);
    await Promise.all(before.filter((thread) => !left.has(thread)).map((thread) => thread.terminate()));
  }

  private async replace(shard: number, watched: Watched, told: ShardDeath, delayMs: number): Promise<void> {
    watched.isRestarting = true;
    await this.endThread(watched);
    this.options.recoverer?.died(shard, told);
    if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
    const start = (await this.options.recoverer?.recover(shard)) ?? null;
    if (this.isEnding) {
      start?.close();
      return;
    }
    this.startAgain(shard, watched, start);
    await this.startedAgain(shard, watched, told, start);
  }

  private startAgain(shard: number, watched: Watched, start: RecoveredStart | null): void {
    Atomics.store(watched.words, shardWords.at.running, 0);
    Atomics.store(watched.words, shardWords.at.runningSignal, 0);
    Atomics.store(watched.words, shardWords.at.rebuilding, start === null ? 0 : 1);
    watched.abort = new AbortController();
    watched.epoch++;
    watched.failure = null;
    watched.task = this.run(shard, watched.epoch, watched.abort, start?.recovery ?? null);
    this.note(watched);
  }

  private async startedAgain(
    shard: number,
    watched: Watched,
    told: ShardDeath,
    start: RecoveredStart | null,
  ): Promise<void> {
    const { epoch } = watched;
    const isNow = (): boolean => watched.epoch === epoch && !watched.isGivenUp && !this.isEnding;
    const fail = (kind: Death['kind'], reason: string): void => {
      if (!isNow()) return;
      watched.failure ??= { kind, reason };
      queueMicrotask(() => this.supervise());
    };
    start?.ended.then((reason) => reason !== null && fail('start', reason));
    const problem = await this.started(shard).then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    watched.isRestarting = false;
    if (problem === null) await this.rebuilt(watched, isNow);
    start?.close();
    if (problem === null && watched.failure === null && isNow()) {
      told.recoveredMs = Math.round(performance.now() - told.atMs);
      told.isRebuilt = start !== null;
      this.options.onEvent(`shard ${shard} ${start === null ? 'began anew' : 'is back with its state'}`);
      return;
    }
    if (problem !== null) {
      this.options.onEvent(`shard ${shard} did not begin anew: ${problem}`);
      fail('start', problem);
    }
    this.supervise();
  }

  /** Resolves once the shard has applied what its forerunner had, or has failed. */
  private async rebuilt(watched: Watched, isNow: () => boolean): Promise<void> {
    while (Atomics.load(watched.words, shardWords.at.rebuilding) === 1 && watched.failure === null && isNow())
      await delay(READY_POLL_MS, undefined, { ref: false });
  }

  /** True while every shard runs and none takes up what another left. */
  get isWhole(): boolean {
    return this.shards.every(({ isStarting, isRestarting, failure, words }) => {
      return !isStarting && !isRestarting && failure === null && Atomics.load(words, shardWords.at.rebuilding) === 0;
    });
  }

  /** Shards that nothing takes the place of. */
  get givenUp(): number[] {
    return this.shards.flatMap(({ isGivenUp }, shard) => (isGivenUp ? [shard] : []));
  }

  /** Shards begun anew so far. */
  get restarts(): number {
    return this.shards.reduce((sum, { epoch }) => sum + epoch - 1, 0);
  }

  /** Shards that failed, are being replaced or whose heartbeat stands still, with the reason. */
  health(): string[] {
    const reasons = this.shards.map((watched, shard) => {
      const death = this.deathOf(watched);
      if (death !== null) return `shard ${shard} ${sentenceOf(death)}${watched.isGivenUp ? ' (given up)' : ''}`;
      const isBehind = watched.isRestarting || Atomics.load(watched.words, shardWords.at.rebuilding) === 1;
      return isBehind ? `shard ${shard} is being replaced` : null;
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
        const expected = `shard ${shard}: expected to run to the end`;
        watched.task.catch(() => reject(new Error(`${expected}, was: ${watched.failure?.reason ?? 'nothing'}`)));
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
