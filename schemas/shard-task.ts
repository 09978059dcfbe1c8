// What the main thread asks of a shard's never-ending task, and what the task returns when it ends.

/** A market as it stands behind a checkpoint's entry; `image` is made and read by workers/market-image.ts. */
export type MarketImage = { readonly id: number; readonly name: string; readonly image: Uint8Array };

/** What a shard begins from, so that it comes to the bytes of an undisturbed run (decisions/0016). */
export type ShardRecovery = {
  /** Last clock record and the latest at the checkpoint, µs since 1970. */
  readonly clockUs: readonly [number, number];
  /** Markets of this shard as they were at the checkpoint (engine/journal/checkpoint.ts). */
  readonly markets: readonly MarketImage[];
  /** Where the shard's forerunner ended while the engine lives on; null at the start of an engine. */
  readonly rebuild: ShardRebuild | null;
};

export type ShardRebuild = {
  /** Records since the checkpoint, made again from the journal; the last is the stamp of `untilSequence`. A ring. */
  readonly ring: { readonly memory: SharedArrayBuffer; readonly slots: number };
  readonly untilSequence: number;
  /** Live records up to and with the stamp of this entry are in the ring above already: left out. 0 for none. */
  readonly skipUntilSequence: number;
  /**
   * Output of what the forerunner has told is not told again: that of all records up to the stamp of `mutedSequence`, and of
   * the next `mutedRecords` records that are not stamps, whether they come by the ring above or live.
   */
  readonly mutedSequence: number;
  readonly mutedRecords: number;
  /** A forerunner had begun anew with nothing and told so: main is to take all fresh that someone listens to. */
  readonly isBehindAnew: boolean;
};

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
  /** What a forerunner, or the engine before this one, had come to; null where the shard begins with nothing. */
  readonly recovery: ShardRecovery | null;
  /** Keep every bar, and return all markets at the end: replays. */
  readonly isReplay: boolean;
  /** A replay whose output is read: it waits for its reader, and tells holes of the journal. */
  readonly isStreamed: boolean;
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
