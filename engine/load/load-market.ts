// Owns one market of a load run: a dense book whose touch moves a tick now and then, with the tag of an update in every quantity.
// Hot path.
//
//   prices   … mid-2  mid-1  mid │ mid+1  mid+2 …        every tick of so many a side has a level: the spread is one tick
//                  bids          │        asks
//
// A change is one of three, by chance: a level each side near the touch gets a new quantity; the touch moves up (the best ask
// becomes the best bid, the window moves along); the touch moves down. So books are never crossed, stay as deep as they were,
// and each change has at least one quantity that is not zero.

import { assert } from '../base/assert.ts';
import type { PriceLevel, SimMarket, SimTrade } from '../simulate/protocol.ts';
import type { MarketSpec } from '../synthetic/specs.ts';
import { fixedText } from '../synthetic/text.ts';
import { TAG_CYCLE, TAG_DECIMALS } from './protocol.ts';

/** Levels a side; small enough for ten thousand markets. */
export const LEVELS = 100;
/** The touch stays within this many ticks of where it began. */
const WALK = 50;
/** Levels that a change near the touch may be of: fewer than the shortest window (Kraken's 10). */
const NEAR = 8;
/** One change in this many moves the touch. */
const MOVE_EVERY = 8;
/** Quantities of the first snapshot are above every tag: they say that no update has come to this level yet. */
const UNTOUCHED = TAG_CYCLE + 1;
/** Trade ids and sequences have twelve digits, now and after any run, also seven times as high (Binance futures). */
export const ID_START = 100_000_000_000;

/** What an update changes in a book: up to two levels a side, in ticks; tag 0 removes. */
export class BookUpdate {
  bids = 0;
  asks = 0;
  readonly bidTicks = new Float64Array(2);
  readonly bidTags = new Float64Array(2);
  readonly askTicks = new Float64Array(2);
  readonly askTags = new Float64Array(2);
  /** Sequence of this change. */
  sequence = 0;
}

export class LoadMarket implements SimMarket {
  readonly symbol: string;
  readonly priceDecimals: number;
  readonly quantityDecimals = TAG_DECIMALS;
  sequence = ID_START;
  timeMs = 0;
  tradeId = ID_START;
  /** The latest change; reused. */
  readonly update = new BookUpdate();
  /** Best bid, in ticks. */
  private mid: number;
  private readonly low: number;
  private readonly high: number;
  /** Tags by price from `base` on, 0 where no level is; prices up to mid are bids. */
  private readonly tags: Uint32Array;
  private readonly base: number;
  private readonly depth: number;
  /** The same as text, made when asked for. */
  private texts: (PriceLevel | null)[] | null = null;

  constructor(spec: MarketSpec, depth: number = LEVELS) {
    this.depth = depth;
    this.symbol = spec.symbol;
    this.priceDecimals = spec.priceDecimals;
    this.mid = spec.startPriceTicks;
    this.low = this.mid - WALK;
    this.high = this.mid + WALK;
    this.base = this.low - depth;
    this.tags = new Uint32Array(2 * (WALK + depth) + 2);
    this.tags.fill(UNTOUCHED, this.mid - depth + 1 - this.base, this.mid + depth + 1 - this.base);
    const isOneWidth = String(this.base).length === String(this.base + this.tags.length).length;
    assert(isOneWidth, `${spec.symbol}: expected prices of one width`);
  }

  /** Digits of every price, the zero before the point among them. */
  get priceDigits(): number {
    return Math.max(String(this.base).length, this.priceDecimals + 1);
  }

  /** The price of a trade at the touch, in ticks. */
  tradeTicks(isBuy: boolean): number {
    return isBuy ? this.mid + 1 : this.mid;
  }

  /** Changes the book as an update with this tag does, and leaves what it changed in `update`. */
  change(tag: number, bits: number): void {
    const isMove = bits % MOVE_EVERY === 0;
    const isUp = ((bits >>> 8) & 1) === 0;
    if (isMove && isUp && this.mid < this.high) this.moveUp(tag);
    else if (isMove && !isUp && this.mid > this.low) this.moveDown(tag);
    else this.touch(tag, (bits >>> 9) % NEAR, (bits >>> 16) % NEAR);
    this.update.sequence = ++this.sequence;
  }

  /** As change(), but of one level, where a frame has no more than that. */
  changeOne(tag: number, bits: number, isBid: boolean): void {
    const { update, mid } = this;
    const near = (bits >>> 9) % NEAR;
    update.bids = isBid ? 1 : 0;
    update.asks = isBid ? 0 : 1;
    if (isBid) this.setBid(0, mid - near, tag);
    else this.setAsk(0, mid + 1 + near, tag);
    update.sequence = ++this.sequence;
  }

  private touch(tag: number, nearBid: number, nearAsk: number): void {
    const { update, mid } = this;
    update.bids = 1;
    update.asks = 1;
    this.setBid(0, mid - nearBid, tag);
    this.setAsk(0, mid + 1 + nearAsk, tag);
  }

  private moveUp(tag: number): void {
    const { update, mid, depth } = this;
    update.bids = 2;
    update.asks = 2;
    this.setAsk(0, mid + 1, 0);
    this.setAsk(1, mid + 1 + depth, tag);
    this.setBid(0, mid + 1, tag);
    this.setBid(1, mid + 1 - depth, 0);
    this.mid = mid + 1;
  }

  private moveDown(tag: number): void {
    const { update, mid, depth } = this;
    update.bids = 2;
    update.asks = 2;
    this.setBid(0, mid, 0);
    this.setBid(1, mid - depth, tag);
    this.setAsk(0, mid, tag);
    this.setAsk(1, mid + depth, 0);
    this.mid = mid - 1;
  }

  private setBid(index: number, ticks: number, tag: number): void {
    this.update.bidTicks[index] = ticks;
    this.update.bidTags[index] = tag;
    this.set(ticks, tag);
  }

  private setAsk(index: number, ticks: number, tag: number): void {
    this.update.askTicks[index] = ticks;
    this.update.askTags[index] = tag;
    this.set(ticks, tag);
  }

  private set(ticks: number, tag: number): void {
    this.tags[ticks - this.base] = tag;
    if (this.texts !== null) this.texts[ticks - this.base] = null;
  }

  // ---- as text, for the simulators' sessions and for snapshots

  priceText(ticks: number): string {
    return fixedText(ticks, this.priceDecimals);
  }

  bids(depth: number = this.depth): PriceLevel[] {
    return this.levels(this.mid, -1, depth);
  }

  asks(depth: number = this.depth): PriceLevel[] {
    return this.levels(this.mid + 1, 1, depth);
  }

  /** Past trades are none of this run's. */
  trades(): readonly SimTrade[] {
    return [];
  }

  private levels(best: number, step: number, depth: number): PriceLevel[] {
    const count = Math.min(depth, this.depth);
    const levels: PriceLevel[] = new Array(count);
    for (let i = 0; i < count; i++) levels[i] = this.level(best + i * step);
    return levels;
  }

  private level(ticks: number): PriceLevel {
    this.texts ??= new Array(this.tags.length).fill(null);
    const index = ticks - this.base;
    const held = this.texts[index];
    if (held !== null) return held;
    const level: PriceLevel = [this.priceText(ticks), fixedText(this.tags[index], TAG_DECIMALS)];
    this.texts[index] = level;
    return level;
  }
}
