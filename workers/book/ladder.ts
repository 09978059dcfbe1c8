// Owns one side of a book: its levels in typed arrays, best level last. Hot path.

import { LADDER_LEVELS_MAX, LADDER_LEVELS_START } from '../../schemas/config.ts';
import { LevelSort, leaveOutZeros, reverseLevels } from './level-order.ts';

/** Numbers of one level in `values`: price milli and atto, quantity milli and atto; as in level records. */
export const LEVEL_STRIDE = 4;
const PRICE_ATTO = 1;
const QUANTITY_MILLI = 2;
const QUANTITY_ATTO = 3;

/** What became of one level. */
export const LevelResult = {
  /** Removal of a level that is not held: normal (venues.md §0.4, 2). */
  absent: 0,
  inserted: 1,
  changed: 2,
  removed: 3,
  /** Behind a closed horizon: left out, as its neighbours there are not known. */
  beyond: 4,
  /** No room under LADDER_LEVELS_MAX: the level was left out, so the side is no longer exact. */
  full: -1,
} as const;

/** Shared by all ladders without a level: thousands of markets have trades only. */
const NO_NUMBERS = new Float64Array(0);
const NO_BYTES = new Uint8Array(0);

/** Levels looked at one by one from the best end before halving: most changes lie close to the touch. */
const LINEAR_LEVELS = 8;
/** Up to this many levels are moved by a plain loop, more by copyWithin; anything from 8 to 48 measured alike. */
const LOOP_LEVELS = 16;

/**
 *   index     0        1              count-1        capacity
 *   values  | worst  |      …       | best    |  unused  |      4 float64 each
 *   rank      count-1                 0
 *
 * Bids rise and asks fall by index, so a change near the touch moves few levels. Prices are compared exactly, by
 * (milli, atto). Nothing is ever dropped but by cut() and keep(), and what keep() has closed.
 *
 * The horizon is the price down to which the side is known: a price at it or better that is not held does not exist.
 * It is one of three, the first that applies:
 *   noted   the worst price of a snapshot that may have been cut where it came from; levels behind it are still held
 *   closed  the worst price keep() has left; levels behind it are left out, so none held lies behind an unknown one
 *   venue   the worst price held, while the side is as deep as the venue keeps it (`venueDepth`)
 *
 * Allocates only when it grows, by doubling, and with its first horizon; `values` and `decimals` are other arrays
 * afterwards, so no one may keep them. Thread: the shard's.
 */
export class Ladder {
  readonly isBid: boolean;
  /** LEVEL_STRIDE numbers per level. */
  values = NO_NUMBERS;
  /** Two per level: decimals of price and of quantity as the venue sent them, for its checksum. */
  decimals = NO_BYTES;
  /** Prices of the levels cut by the last cut(), two numbers each, worst first. */
  cutPrices = NO_NUMBERS;
  cutCount = 0;
  /** Levels the venue keeps; 0 is all. */
  venueDepth = 0;
  /** keep() has cut levels since the last snapshot. */
  isClosed = false;
  private readonly sign: number;
  private levels = 0;
  private capacity = 0;
  private isRising = true;
  private isFalling = true;
  private hasZero = false;
  private sort: LevelSort | null = null;
  /** One level's numbers, of which the price counts; made with the first horizon. */
  private bound = NO_NUMBERS;
  private isBounded = false;

  constructor(isBid: boolean) {
    this.isBid = isBid;
    this.sign = isBid ? 1 : -1;
  }

  get count(): number {
    return this.levels;
  }

  /** False where the side is known whole. */
  get hasHorizon(): boolean {
    return this.isBounded || (this.venueDepth > 0 && this.levels >= this.venueDepth);
  }

  /** Price milli and atto of the horizon at 0 and 1, with hasHorizon. */
  get horizon(): Float64Array {
    return this.isBounded ? this.bound : this.values;
  }

  /** Index in `values` of the price of the level `rank` places from the best, 0 <= rank < count. */
  offsetOf(rank: number): number {
    return (this.levels - 1 - rank) * LEVEL_STRIDE;
  }

