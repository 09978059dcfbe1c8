// How a journal is kept, and what its writer tells.

import type { Checkpoint } from './checkpoint.ts';
import type { JournalDamage } from './entry.ts';
import type { StoreOptions } from './segment-store.ts';

/**
 * When the disk is waited for. The end of the process loses what is in the ring and in no block yet (some ms) with each;
 * the end of the machine loses with `none` what the system had not written by itself, with `interval` the last `syncMs`,
 * with `always` nothing that was called safe.
 */
export const SYNC_POLICIES = ['none', 'interval', 'always'] as const;
export type SyncPolicy = (typeof SYNC_POLICIES)[number];

export type JournalOptions = StoreOptions & {
  readonly syncPolicy: SyncPolicy;
  /** For `interval`. */
  readonly syncMs: number;
  /**
   * True where checkpoints are written: then what is behind the last one is never removed, and nothing behind a hole is
   * called safe before a checkpoint covers it. False for a journal that is only kept to be read.
   */
  readonly keepsForRecovery: boolean;
};

export type JournalEventKind =
  | 'torn-tail'
  | 'degraded'
  | 'resumed'
  | 'slow'
  | 'lost'
  | 'smaller-segments'
  | 'checkpoint-failed'
  | 'remove-failed'
  | 'failed';

/** One for each run of faults, not for each fault; `text` is a sentence. */
export type JournalEvent = { readonly kind: JournalEventKind; readonly text: string };

/** What was found when the folder was opened. */
export type JournalOpened = {
  /** The last number that was used: entries go on behind it. */
  readonly sequence: number;
  /** The first entry that is there, and the last; 0 for none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Number for the next checkpoint. */
  readonly nextCheckpoint: number;
  readonly tornTail: JournalDamage | null;
};

/** Engine time and the wall clock. */
export type JournalClock = { readonly nowMs: () => number; readonly wallUs: () => number };

/** A checkpoint that waits to be written, and who wants to know how it went. */
export type CheckpointTask = { readonly checkpoint: Checkpoint; readonly done: (isWritten: boolean) => void };
