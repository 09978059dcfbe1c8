// Data quality of markets and venues, read from shared counters and latest values: activity, skew, completeness, flags.

import { MARKET_COUNTER_COLUMNS, marketCounter, marketMeasure } from '../../schemas/counters.ts';
import { ACTIVITY_NAMES, Activity, latest } from '../../schemas/shared-state.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { MarketNames } from '../memory/market-names.ts';

/** Receive time minus venue time since the start, in milliseconds with three decimals; venue clocks are part of it. */
export type Skew = { readonly minMs: number; readonly meanMs: number; readonly maxMs: number };

/** Share of what the venue is known to have sent that came, 0 to 1; null where nothing came or is missing. */
export type ChannelCompleteness = { readonly book: number | null; readonly trade: number | null };

type Counted = {
  readonly outOfOrder: number;
  readonly skew: Skew | null;
  readonly completeness: ChannelCompleteness;
  readonly crossed: number;
  readonly locked: number;
  readonly outliers: number;
};

export type MarketQualityStats = { readonly activity: (typeof ACTIVITY_NAMES)[number] } & Counted;

export type VenueQualityStats = { readonly markets: number } & Readonly<
  Record<(typeof ACTIVITY_NAMES)[number], number>
> &
  Counted;

const US_PER_MS = 1000;

function roundMs(us: number): number {
  return Math.round(us) / US_PER_MS;
}

function share(came: number, missing: number): number | null {
  return came + missing === 0 ? null : came / (came + missing);
}

/** Sums over markets: counters add up, the least and the greatest skew stay the least and the greatest. */
class Sums {
  markets = 0;
  readonly activities = ACTIVITY_NAMES.map(() => 0);
  private readonly sums = new Float64Array(MARKET_COUNTER_COLUMNS);
  private leastUs = Number.POSITIVE_INFINITY;
  private greatestUs = Number.NEGATIVE_INFINITY;

  /** Adds the market whose row of counters begins at `base`. */
  add(counters: Float64Array, base: number, activity: number): void {
    const { skewCount, skewMinUs, skewMaxUs } = marketMeasure;
    const hasSkew = counters[base + skewCount] > 0;
    const least = hasSkew ? counters[base + skewMinUs] : Number.POSITIVE_INFINITY;
    const greatest = hasSkew ? counters[base + skewMaxUs] : Number.NEGATIVE_INFINITY;
    for (let column = 0; column < MARKET_COUNTER_COLUMNS; column++) this.sums[column] += counters[base + column];
    this.leastUs = Math.min(this.leastUs, least);
    this.greatestUs = Math.max(this.greatestUs, greatest);
    this.markets++;
    this.activities[activity]++;
  }

  private skew(): Skew | null {
    const count = this.sums[marketMeasure.skewCount];
    // The first sample may come between the two looks at its market.
    if (count === 0 || this.leastUs > this.greatestUs) return null;
    const meanUs = this.sums[marketMeasure.skewSumUs] / count;
    return { minMs: roundMs(this.leastUs), meanMs: roundMs(meanUs), maxMs: roundMs(this.greatestUs) };
  }

  counted(): Counted {
    const { sums } = this;
    const { bookChanges, lost, lostTrades, tradeRecords, outOfOrder, crossed, locked, outliers } = marketCounter;
    // Counters of another thread may be read between two of its stores: lostTrades a moment ahead of lost.
    const lostChanges = Math.max(0, sums[lost] - sums[lostTrades]);
    return {
      outOfOrder: sums[outOfOrder],
      skew: this.skew(),
      completeness: {
        book: share(sums[bookChanges], lostChanges),
        trade: share(sums[tradeRecords], sums[lostTrades]),
      },
      crossed: sums[crossed],
      locked: sums[locked],
      outliers: sums[outliers],
    };
  }
}

/** Reads the quality of one engine's markets. Thread: main; each value may be one update old, none is torn. */
export class Quality {
  private readonly names: MarketNames;
  private readonly counters: Float64Array;
  private readonly latestWords: Int32Array;

  constructor(memory: EngineMemory, names: MarketNames) {
    this.names = names;
    this.counters = new Float64Array(memory.marketCounters);
    this.latestWords = new Int32Array(memory.latest);
  }

  private activity(market: number): Activity {
    const word = (market * latest.sizeBytes) / 4 + latest.at.activity;
    return Atomics.load(this.latestWords, word) as Activity;
  }

  private sum(sums: Sums, market: number): Sums {
    sums.add(this.counters, market * MARKET_COUNTER_COLUMNS, this.activity(market));
    return sums;
  }

  market(market: number): MarketQualityStats {
    return { activity: ACTIVITY_NAMES[this.activity(market)], ...this.sum(new Sums(), market).counted() };
  }

  private static venueStats(sums: Sums): VenueQualityStats {
    const [active, quiet, dead] = [Activity.active, Activity.quiet, Activity.dead].map((of) => sums.activities[of]);
    return { markets: sums.markets, active, quiet, dead, ...sums.counted() };
  }

  /** Each venue's markets together, in the order in which venues appeared; those after the first `max` as `others`. */
  venues(max = Number.POSITIVE_INFINITY, others = ''): Map<string, VenueQualityStats> {
    const byVenue = new Map<string, Sums>();
    for (let market = 0; market < this.names.count; market++) {
      const { venue } = this.names.of(market);
      const key = byVenue.has(venue) || byVenue.size < max ? venue : others;
      byVenue.set(key, this.sum(byVenue.get(key) ?? new Sums(), market));
    }
    return new Map([...byVenue].map(([venue, sums]) => [venue, Quality.venueStats(sums)]));
  }

  /** All markets together. */
  total(): VenueQualityStats {
    const sums = new Sums();
    for (let market = 0; market < this.names.count; market++) this.sum(sums, market);
    return Quality.venueStats(sums);
  }
}
