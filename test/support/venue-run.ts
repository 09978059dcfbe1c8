// Runs an engine on a simulated venue and judges it: each book it calls live must be one that the venue truly had, and its
// trades must be the venue's, each once.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShutdownSummary } from '../../engine/base/shutdown-summary.ts';
import type { FeedPlan } from '../../engine/connect/feed-plan.ts';
import type { FeedReport } from '../../engine/connect/report.ts';
import type { EngineOptions } from '../../engine/main.ts';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import type { PriceLevel } from '../../engine/simulate/protocol.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../engine/simulate/simulator.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { type Book, eventually, type Json, LiveEngine } from './live-engine.ts';

/** Levels a side that the connector of a venue subscribes to; 0 is all. Books of the runs have fewer where it is not said. */
const DEPTHS: Partial<Record<Dialect, number>> = { hyperliquid: 20, kraken: 10 };
export const LEVELS = 60;

/** Limits pass faster than at the venue, on both sides alike, so that a run of seconds meets what takes hours there. */
const LIMITS_SCALE = 10;

const ONE_DECIMALS = 18;
/** Between two looks at books, so that a test leaves the machine to the engine and to the tests beside it. */
const PAUSE_MS = 2;
/** The states of all markets are one long answer, made in the thread of the simulator: not asked for more often than this. */
const LOOK_MS = 100;

/** Units of 10^-18 of a decimal text. */
function unitsOf(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(ONE_DECIMALS, '0'));
}

export function feedPlan(venue: Dialect, symbols: readonly string[], url: string): FeedPlan {
  return {
    venue,
    symbols,
    url,
    token: null,
    proxy: null,
    ca: null,
    breakerFailures: 5,
    breakerRetries: 10,
    limitsScale: LIMITS_SCALE,
  };
}

/** What a run has beside the usual: other ways to the venue, settings of the engine, work before the engine begins. */
export type RunOptions = {
  readonly feed?: (simulator: Simulator) => Partial<FeedPlan>;
  readonly engine?: Partial<EngineOptions>;
  readonly before?: (simulator: Simulator) => void;
};

type MarketInfo = { readonly market: string; readonly state: string };
type Stats = { readonly feeds: readonly FeedReport[]; readonly markets: Readonly<Record<string, { trades: number }>> };

export class VenueRun {
  readonly venue: Dialect;
  readonly simulator: Simulator;
  readonly engine: LiveEngine;
  /** Books looked at while faults were on, those of them that were live, and any that the venue never had. */
  looked = 0;
  live = 0;
  readonly wrong: string[] = [];

  private constructor(venue: Dialect, simulator: Simulator, engine: LiveEngine) {
    this.venue = venue;
    this.simulator = simulator;
    this.engine = engine;
  }

  static async start(
    venue: Dialect,
    options: Partial<SimulatorOptions> = {},
    more: RunOptions = {},
  ): Promise<VenueRun> {
    const simulator = await startSimulator({
      venue,
      markets: 50,
      rate: 1_000,
      levels: LEVELS,
      limitsScale: LIMITS_SCALE,
      ...options,
    });
    more.before?.(simulator);
    const feeds = [{ ...feedPlan(venue, simulator.symbols, simulator.url), ...more.feed?.(simulator) }];
    const engine = await LiveEngine.start({ feeds, marketsMax: 1024, ...more.engine });
    return new VenueRun(venue, simulator, engine);
  }

  market(symbol: string): string {
    return `${this.venue}:${symbol}`;
  }

  async notLive(): Promise<string[]> {
    const markets = await this.engine.get<MarketInfo[]>('/v1/markets');
    return markets.filter(({ state }) => state !== 'live').map(({ market, state }) => `${market} ${state}`);
  }

  /** Every market has a live book. */
  async allLive(): Promise<void> {
    let left: string[] = [];
    try {
      await eventually('all books live', async () => {
        left = await this.notLive();
        if (left.length > 0) await sleep(LOOK_MS);
        return left.length === 0;
      });
    } catch {
      assert.fail(`not live: ${left.slice(0, 10).join(', ')} and in all ${left.length}; ${await this.told()}`);
    }
  }

  /** What the feed says of itself, for a failure. */
  private async told(): Promise<string> {
    const { feeds } = await this.engine.get<Stats>('/v1/stats');
    return JSON.stringify({ feeds, simulator: this.simulator.stats() });
  }

  book(symbol: string): Promise<Book> {
    return this.engine.get<Book>(`/v1/book/${encodeURIComponent(this.market(symbol))}?depth=0`);
  }

  private isTrue(symbol: string, book: Book): boolean {
    const levels = (side: Book['bids']): PriceLevel[] => side.map(({ price, amount }) => [price, amount]);
    const depth = DEPTHS[this.venue] ?? 0;
    return this.simulator.truth.versionOf(symbol, levels(book.bids), levels(book.asks), depth) !== null;
  }

