// Owns the true history of a simulated venue: every change and trade in memory, and which version of a book some levels are.

import { assert } from '../base/assert.ts';
import type { PriceLevel, SimChange, SimMarket, SimTrade } from './protocol.ts';
import { hashLevel, keyOfSum, type LevelSum, TextLadder } from './text-ladder.ts';

/** A book as it truly stood after the change with this last sequence. */
export type TruthVersion = { readonly sequence: number; readonly timeMs: number };

export type TruthBook = TruthVersion & { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] };

/** Where the history is written to as well. */
export type TruthSink = {
  book(symbol: string, book: TruthBook): void;
  change(symbol: string, change: SimChange, hash: string): void;
  trade(symbol: string, trade: SimTrade): void;
};

/**
 * Changes and trades kept, were all markets as busy as the busiest; in fact a fifth of it, at some 600 bytes each 200 MB.
 * The busiest of 50 markets has 100 events in 1,000: its last 16,000 are minutes at 1,000 a second.
 */
const ENTRIES_KEPT = 1_600_000;
/** And at least of one market. */
const ENTRIES_KEPT_MIN = 200;

/** Every level of a book. */
const ALL = Number.POSITIVE_INFINITY;

/** Hashes of the best levels of each version, made for a depth when it is first asked for. */
class DepthIndex {
  readonly depth: number;
  /** One per version, oldest first. */
  private readonly hashes: number[] = [];
  /** The latest version with this hash, counted from the market's first. */
  private readonly versions = new Map<number, number>();
  private dropped = 0;

  constructor(depth: number) {
    this.depth = depth;
  }

  add(bids: TextLadder, asks: TextLadder): void {
    const sum: LevelSum = { high: 0, low: 0 };
    bids.addTo(sum, this.depth);
    asks.addTo(sum, this.depth);
    const hash = keyOfSum(sum);
    this.versions.set(hash, this.dropped + this.hashes.length);
    this.hashes.push(hash);
  }

  last(): number {
    return this.hashes[this.hashes.length - 1];
  }

  dropOldest(count: number): void {
    const gone = this.hashes.splice(0, count);
    gone.forEach((hash, index) => {
      if (this.versions.get(hash) === this.dropped + index) this.versions.delete(hash);
    });
    this.dropped += gone.length;
  }

  /** Its place among the versions held, or -1. */
  find(hash: number): number {
    const version = this.versions.get(hash);
    return version === undefined ? -1 : version - this.dropped;
  }
}

function apply(bids: TextLadder, asks: TextLadder, change: SimChange): void {
  for (const level of change.bids) bids.set(level);
  for (const level of change.asks) asks.set(level);
}

function sumOf(levels: readonly PriceLevel[], isBid: boolean, depth: number, sum: LevelSum): void {
  for (let i = 0; i < Math.min(depth, levels.length); i++) {
    const { high, low } = hashLevel(isBid, levels[i]);
    sum.high = (sum.high + high) | 0;
    sum.low = (sum.low + low) | 0;
  }
}

/** One market: version 0 is `base`, version n stands after `changes[n - 1]`. */
class MarketTruth {
  private readonly baseBids = new TextLadder(true);
  private readonly baseAsks = new TextLadder(false);
  private readonly bids = new TextLadder(true);
  private readonly asks = new TextLadder(false);
  private base: TruthVersion;
  private readonly changes: SimChange[] = [];
  private readonly pastTrades: SimTrade[] = [];
  private readonly indexes = new Map<number, DepthIndex>();
  private readonly kept: number;

  constructor(market: SimMarket, kept: number) {
    this.kept = kept;
    this.base = { sequence: market.sequence, timeMs: market.timeMs };
    for (const level of market.bids()) {
      this.baseBids.set(level);
      this.bids.set(level);
    }
    for (const level of market.asks()) {
      this.baseAsks.set(level);
      this.asks.set(level);
    }
    this.indexOf(ALL);
  }

  noteChange(change: SimChange): void {
    const before = this.changes.at(-1)?.lastSequence ?? this.base.sequence;
    assert(change.previousSequence === before, `truth: expected a change after ${before}, was ${change.firstSequence}`);
    this.changes.push(change);
    apply(this.bids, this.asks, change);
    for (const index of this.indexes.values()) index.add(this.bids, this.asks);
    if (this.changes.length >= this.kept * 2) this.dropOldest(this.kept);
  }

  noteTrade(trade: SimTrade): void {
    this.pastTrades.push(trade);
    if (this.pastTrades.length >= this.kept * 2) this.pastTrades.splice(0, this.kept);
  }

