// How a dead shard of a simulated run comes back: by the same plan and records as a shard of an engine, with nothing awaited.

import type { RebuildBegun } from '../../engine/ingress/rebuild.ts';
import { RebuildRecords } from '../../engine/ingress/rebuild-records.ts';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import { planRebuild, type RebuildPlan, recoveryOf, requestOf } from '../../engine/recovery/rebuild-plan.ts';
import { createRing } from '../../engine/ring/spsc-ring.ts';
import type { ShardRecovery } from '../../schemas/shard-task.ts';
import { shardMarks } from '../../schemas/shared-state.ts';
import type { CheckpointCore } from './checkpoint-core.ts';
import type { JournalCore } from './journal-core.ts';
import type { VirtualWorld } from './virtual-world.ts';

/** `waits` for the journal to write what the shard had applied; `anew` where its state cannot be had. */
export type Comeback =
  | { readonly kind: 'waits' }
  | { readonly kind: 'anew'; readonly reason: string }
  | { readonly kind: 'rebuilt'; readonly recovery: ShardRecovery };

/** Records of a whole run of one shard: they are all made before the first is applied. */
const RING_SLOTS = 65_536;
/** How long the journal may take. */
const WRITTEN_MS = 2_000;

export class ShardComebacks {
  private readonly memory: EngineMemory;
  private readonly journal: JournalCore;
  private readonly checkpoints: CheckpointCore;
  private readonly world: VirtualWorld;
  private readonly diedAtMs = new Map<number, number>();
  private readonly begunAnewAt = new Map<number, number>();

  constructor(memory: EngineMemory, journal: JournalCore, checkpoints: CheckpointCore, world: VirtualWorld) {
    this.memory = memory;
    this.journal = journal;
    this.checkpoints = checkpoints;
    this.world = world;
  }

  died(shard: number): void {
    this.diedAtMs.set(shard, this.world.nowMs());
  }

  tryOf(shard: number): Comeback {
    const { memory, checkpoints, journal, begunAnewAt } = this;
    const comeback = this.comebackOf(
      shard,
      planRebuild(memory.shards[shard], {
        poisonAt: null,
        begunAnewAt: begunAnewAt.get(shard) ?? null,
        checkpoints: checkpoints.known,
        firstSequence: journal.opened.firstSequence || 1,
      }),
    );
    if (comeback.kind === 'anew')
      begunAnewAt.set(shard, new Float64Array(memory.shards[shard].marks)[shardMarks.at.releasedSequence]);
    return comeback;
  }

  private comebackOf(shard: number, plan: RebuildPlan | string): Comeback {
    if (typeof plan === 'string') return { kind: 'anew', reason: plan };
    if (this.journal.number('written') >= plan.untilSequence) return this.rebuild(shard, plan);
    const waitedMs = this.world.nowMs() - (this.diedAtMs.get(shard) ?? 0);
    return waitedMs < WRITTEN_MS ? { kind: 'waits' } : { kind: 'anew', reason: 'the journal has not written it' };
  }

  private rebuild(shard: number, plan: RebuildPlan): Comeback {
    const { memory, journal, world } = this;
    const ring = createRing(RING_SLOTS);
    const request = requestOf(plan, { memory, shard, ring, poisons: [] });
    const start = { ...request, folder: '', accepts: ['*'], checkpoint: plan.checkpoint?.number ?? null };
    const clock = { nowMs: () => world.nowMs(), wait: (ms: number) => world.pass(ms * 1000) };
    let begun: RebuildBegun | null = null;
    try {
      const tell = (message: { op: string } | ({ op: 'begun' } & RebuildBegun)): void => {
        if ('markets' in message) begun = message;
      };
      new RebuildRecords(start, { folder: journal.folder, clock, tell }).run();
    } catch (error) {
      return { kind: 'anew', reason: error instanceof Error ? error.message : String(error) };
    }
    if (begun === null) return { kind: 'anew', reason: 'no images' };
    return { kind: 'rebuilt', recovery: recoveryOf(plan, ring, begun) };
  }
}
