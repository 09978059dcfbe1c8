// Brings a shard that died back to where it was: from a checkpoint, the journal behind it, and what its ring still holds.

import { setTimeout as delay } from 'node:timers/promises';
import { REBUILD_DEADLINE_MS } from '../../schemas/config.ts';
import { RecordType } from '../../schemas/ids.ts';
import { JournalNumber } from '../../schemas/journal.ts';
import type { ShardRecovery } from '../../schemas/shard-task.ts';
import { shardMarks, shardWords } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { createRing, type RingMemory } from '../ring/spsc-ring.ts';
import type { RejectedLike } from './dead-letters.ts';
import type { Poison } from './poisons.ts';
import { positionOf, type RecordPlace, recordAtDeath, recordIn, type ShardPosition } from './shard-position.ts';
import { type DeathPlace, Suspects } from './suspects.ts';

/** A whole checkpoint on the disk. */
export type CheckpointAt = { readonly number: number; readonly sequence: number };

export type RebuildRequest = {
  readonly memory: EngineMemory;
  readonly shard: number;
  /** Where the records go: a stamp behind those of each entry, and one of `untilSequence` at the end. */
  readonly ring: RingMemory;
  /** Number of the checkpoint to begin from; null begins with nothing and the journal's first entry. */
  readonly checkpoint: CheckpointAt | null;
  /** Output of what lies behind this entry may have to be told: a stamp stands behind it too. */
  readonly mutedSequence: number;
  readonly untilSequence: number;
  readonly poisons: readonly Poison[];
  /** A record whose entry is to be found, and left out from now on. */
  readonly poisonAt: RecordPlace | null;
};

/** What the shard begins from, and how the making of its records ends: with null, or a sentence about what is missing. */
export type RebuildRun = {
  readonly begun: Promise<Pick<ShardRecovery, 'clockUs' | 'markets'>>;
  readonly ended: Promise<string | null>;
  readonly close: () => void;
};

/** A record that was left out of a rebuild. */
export type LeftOut = { readonly poison: Poison; readonly frame: RejectedLike };

export type RebuildParts = {
  readonly memory: EngineMemory;
  readonly poisons: { readonly list: () => readonly Poison[]; readonly add: (poison: Poison) => void };
  readonly marketName: (market: number) => string;
  /** Newest first. */
  readonly checkpoints: () => readonly CheckpointAt[];
  /** First entry the journal has. */
  readonly firstSequence: () => number;
  readonly start: (request: RebuildRequest, leftOut: (found: LeftOut) => void) => RebuildRun;
  readonly keep: (frame: RejectedLike) => void;
  readonly onEvent: (sentence: string) => void;
};

const WRITTEN_POLL_MS = 2;

/** Thread: main. The shard's thread has ended when one of these is called (engine/pool). */
export class ShardRebuilds {
  /** Records isolated so far in this run. */
  poisoned = 0;
  private readonly parts: RebuildParts;
  private readonly suspects: Suspects;
  /** By shard, the ring it began from last and the entry that ring begins behind. */
  private readonly rings: ({ readonly memory: RingMemory; readonly first: number } | undefined)[] = [];
  /** By shard, the record in its own ring that is to be left out. */
  private readonly poisonAt: (RecordPlace | null)[] = [];
  /** By shard, why its last rebuild could not be made: another would end the same way. */
  private readonly problems: (string | null)[] = [];
  /** By shard, the entry it stood behind when it began anew: what it left out then lies behind that. */
  private readonly begunAnewAt: (number | undefined)[] = [];
  /** Poisons whose frame is in the dead-letter file. */
  private readonly kept = new Set<string>();

  constructor(parts: RebuildParts) {
    this.parts = parts;
    this.suspects = new Suspects(parts.memory.shards.length);
  }

  /** `isOwn` where the record may have been the reason: not where the thread was ended from outside. */
  died(shard: number, isOwn: boolean): void {
    const place = isOwn ? this.placeOf(shard) : null;
    if (place === null || !this.suspects.note(shard, place)) return;
    this.poisoned++;
    const id = place.record.market;
    const market = this.parts.marketName(id);
    this.parts.onEvent(`shard ${shard} died twice of one record of ${market}: it is left out from now on`);
    // Records made again have a stamp behind each entry: the one behind this record is the entry's own.
    if (place.ring === 'rebuilt') this.add({ sequence: place.record.untilSequence, id, market });
    else this.poisonAt[shard] = place.record;
  }

  private placeOf(shard: number): DeathPlace | null {
    const own = this.parts.memory.shards[shard];
    const words = new Int32Array(own.words);
    const ring = this.rings[shard];
    if (Atomics.load(words, shardWords.at.rebuilding) === 0 || ring === undefined) {
      const record = recordAtDeath(own);
      return record === null || !isOfMarket(record) ? null : { ring: 'live', record };
    }
    const record = recordIn(ring.memory, words[shardWords.at.recordAt], ring.first);
    return record === null || !isOfMarket(record) ? null : { ring: 'rebuilt', record };
  }