  /**
   * Sets one price to an absolute quantity, zero removes it. `at` is the index of priceMilli in `f64`; the other three
   * follow. Returns a LevelResult.
   */
  apply(f64: Float64Array, at: number, priceDecimals: number, quantityDecimals: number): number {
    const found = this.find(f64, at);
    if (f64[at + QUANTITY_MILLI] === 0 && f64[at + QUANTITY_ATTO] === 0) {
      if (found < 0) return LevelResult.absent;
      this.closeAt(found);
      return LevelResult.removed;
    }
    if (found >= 0) {
      this.write(found, f64, at, priceDecimals, quantityDecimals);
      return LevelResult.changed;
    }
    if (this.isClosed && found === ~0 && this.isBeyond(f64, at)) return LevelResult.beyond;
    if (this.levels === this.capacity && !this.grow()) return LevelResult.full;
    this.openAt(~found);
    this.write(~found, f64, at, priceDecimals, quantityDecimals);
    return LevelResult.inserted;
  }

  /** Forgets every level; add() then takes the new ones in any order, and endSnapshot() puts them in theirs. */
  beginSnapshot(): void {
    this.levels = 0;
    this.isRising = true;
    this.isFalling = true;
    this.hasZero = false;
  }

  /** One level of a snapshot. Returns LevelResult.inserted or .full. */
  add(f64: Float64Array, at: number, priceDecimals: number, quantityDecimals: number): number {
    if (this.levels === this.capacity && !this.grow()) return LevelResult.full;
    if (this.levels > 0) {
      const before = (this.levels - 1) * LEVEL_STRIDE;
      const milli = this.values[before] - f64[at];
      const difference = milli === 0 ? this.values[before + PRICE_ATTO] - f64[at + PRICE_ATTO] : milli;
      if (difference >= 0) this.isRising = false;
      if (difference <= 0) this.isFalling = false;
    }
    if (f64[at + QUANTITY_MILLI] === 0 && f64[at + QUANTITY_ATTO] === 0) this.hasZero = true;
    this.write(this.levels++, f64, at, priceDecimals, quantityDecimals);
    return LevelResult.inserted;
  }

  /** Orders what was added: O(n) where it came sorted either way. Of one price the last counts; zeros are left out. */
  endSnapshot(): void {
    const isOrdered = this.isBid ? this.isRising : this.isFalling;
    const isReversed = this.isBid ? this.isFalling : this.isRising;
    if (!isOrdered && isReversed) reverseLevels(this.values, this.decimals, this.levels);
    else if (!isOrdered) {
      this.sort ??= new LevelSort();
      this.levels = this.sort.order(this.values, this.decimals, this.levels, this.sign);
    }
    if (this.hasZero) this.levels = leaveOutZeros(this.values, this.decimals, this.levels);
  }

  /** Becomes a copy of the other ladder's levels, which counts as whole. Both have the same side. */
  copyFrom(other: Ladder): void {
    const count = other.levels;
    while (this.capacity < count) this.grow();
    const { values, decimals } = this;
    const fromValues = other.values;
    const fromDecimals = other.decimals;
    for (let i = 0; i < count * LEVEL_STRIDE; i++) values[i] = fromValues[i];
    for (let i = 0; i < count * 2; i++) decimals[i] = fromDecimals[i];
    this.levels = count;
    this.isBounded = false;
    this.isClosed = false;
  }

  /** The levels held may have been cut where they came from: the worst of them is the horizon. */
  noteHorizon(): void {
    if (this.levels === 0) return;
    if (this.bound.length === 0) this.bound = new Float64Array(LEVEL_STRIDE);
    this.bound[0] = this.values[0];
    this.bound[PRICE_ATTO] = this.values[PRICE_ATTO];
    this.isBounded = true;
  }

  /**
   * As cut(), for good: where levels are cut the worst one left is the horizon, and nothing behind it is taken again.
   * Levels behind a noted horizon go too: between them and it others may be missing.
   */
  keep(depth: number): number {
    if (this.levels <= depth) return this.cut(depth);
    const left = this.isBounded ? this.knownLevels(depth) : depth;
    const cut = this.cut(left);
    if (left === depth) this.noteHorizon();
    this.isClosed = true;
    return cut;
  }

  /** Keeps the best `depth` levels; returns how many were cut, their prices are in `cutPrices`. */
  cut(depth: number): number {
    const cut = this.levels - depth;
    this.cutCount = Math.max(cut, 0);
    if (cut <= 0) return 0;
    if (this.cutPrices.length < cut * 2) this.cutPrices = new Float64Array(cut * 4);
    for (let i = 0; i < cut; i++) {
      this.cutPrices[i * 2] = this.values[i * LEVEL_STRIDE];
      this.cutPrices[i * 2 + 1] = this.values[i * LEVEL_STRIDE + PRICE_ATTO];
    }
    this.values.copyWithin(0, cut * LEVEL_STRIDE, this.levels * LEVEL_STRIDE);
    this.decimals.copyWithin(0, cut * 2, this.levels * 2);
    this.levels = depth;
    return cut;
  }

