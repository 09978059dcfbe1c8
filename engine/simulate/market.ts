// Owns one market of a simulated venue: the synthetic market in the venue's own decimal writing, its sequences and trades.

import { assert } from '../base/assert.ts';
import type { DeltaEvent, Level, TradeEvent } from '../synthetic/events.ts';
import { SyntheticMarket } from '../synthetic/market.ts';
import { type MarketSpec, marketSpecs } from '../synthetic/specs.ts';
import { fixedText } from '../synthetic/text.ts';
import type { PriceLevel, SimChange, SimMarket, SimTrade, SimulatedVenue } from './protocol.ts';
import { TextLadder } from './text-ladder.ts';

/** What happens in a market: a trade first, then the change that shows what it took. */
export type SimEvent =
  | { readonly kind: 'trade'; readonly trade: SimTrade }
  | { readonly kind: 'change'; readonly change: SimChange };

/** Levels a side, about: more than the deepest limited book that venues push (OKX 400 aside), small enough for 1,000 markets. */
export const LEVELS_DEFAULT = 200;
/** Trades kept for answers about the past; venues give 100 to 1,000 of them. */
const TRADES_KEPT = 2_000;
/** Events before the venue opens, so that books are worn in and past trades exist, and the time between two. */
const WARM_UP_STEPS = 100;
const WARM_UP_STEP_MS = 20;
/** Changes between two copies of the book that stale answers are made of. */
const COPY_EVERY = 24;

/** The name of a base in `BTC-USDT`. */
const JSON_QUOTE = '-USDT';

/** The specs of `count` markets with the venue's symbols and quantity decimals. */
export function venueSpecs(venue: Pick<SimulatedVenue, 'symbol' | 'quantityDecimals'>, count: number): MarketSpec[] {
  return marketSpecs('json', count).map((spec) => {
    const quantityDecimals = venue.quantityDecimals ?? spec.quantityDecimals;
    const scale = 10 ** (quantityDecimals - spec.quantityDecimals);
    return {
      ...spec,
      symbol: venue.symbol(spec.symbol.slice(0, -JSON_QUOTE.length)),
      quantityDecimals,
      meanLots: Math.max(1, Math.round(spec.meanLots * scale)),
    };
  });
}

/** A book that stands still, as a market was. */
export class MarketCopy implements SimMarket {
  readonly symbol: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly sequence: number;
  readonly timeMs: number;
  private readonly ladders: readonly [TextLadder, TextLadder];
  private readonly market: SimMarket;
  private readonly lastTradeId: number;

  constructor(market: SimMarket, bids: TextLadder, asks: TextLadder) {
    this.symbol = market.symbol;
    this.priceDecimals = market.priceDecimals;
    this.quantityDecimals = market.quantityDecimals;
    this.sequence = market.sequence;
    this.timeMs = market.timeMs;
    this.ladders = [bids.copy(), asks.copy()];
    this.market = market;
    this.lastTradeId = market.trades(1)[0]?.id ?? -1;
  }

  bids(depth?: number): PriceLevel[] {
    return this.ladders[0].best(depth);
  }

  asks(depth?: number): PriceLevel[] {
    return this.ladders[1].best(depth);
  }

  trades(limit: number): readonly SimTrade[] {
    if (limit <= 0) return [];
    return this.market
      .trades(TRADES_KEPT)
      .filter((trade) => trade.id <= this.lastTradeId)
      .slice(-limit);
  }
}

export class SimulatedMarket implements SimMarket {
  readonly symbol: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  sequence: number;
  timeMs: number;
  private readonly market: SyntheticMarket;
  /** The book as the changes so far show it: trades that no change has shown yet are not in it. */
  private readonly bidLadder = new TextLadder(true);
  private readonly askLadder = new TextLadder(false);
  private readonly changesOneLevel: boolean;
  /** Levels of the last change that are still to be told, each as a change. */
  private readonly waiting: { readonly isBid: boolean; readonly level: PriceLevel }[] = [];
  private readonly pastTrades: SimTrade[] = [];
  private changesUntilCopy = COPY_EVERY;
  private lastCopy: MarketCopy;
  private staleCopy: MarketCopy;

  /** Everything but the times follows from `seed` and the symbol; `levels` is about how many a side has. */
  constructor(
    spec: MarketSpec,
    seed: number,
    startMs: number,
    levels: number = LEVELS_DEFAULT,
    changesOneLevel = false,
  ) {
    this.changesOneLevel = changesOneLevel;
    this.symbol = spec.symbol;
    this.priceDecimals = spec.priceDecimals;
    this.quantityDecimals = spec.quantityDecimals;
    this.market = new SyntheticMarket(spec, seed, levels);
    const first = this.market.snapshot(startMs * 1000);
    this.sequence = first.updateId;
    this.timeMs = startMs - (WARM_UP_STEPS + 10) * WARM_UP_STEP_MS;
    for (const level of first.bids) this.bidLadder.set(this.textOf(level));
    for (const level of first.asks) this.askLadder.set(this.textOf(level));
    this.lastCopy = new MarketCopy(this, this.bidLadder, this.askLadder);
    this.staleCopy = this.lastCopy;
    for (let step = 0; step < WARM_UP_STEPS; step++) this.step(this.timeMs + WARM_UP_STEP_MS);
    this.settle(this.timeMs);
  }

