// Owns one seeded market: its stream of trades and book deltas, their ids, and the book they lead to.

import type { DeltaEvent, Levels, SnapshotEvent, TradeEvent } from './events.ts';
import { MovingBook } from './moving-book.ts';
import { type Random, seededRandom } from './random.ts';
import type { MarketSpec } from './specs.ts';

/**
 * Trades come in clusters: each taker's order raises the chance of the next, which then fades (a Hawkes process counted
 * in events, not time). An order brings EXCITEMENT / (1 - FADING) = 0.8 further ones on average, so clusters end.
 */
const ORDER_CHANCE = 0.05;
const EXCITEMENT = 0.12;
const FADING = 0.85;
const ORDER_CHANCE_MAX = 0.6;
/** Chance that an order goes the way of the one before it. */
const SAME_SIDE_CHANCE = 0.7;
/** Matches of one order at most. */
const MATCHES_MAX = 6;

const LEVELS_DEFAULT = 200;

type TakerOrder = { readonly isBuy: boolean; lotsLeft: number; matchesLeft: number };

export class SyntheticMarket {
  readonly spec: MarketSpec;
  private readonly random: Random;
  private readonly book: MovingBook;
  private updateId: number;
  private tradeId: number;
  private order: TakerOrder | null = null;
  private wasBuy = true;
  private excitement = 0;

  /**
   * Everything but the times follows from `seed` and the symbol; `levels` is about how many a side has. Trades are counted from
   * `tradeIdBefore` on where it is given.
   */
  constructor(spec: MarketSpec, seed: number, levels: number = LEVELS_DEFAULT, tradeIdBefore: number | null = null) {
    this.spec = spec;
    this.random = seededRandom(seed, spec.symbol);
    this.book = new MovingBook(spec, this.random, levels);
    this.updateId = 1_000_000 + this.random.integer(1_000_000_000);
    const drawn = 1_000 + this.random.integer(100_000_000);
    this.tradeId = tradeIdBefore ?? drawn;
  }

  /** Whether trades have eaten what no delta has shown yet, or a taker's order is not done. */
  get isUnsettled(): boolean {
    return this.order !== null || this.book.hasChanges;
  }

  /** The true book now, best levels first. It equals all deltas applied to a snapshot, once settled. */
  levels(limit: number = Number.POSITIVE_INFINITY): Levels {
    return this.book.levels(limit);
  }

  snapshot(timeUs: number): SnapshotEvent {
    return { kind: 'snapshot', market: this.spec, timeUs, updateId: this.updateId, ...this.book.levels(Infinity) };
  }

  /** The next thing that happens: after the last trade of an order always the delta that shows it. */
  next(timeUs: number): TradeEvent | DeltaEvent {
    if (!this.isUnsettled) this.startOrder();
    return this.order === null ? this.change(timeUs) : this.match(timeUs, this.order);
  }

  private startOrder(): void {
    this.excitement *= FADING;
    if (!this.random.chance(Math.min(ORDER_CHANCE_MAX, ORDER_CHANCE + this.excitement))) return;
    const isBuy = this.random.chance(SAME_SIDE_CHANCE) ? this.wasBuy : !this.wasBuy;
    if (!this.book.canEat(!isBuy)) return;
    this.excitement += EXCITEMENT;
    this.wasBuy = isBuy;
    const lotsLeft = Math.max(1, Math.round(this.random.exponential(this.spec.meanLots * 0.4)));
    this.order = { isBuy, lotsLeft, matchesLeft: MATCHES_MAX };
  }

  private match(timeUs: number, order: TakerOrder): TradeEvent {
    const eaten = this.book.eat(!order.isBuy, order.lotsLeft);
    order.lotsLeft -= eaten.quantityLots;
    order.matchesLeft--;
    const isLastOfOrder = order.lotsLeft === 0 || order.matchesLeft === 0 || !this.book.canEat(!order.isBuy);
    if (isLastOfOrder) {
      this.order = null;
      this.book.feelImpact(order.isBuy);
    }
    return {
      kind: 'trade',
      market: this.spec,
      timeUs,
      tradeId: ++this.tradeId,
      aggressorSide: order.isBuy ? 'buy' : 'sell',
      ...eaten,
      isLastOfOrder,
    };
  }

  private change(timeUs: number): DeltaEvent {
    this.book.move();
    const { bids, asks } = this.book.takeChanges();
    const firstUpdateId = this.updateId + 1;
    this.updateId += bids.length + asks.length;
    return {
      kind: 'delta',
      market: this.spec,
      timeUs,
      firstUpdateId,
      lastUpdateId: this.updateId,
      bids,
      asks,
      bestBid: this.book.bestBid,
      bestAsk: this.book.bestAsk,
    };
  }
}
