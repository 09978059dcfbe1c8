// What the main thread asks of a shard's never-ending task, and what the task returns when it ends.

/** Passed to the Piscina task; `memory` is the engine's shared memory (engine/memory). */
export type ShardTask<Memory, Plans> = {
  readonly memory: Memory;
  readonly shard: number;
  /** Claimed in shared memory: a late twin of a task given up returns at once (RELIABILITY §1, Piscina). */
  readonly epoch: number;
  /** Which bars, signals and books are kept of which market (engine/base/market-plans). */
  readonly plans: Plans;
  /** The shard ran before and ended: its markets are known, and nothing is left of their state. */
  readonly isRestart: boolean;
  /** Keep every bar, and return all markets at the end: replays. */
  readonly isReplay: boolean;
  /** Count the thread's garbage collections, for benches. */
  readonly isGcMeasured: boolean;
};

/** What one market came to, as answer records in a ring of its own: its book, bars and signals (schemas/derived.ts). */
export type MarketDump<Ring> = { readonly market: number; readonly ring: Ring };

/** Garbage collections of one thread between two moments. */
export type GcReport = {
  readonly scavenges: number;
  readonly others: number;
  /** Bytes allocated on the thread's heap: what collections freed, and what it grew by. */
  readonly allocatedBytes: number;
  readonly longestPauseUs: number;
};

export type ShardResult<Ring> = {
  readonly shard: number;
  /** False where another task holds the shard. */
  readonly hasRun: boolean;
  /** All markets of the shard, in a replay; empty else. */
  readonly markets: readonly MarketDump<Ring>[];
  readonly gc: GcReport | null;
};
