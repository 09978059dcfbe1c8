// A whole engine in one thread: ingress, shards and main over one shared memory, each moved on by hand.

import { takeAnchor } from '../../engine/base/clock.ts';
import { type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import { recoveriesOf } from '../../engine/durability.ts';
import type { FullPolicy } from '../../engine/ingress/frame-writer.ts';
import type { Recovered } from '../../engine/ingress/messages.ts';
import { createEngineMemory, type EngineMemory } from '../../engine/memory/engine-memory.ts';
import { LatestReader } from '../../engine/memory/latest-values.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { anchorBehind, type JournalPast, readPast } from '../../engine/recovery/journal-past.ts';
import { setReleased } from '../../engine/recovery/shard-rebuilds.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import {
  ingressCounter,
  MARKET_COUNTER_COLUMNS,
  type MarketCounterName,
  marketCounter,
  shardCounter,
} from '../../schemas/counters.ts';
import type { MemoryFolder } from '../support/memory-folder.ts';
import { CheckpointCore } from './checkpoint-core.ts';
import { IngressCore } from './ingress-core.ts';
import type { InputLog } from './input-log.ts';
import { JournalCore } from './journal-core.ts';
import { MainCore } from './main-core.ts';
import { type Comeback, ShardComebacks } from './shard-comebacks.ts';
import { KILL_PLACES, Killed, type KillPlace, ShardCore } from './shard-core.ts';
import type { VirtualWorld } from './virtual-world.ts';

export type EngineSizes = {
  readonly shards: number;
  readonly inputSlots: number;
  readonly outputSlots: number;
  readonly policy: FullPolicy;
  /** 0 for no journal. */
  readonly journalRingBytes: number;
};

/** What an engine is made over: files, and the input of the engines before it. */
export type EngineGround = { readonly world: VirtualWorld; readonly folder: MemoryFolder; readonly inputs: InputLog };

export const MARKETS_MAX = 16;
const BUILD = 'simulation';
/** What simulated engines keep of each market: enough to be wrong in, and little to compute. */
export const SIMULATED_PLANS: MarketPlans = marketPlansOf({ usual: { bars: ['1s', '5t'], signals: ['imbalance'] } });

export class EngineCore {
  readonly memory: EngineMemory;
  readonly ingress: IngressCore;
  readonly shards: ShardCore[];
  readonly journal: JournalCore | null;
  readonly checkpoints: CheckpointCore | null;
  readonly latest: LatestReader;
  readonly names: MarketNames;
  readonly past: JournalPast | null;
  /** Shards that died and have not begun again. */
  readonly dead = new Set<number>();
  /** Deaths, and how each was followed. */
  deaths = 0;
  rebuilt = 0;
  /** Where the last one was. */
  lastDeath = '';
  begunAnew = 0;
  private mainCore: MainCore | null = null;
  private readonly counters: Float64Array;
  private readonly ingressCounters: Float64Array;
  private readonly comebacks: ShardComebacks | null;

  constructor({ world, folder, inputs }: EngineGround, { policy, ...sizes }: EngineSizes) {
    const now = { ...takeAnchor(), wallUs: world.wallUs() };
    this.past = sizes.journalRingBytes === 0 ? null : readPast(folder, BUILD);
    this.memory = createEngineMemory(
      { ...sizes, marketsMax: MARKETS_MAX },
      this.past === null ? now : anchorBehind(this.past, now),
    );
    const { memory, past } = this;
    setReleased(memory, past?.checkpoint?.sequence ?? 0);
    const directory = new MarketDirectory(memory);
    for (const name of past?.checkpoint?.ingress.marketNames ?? []) directory.adopt(name);
    this.journal = memory.journal === null ? null : new JournalCore(memory, memory.journal, folder);
    this.ingress = new IngressCore(memory, policy);
    inputs.begin(memory, this.ingress.writer, past?.checkpoint?.number ?? 0);
    this.checkpoints = this.journal === null ? null : this.checkpointsOf(this.journal);
    this.comebacks =
      this.checkpoints === null || this.journal === null
        ? null
        : new ShardComebacks(memory, this.journal, this.checkpoints, world);
    this.shards = memory.shards.map((_, shard) => this.makeShard(shard));
    this.latest = new LatestReader(memory);
    this.names = new MarketNames(memory);
    this.counters = new Float64Array(memory.marketCounters);
    this.ingressCounters = new Float64Array(memory.ingressCounters);
  }

