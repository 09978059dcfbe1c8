// An engine's ingress and shard on this thread, without sockets: frames in, state and output records out.
//
//   frame bytes ──► session ──► ring ──► dispatch ──► books, bars, signals ──► output ring
//
// What lies between is the engine's own code; only the waiting is left out, since one thread is both sides.

import { EngineClock } from '../../engine/base/clock.ts';
import { type MarketChoice, type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, type MarketCounterName, marketCounter } from '../../schemas/counters.ts';
import { type Dialect, FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { Dispatch } from '../../workers/dispatch.ts';
import { check } from '../harness.ts';
import { noUserSignals } from './markets.ts';
import { type Stage, stageOf } from './record-buffer.ts';

export type InProcessPlan = {
  readonly dialect: Dialect;
  readonly marketsMax: number;
  /** Slots of the rings, a power of two; as in the engine where nothing is said. */
  readonly inputSlots?: number;
  readonly outputSlots?: number;
  readonly choice: MarketChoice;
  /** Every bar is kept. */
  readonly keepAll?: boolean;
};

export class InProcessEngine {
  readonly memory: EngineMemory;
  readonly clock: EngineClock;
  readonly plans: MarketPlans;
  readonly dispatch: Dispatch;
  private readonly writer: FrameWriter;
  private readonly session: Session;
  private readonly input: RingReader;
  private readonly times = new Float64Array(2);

  constructor({ dialect, marketsMax, inputSlots, outputSlots, choice, keepAll = false }: InProcessPlan) {
    const sizes = { shards: 1, marketsMax };
    this.memory = createEngineMemory({
      ...sizes,
      ...(inputSlots === undefined ? {} : { inputSlots }),
      ...(outputSlots === undefined ? {} : { outputSlots }),
    });
    this.clock = new EngineClock(this.memory.anchor);
    this.plans = marketPlansOf({ usual: choice });
    this.writer = new FrameWriter(this.memory, this.clock, 'block-without-limit');
    const directory = new MarketDirectory(this.memory);
    const refuse = (category: string, message: string): void =>
      check(false, `a frame was refused: ${category} ${message}`);
    this.session = new Session(dialect, DECODERS[dialect], this.writer, directory, marketsMax, refuse);
    const users = noUserSignals();
    this.dispatch = new Dispatch(this.memory, 0, { plans: this.plans, users, keepAll, tell: () => {} });
    this.input = new RingReader(this.memory.shards[0].input);
  }

  /** Takes all frames of a stage, in commits as full as ingress makes them. */
  run({ view, ends }: Stage): void {
    const { writer, session } = this;
    let at = 0;
    for (let from = 0; from < ends.length; from += COMMIT_FRAMES_MAX) {
      const until = Math.min(from + COMMIT_FRAMES_MAX, ends.length);
      writer.receive();
      for (let frame = from; frame < until; frame++) {
        writer.begin();
        const result = session.take(view, at, ends[frame] - at);
        if (result !== FrameResult.applied) check(false, `frame ${frame}: expected applied, was ${result}`);
        at = ends[frame];
      }
      writer.commit();
      this.apply();
    }
    // As a shard that is behind does, until it has caught up.
    this.dispatch.trades.settleAll();
  }

  /** As run(), frames that are large one by one: a snapshot may fill a good part of the ring. */
  load(frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.run(stageOf([frame]));
  }

  /** Sum of one counter over the first markets. */
  count(name: MarketCounterName, markets: number): number {
    const counters = new Float64Array(this.memory.marketCounters);
    let sum = 0;
    for (let market = 0; market < markets; market++)
      sum += counters[market * MARKET_COUNTER_COLUMNS + marketCounter[name]];
    return sum;
  }

  /** A shard's turn (workers/duty-cycle.ts). */
  private apply(): void {
    const { input, dispatch } = this;
    const count = input.available();
    for (let offset = 0; offset < count; ) {
      const slot = input.slotAt(offset);
      const type = input.u8[slot * SLOT_BYTES];
      const isStamp = type === RecordType.stamp;
      offset += isStamp ? 1 : dispatch.take(type, slot, Math.min(count - offset, input.slots - slot));
    }
    input.release(count);
    dispatch.showLatest();
    dispatch.output.commit(this.times, 0, 1);
  }
}
