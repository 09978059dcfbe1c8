// Brings a shard that died back to where it was: from a checkpoint, the journal behind it, and what its ring still holds.

import { setTimeout as delay } from 'node:timers/promises';
import { REBUILD_DEADLINE_MS } from '../../schemas/config.ts';
import { JournalNumber } from '../../schemas/journal.ts';
import type { ShardRecovery } from '../../schemas/shard-task.ts';
import { shardMarks, shardWords } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { clearRing, createRing, type RingMemory } from '../ring/spsc-ring.ts';
import type { RejectedLike } from './dead-letters.ts';
import { type DeathPlace, livePlace, NO_RECORD, rebuiltPlace } from './death-place.ts';
import type { Poison } from './poisons.ts';
import {
  type CheckpointAt,
  planRebuild,
  type RebuildPlan,
  type RebuildRequest,
  recoveryOf,
  requestOf,
} from './rebuild-plan.ts';
import type { RecordPlace } from './shard-position.ts';
import { Suspects } from './suspects.ts';

/** What the shard begins from, and how the making of its records ends: with null, or a sentence about what is missing. */
export type RebuildRun = {
  readonly begun: Promise<Pick<ShardRecovery, 'clockUs' | 'markets'>>;
  readonly ended: Promise<string | null>;
  /** Its thread has ended: nobody writes into the ring any more. */
  readonly isOver: boolean;
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
  /** By shard, the ring it began from last, the entry that ring begins behind, and who fills it. */
  private readonly rings: (
    | { readonly memory: RingMemory; readonly first: number; readonly run: RebuildRun }
    | undefined
  )[] = [];
  /** By shard, the position of its own ring up to which it applies records one by one; null for none. */
  private readonly aloneUntil: (number | null)[] = [];
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
    const id = place.market;
    const market = this.parts.marketName(id);
    this.parts.onEvent(`shard ${shard} died twice of one record of ${market}: it is left out from now on`);
    if (place.isRebuilt) this.add({ sequence: place.untilSequence, id, market });
    else this.poisonAt[shard] = place.record;
  }

  private placeOf(shard: number): DeathPlace | null {
    const own = this.parts.memory.shards[shard];
    const ring = this.rings[shard];
    const isRebuilding = Atomics.load(new Int32Array(own.words), shardWords.at.rebuilding) === 1;
    if (isRebuilding && ring !== undefined) return rebuiltPlace(own, ring.memory, ring.first);
    return livePlace(own, this.aloneUntil[shard] ?? null);
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
    const { memory, checkpoints, firstSequence } = this.parts;
    const plan = planRebuild(memory.shards[shard], {
      poisonAt: this.poisonAt[shard] ?? null,
      begunAnewAt: this.begunAnewAt[shard] ?? null,
      checkpoints: checkpoints(),
      firstSequence: firstSequence(),
    });
    if (typeof plan === 'string') return this.without(shard, plan);
    if (!(await this.isWritten(plan.untilSequence)))
      return this.without(shard, 'the journal has not written what it applied');
    const ring = this.ringFor(shard);
    const run = this.begin(shard, ring, plan);
    try {
      const begun = await run.begun;
      this.poisonAt[shard] = null;
      void run.ended.then((reason) => {
        this.problems[shard] = reason;
      });
      return { recovery: recoveryOf(plan, ring, begun), ended: run.ended, close: () => run.close() };
    } catch (error) {
      run.close();
      return this.without(shard, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * The ring of the last rebuild, where its two threads have ended. V8 does not count shared memory, so main's collector would
   * not run for it, and each death would leave 16 MB behind for as long as main allocates little.
   */
  private ringFor(shard: number): RingMemory {
    const last = this.rings[shard];
    if (last === undefined || !last.run.isOver) return createRing(this.parts.memory.shards[shard].input.slots);
    clearRing(last.memory);
    return last.memory;
  }

  private without(shard: number, reason: string): null {
    const { marks } = this.parts.memory.shards[shard];
    this.aloneUntil[shard] = null;
    this.begunAnewAt[shard] = new Float64Array(marks)[shardMarks.at.releasedSequence];
    this.parts.onEvent(`shard ${shard} cannot be brought back to its state: ${reason}`);
    return null;
  }

  private begin(shard: number, ring: RingMemory, plan: RebuildPlan): RebuildRun {
    const { memory, poisons, start } = this.parts;
    const words = new Int32Array(memory.shards[shard].words);
    this.aloneUntil[shard] = words[shardWords.at.batchEnd];
    words[shardWords.at.recordAt] = NO_RECORD;
    const request = requestOf(plan, { memory, shard, ring, poisons: poisons.list() });
    const run = start(request, (found) => this.leftOut(found));
    this.rings[shard] = { memory: ring, first: plan.checkpoint?.sequence ?? 0, run };
    return run;
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
}

/** Sets where each shard stands before its first task: behind the entry that its images, or nothing, stand behind. */
export function setReleased(memory: EngineMemory, sequence: number): void {
  for (const { marks } of memory.shards) new Float64Array(marks)[shardMarks.at.releasedSequence] = sequence;
}
