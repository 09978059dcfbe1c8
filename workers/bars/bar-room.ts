// How much of which trades an open bar still takes before it closes, by the unit of its kind. Hot path.

import type { BarKind } from '../../engine/base/bar-kinds.ts';
import { compareDecimals } from '../../engine/base/decimal.ts';
import { BarType, Side } from '../../schemas/ids.ts';
import { trade } from '../../schemas/market-data.ts';
import {
  AMOUNT_WORDS,
  addAmount,
  DECIMAL_BASE,
  DECIMAL_LIMBS,
  fillNotional,
  isLess,
  NOTIONAL_BASE,
  NOTIONAL_LIMBS,
  subtractAmount,
} from './split.ts';
import { addProduct, multiply, NOTIONAL_WORDS } from './sums.ts';

/** What is counted of a trade: 1, its quantity, or its price × quantity. */
const Unit = { trades: 0, quantity: 1, notional: 2 } as const;

const UNITS: Readonly<Record<number, number>> = {
  [BarType.tick]: Unit.trades,
  [BarType.volume]: Unit.quantity,
  [BarType.notional]: Unit.notional,
  [BarType.tickImbalance]: Unit.trades,
  [BarType.volumeImbalance]: Unit.quantity,
  [BarType.notionalImbalance]: Unit.notional,
};
const IMBALANCES: ReadonlySet<number> = new Set([
  BarType.tickImbalance,
  BarType.volumeImbalance,
  BarType.notionalImbalance,
]);

const MILLI_PER_UNIT = 1000;
const MILLI = trade.at.quantityMilli;
const ATTO = trade.at.quantityAtto;

/** Places in `rooms`: what buyers, and what sellers may still trade. Kinds that count alone use the first. */
const BUYERS = 0;
const SELLERS = AMOUNT_WORDS;

/** Shared by all markets of the thread: filled and read within one call. */
const amount = new Float64Array(AMOUNT_WORDS);

/**
 * What is left of the threshold N:
 *
 *   counted    room = N - sum             a trade takes its amount from the room
 *   imbalance  rooms = N - θ and N + θ    θ is what buyers traded less what sellers did; a buy takes its amount
 *                                         from the first and gives it to the second, a sale the other way round
 *
 * so that "reaches N", of either sign, is one comparison of an amount with a room.
 */
export class BarRoom {
  private readonly unit: number;
  private readonly isImbalance: boolean;
  private readonly limbs: number;
  private readonly base: number;
  private readonly threshold = new Float64Array(AMOUNT_WORDS);
  private readonly rooms = new Float64Array(2 * AMOUNT_WORDS);
  /** Price of the last trade, for the tick rule: the first of all counts as a rise. */
  private readonly lastPrice = new Float64Array([Number.NEGATIVE_INFINITY, 0]);
  /** The room of the trade looked at last. */
  private room = BUYERS;

  /** A range bar has no room and never asks for it. */
  constructor(kind: BarKind) {
    this.unit = UNITS[kind.type] ?? Unit.trades;
    this.isImbalance = IMBALANCES.has(kind.type);
    const isNotional = this.unit === Unit.notional;
    this.limbs = isNotional ? NOTIONAL_LIMBS : DECIMAL_LIMBS;
    this.base = isNotional ? NOTIONAL_BASE : DECIMAL_BASE;
    this.writeThreshold(kind.thresholdMilli, kind.thresholdAtto);
    this.reset();
  }

  /** The next bar begins. */
  reset(): void {
    for (let limb = 0; limb < AMOUNT_WORDS; limb++) {
      this.rooms[BUYERS + limb] = this.threshold[limb];
      this.rooms[SELLERS + limb] = this.threshold[limb];
    }
  }

  /**
   * Chooses the room of a trade. One without a side takes the tick rule: the side that moved the price from the trade
   * before, else that of the trade before.
   */
  aim(record: Float64Array, base: number, side: number): void {
    if (!this.isImbalance) return;
    const { lastPrice } = this;
    const milli = record[base + trade.at.priceMilli];
    const atto = record[base + trade.at.priceAtto];
    const move = side === Side.unknown ? compareDecimals(milli, atto, lastPrice[0], lastPrice[1]) : 0;
    if (side === Side.buy || move > 0) this.room = BUYERS;
    else if (side === Side.sell || move < 0) this.room = SELLERS;
    lastPrice[0] = milli;
    lastPrice[1] = atto;
  }

  /** Takes the amount of a trade or part whose side aim() was told; false, and takes nothing, where it fills the room. */
  take(record: Float64Array, base: number, product: Float64Array, range: number): boolean {
    const { rooms, room, limbs } = this;
    this.writeAmount(record, base, product, range);
    if (!isLess(amount, 0, rooms, room, limbs)) return false;
    subtractAmount(rooms, room, amount, 0, limbs, this.base);
    if (this.isImbalance) addAmount(rooms, SELLERS - room, amount, 0, limbs, this.base);
    return true;
  }

  /** Makes the quantity of `part`, a copy of a trade that fills the room, the smallest that does. */
  fill(part: Float64Array): void {
    if (this.unit === Unit.notional) fillNotional(this.rooms, this.room, part);
    else if (this.unit === Unit.quantity) {
      part[ATTO] = this.rooms[this.room];
      part[MILLI] = this.rooms[this.room + 1];
    }
  }

  private writeAmount(record: Float64Array, base: number, product: Float64Array, range: number): void {
    if (this.unit === Unit.notional) {
      for (let limb = 0; limb < NOTIONAL_LIMBS; limb++) amount[limb] = 0;
      addProduct(amount, 0, product, range);
    } else if (this.unit === Unit.quantity) {
      amount[0] = record[base + ATTO];
      amount[1] = record[base + MILLI];
    } else {
      amount[0] = 0;
      amount[1] = MILLI_PER_UNIT;
    }
  }

  private writeThreshold(milli: number, atto: number): void {
    if (this.unit === Unit.notional) {
      // The notional of a quantity of N at the price 1.
      const factors = new Float64Array([MILLI_PER_UNIT, 0, milli, atto]);
      const product = new Float64Array(NOTIONAL_WORDS);
      addProduct(this.threshold, 0, product, multiply(factors, 0, 2, product));
    } else {
      this.threshold[0] = atto;
      this.threshold[1] = milli;
    }
  }
}
