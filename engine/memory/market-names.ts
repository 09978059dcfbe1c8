// Names of markets in shared memory: written once by the ingress thread, read by every other.

import { engineWords, marketRow } from '../../schemas/shared-state.ts';
import type { EngineMemory } from './engine-memory.ts';

const decoder = new TextDecoder();

export type MarketName = { readonly name: string; readonly venue: string; readonly symbol: string };

/** Reads names by id. Thread: any. */
export class MarketNames {
  private readonly words: Int32Array;
  private readonly rows: Uint8Array;
  private readonly known: MarketName[] = [];
  private readonly ids = new Map<string, number>();

  constructor(memory: EngineMemory) {
    this.words = new Int32Array(memory.words);
    this.rows = new Uint8Array(memory.marketRows);
  }

  get count(): number {
    return Atomics.load(this.words, engineWords.at.marketCount);
  }

  /** The name of a market below count. */
  of(market: number): MarketName {
    this.refresh();
    return this.known[market];
  }

  /** The id of `venue:symbol`, or -1. */
  idOf(name: string): number {
    this.refresh();
    return this.ids.get(name) ?? -1;
  }

  private refresh(): void {
    for (let market = this.known.length; market < this.count; market++) {
      const at = market * marketRow.sizeBytes;
      const nameBytes = this.rows[at + marketRow.at.nameBytes];
      const venueBytes = this.rows[at + marketRow.at.venueBytes];
      const from = at + marketRow.at.name;
      const name = decoder.decode(this.rows.slice(from, from + nameBytes));
      const venue = decoder.decode(this.rows.slice(from, from + venueBytes));
      this.known.push({ name, venue, symbol: name.slice(venue.length + 1) });
      this.ids.set(name, market);
    }
  }
}