  private checkpointsOf(journal: JournalCore): CheckpointCore {
    const { memory, past } = this;
    return new CheckpointCore({
      shards: memory.shards.length,
      build: BUILD,
      anchorWallUs: memory.anchor.wallUs,
      nextNumber: journal.opened.nextCheckpoint,
      known: past?.checkpoint == null ? [] : [past.checkpoint],
      ask: (number) => this.ingress.checkpoint(number),
      store: (checkpoint, done) => journal.store(checkpoint, done),
    });
  }

  private makeShard(shard: number): ShardCore {
    return new ShardCore(this.memory, shard, SIMULATED_PLANS, (message) => this.checkpoints?.take(message));
  }

  /** Begins the shards, applies what the journal has, and opens the ports; `catchUp` lets the shards apply what they got. */
  begin(catchUp: () => void): Recovered | null {
    const { past, journal, memory, ingress, shards } = this;
    const recoveries = past?.checkpoint == null ? [] : recoveriesOf(past.checkpoint, shards.length);
    for (const { shard } of shards) this.live(shard, () => this.shards[shard].begin(recoveries[shard] ?? null, false));
    let recovered: Recovered | null = null;
    if (journal !== null && memory.journal !== null) {
      const started = { version: '0', shards: shards.length, node: '' };
      const { sequence } = journal.opened;
      const image = past?.checkpoint?.ingress ?? null;
      recovered = ingress.recover(
        { folder: '', image, sequence, poisons: [], started },
        journal.folder,
        memory.journal,
      );
    }
    ingress.listen();
    catchUp();
    const seqFloor = past === null || past.anchorWallUs === null ? 0 : Math.ceil(ingress.writer.nowNs() / 1000);
    this.mainCore = new MainCore(memory, SIMULATED_PLANS, seqFloor);
    return recovered;
  }

  get main(): MainCore {
    if (this.mainCore === null) throw new Error('simulation: expected main to have begun');
    return this.mainCore;
  }

  /** False until the ports are open. */
  get isOpen(): boolean {
    return this.mainCore !== null;
  }

  /** False where the shard died of it. */
  private live(shard: number, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.dead.add(shard);
      this.lastDeath = error.message;
      this.deaths++;
      this.checkpoints?.abandon();
      this.comebacks?.died(shard);
      return false;
    }
  }

  /** One turn of a shard that lives; false where it died of it. */
  turn(shard: number, batchMost: number): boolean {
    if (this.dead.has(shard)) return true;
    return this.live(shard, () => this.shards[shard].turn(batchMost));
  }

  /** Another shard takes the place of a dead one, of whose own memory nothing is left. `prepare` may kill it on the way. */
  replace(shard: number, prepare: (next: ShardCore) => void): Comeback['kind'] {
    const comeback = this.comebacks?.tryOf(shard) ?? ({ kind: 'anew' } as const);
    if (comeback.kind === 'waits') return 'waits';
    this.dead.delete(shard);
    const next = this.makeShard(shard);
    this.shards[shard] = next;
    if (comeback.kind === 'anew') {
      this.begunAnew++;
      this.live(shard, () => next.begin(null, true));
    } else {
      this.rebuilt++;
      prepare(next);
      this.live(shard, () => next.begin(comeback.recovery, true));
    }
    return comeback.kind;
  }

  /** A checkpoint is begun, unless one runs or a shard is down. */
  checkpoint(): boolean {
    if (this.checkpoints === null || this.checkpoints.isRunning || this.dead.size > 0) return false;
    this.checkpoints.begin();
    return true;
  }

  get isCheckpointWanted(): boolean {
    return (this.journal?.number('checkpointWanted') ?? 0) > 0;
  }

  /** Without a journal only what a shard applied is told again: it ends at records alone. */
  get killPlaces(): readonly KillPlace[] {
    return this.journal === null ? ['record'] : KILL_PLACES;
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
