// Owns whole seeded sessions: several markets through one dialect as lines of a recording, with the books they end in.

import { assert } from '../base/assert.ts';
import { TICK_US } from './encoder.ts';
import type { MarketEvent, TradeEvent } from './events.ts';
import { SyntheticMarket } from './market.ts';
import { type Random, seededRandom } from './random.ts';
import { KRAKEN_DEPTH, SessionLines } from './session-lines.ts';
import { marketSpecs, SYNTHETIC_VENUE, type SyntheticDialect } from './specs.ts';
import { canonicalText } from './text.ts';

export type SessionOptions = {
  readonly dialect: SyntheticDialect;
  readonly seed: number;
  readonly markets: number;
  /** Venue time the session spans, in seconds. */
  readonly spanS: number;
  /** Trades and deltas a second, over all markets. */
  readonly rate: number;
  /** Levels a side of each book, about. */
  readonly levels: number;
  readonly startUs: number;
  /** Venue connections the markets are spread over; lines carry `c` where there are several. */
  readonly connections: number;
  /** Nothing happens for this long in the middle, but what is due by time. */
  readonly quietS: number;
};

/** What a correct reader of the session ends with. */
export type MarketTruth = {
  /** `venue:symbol`. */
  readonly market: string;
  /** The last update id as this venue numbers it; null where it numbers no updates. */
  readonly venueSequence: number | null;
  /** Matches in the session's frames, those of past trades included. */
  readonly trades: number;
  readonly volume: string;
  readonly lastTradeId: number | null;
  /** Canonical [price, amount], best first; all levels, or those of the venue's depth. */
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
};

export type Session = { readonly lines: readonly string[]; readonly truth: readonly MarketTruth[] };

/** Steps a market takes before the session begins, so that books are worn in and past trades exist. */
const WARM_UP_STEPS = 300;
/** Past trades that a venue shows on subscribing. */
const RECENT_TRADES = 5;
/** First REST snapshot, and the distance between two, after the start. */
const REST_FIRST_US = 300_000;
const REST_STEP_US = 120_000;

type Tally = {
  readonly market: SyntheticMarket;
  trades: number;
  volumeLots: bigint;
  last: TradeEvent | null;
  updateId: number;
};

/** Runs the markets on one virtual clock. */
class SessionRun {
  private readonly options: SessionOptions;
  private readonly random: Random;
  private readonly tallies: Tally[];
  private readonly recentTrades = new Map<SyntheticMarket, TradeEvent[]>();
  private readonly lines: SessionLines;
  private readonly hasRestSnapshots: boolean;

  constructor(options: SessionOptions) {
    this.options = options;
    this.random = seededRandom(options.seed, `session:${options.dialect}`);
    this.hasRestSnapshots = options.dialect === 'binance' || options.dialect === 'binance-futures';
    const specs = marketSpecs(options.dialect, options.markets);
    this.tallies = specs.map((spec) => {
      const market = new SyntheticMarket(spec, options.seed, options.levels);
      this.warmUp(market);
      return { market, trades: 0, volumeLots: 0n, last: null, updateId: 0 };
    });
    this.lines = new SessionLines(options.dialect, specs, options.connections, this.random);
  }

  run(): Session {
    const { startUs, spanS, rate } = this.options;
    const endUs = startUs + spanS * 1e6;
    this.begin(startUs);
    const agenda = this.agenda(startUs, endUs);
    let timeUs = startUs + 10_000;
    while (timeUs < endUs) {
      timeUs = this.skipQuiet(timeUs + Math.ceil(this.random.exponential(1e6 / rate)));
      while (agenda.length > 0 && agenda[0].timeUs <= Math.min(timeUs, endUs)) agenda.shift()?.run();
      if (timeUs < endUs) this.step(this.tallies[this.random.zipf(this.tallies.length)], timeUs);
    }
    for (const tally of this.tallies) this.settle(tally, endUs + 1_000);
    this.lines.tick(endUs + TICK_US);
    return { lines: this.lines.sorted(), truth: this.tallies.map((tally) => this.truthOf(tally)) };
  }

