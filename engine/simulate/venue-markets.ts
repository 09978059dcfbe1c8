// Owns the markets of a simulated venue and its time: lets events happen at a steady rate, until paused.

import { EngineClock, takeAnchor } from '../base/clock.ts';
import { OpenLoopSchedule } from '../synthetic/open-loop.ts';
import { type Random, seededRandom } from '../synthetic/random.ts';
import { type SimEvent, SimulatedMarket, venueSpecs } from './market.ts';
import type { SimMarket, SimulatedVenue, SimVenueState } from './protocol.ts';

/** Told of each event when the market stands after it. */
export type MarketListener = (market: SimMarket, event: SimEvent) => void;

export type VenueMarketsOptions = {
  readonly markets: number;
  /** Trades and changes a second, over all markets. */
  readonly rate: number;
  readonly seed: number;
  /** Levels a side of each book, about. */
  readonly levels: number;
};

/** Timers cannot do much better; at 1,000 events a second five happen at a time. */
const TIMER_MS = 5;

export class VenueMarkets implements SimVenueState {
  readonly markets: readonly SimulatedMarket[];
  private readonly bySymbol: ReadonlyMap<string, SimulatedMarket>;
  private readonly clock = new EngineClock(takeAnchor());
  private readonly random: Random;
  private readonly ratePerS: number;
  private readonly listener: MarketListener;
  private schedule: OpenLoopSchedule | null = null;
  private timer: NodeJS.Timeout | null = null;
  private steps = 0;

  constructor(simulated: SimulatedVenue, options: VenueMarketsOptions, listener: MarketListener) {
    const startMs = this.nowMs();
    const specs = venueSpecs(simulated, options.markets);
    this.markets = specs.map(
      (spec) => new SimulatedMarket(spec, options.seed, startMs, options.levels, simulated.changesOneLevel),
    );
    this.bySymbol = new Map(this.markets.map((market) => [market.symbol, market]));
    this.random = seededRandom(options.seed, 'venue');
    this.ratePerS = options.rate;
    this.listener = listener;
  }

  market(symbol: string): SimulatedMarket | null {
    return this.bySymbol.get(symbol) ?? null;
  }

  /** The venue's wall clock in whole milliseconds; never runs backwards. */
  nowMs(): number {
    return Math.floor(this.clock.wallUs(this.clock.nowNs()) / 1_000);
  }

  get isPaused(): boolean {
    return this.timer === null;
  }

  resume(): void {
    if (this.timer !== null || this.ratePerS === 0) return;
    this.schedule = new OpenLoopSchedule(this.nowMs() * 1_000, this.ratePerS);
    this.timer = setInterval(() => this.run(), TIMER_MS);
  }

  /** Stops events once changes have shown all trades. */
  pause(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    const nowMs = this.nowMs();
    for (const market of this.markets) while (market.isUnsettled) this.step(market, nowMs);
  }

  /** One event of one market, outside the schedule. */
  step(market: SimulatedMarket, timeMs: number): void {
    const event = market.step(timeMs);
    this.listener(market, event);
  }

  private run(): void {
    const { schedule } = this;
    if (schedule === null) return;
    const nowMs = this.nowMs();
    for (let left = schedule.due(nowMs * 1_000); left > 0; left--) {
      schedule.take();
      this.step(this.nextMarket(), nowMs);
    }
  }

  /** Half of the events go round all markets, so that none is silent; half to few of them, as in life. */
  private nextMarket(): SimulatedMarket {
    const count = this.markets.length;
    const step = this.steps++;
    return this.markets[step % 2 === 0 ? (step / 2) % count : this.random.zipf(count)];
  }
}
