// One shard of a simulated run: the worker's own classes, driven turn by turn, and killed at any record.

import { EngineClock } from '../../engine/base/clock.ts';
import type { MarketPlans } from '../../engine/base/market-plans.ts';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import type { RingReader } from '../../engine/ring/spsc-ring.ts';
import { BATCH_RECORDS_MAX } from '../../schemas/config.ts';
import { shardCounter } from '../../schemas/counters.ts';
import type { ShardRecovery } from '../../schemas/shard-task.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import type { Tell } from '../../workers/shard-message.ts';
import { UserSignals } from '../../workers/user-signals.ts';

/** What ends a shard in the middle of its work. */
export class Killed extends Error {}

/** Where a shard ends once its records are over: behind the record, or before or behind the next commit or release. */
export const KILL_PLACES = ['record', 'before commit', 'behind commit', 'before release', 'behind release'] as const;
export type KillPlace = (typeof KILL_PLACES)[number];

/** The steps of a duty cycle's loop, which in a worker run by themselves. */
type Steps = { beat(): void; turn(): number; readonly input: RingReader; readonly taken: number };

export class ShardCore {
  readonly shard: number;
  readonly dispatch: Dispatch;
  private readonly memory: EngineMemory;
  private readonly cycle: DutyCycle;
  private readonly steps: Steps;
  private readonly input: RingReader;
  private readonly counters: Float64Array;
  private readonly clock: EngineClock;
  private batchMost = BATCH_RECORDS_MAX;
  /** Records until the shard dies; infinite for never. */
  private recordsLeft = Number.POSITIVE_INFINITY;
  private killPlace: KillPlace = 'record';

  constructor(memory: EngineMemory, shard: number, plans: MarketPlans, tell: Tell) {
    this.shard = shard;
    this.memory = memory;
    this.counters = new Float64Array(memory.shards[shard].counters);
    this.clock = new EngineClock(memory.anchor);
    const words = new Int32Array(memory.shards[shard].words);
    const users = new UserSignals([], new Int32Array(memory.signalsOff), words, () => undefined);
    this.dispatch = new Dispatch(memory, shard, { plans, users, keepAll: false, tell });
    this.cycle = new DutyCycle(memory, shard, this.clock, this.dispatch);
    this.steps = this.cycle as unknown as Steps;
    this.input = this.steps.input;
    this.watch();
  }

  /** As a worker's task begins. Dies with Killed where records are applied again. */
  begin(recovery: ShardRecovery | null, isRestart: boolean): void {
    const { memory, shard, cycle, dispatch, clock } = this;
    if (recovery !== null) dispatch.restore(recovery, clock.nowNs());
    else if (isRestart) {
      cycle.skipCutShort();
      dispatch.beginAgain(clock.nowNs());
    }
    Atomics.store(new Int32Array(memory.shards[shard].words), shardWords.at.running, 1);
    if (recovery?.rebuild) cycle.takeOver(recovery.rebuild);
  }

  /** Fewer records may be visible than there are, as in a shard that looks early; and the thread may end at any of them. */
  private watch(): void {
    const { input, dispatch } = this;
    const available = input.available.bind(input);
    input.available = () => Math.min(available(), this.steps.taken + this.batchMost);
    const take = dispatch.take.bind(dispatch);
    dispatch.take = (type, slot, count) => {
      const taken = take(type, slot, count);
      this.recordsLeft -= taken;
      this.dieAt('record');
      return taken;
    };
    const commit = dispatch.output.commit.bind(dispatch.output);
    dispatch.output.commit = (...given) => {
      this.dieAt('before commit');
      commit(...given);
      this.dieAt('behind commit');
    };
    const release = input.release.bind(input);
    input.release = (count) => {
      this.dieAt('before release');
      release(count);
      this.dieAt('behind release');
    };
  }

  private dieAt(place: KillPlace): void {
    if (this.recordsLeft <= 0 && this.killPlace === place) throw new Killed(`shard ${this.shard} ${place}`);
  }

  /** One turn over at most `batchMost` records; dies with Killed where killAfter() said. */
  turn(batchMost: number): number {
    this.batchMost = batchMost;
    this.steps.beat();
    const done = this.steps.turn();
    this.batchMost = BATCH_RECORDS_MAX;
    return done;
  }

  /** Records released so far. */
  get position(): number {
    return this.input.position;
  }

  /** Records written to main so far. */
  get written(): number {
    return this.counters[shardCounter.outputRecords];
  }

  killAfter(records: number, place: KillPlace = 'record'): void {
    this.recordsLeft = records;
    this.killPlace = place;
  }
}