  private warmUp(market: SyntheticMarket): void {
    const trades: TradeEvent[] = [];
    for (let step = 0; step < WARM_UP_STEPS || market.isUnsettled; step++) {
      const event = market.next(this.options.startUs - (WARM_UP_STEPS + 50 - step) * 20_000);
      if (event.kind === 'trade') trades.push(event);
    }
    this.recentTrades.set(market, trades.slice(-RECENT_TRADES));
  }

  /** Opens the connections; books that come in the stream come at once, others after at least one delta. */
  private begin(startUs: number): void {
    const past = this.options.dialect === 'coinbase' ? [...this.recentTrades.values()].flat() : [];
    this.lines.greet(startUs, past);
    for (const trade of past) this.count(trade);
    this.tallies.forEach((tally, index) => {
      const timeUs = startUs + 1_000 * (index + 1);
      if (this.hasRestSnapshots) this.settle(tally, timeUs, true);
      else this.emit(tally.market.snapshot(timeUs));
    });
  }

  /** What happens at set times: ticks, and REST snapshots of books that are settled at that moment. */
  private agenda(startUs: number, endUs: number): { timeUs: number; run: () => void }[] {
    const ticks = Array.from({ length: Math.floor((endUs - startUs) / TICK_US) }, (_, index) => {
      const timeUs = startUs + (index + 1) * TICK_US;
      return { timeUs, run: () => this.lines.tick(timeUs) };
    });
    const snapshots = (this.hasRestSnapshots ? this.tallies : []).map((tally, index) => {
      const timeUs = startUs + REST_FIRST_US + index * REST_STEP_US;
      return { timeUs, run: () => this.fetchSnapshot(tally, timeUs) };
    });
    return [...ticks, ...snapshots].sort((a, b) => a.timeUs - b.timeUs);
  }

  private fetchSnapshot(tally: Tally, timeUs: number): void {
    this.settle(tally, timeUs);
    this.lines.restSnapshot(tally.market.snapshot(timeUs));
  }

  private skipQuiet(timeUs: number): number {
    const { startUs, spanS, quietS } = this.options;
    const quietUs = startUs + (spanS / 2) * 1e6;
    return timeUs >= quietUs && timeUs < quietUs + quietS * 1e6 ? quietUs + quietS * 1e6 : timeUs;
  }

  private step(tally: Tally, timeUs: number): void {
    this.emit(tally.market.next(timeUs));
  }

  /** Goes on until deltas have shown everything; at least one step where `isForced`. */
  private settle(tally: Tally, timeUs: number, isForced = false): void {
    if (isForced) this.step(tally, timeUs);
    while (tally.market.isUnsettled) this.step(tally, timeUs);
  }

  private emit(event: MarketEvent): void {
    if (event.kind === 'trade') this.count(event);
    else this.tallyOf(event).updateId = event.kind === 'delta' ? event.lastUpdateId : event.updateId;
    this.lines.emit(event);
  }

  private count(trade: TradeEvent): void {
    const tally = this.tallyOf(trade);
    tally.trades++;
    tally.volumeLots += BigInt(trade.quantityLots);
    tally.last = trade;
  }

  private tallyOf(event: MarketEvent): Tally {
    const tally = this.tallies.find(({ market }) => market.spec === event.market);
    assert(tally !== undefined, `session: ${event.market.symbol} is not one of its markets`);
    return tally;
  }

  private truthOf(tally: Tally): MarketTruth {
    const { dialect } = this.options;
    const { spec } = tally.market;
    const levels = tally.market.levels(dialect === 'kraken' ? KRAKEN_DEPTH : Number.POSITIVE_INFINITY);
    const texts = (side: typeof levels.bids): [string, string][] =>
      side.map(({ priceTicks, quantityLots }) => [
        canonicalText(priceTicks, spec.priceDecimals),
        canonicalText(quantityLots, spec.quantityDecimals),
      ]);
    return {
      market: `${dialect === 'json' ? SYNTHETIC_VENUE : dialect}:${spec.symbol}`,
      venueSequence: this.lines.venueSequence(tally.updateId),
      trades: tally.trades,
      volume: canonicalText(tally.volumeLots, spec.quantityDecimals),
      lastTradeId: tally.last?.tradeId ?? null,
      bids: texts(levels.bids),
      asks: texts(levels.asks),
    };
  }
}

/** The same options give the same lines. */
export function buildSession(options: SessionOptions): Session {
  return new SessionRun(options).run();
}
