// Owns how a synthetic book changes without trades: a wandering fair price that the ladder follows, quotes come and go.

import { assert } from '../base/assert.ts';
import type { Level, Levels } from './events.ts';
import { SyntheticLadder } from './ladder.ts';
import type { Random } from './random.ts';
import type { MarketSpec } from './specs.ts';

/** Deviation of the fair price per change, relative: at 125 changes a second 4.5e-5 per √s, some 25 % a year. */
const STEP = 4e-6;
/** Pull back to the start price per change; with STEP it keeps the price within some 3 % for ever, so ladders stay positive. */
const PULL = 1e-8;
/** Quotes withdrawn in one change because the fair price went through them. */
const WITHDRAWN_MAX = 6;
/** Levels added at the far end of one side in one change while it is short. */
const REFILLED_MAX = 3;
/** Other levels touched by one change: one, and each further one with this chance, up to the maximum. */
const ANOTHER_CHANCE = 0.45;
const MOVES_MAX = 6;
/** A side never gets thinner: enough for the ten levels of Kraken's checksum. */
export const LEVELS_MIN = 12;

/** A side whose changed prices are remembered until they are published. */
class Side {
  readonly ladder: SyntheticLadder;
  readonly changedPrices = new Set<number>();

  constructor(isBid: boolean) {
    this.ladder = new SyntheticLadder(isBid);
  }

  set(priceTicks: number, quantityLots: number): void {
    this.ladder.set(priceTicks, quantityLots);
    this.changedPrices.add(priceTicks);
  }

  /** Changed levels with their present quantities, best first. */
  takeChanges(): Level[] {
    const prices = [...this.changedPrices].sort((a, b) => (this.ladder.isBid ? b - a : a - b));
    this.changedPrices.clear();
    return prices.map((priceTicks) => ({ priceTicks, quantityLots: this.ladder.lotsOf(priceTicks) }));
  }
}

export class MovingBook {
  private readonly bids = new Side(true);
  private readonly asks = new Side(false);
  private readonly spec: MarketSpec;
  private readonly random: Random;
  private readonly levelsWanted: number;
  private readonly stepTicks: number;
  /** How far from the touch quotes are placed: somewhat more than `extend` covers, so that there is room for all levels. */
  private readonly spanTicks: number;
  private fairTicks: number;

  constructor(spec: MarketSpec, random: Random, levelsWanted: number) {
    assert(levelsWanted >= LEVELS_MIN, `synthetic book: expected at least ${LEVELS_MIN} levels, was ${levelsWanted}`);
    this.spec = spec;
    this.random = random;
    this.levelsWanted = levelsWanted;
    this.stepTicks = spec.startPriceTicks * STEP;
    this.spanTicks = Math.ceil(levelsWanted * 1.5 * (1 + this.stepTicks));
    this.fairTicks = spec.startPriceTicks;
    this.bids.set(this.targetOf(this.bids), this.drawLots(0));
    this.asks.set(this.targetOf(this.asks), this.drawLots(0));
    for (let rank = 1; rank < levelsWanted; rank++) for (const side of [this.bids, this.asks]) this.extend(side);
    this.takeChanges();
  }

  get hasChanges(): boolean {
    return this.bids.changedPrices.size + this.asks.changedPrices.size > 0;
  }

  get bestBid(): Level {
    return this.bids.ladder.levelAt(0);
  }

  get bestAsk(): Level {
    return this.asks.ladder.levelAt(0);
  }

  levels(limit: number): Levels {
    return { bids: this.bids.ladder.best(limit), asks: this.asks.ladder.best(limit) };
  }

  takeChanges(): Levels {
    return { bids: this.bids.takeChanges(), asks: this.asks.takeChanges() };
  }

  /** Whether a taker may eat one more level. */
  canEat(isBid: boolean): boolean {
    return (isBid ? this.bids : this.asks).ladder.size > LEVELS_MIN;
  }

  /** Takes at most `lotsWanted` from the touch, the part of one maker. */
  eat(isBid: boolean, lotsWanted: number): Level {
    const side = isBid ? this.bids : this.asks;
    const touch = side.ladder.levelAt(0);
    const makerLots = Math.ceil(touch.quantityLots * (0.3 + 0.7 * this.random.uniform()));
    const quantityLots = Math.min(lotsWanted, makerLots);
    side.set(touch.priceTicks, touch.quantityLots - quantityLots);
    return { priceTicks: touch.priceTicks, quantityLots };
  }

  /** A taker's order moves the fair price its way. */
  feelImpact(isBuy: boolean): void {
    this.fairTicks += (isBuy ? 1 : -1) * this.stepTicks * 0.5;
  }

