// A whole engine in one thread: ingress, shards and main over one shared memory, each moved on by hand.

import { takeAnchor } from '../../engine/base/clock.ts';
import { type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import type { FullPolicy } from '../../engine/ingress/frame-writer.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { LatestReader } from '../../engine/memory/latest-values.ts';
import {
  ingressCounter,
  MARKET_COUNTER_COLUMNS,
  type MarketCounterName,
  marketCounter,
  shardCounter,
} from '../../schemas/counters.ts';
import { IngressCore } from './ingress-core.ts';
import { JournalCore } from './journal-core.ts';
import { MainCore } from './main-core.ts';
import { Killed, ShardCore } from './shard-core.ts';
import type { VirtualWorld } from './virtual-world.ts';

export type EngineSizes = {
  readonly shards: number;
  readonly inputSlots: number;
  readonly outputSlots: number;
  readonly policy: FullPolicy;
  /** 0 for no journal. */
  readonly journalRingBytes: number;
};

const MARKETS_MAX = 16;
/** What simulated engines keep of each market: enough to be wrong in, and little to compute. */
export const SIMULATED_PLANS: MarketPlans = marketPlansOf({ usual: { bars: ['1s', '5t'], signals: ['imbalance'] } });

export class EngineCore {
  readonly memory: EngineMemory;
  readonly ingress: IngressCore;
  readonly shards: ShardCore[];
  readonly main: MainCore;
  readonly journal: JournalCore | null;
  readonly latest: LatestReader;
  /** Shards that died and have not begun anew. */
  readonly dead = new Set<number>();
  restarts = 0;
  private readonly counters: Float64Array;
  private readonly ingressCounters: Float64Array;

  constructor(world: VirtualWorld, { policy, ...sizes }: EngineSizes) {
    const anchor = { ...takeAnchor(), wallUs: world.wallUs() };
    this.memory = createEngineMemory({ ...sizes, marketsMax: MARKETS_MAX }, anchor);
    const { memory } = this;
    this.ingress = new IngressCore(memory, policy);
    this.journal = memory.journal === null ? null : new JournalCore(memory, memory.journal);
    if (this.journal !== null) this.ingress.writer.journal = this.journal.log;
    this.shards = memory.shards.map((_, shard) => new ShardCore(memory, shard, SIMULATED_PLANS, false));
    this.main = new MainCore(memory, SIMULATED_PLANS);
    this.latest = new LatestReader(memory);
    this.counters = new Float64Array(memory.marketCounters);
    this.ingressCounters = new Float64Array(memory.ingressCounters);
  }

  /** One turn of a shard that lives; false where it died of it. */
  turn(shard: number, batchMost: number): boolean {
    if (this.dead.has(shard)) return true;
    try {
      this.shards[shard].turn(batchMost);
      return true;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.dead.add(shard);
      return false;
    }
  }

  /** Another shard takes the place of a dead one: nothing of the dead one's own memory is left. */
  replace(shard: number): void {
    if (!this.dead.delete(shard)) return;
    this.restarts++;
    this.shards[shard] = new ShardCore(this.memory, shard, SIMULATED_PLANS, true);
  }

  close(): void {
    this.ingress.close();
    this.main.close();
  }

  get isQuiet(): boolean {
    return this.memory.shards.every((_, shard) => this.ingress.writer.heldSlots(shard) === 0) && this.main.isDrained;
  }

  /** Where a shard stands: records released, and written to main. */
  positions(shard: number): string {
    return `${this.shards[shard].position} ${this.shards[shard].written}`;
  }

  /** Records that shards took and did not live to finish. */
  get cutShort(): number {
    return this.memory.shards.reduce((sum, { counters }) => sum + new Float64Array(counters)[shardCounter.cutShort], 0);
  }

  counted(market: number, name: MarketCounterName): number {
    return this.counters[market * MARKET_COUNTER_COLUMNS + marketCounter[name]];
  }

  ingressCounted(name: keyof typeof ingressCounter): number {
    return this.ingressCounters[ingressCounter[name]];
  }
}
