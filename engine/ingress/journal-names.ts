// Whose id is whose: a journal numbers markets in the order in which its engine met them, and a replay in its own.

import type { EngineMemory } from '../memory/engine-memory.ts';
import { MarketNames } from '../memory/market-names.ts';
import type { MarketDirectory } from '../route/markets.ts';

/**
 * Notes the order in which the sessions of one journal name markets: that is how its engine gave them their ids. What a
 * checkpoint tells goes before, because behind a missing entry the order is not known.
 */
export class JournalNames {
  /** The directory for sessions of this journal: as the real one, with what they ask for noted. */
  readonly directory: MarketDirectory;
  private readonly markets: MarketDirectory;
  private readonly names: MarketNames;
  private readonly told: readonly string[];
  /** Names by the journal's ids. */
  private readonly order: string[] = [];
  private readonly named = new Set<string>();
  /** By the replay's id, 1 once it was noted: spares a look at its name. */
  private readonly isNoted: Uint8Array;
  private pending: number[] = [];
  private certain = Number.POSITIVE_INFINITY;

  constructor(memory: EngineMemory, markets: MarketDirectory, told: readonly string[]) {
    this.markets = markets;
    this.names = new MarketNames(memory);
    this.told = told;
    this.isNoted = new Uint8Array(memory.marketsMax);
    this.directory = this.noting(markets);
  }

  /** Every method that sessions call is one of these, so none runs on the object made here. */
  private noting(markets: MarketDirectory): MarketDirectory {
    const find: MarketDirectory['find'] = (...symbol) => this.note(markets.find(...symbol));
    return Object.create(markets, {
      find: { value: find },
      confirm: { value: () => this.confirm() },
      rollback: { value: () => this.rollback() },
      hasProvisional: { get: () => this.pending.length > 0 || markets.hasProvisional },
      size: { get: () => markets.size },
    }) as MarketDirectory;
  }

  private note(id: number): number {
    if (id >= 0 && this.isNoted[id] === 0) {
      this.isNoted[id] = 1;
      this.pending.push(id);
    }
    return id;
  }

  private confirm(): void {
    this.markets.confirm();
    this.adopt(this.pending.map((id) => this.names.of(id).name));
    this.pending = [];
  }

  private rollback(): void {
    for (const id of this.pending) this.isNoted[id] = 0;
    this.pending = [];
    this.markets.rollback();
  }

  /** Markets get the next ids of the journal. */
  adopt(names: readonly string[]): void {
    for (const name of names) {
      if (this.named.has(name)) continue;
      this.named.add(name);
      this.order.push(name);
    }
  }

  /** Markets named so far. */
  get count(): number {
    return this.order.length;
  }

  /** Takes back the names behind the first `count`: the journal's engine refused what named them. */
  cutTo(count: number): void {
    for (const name of this.order.splice(count)) {
      this.named.delete(name);
      const id = this.names.idOf(name);
      if (id >= 0) this.isNoted[id] = 0;
    }
  }

  /** Entries are missing: which ids came with them is not known. */
  doubt(): void {
    this.certain = Math.min(this.certain, this.order.length);
  }

  /** The replay's ids of all markets that this journal has named. */
  get known(): number[] {
    return this.order.map((name) => this.names.idOf(name)).filter((id) => id >= 0);
  }

  /** The replay's id of a market of the journal; -1 where it is not known. */
  of(market: number): number {
    const name = this.told[market] ?? (market < this.certain ? this.order[market] : undefined);
    return name === undefined ? -1 : this.names.idOf(name);
  }
}