  /** Index of the level at the price, or ~index of where it belongs. */
  private find(f64: Float64Array, at: number): number {
    const { values, sign } = this;
    const milli = f64[at];
    const atto = f64[at + PRICE_ATTO];
    const linearEnd = this.levels > LINEAR_LEVELS ? this.levels - LINEAR_LEVELS : 0;
    for (let i = this.levels - 1; i >= linearEnd; i--) {
      const held = i * LEVEL_STRIDE;
      let better = (values[held] - milli) * sign;
      if (better === 0) better = (values[held + PRICE_ATTO] - atto) * sign;
      if (better <= 0) return better === 0 ? i : ~(i + 1);
    }
    let low = 0;
    let high = linearEnd;
    while (low < high) {
      const middle = (low + high) >> 1;
      const held = middle * LEVEL_STRIDE;
      let better = (values[held] - milli) * sign;
      if (better === 0) better = (values[held + PRICE_ATTO] - atto) * sign;
      if (better === 0) return middle;
      if (better < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** How many of the best `depth` levels do not lie behind the horizon. */
  private knownLevels(depth: number): number {
    let known = depth;
    while (known > 0 && this.isBeyond(this.values, (this.levels - known) * LEVEL_STRIDE)) known--;
    return known;
  }

  /** True where the price at `at` lies behind the horizon. */
  private isBeyond(f64: Float64Array, at: number): boolean {
    const better = (f64[at] - this.bound[0]) * this.sign;
    return better < 0 || (better === 0 && (f64[at + PRICE_ATTO] - this.bound[PRICE_ATTO]) * this.sign < 0);
  }

  private write(index: number, f64: Float64Array, at: number, priceDecimals: number, quantityDecimals: number): void {
    const { values, decimals } = this;
    const to = index * LEVEL_STRIDE;
    values[to] = f64[at];
    values[to + PRICE_ATTO] = f64[at + PRICE_ATTO];
    values[to + QUANTITY_MILLI] = f64[at + QUANTITY_MILLI];
    values[to + QUANTITY_ATTO] = f64[at + QUANTITY_ATTO];
    decimals[index * 2] = priceDecimals;
    decimals[index * 2 + 1] = quantityDecimals;
  }

  /** Makes room at `index`: it and all better levels move up by one. */
  private openAt(index: number): void {
    const { values, decimals, levels } = this;
    if (levels - index > LOOP_LEVELS) {
      values.copyWithin((index + 1) * LEVEL_STRIDE, index * LEVEL_STRIDE, levels * LEVEL_STRIDE);
      decimals.copyWithin((index + 1) * 2, index * 2, levels * 2);
    } else {
      const last = index * LEVEL_STRIDE;
      for (let i = levels * LEVEL_STRIDE - 1; i >= last; i--) values[i + LEVEL_STRIDE] = values[i];
      for (let i = levels * 2 - 1; i >= index * 2; i--) decimals[i + 2] = decimals[i];
    }
    this.levels = levels + 1;
  }

  /** Takes out `index`: all better levels move down by one. */
  private closeAt(index: number): void {
    const { values, decimals, levels } = this;
    if (levels - index > LOOP_LEVELS) {
      values.copyWithin(index * LEVEL_STRIDE, (index + 1) * LEVEL_STRIDE, levels * LEVEL_STRIDE);
      decimals.copyWithin(index * 2, (index + 1) * 2, levels * 2);
    } else {
      const end = (levels - 1) * LEVEL_STRIDE;
      for (let i = index * LEVEL_STRIDE; i < end; i++) values[i] = values[i + LEVEL_STRIDE];
      for (let i = index * 2; i < (levels - 1) * 2; i++) decimals[i] = decimals[i + 2];
    }
    this.levels = levels - 1;
  }

  /** Doubles the room; false at LADDER_LEVELS_MAX. The first level makes the first room. */
  private grow(): boolean {
    if (this.capacity >= LADDER_LEVELS_MAX) return false;
    this.capacity = this.capacity === 0 ? LADDER_LEVELS_START : Math.min(this.capacity * 2, LADDER_LEVELS_MAX);
    const values = new Float64Array(this.capacity * LEVEL_STRIDE);
    const decimals = new Uint8Array(this.capacity * 2);
    values.set(this.values);
    decimals.set(this.decimals);
    this.values = values;
    this.decimals = decimals;
    return true;
  }
}
