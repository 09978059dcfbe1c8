// One shard of a simulated run: the worker's own classes, driven turn by turn, and killed at any record.

import { EngineClock } from '../../engine/base/clock.ts';
import type { MarketPlans } from '../../engine/base/market-plans.ts';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import type { RingReader } from '../../engine/ring/spsc-ring.ts';
import { BATCH_RECORDS_MAX } from '../../schemas/config.ts';
import { shardCounter } from '../../schemas/counters.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import { UserSignals } from '../../workers/user-signals.ts';

/** What ends a shard in the middle of its work. */
export class Killed extends Error {}

/** The steps of a duty cycle's loop, which in a worker run by themselves. */
type Steps = { beat(): void; turn(): number; readonly input: RingReader; readonly taken: number };

export class ShardCore {
  readonly shard: number;
  readonly dispatch: Dispatch;
  private readonly steps: Steps;
  private readonly input: RingReader;
  private readonly counters: Float64Array;
  private batchMost = BATCH_RECORDS_MAX;
  /** Records until the shard dies; infinite for never. */
  private recordsLeft = Number.POSITIVE_INFINITY;

  constructor(memory: EngineMemory, shard: number, plans: MarketPlans, isRestart: boolean) {
    this.shard = shard;
    this.counters = new Float64Array(memory.shards[shard].counters);
    const clock = new EngineClock(memory.anchor);
    const words = new Int32Array(memory.shards[shard].words);
    const tell = (): void => undefined;
    const users = new UserSignals([], new Int32Array(memory.signalsOff), words, tell);
    this.dispatch = new Dispatch(memory, shard, { plans, users, keepAll: false, tell });
    const cycle = new DutyCycle(memory, shard, clock, this.dispatch);
    this.steps = cycle as unknown as Steps;
    this.input = this.steps.input;
    this.watch();
    if (isRestart) {
      cycle.skipCutShort();
      this.dispatch.beginAgain(clock.nowNs());
    }
    Atomics.store(words, shardWords.at.running, 1);
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
      if (this.recordsLeft <= 0) throw new Killed(`shard ${this.shard}`);
      return taken;
    };
  }

  /** One turn over at most `batchMost` records; dies with Killed behind the record that killAfter() named. */
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

  killAfter(records: number): void {
    this.recordsLeft = records;
  }
}