  /** One round of quoting; at least one level changes and the book is never crossed or locked. */
  move(): void {
    this.fairTicks += this.stepTicks * this.random.gaussian() + PULL * (this.spec.startPriceTicks - this.fairTicks);
    this.withdraw(this.asks, this.targetOf(this.bids));
    this.withdraw(this.bids, this.targetOf(this.asks));
    this.improve(this.bids, this.bestAsk.priceTicks - 1);
    this.improve(this.asks, this.bestBid.priceTicks + 1);
    let moves = 0;
    do this.moveOne(this.random.chance(0.5) ? this.bids : this.asks);
    while (++moves < MOVES_MAX && this.random.chance(ANOTHER_CHANCE));
    this.restoreSize(this.bids);
    this.restoreSize(this.asks);
    assert(this.bestBid.priceTicks < this.bestAsk.priceTicks, `synthetic ${this.spec.symbol}: expected bid below ask`);
  }

  /** Where the best quote of a side would like to be. */
  private targetOf(side: Side): number {
    const halfSpreadTicks = Math.max(0.5, this.stepTicks * 1.2);
    return side.ladder.isBid
      ? Math.floor(this.fairTicks - halfSpreadTicks)
      : Math.ceil(this.fairTicks + halfSpreadTicks);
  }

  /** Removes quotes at or through the other side's target. */
  private withdraw(side: Side, limitTicks: number): void {
    for (let count = 0; count < WITHDRAWN_MAX && side.ladder.size > LEVELS_MIN; count++) {
      const bestTicks = side.ladder.priceAt(0);
      if (side.ladder.isBetter(limitTicks, bestTicks)) return;
      side.set(bestTicks, 0);
    }
  }

  /** Quotes at the target where that is better than the best, but not past `limitTicks`, one tick off the other side. */
  private improve(side: Side, limitTicks: number): void {
    const target = this.targetOf(side);
    const price = side.ladder.isBetter(target, limitTicks) ? limitTicks : target;
    if (side.ladder.isBetter(price, side.ladder.priceAt(0))) side.set(price, this.drawLots(0));
  }

  /** Near the touch most of the time: changes a quantity, removes a level, or quotes at a new price. */
  private moveOne(side: Side): void {
    const { ladder } = side;
    const rank = this.random.zipf(ladder.size);
    const kind = this.random.uniform();
    if (kind < 0.2 && ladder.size > LEVELS_MIN) side.set(ladder.priceAt(rank), 0);
    else if (kind < 0.45) this.quoteBehind(side);
    else side.set(ladder.priceAt(rank), this.drawLots(rank));
  }

  private restoreSize(side: Side): void {
    const missing = Math.min(REFILLED_MAX, this.levelsWanted - side.ladder.size);
    for (let count = 0; count < missing; count++) this.quoteBehind(side);
    if (side.ladder.size > this.levelsWanted * 1.1) side.set(side.ladder.priceAt(side.ladder.size - 1), 0);
  }

  /** A quote behind the touch: half of them log-uniform in distance, so that holes near it close, half anywhere. */
  private quoteBehind(side: Side): void {
    const { random, spanTicks } = this;
    const distanceTicks = 1 + (random.chance(0.5) ? random.zipf(spanTicks) : random.integer(spanTicks));
    const price = side.ladder.priceAt(0) + (side.ladder.isBid ? -distanceTicks : distanceTicks);
    if (price > 0) side.set(price, this.drawLots((distanceTicks / spanTicks) * this.levelsWanted));
  }

  /** One more level behind the worst; gaps widen with the distance from the touch. */
  private extend(side: Side): void {
    const rank = side.ladder.size - 1;
    const gapTicks = 1 + Math.floor(this.random.exponential(this.stepTicks * (0.5 + (2 * rank) / this.levelsWanted)));
    const price = side.ladder.priceAt(rank) + (side.ladder.isBid ? -gapTicks : gapTicks);
    if (price > 0) side.set(price, this.drawLots(rank + 1));
  }

  /** Log-normal, growing with distance; people prefer round quantities. */
  private drawLots(rank: number): number {
    const scale = this.spec.meanLots * (0.4 + 0.02 * Math.min(rank, 100));
    const lots = Math.max(1, Math.round(scale * Math.exp(0.9 * this.random.gaussian() - 0.4)));
    const roundLots = 10 ** Math.max(0, Math.floor(Math.log10(this.spec.meanLots)) - 1);
    return this.random.chance(0.4) ? Math.max(roundLots, Math.round(lots / roundLots) * roundLots) : lots;
  }
}
