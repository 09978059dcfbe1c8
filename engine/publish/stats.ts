// `/v1/stats`: counters of all threads read from shared memory, in the shape of INTERFACES.

import {
  INGRESS_COUNTERS,
  ingressCounter,
  MARKET_COUNTER_COLUMNS,
  marketCounter,
  SHARD_COUNTERS,
  shardCounter,
} from '../../schemas/counters.ts';
import { BOOK_STATE_NAMES, REJECTION_NAMES } from '../../schemas/ids.ts';
import { latest } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { MarketNames } from '../memory/market-names.ts';
import type { CounterTree } from './messages.ts';
import { Quality } from './quality.ts';
import { Queues, type RingStats } from './queues.ts';

export type MarketStats = {
  readonly frames: number;
  readonly updates: number;
  readonly trades: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly lost: number;
  readonly late: number;
  readonly revised: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly drops: number;
  readonly resyncs: number;
  /** Trade records and book changes taken into state, each once. */
  readonly tradeRecords: number;
  readonly bookChanges: number;
};

/** Column of the shared counters behind each field. */
const COLUMNS = {
  frames: marketCounter.frames,
  updates: marketCounter.updates,
  trades: marketCounter.trades,
  tradeRecords: marketCounter.tradeRecords,
  bookChanges: marketCounter.bookChanges,
  duplicates: marketCounter.duplicates,
  gaps: marketCounter.gaps,
  lost: marketCounter.lost,
  late: marketCounter.late,
  revised: marketCounter.revised,
  drops: marketCounter.dropped,
  resyncs: marketCounter.resyncs,
};
type ColumnName = keyof typeof COLUMNS;
const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

/** Reads the counters of one engine. Thread: main; each value may be one update old, none is torn. */
export class Stats {
  readonly memory: EngineMemory;
  readonly quality: Quality;
  readonly queues: Queues;
  private readonly names: MarketNames;
  private readonly markets: Float64Array;
  private readonly ingressValues: Float64Array;
  private readonly shardValues: readonly Float64Array[];
  private readonly latestWords: Int32Array;

  constructor(memory: EngineMemory, names: MarketNames) {
    this.memory = memory;
    this.names = names;
    this.quality = new Quality(memory, names);
    this.queues = new Queues(memory);
    this.markets = new Float64Array(memory.marketCounters);
    this.ingressValues = new Float64Array(memory.ingressCounters);
    this.shardValues = memory.shards.map((shard) => new Float64Array(shard.counters));
    this.latestWords = new Int32Array(memory.latest);
  }

  get marketNames(): MarketNames {
    return this.names;
  }

  get marketCount(): number {
    return this.names.count;
  }

  marketColumn(market: number, column: number): number {
    return this.markets[market * MARKET_COUNTER_COLUMNS + column];
  }

  sumColumn(column: number): number {
    let sum = 0;
    for (let market = 0; market < this.marketCount; market++) sum += this.marketColumn(market, column);
    return sum;
  }

  /** Of the first `max` markets, and of all others together. */
  updatesByMarket(max: number): { first: { market: string; updates: number }[]; others: number } {
    const { updates } = marketCounter;
    const first = Array.from({ length: Math.min(max, this.marketCount) }, (_, market) => ({
      market: this.names.of(market).name,
      updates: this.marketColumn(market, updates),
    }));
    let others = 0;
    for (let market = first.length; market < this.marketCount; market++) others += this.marketColumn(market, updates);
    return { first, others };
  }

  /** Rejected frames by category, each category. */
  rejections(): Record<string, number> {
    const categories = REJECTION_NAMES.filter((name) => name !== '' && name !== 'dropped');
    return Object.fromEntries(categories.map((name) => [name, this.ingressValues[ingressCounter[name]]]));
  }

  /** Rejected frames by category; categories that never occurred are left out. */
  rejected(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.rejections()).filter(([, count]) => count > 0));
  }

  private shape(value: (column: number) => number, rejected: Readonly<Record<string, number>>): MarketStats {
    const entries = COLUMN_NAMES.map((name) => [name, value(COLUMNS[name])] as const);
    const { drops, resyncs, tradeRecords, bookChanges, ...rest } = Object.fromEntries(entries) as Record<
      ColumnName,
      number
    >;
    return { ...rest, rejected, drops, resyncs, tradeRecords, bookChanges };
  }

  /** A rejected frame was not applied, so which market it was meant for is not known. */
  market(market: number): MarketStats {
    return this.shape((column) => this.marketColumn(market, column), {});
  }

  total(): MarketStats {
    return this.shape((column) => this.sumColumn(column), this.rejected());
  }

  ingress(): Record<string, number> {
    return Object.fromEntries(INGRESS_COUNTERS.map(({ name }, index) => [name, this.ingressValues[index]]));
  }

  shard(shard: number): Record<string, number> {
    return Object.fromEntries(SHARD_COUNTERS.map(({ name }, index) => [name, this.shardValues[shard][index]]));
  }

  shardSum(name: keyof typeof shardCounter): number {
    return this.shardValues.reduce((sum, values) => sum + values[shardCounter[name]], 0);
  }

  rings(): RingStats[] {
    return this.queues.ringStats();
  }

  /** Markets in each trust state. */
  states(): Record<string, number> {
    const counts = BOOK_STATE_NAMES.map(() => 0);
    const rowWords = latest.sizeBytes / 4;
    for (let market = 0; market < this.marketCount; market++) {
      counts[Atomics.load(this.latestWords, market * rowWords + latest.at.state)]++;
    }
    return Object.fromEntries(BOOK_STATE_NAMES.map((name, index) => [name, counts[index]]));
  }

  /** The answer of `/v1/stats`; markets are left out for those who poll the rest. */
  report(connections: unknown[], publish: CounterTree, hasMarkets = true): object {
    const count = hasMarkets ? this.marketCount : 0;
    const names = Array.from({ length: count }, (_, market) => this.names.of(market).name);
    const markets = Object.fromEntries(
      names.map((name, market) => [name, { ...this.market(market), quality: this.quality.market(market) }]),
    );
    const venues = Object.fromEntries(this.quality.venues());
    const shards = this.memory.shards.map((_, shard) => ({ shard, ...this.shard(shard) }));
    const [total, rings, ingress] = [this.total(), this.rings(), this.ingress()];
    const queues = this.queues.report();
    return { total, venues, markets, connections, rings, queues, shards, ingress, publish };
  }
}
