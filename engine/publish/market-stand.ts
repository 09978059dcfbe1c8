// How markets stand at a scrape: trust states, reasons and the last record, read from the latest values of all in one go.

import { BOOK_STATE_NAMES, BookState, STATE_REASON_NAMES } from '../../schemas/ids.ts';
import { latest } from '../../schemas/shared-state.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { MarketNames } from '../memory/market-names.ts';
import { readOnce } from './read-metrics.ts';

const US_PER_S = 1e6;
const ROW_I32 = latest.sizeBytes / 4;
const ROW_F64 = latest.sizeBytes / 8;

export type VenueStand = {
  readonly venue: string;
  readonly states: Readonly<Record<string, number>>;
  /** Receive time of its last record, seconds since 1970; null before the first. */
  readonly lastS: number | null;
  /** That time minus the venue's own; null where it gave none. */
  readonly lagS: number | null;
};

type Sums = { readonly states: number[]; lastNs: number; venueUs: number };

/** Reads plain words while shards write: each value is one that was, and two of a market may be one record apart. */
export class MarketStand {
  readonly venues: () => VenueStand[];
  private readonly names: MarketNames;
  private readonly clock: EngineClock;
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  private readonly venuesMax: number;
  private readonly others: string;

  /** Venues that came after the first `venuesMax` are one, named `others`. */
  constructor(memory: EngineMemory, names: MarketNames, clock: EngineClock, venuesMax: number, others: string) {
    this.names = names;
    this.clock = clock;
    this.i32 = new Int32Array(memory.latest);
    this.f64 = new Float64Array(memory.latest);
    this.venuesMax = venuesMax;
    this.others = others;
    this.venues = readOnce(() => this.readVenues());
  }

  private stateOf(market: number): BookState {
    return Atomics.load(this.i32, market * ROW_I32 + latest.at.state) as BookState;
  }

  /** The first markets that came, and whether their books are live. */
  firstMarkets(max: number): { market: string; isLive: boolean }[] {
    return Array.from({ length: Math.min(max, this.names.count) }, (_, market) => ({
      market: this.names.of(market).name,
      isLive: this.stateOf(market) === BookState.live,
    }));
  }

  /** Markets whose book is not live, by reason; each reason is there. */
  reasons(): Record<string, number> {
    const counts = STATE_REASON_NAMES.map(() => 0);
    for (let market = 0; market < this.names.count; market++) {
      if (this.stateOf(market) === BookState.live) continue;
      counts[Atomics.load(this.i32, market * ROW_I32 + latest.at.reason)]++;
    }
    return Object.fromEntries(STATE_REASON_NAMES.map((name, index) => [name ?? 'none', counts[index]]));
  }

  private readVenues(): VenueStand[] {
    const byVenue = new Map<string, Sums>();
    for (let market = 0; market < this.names.count; market++) {
      const { venue } = this.names.of(market);
      const key = byVenue.has(venue) || byVenue.size < this.venuesMax ? venue : this.others;
      const sums = byVenue.get(key) ?? { states: BOOK_STATE_NAMES.map(() => 0), lastNs: 0, venueUs: 0 };
      byVenue.set(key, sums);
      this.add(sums, market);
    }
    return [...byVenue].map(([venue, sums]) => this.told(venue, sums));
  }

  private add(sums: Sums, market: number): void {
    sums.states[this.stateOf(market)]++;
    const receivedNs = this.f64[market * ROW_F64 + latest.at.receiveTimeNs];
    if (receivedNs <= sums.lastNs) return;
    sums.lastNs = receivedNs;
    sums.venueUs = this.f64[market * ROW_F64 + latest.at.exchangeTimeUs];
  }

  private told(venue: string, { states, lastNs, venueUs }: Sums): VenueStand {
    const receivedUs = this.clock.wallUs(lastNs);
    return {
      venue,
      states: Object.fromEntries(BOOK_STATE_NAMES.map((name, index) => [name, states[index]])),
      lastS: lastNs === 0 ? null : receivedUs / US_PER_S,
      lagS: lastNs === 0 || venueUs === 0 ? null : (receivedUs - venueUs) / US_PER_S,
    };
  }
}
