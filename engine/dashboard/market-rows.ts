// What the list of markets knows of each: rate, change and a short past of prices, bounded however long the page is open.

import type { BookStateName, MarketRow } from '../../schemas/feed.ts';
import { decimalsOf } from './format.ts';
import { type PricePoint, PriceRing } from './price-ring.ts';

export type ListedMarket = {
  readonly market: string;
  state: BookStateName;
  reason: string | null;
  last: string | null;
  /** The most decimals its prices had, so that they do not jump. */
  decimals: number;
  /** Updates a second between the last two messages; null before there are two. */
  rate: number | null;
  past: PriceRing;
  /** When bars were last asked for; null before that. */
  pastAskedAtMs: number | null;
  updates: number;
  /** Of the last `markets` message that told of it; 0 where none did: the channel tells the first 500 alone. */
  atMs: number;
};

/** Bars of a market that no message tells of are read again, while it is in sight. */
export const PAST_AGAIN_MS = 10_000;

/** What bars say of a price, oldest first; the newest one's text, as the ring knows no digits. */
export type PastPrices = { readonly points: readonly PricePoint[]; readonly last: string | null };

export class MarketRows {
  private readonly byName = new Map<string, ListedMarket>();
  /** In the engine's order. */
  all: ListedMarket[] = [];
  private told = 0;

  /** Markets that the channel tells of each second. */
  get toldCount(): number {
    return this.told;
  }

  private of(market: string, state: BookStateName): ListedMarket {
    let row = this.byName.get(market);
    if (row === undefined) {
      const past = new PriceRing();
      row = {
        market,
        state,
        reason: null,
        last: null,
        decimals: 0,
        rate: null,
        past,
        pastAskedAtMs: null,
        updates: 0,
        atMs: 0,
      };
      this.byName.set(market, row);
      this.all.push(row);
    }
    return row;
  }

  /** Rows of a `markets` message told at `atMs`. */
  take(rows: readonly MarketRow[], atMs: number): void {
    for (const { market, state, reason, last, updates } of rows) {
      const row = this.of(market, state);
      const seconds = (atMs - row.atMs) / 1_000;
      if (seconds <= 0) continue;
      if (row.atMs === 0) this.told++;
      row.rate = row.atMs === 0 || updates < row.updates ? null : (updates - row.updates) / seconds;
      Object.assign(row, { state, reason, last, updates, atMs });
      if (last === null) continue;
      row.decimals = Math.max(row.decimals, decimalsOf(last));
      row.past.add(atMs, Number(last));
    }
  }

  /** Names and states of all markets, those beyond the rows of the channel too. */
  takeNames(markets: readonly { market: string; state: BookStateName; reason: string | null }[]): void {
    for (const { market, state, reason } of markets) {
      const row = this.of(market, state);
      if (row.atMs === 0) Object.assign(row, { state, reason });
    }
  }
}

/** Whether its bars are to be read at `nowMs`: once, and again and again where nothing else tells its price. */
export function wantsPast({ pastAskedAtMs, atMs }: ListedMarket, nowMs: number): boolean {
  return pastAskedAtMs === null || (atMs === 0 && nowMs - pastAskedAtMs >= PAST_AGAIN_MS);
}

/** Prices of before the page was opened; of a market that no message tells of all there are. */
export function takePast(row: ListedMarket, { points, last }: PastPrices): void {
  if (row.atMs !== 0 || last === null) {
    row.past.prepend(points);
    return;
  }
  row.past = new PriceRing();
  row.past.prepend(points);
  row.last = last;
  row.decimals = Math.max(row.decimals, decimalsOf(last));
}

/** Markets whose name, or state, holds every word of the filter, in any case. */
export function filtered(rows: readonly ListedMarket[], filter: string): ListedMarket[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter(({ market, state }) => {
    const text = `${market} ${state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export type Order = 'given' | 'name' | 'change' | 'rate' | 'state';

/** How urgent a state is: what is not live comes first. */
const URGENCY: Readonly<Record<BookStateName, number>> = { stale: 0, suspect: 1, resyncing: 2, syncing: 3, live: 4 };

/** Sorted; equal ones in the order they had. */
export function ordered(rows: readonly ListedMarket[], order: Order): ListedMarket[] {
  if (order === 'name') return rows.toSorted((a, b) => (a.market < b.market ? -1 : 1));
  if (order === 'rate') return rows.toSorted((a, b) => (b.rate ?? -1) - (a.rate ?? -1));
  if (order === 'state') return rows.toSorted((a, b) => URGENCY[a.state] - URGENCY[b.state]);
  if (order === 'change') return rows.toSorted((a, b) => changeOf(b) - changeOf(a));
  return [...rows];
}

function changeOf({ past }: ListedMarket): number {
  const [first, last] = [past.first, past.last];
  return first === null || last === null || first <= 0 ? Number.NEGATIVE_INFINITY : last / first;
}

/** Which rows to draw: those in sight and some beyond, so that scrolling shows no gaps. */
export function windowOf(
  count: number,
  scrollPx: number,
  heightPx: number,
  rowPx: number,
  beyond: number,
): { from: number; to: number } {
  const first = Math.floor(scrollPx / rowPx) - beyond;
  const from = Math.max(0, Math.min(first, count - 1));
  return { from, to: Math.min(count, Math.ceil((scrollPx + heightPx) / rowPx) + beyond) };
}