  hash(): string {
    return this.indexOf(ALL).last().toString(16).padStart(14, '0');
  }

  versionOf(bids: readonly PriceLevel[], asks: readonly PriceLevel[], depth: number): TruthVersion | null {
    const sum: LevelSum = { high: 0, low: 0 };
    sumOf(bids, true, depth, sum);
    sumOf(asks, false, depth, sum);
    const version = this.indexOf(depth).find(keyOfSum(sum));
    if (version < 0) return null;
    return version === 0 ? this.base : this.versionAfter(this.changes[version - 1]);
  }

  /** The book after the last change that is not later than `sequence`. */
  bookAt(sequence: number): TruthBook | null {
    if (sequence < this.base.sequence) return null;
    const [bids, asks] = [this.baseBids.copy(), this.baseAsks.copy()];
    let version = this.base;
    for (const change of this.changes) {
      if (change.lastSequence > sequence) break;
      apply(bids, asks, change);
      version = this.versionAfter(change);
    }
    return { ...version, bids: bids.best(), asks: asks.best() };
  }

  latest(): TruthBook {
    const change = this.changes.at(-1);
    const version = change === undefined ? this.base : this.versionAfter(change);
    return { ...version, bids: this.bids.best(), asks: this.asks.best() };
  }

  trades(afterId: number): readonly SimTrade[] {
    return this.pastTrades.filter((trade) => trade.id > afterId);
  }

  private versionAfter(change: SimChange): TruthVersion {
    return { sequence: change.lastSequence, timeMs: change.timeMs };
  }

  private indexOf(depth: number): DepthIndex {
    const known = this.indexes.get(depth);
    if (known !== undefined) return known;
    const index = new DepthIndex(depth);
    const [bids, asks] = [this.baseBids.copy(), this.baseAsks.copy()];
    index.add(bids, asks);
    for (const change of this.changes) {
      apply(bids, asks, change);
      index.add(bids, asks);
    }
    this.indexes.set(depth, index);
    return index;
  }

  private dropOldest(count: number): void {
    const gone = this.changes.splice(0, count);
    for (const change of gone) apply(this.baseBids, this.baseAsks, change);
    this.base = this.versionAfter(gone[gone.length - 1]);
    for (const index of this.indexes.values()) index.dropOldest(count);
  }
}

export class TruthLog {
  private readonly markets = new Map<string, MarketTruth>();
  private readonly sink: TruthSink | null;

  constructor(markets: readonly SimMarket[], sink: TruthSink | null = null, entriesKept: number = ENTRIES_KEPT) {
    this.sink = sink;
    const kept = Math.max(ENTRIES_KEPT_MIN, Math.floor(entriesKept / 2 / Math.max(1, markets.length)));
    for (const market of markets) {
      const truth = new MarketTruth(market, kept);
      this.markets.set(market.symbol, truth);
      sink?.book(market.symbol, truth.latest());
    }
  }

  get symbols(): readonly string[] {
    return [...this.markets.keys()];
  }

  noteChange(symbol: string, change: SimChange): void {
    const market = this.marketOf(symbol);
    market.noteChange(change);
    this.sink?.change(symbol, change, market.hash());
  }

  noteTrade(symbol: string, trade: SimTrade): void {
    this.marketOf(symbol).noteTrade(trade);
    this.sink?.trade(symbol, trade);
  }

  /**
   * The latest version of the market's book that has exactly these levels, best first, or null where it never had them.
   * `depth` compares the best levels of each side alone; 0 compares all. Decimals are compared by value.
   */
  versionOf(
    symbol: string,
    bids: readonly PriceLevel[],
    asks: readonly PriceLevel[],
    depth: number = 0,
  ): TruthVersion | null {
    return this.markets.get(symbol)?.versionOf(bids, asks, depth === 0 ? ALL : depth) ?? null;
  }

  /** The book after the last change not later than `sequence`; null where the history does not reach back so far. */
  bookAt(symbol: string, sequence: number): TruthBook | null {
    return this.markets.get(symbol)?.bookAt(sequence) ?? null;
  }

  /** The book as it stands. */
  book(symbol: string): TruthBook | null {
    return this.markets.get(symbol)?.latest() ?? null;
  }

  /** Trades since the venue opened, oldest first, as far as they are kept. */
  trades(symbol: string, afterId: number = -1): readonly SimTrade[] {
    return this.markets.get(symbol)?.trades(afterId) ?? [];
  }

  private marketOf(symbol: string): MarketTruth {
    const market = this.markets.get(symbol);
    assert(market !== undefined, `truth: expected one of its markets, was ${symbol}`);
    return market;
  }
}