  /** Looks at books in turn for so long. */
  async watch(ms: number): Promise<void> {
    const { symbols } = this.simulator;
    const until = performance.now() + ms;
    for (let at = 0; performance.now() < until; at++) {
      const symbol = symbols[at % symbols.length];
      const book = await this.book(symbol);
      this.looked++;
      await sleep(PAUSE_MS);
      if (book.state !== 'live') continue;
      this.live++;
      if (!this.isTrue(symbol, book))
        this.wrong.push(`${symbol} at venue sequence ${book.venueSequence}, seq ${book.seq}`);
    }
  }

  /** Faults of these kinds at these rates for so long, all the while watched. */
  async fault(rates: Readonly<Record<string, unknown>>, ms: number): Promise<void> {
    this.simulator.startFaults(faultPlanOf(rates));
    await this.watch(ms);
    this.simulator.stopFaults();
  }

  /** The venue comes to rest: each book must become, and be, exactly the venue's. */
  async settle(): Promise<void> {
    this.simulator.pause();
    for (const symbol of this.simulator.symbols) {
      let last: Book | null = null;
      try {
        await eventually(`${symbol} equal`, async () => {
          last = await this.book(symbol);
          return last.state === 'live' && this.isLatest(symbol, last);
        });
      } catch {
        assert.fail(`${this.market(symbol)}: expected the venue's book, was ${this.difference(symbol, last)}`);
      }
    }
  }

  private isLatest(symbol: string, book: Book): boolean {
    return this.difference(symbol, book) === '';
  }

  private difference(symbol: string, book: Book | null): string {
    const truth = this.simulator.truth.book(symbol);
    if (truth === null || book === null) return 'nothing';
    const depth = DEPTHS[this.venue] ?? Number.POSITIVE_INFINITY;
    for (const side of ['bids', 'asks'] as const) {
      const expected = truth[side].slice(0, depth).map(([price, quantity]) => `${Number(price)} ${Number(quantity)}`);
      const found = book[side].map(({ price, amount }) => `${Number(price)} ${Number(amount)}`);
      const at = Array.from({ length: Math.max(expected.length, found.length) }).findIndex(
        (_, index) => expected[index] !== found[index],
      );
      if (at >= 0) return `${book.state}, ${side} ${at}: ${found[at]} instead of ${expected[at]}`;
    }
    return '';
  }

  /**
   * Empty where the seconds of a market have the venue's trades, each once: by count and by exact volume. Begins with the
   * second after the first bar, which the engine may have in part, or from before the venue's history begins. With `mayLack`
   * a bar may lack trades that it says it lacks, and a second may have no bar.
   */
  async tradesDiffer(symbol: string, mayLack = false): Promise<string> {
    const path = `/v1/bars/${encodeURIComponent(this.market(symbol))}?kind=1s&limit=500`;
    const bars =
      await this.engine.get<{ volume: string; startTimestamp: string; trades: number; completeness: string }[]>(path);
    const made = this.simulator.truth.trades(symbol);
    const fromMs = Math.max(Date.parse(bars[0].startTimestamp), made[0].timeMs) + 1_000;
    const seconds = new Map<number, { count: number; units: bigint }>();
    const at = (timeMs: number): { count: number; units: bigint } => {
      const second = Math.floor(timeMs / 1_000);
      const known = seconds.get(second) ?? { count: 0, units: 0n };
      seconds.set(second, known);
      return known;
    };
    for (const { timeMs, quantity } of made) {
      at(timeMs).count++;
      at(timeMs).units += unitsOf(quantity);
    }
    for (const { startTimestamp, trades, volume } of bars) {
      at(Date.parse(startTimestamp)).count -= trades;
      at(Date.parse(startTimestamp)).units -= unitsOf(volume);
    }
    const whole = bars.filter(({ completeness }) => completeness !== 'gap');
    const judged = new Set(whole.map(({ startTimestamp }) => Date.parse(startTimestamp) / 1_000));
    const other = [...seconds].filter(
      ([second, { count, units }]) =>
        second * 1_000 >= fromMs && (count !== 0 || units !== 0n) && (!mayLack || judged.has(second)),
    );
    return other
      .map(([second, { count, units }]) => `${symbol} at ${second}: lacks ${count} trades, ${units}`)
      .join('; ');
  }

  async feed(): Promise<FeedReport> {
    const { feeds } = await this.engine.get<Stats>('/v1/stats');
    return feeds[0];
  }

  async stats(): Promise<Json> {
    return this.engine.get<Json>('/v1/stats');
  }

  /** Nothing that it opened for the venue is left. */
  async stop(): Promise<ShutdownSummary> {
    const summary = await this.engine.stop();
    assert.deepEqual([summary.totals['feedSocketsLeft'], summary.totals['feedTimersLeft']], [0, 0]);
    await eventually('sockets closed', () => this.simulator.stats().sockets.open === 0);
    await this.simulator.stop();
    await sleep(1);
    return summary;
  }
}