  /** Whether trades are out whose change is still to come. */
  get isUnsettled(): boolean {
    return this.market.isUnsettled || this.waiting.length > 0;
  }

  bids(depth?: number): PriceLevel[] {
    return this.bidLadder.best(depth);
  }

  asks(depth?: number): PriceLevel[] {
    return this.askLadder.best(depth);
  }

  trades(limit: number): readonly SimTrade[] {
    return limit > 0 ? this.pastTrades.slice(-limit) : [];
  }

  /** The market as it was some changes ago: at least one, at most twice COPY_EVERY. */
  asItWas(): SimMarket {
    return this.staleCopy;
  }

  /** The next thing that happens, at `timeMs` or, where that lies before the last, at the last time. */
  step(timeMs: number): SimEvent {
    this.timeMs = Math.max(this.timeMs, timeMs);
    const waiting = this.waiting.shift();
    if (waiting !== undefined) return { kind: 'change', change: this.noteLevel(waiting.isBid, waiting.level) };
    const event = this.market.next(this.timeMs * 1000);
    return event.kind === 'trade'
      ? { kind: 'trade', trade: this.noteTrade(event) }
      : { kind: 'change', change: this.changesOneLevel ? this.noteFirst(event) : this.noteChange(event) };
  }

  /** The first level of a change; removals go before all else, so that the book is crossed at no time. */
  private noteFirst({ bids, asks }: DeltaEvent): SimChange {
    const levels = [
      ...bids.map((level) => ({ isBid: true, isRemoval: level.quantityLots === 0, level: this.textOf(level) })),
      ...asks.map((level) => ({ isBid: false, isRemoval: level.quantityLots === 0, level: this.textOf(level) })),
    ].sort((a, b) => Number(b.isRemoval) - Number(a.isRemoval));
    this.waiting.push(...levels.slice(1));
    return this.noteLevel(levels[0].isBid, levels[0].level);
  }

  private noteLevel(isBid: boolean, level: PriceLevel): SimChange {
    const sequence = this.sequence + 1;
    return this.take({
      timeMs: this.timeMs,
      firstSequence: sequence,
      lastSequence: sequence,
      previousSequence: this.sequence,
      bids: isBid ? [level] : [],
      asks: isBid ? [] : [level],
    });
  }

  /** What is still to come until changes show all trades. */
  settle(timeMs: number): SimEvent[] {
    const events: SimEvent[] = [];
    while (this.isUnsettled) events.push(this.step(timeMs));
    return events;
  }

  private noteTrade(event: TradeEvent): SimTrade {
    const trade: SimTrade = {
      timeMs: this.timeMs,
      id: event.tradeId,
      price: fixedText(event.priceTicks, this.priceDecimals),
      quantity: fixedText(event.quantityLots, this.quantityDecimals),
      takerSide: event.aggressorSide,
    };
    this.pastTrades.push(trade);
    if (this.pastTrades.length >= TRADES_KEPT * 2) this.pastTrades.splice(0, TRADES_KEPT);
    return trade;
  }

  private noteChange(event: DeltaEvent): SimChange {
    assert(event.firstUpdateId === this.sequence + 1, `${this.symbol}: expected changes without a hole`);
    return this.take({
      timeMs: this.timeMs,
      firstSequence: event.firstUpdateId,
      lastSequence: event.lastUpdateId,
      previousSequence: this.sequence,
      bids: event.bids.map((level) => this.textOf(level)),
      asks: event.asks.map((level) => this.textOf(level)),
    });
  }

  private take(change: SimChange): SimChange {
    this.keepCopy();
    for (const level of change.bids) this.bidLadder.set(level);
    for (const level of change.asks) this.askLadder.set(level);
    this.sequence = change.lastSequence;
    return change;
  }

  /** Before a change, so that a copy is always older than the market. */
  private keepCopy(): void {
    if (--this.changesUntilCopy > 0) return;
    this.changesUntilCopy = COPY_EVERY;
    this.staleCopy = this.lastCopy;
    this.lastCopy = new MarketCopy(this, this.bidLadder, this.askLadder);
  }

  private textOf({ priceTicks, quantityLots }: Level): PriceLevel {
    return [fixedText(priceTicks, this.priceDecimals), fixedText(quantityLots, this.quantityDecimals)];
  }
}
