// What a shard that died is brought back from, by where it stood: which checkpoint, which entries, and what is muted.

import type { ShardRecovery } from '../../schemas/shard-task.ts';
import type { EngineMemory, ShardMemory } from '../memory/engine-memory.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';
import type { Poison } from './poisons.ts';
import { positionOf, type RecordPlace, type ShardPosition } from './shard-position.ts';

/** A whole checkpoint on the disk. */
export type CheckpointAt = { readonly number: number; readonly sequence: number };

export type RebuildPlan = {
  readonly position: ShardPosition;
  /** Null begins with nothing and the journal's first entry. */
  readonly checkpoint: CheckpointAt | null;
  /** Records are made again up to the stamp of this entry. */
  readonly untilSequence: number;
  /** A record whose entry is to be found, and left out from now on. */
  readonly poisonAt: RecordPlace | null;
  /** The shard began anew with nothing before: what it told then is another state than the one it is brought back to. */
  readonly isBehindAnew: boolean;
};

export type RebuildRequest = {
  readonly memory: EngineMemory;
  readonly shard: number;
  /** Where the records go: a stamp behind those of each entry, and one of `untilSequence` at the end. */
  readonly ring: RingMemory;
  /** The checkpoint to begin from; null begins with nothing and the journal's first entry. */
  readonly checkpoint: CheckpointAt | null;
  /** Output of what lies behind this entry may have to be told: a stamp stands behind it too. */
  readonly mutedSequence: number;
  readonly untilSequence: number;
  readonly poisons: readonly Poison[];
  /** A record whose entry is to be found, and left out from now on. */
  readonly poisonAt: RecordPlace | null;
};

/** What is known beside the memory of the shard. */
export type RebuildGround = {
  /** The record in its own ring that is to be left out. */
  readonly poisonAt: RecordPlace | null;
  /** The entry it stood behind when it began anew with nothing: what it left out then lies behind that. */
  readonly begunAnewAt: number | null;
  /** From the newest. */
  readonly checkpoints: readonly CheckpointAt[];
  /** First entry the journal has. */
  readonly firstSequence: number;
};

/** A sentence where the shard must begin anew with nothing. Its thread has ended. */
export function planRebuild(
  shard: ShardMemory,
  { poisonAt, begunAnewAt, checkpoints, firstSequence }: RebuildGround,
): RebuildPlan | string {
  const position = positionOf(shard);
  if (position === null) return 'what it told last is not known';
  const { releasedSequence } = position;
  if (releasedSequence === begunAnewAt) return 'it has come no further than when it began anew';
  const untilSequence = poisonAt?.untilSequence ?? releasedSequence;
  const checkpoint = checkpoints.find(({ sequence }) => sequence <= releasedSequence) ?? null;
  if (checkpoint === null && firstSequence !== 1)
    return 'the journal does not reach back to its beginning, and there is no checkpoint';
  return { position, checkpoint, untilSequence, poisonAt, isBehindAnew: begunAnewAt !== null };
}

/** What is asked of the thread that makes the records. */
export function requestOf(
  { position, checkpoint, untilSequence, poisonAt }: RebuildPlan,
  given: Pick<RebuildRequest, 'memory' | 'shard' | 'ring' | 'poisons'>,
): RebuildRequest {
  return { ...given, checkpoint, mutedSequence: position.releasedSequence, untilSequence, poisonAt };
}

/** What the shard's next task is given; `begun` are the images, `ring` takes the records. */
export function recoveryOf(
  { position, untilSequence, isBehindAnew }: RebuildPlan,
  ring: RingMemory,
  begun: Pick<ShardRecovery, 'clockUs' | 'markets'>,
): ShardRecovery {
  const { releasedSequence, isStampInRing, mutedRecords } = position;
  const isInRing = untilSequence !== releasedSequence || isStampInRing;
  return {
    clockUs: begun.clockUs,
    markets: begun.markets,
    rebuild: {
      ring,
      untilSequence,
      skipUntilSequence: isInRing ? untilSequence : 0,
      mutedSequence: releasedSequence,
      mutedRecords,
      isBehindAnew,
    },
  };
}