  private add(poison: Poison): void {
    try {
      this.parts.poisons.add(poison);
    } catch (error) {
      this.parts.onEvent(`the list of poison could not be written: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** What the next task of the shard begins from; null where it must begin anew with nothing. */
  async recover(shard: number): Promise<{
    readonly recovery: ShardRecovery;
    readonly ended: Promise<string | null>;
    readonly close: () => void;
  } | null> {
    const problem = this.problems[shard] ?? null;
    this.problems[shard] = null;
    if (problem !== null) return this.without(shard, problem);
    const position = positionOf(this.parts.memory.shards[shard]);
    if (position === null) return this.without(shard, 'what it told last is not known');
    if (position.releasedSequence === this.begunAnewAt[shard])
      return this.without(shard, 'it has come no further than when it began anew');
    const poisonAt = this.poisonAt[shard] ?? null;
    const untilSequence = poisonAt?.untilSequence ?? position.releasedSequence;
    const checkpoint = this.parts.checkpoints().find(({ sequence }) => sequence <= position.releasedSequence) ?? null;
    if (checkpoint === null && this.parts.firstSequence() !== 1)
      return this.without(shard, 'the journal does not reach back to its beginning, and there is no checkpoint');
    if (!(await this.isWritten(untilSequence)))
      return this.without(shard, 'the journal has not written what it applied');
    const run = this.begin(shard, checkpoint, position.releasedSequence, untilSequence, poisonAt);
    try {
      const begun = await run.begun;
      this.poisonAt[shard] = null;
      void run.ended.then((reason) => {
        this.problems[shard] = reason;
      });
      const recovery = this.recoveryOf(shard, begun, position, untilSequence);
      return { recovery, ended: run.ended, close: () => run.close() };
    } catch (error) {
      run.close();
      return this.without(shard, error instanceof Error ? error.message : String(error));
    }
  }

  private without(shard: number, reason: string): null {
    const { marks } = this.parts.memory.shards[shard];
    this.begunAnewAt[shard] = new Float64Array(marks)[shardMarks.at.releasedSequence];
    this.parts.onEvent(`shard ${shard} cannot be brought back to its state: ${reason}`);
    return null;
  }

  private begin(
    shard: number,
    checkpoint: CheckpointAt | null,
    mutedSequence: number,
    untilSequence: number,
    poisonAt: RecordPlace | null,
  ): RebuildRun {
    const { memory, poisons, start } = this.parts;
    const ring = createRing(memory.shards[shard].input.slots);
    this.rings[shard] = { memory: ring, first: checkpoint?.sequence ?? 0 };
    const known = poisons.list();
    const request = { memory, shard, ring, checkpoint, mutedSequence, untilSequence, poisons: known, poisonAt };
    return start(request, (found) => this.leftOut(found));
  }

  /** Told for every poison the rebuild passes: a new one is kept, with its frame. */
  private leftOut({ poison, frame }: LeftOut): void {
    this.add(poison);
    const name = `${poison.sequence} ${poison.market}`;
    if (this.kept.has(name)) return;
    this.kept.add(name);
    this.parts.keep(frame);
  }

  /** Everything the shard had applied must be in the journal: what it took may still be on its way there. */
  private async isWritten(sequence: number): Promise<boolean> {
    const { journal } = this.parts.memory;
    if (journal === null) return false;
    const numbers = new Float64Array(journal.numbers);
    const deadline = performance.now() + REBUILD_DEADLINE_MS / 10;
    while (numbers[JournalNumber.written] < sequence) {
      if (performance.now() > deadline) return false;
      await delay(WRITTEN_POLL_MS);
    }
    return true;
  }

  private recoveryOf(
    shard: number,
    begun: Pick<ShardRecovery, 'clockUs' | 'markets'>,
    position: ShardPosition,
    untilSequence: number,
  ): ShardRecovery {
    const ring = this.rings[shard]?.memory;
    if (ring === undefined) throw new Error(`shard ${shard}: expected a ring to begin from, was none`);
    const isInRing = untilSequence !== position.releasedSequence || position.isStampInRing;
    return {
      ...begun,
      rebuild: {
        ring,
        untilSequence,
        skipUntilSequence: isInRing ? untilSequence : 0,
        mutedSequence: position.releasedSequence,
        mutedRecords: position.mutedRecords,
      },
    };
  }
}

/** Clock records are of all markets, and checkpoints of none: neither can be left out of one. */
function isOfMarket({ type }: RecordPlace): boolean {
  return type !== RecordType.clock && type !== RecordType.checkpoint;
}

/** Sets where each shard stands before its first task: behind the entry that its images, or nothing, stand behind. */
export function setReleased(memory: EngineMemory, sequence: number): void {
  for (const { marks } of memory.shards) new Float64Array(marks)[shardMarks.at.releasedSequence] = sequence;
}
