// Owns the markets of a shard: begun with their first record, anew, or as a checkpoint has them.

import { StateImageError } from '../engine/base/errors.ts';
import { planFor } from '../engine/base/market-plans.ts';
import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { MarketNames } from '../engine/memory/market-names.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../schemas/counters.ts';
import { StateReason } from '../schemas/ids.ts';
import type { ShardRecovery } from '../schemas/shard-task.ts';
import { shardWords } from '../schemas/shared-state.ts';
import { Market, type MarketParts, Unshown } from './market.ts';
import { MarketImages } from './market-image.ts';
import type { StateFault } from './shard-message.ts';

export type MarketTableOptions = {
  readonly tell: (fault: StateFault) => void;
  /** A market has come; it is not shown yet. */
  readonly opened: (market: Market) => void;
  /** A market that was known begins anew: its book and bars are lost and say so. */
  readonly begunAgain: (market: Market) => void;
};

export class MarketTable {
  /** In the order in which they came. */
  readonly markets: Market[] = [];
  readonly images: MarketImages;
  /** Time of the last clock record, µs since 1970, and of the latest one. */
  readonly clockUs = Float64Array.of(Number.NEGATIVE_INFINITY);
  readonly nowUs = Float64Array.of(Number.NEGATIVE_INFINITY);
  /** By index in `markets`: clock records before this moment have nothing to do there (MarketClock). */
  readonly nextLookUs: Float64Array;
  private readonly byId: (Market | undefined)[];
  private readonly memory: EngineMemory;
  private readonly shard: number;
  private readonly names: MarketNames;
  private readonly parts: MarketParts;
  private readonly options: MarketTableOptions;

  constructor(memory: EngineMemory, shard: number, parts: MarketParts, options: MarketTableOptions) {
    this.memory = memory;
    this.shard = shard;
    this.parts = parts;
    this.options = options;
    this.byId = new Array<Market | undefined>(memory.marketsMax).fill(undefined);
    this.names = new MarketNames(memory);
    this.images = new MarketImages(new Float64Array(memory.marketCounters), parts);
    this.nextLookUs = new Float64Array(memory.marketsMax).fill(Number.NEGATIVE_INFINITY);
  }

  of(id: number): Market {
    return this.byId[id] ?? this.add(id);
  }

  /** Undefined where no market has this id. */
  find(id: number): Market | undefined {
    return this.byId[id] ?? (id < this.names.count ? this.add(id) : undefined);
  }

  /** Ids of the shard's markets that have a name, whether records of theirs came or not. */
  *ids(): Generator<number> {
    for (let id = this.shard; id < this.names.count; id += this.memory.shards.length) yield id;
  }

  private add(id: number): Market {
    const market = this.make(id);
    this.open(market);
    return market;
  }

  /** A market that takes the next place once it is opened. */
  private make(id: number): Market {
    const row = new Float64Array(this.memory.marketCounters, id * MARKET_COUNTER_COLUMNS * 8, MARKET_COUNTER_COLUMNS);
    const name = this.names.of(id);
    const { plans } = this.parts;
    // Ingress takes only markets that a pattern matches; the last plan stands in for one it took before.
    const plan = planFor(plans, name.name) ?? plans.plans[plans.plans.length - 1];
    const { nowUs, nextLookUs } = this;
    return new Market(id, name, plan, row, this.parts, { nowUs, nextLookUs, at: this.markets.length });
  }

  private open(market: Market): void {
    this.byId[market.id] = market;
    this.markets.push(market);
    this.options.opened(market);
  }

  /** The shard ran before and ended: a market it knew, with nothing of its state. */
  beginAgain(id: number, nowNs: number): void {
    const market = this.add(id);
    market.book.forget(StateReason.restart, nowNs);
    // Numbers of changes go on: one that a reader holds from before must never mean another book.
    const counters = new Float64Array(this.memory.marketCounters);
    market.book.bookSequence = counters[id * MARKET_COUNTER_COLUMNS + marketCounter.bookChanges];
    market.bars.noteGap();
    this.options.begunAgain(market);
  }

  /** Takes up the markets of a checkpoint. Those that do not fit their image begin anew, and main is told. */
  restore({ clockUs, markets, rebuild }: ShardRecovery, nowNs: number): void {
    [this.clockUs[0], this.nowUs[0]] = clockUs;
    const known = new Set(markets.map(({ id }) => id));
    if (rebuild !== null) for (const id of this.ids()) if (!known.has(id)) this.images.clear(id);
    const words = new Int32Array(this.memory.shards[this.shard].words);
    for (const { id, name, image } of markets) {
      Atomics.add(words, shardWords.at.heartbeat, 1);
      if (id >= this.names.count || this.names.of(id).name !== name)
        this.options.tell({ op: 'state-fault', market: name, message: `expected it to be market ${id}, was another` });
      else this.restoreMarket(id, image, nowNs);
    }
  }

  private restoreMarket(id: number, image: Uint8Array, nowNs: number): void {
    const market = this.make(id);
    try {
      this.images.restore(market, image);
    } catch (error) {
      if (!(error instanceof StateImageError)) throw error;
      this.options.tell({ op: 'state-fault', market: market.name.name, message: error.message });
      this.beginAgain(id, nowNs);
      return;
    }
    market.unshown = Unshown.nothing;
    this.open(market);
  }
}
