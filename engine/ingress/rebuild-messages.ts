// What the main thread and a rebuild thread tell each other.

import type { MarketImage } from '../../schemas/shard-task.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';
import type { RejectedFrame } from './rejected-frames.ts';

/** A record in the terms of the journal: the `index`-th that is no stamp, from 0, behind the entry `afterSequence`. */
export type PlaceInJournal = { readonly afterSequence: number; readonly untilSequence: number; readonly index: number };

export type Poisoned = { readonly sequence: number; readonly id: number; readonly market: string };

export type RebuildStart = {
  /** The engine's own: what of it is written to is copied (rebuildMemory). */
  readonly memory: EngineMemory;
  readonly shard: number;
  /** Where the records go. */
  readonly ring: RingMemory;
  readonly folder: string;
  readonly accepts: readonly string[];
  /** Number of the checkpoint to begin from; null begins with the journal's first entry. */
  readonly checkpoint: number | null;
  /** A stamp stands behind each of these entries; the last is the end. */
  readonly mutedSequence: number;
  readonly untilSequence: number;
  readonly poisons: readonly Poisoned[];
  /** A record whose entry is to be found, and left out with all others of its market there. */
  readonly poisonAt: (PlaceInJournal & { readonly market: number }) | null;
};

export type FromRebuild =
  | { readonly op: 'begun'; readonly clockUs: readonly [number, number]; readonly markets: readonly MarketImage[] }
  /** A poison was passed; `frame` is what it came in. */
  | { readonly op: 'left-out'; readonly poison: Poisoned; readonly frame: RejectedFrame }
  /** Entries were read: more is to be expected. */
  | { readonly op: 'progress' }
  | { readonly op: 'ended'; readonly problem: string | null };
