// Owns one side of a book: its levels in typed arrays, and the order they have. Hot path.

import { LADDER_LEVELS_MAX, LADDER_LEVELS_START } from '../../schemas/config.ts';
import { keyOf, lowerBound } from './level-keys.ts';
import { LevelSort, leaveOutZeros } from './level-order.ts';

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
const NO_OFFSETS = new Int32Array(0);

/** The best levels are searched by themselves first: most changes lie close to the touch. */
const TOUCH_LEVELS = 16;
/** A deep search looks this far to both sides of where it expects the price. */
const NEAR_LEVELS = 8;
/** Where nothing is known yet; any is right. */
const SLOPE_START = 0.01;
/** Up to this many levels of the order are moved by a plain loop, more by copyWithin. */
const LOOP_LEVELS = 24;

/**
 * A level's numbers stay at one place of `values` while it is held, and only the offsets of the places are kept in order:
 * a level that comes or goes moves 8 bytes for each better one, not all their numbers (docs/decisions/0010-ladder.md).
 *
 *   index     0         1              count-1        capacity
 *   order   | worst   |      …       | best    | free | …   |      two int32 each: a place's offset in `values`, a key
 *   values  | a level | free | a level | a level | free | …  |      4 float64 each
 *   rank      count-1                  0
 *
 * Each place is in `order` once. Levels are read by rank, through offsetOf(). Bids rise and asks fall by index, so a change
 * near the touch moves few offsets. A search goes by the keys, which rise by index on both sides and never say more than
 * where to look; prices are compared exactly, by (milli, atto). Nothing is ever dropped but by cut() and
 * keep(), and what keep() has closed.
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
  /** LEVEL_STRIDE numbers per level, from offsetOf() on. */
  values = NO_NUMBERS;
  /** Two per level, from half of offsetOf() on: decimals of price and of quantity as sent, for the venue's checksum. */
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
  /** Two numbers a level: the offset of its place, its key. */
  private order = NO_OFFSETS;
  /** The same bytes, one float64 a level to be moved: no key makes one that is no number. */
  private pairs = NO_NUMBERS;
  /** Of the price that was searched last. */
  private key = 0;
  /** Offsets of the places that the last cut() freed. */
  private cutPlaces = NO_OFFSETS;
  /** Index where the last deep search ended; any is right, a near one is fast. */
  private hint = 0;
  /** Index where the last search of this change ended, as good as any; 0 is none. */
  private last = 0;
  /** Levels by which a deep search expects to go on for each step of the key. */
  private slope = SLOPE_START;
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

  /** Every level that keep() left is gone: there are others behind them, not known any more. */
  get isUsedUp(): boolean {
    return this.isClosed && this.levels === 0;
  }

  /** Price milli and atto of the horizon at 0 and 1, with hasHorizon. */
  get horizon(): Float64Array {
    if (!this.isBounded) this.boundAtWorst();
    return this.bound;
  }

  /** Index in `values` of the price of the level `rank` places from the best, 0 <= rank < count. */
  offsetOf(rank: number): number {
    return this.order[(this.levels - 1 - rank) * 2];
  }

  /** Index in `values` of the level at the price at f64[at], -1 where none is held. */
  placeOf(f64: Float64Array, at: number): number {
    const found = this.find(f64, at);
    return found < 0 ? -1 : this.order[found * 2];
  }

  /** A change begins. Its levels mostly follow one another in price, and it has nothing to do with the one before. */
  beginChange(): void {
    this.last = 0;
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
      this.write(this.order[found * 2], f64, at, priceDecimals, quantityDecimals);
      return LevelResult.changed;
    }
    if (this.isClosed && found === ~0 && this.isBeyond(f64, at)) return LevelResult.beyond;
    if (this.levels === this.capacity && !this.grow()) return LevelResult.full;
    const place = this.openAt(~found);
    this.write(place, f64, at, priceDecimals, quantityDecimals);
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
    const to = this.levels * LEVEL_STRIDE;
    if (this.levels === this.capacity && !this.grow()) return LevelResult.full;
    if (to > 0) {
      const before = to - LEVEL_STRIDE;
      const milli = this.values[before] - f64[at];
      const difference = milli === 0 ? this.values[before + PRICE_ATTO] - f64[at + PRICE_ATTO] : milli;
      if (difference >= 0) this.isRising = false;
      if (difference <= 0) this.isFalling = false;
    }
    if (f64[at + QUANTITY_MILLI] === 0 && f64[at + QUANTITY_ATTO] === 0) this.hasZero = true;
    this.levels++;
    this.write(to, f64, at, priceDecimals, quantityDecimals);
    return LevelResult.inserted;
  }

  /** Orders what was added: O(n) where it came sorted either way. Of one price the last counts; zeros are left out. */
  endSnapshot(): void {
    const isOrdered = this.isBid ? this.isRising : this.isFalling;
    const isBestFirst = !isOrdered && (this.isBid ? this.isFalling : this.isRising);
    let count = this.levels;
    if (!isOrdered && !isBestFirst) {
      this.sort ??= new LevelSort();
      count = this.sort.order(this.values, this.decimals, count, this.sign);
    }
    if (this.hasZero) count = leaveOutZeros(this.values, this.decimals, count);
    this.layInOrder(count, isBestFirst);
  }

  /** Becomes a copy of the other ladder's levels, which counts as whole. Both have the same side. */
  copyFrom(other: Ladder): void {
    const count = other.levels;
    while (this.capacity < count) this.grow();
    const { values, decimals } = this;
    const fromOrder = other.order;
    const fromValues = other.values;
    const fromDecimals = other.decimals;
    for (let i = 0, to = 0; i < count; i++, to += LEVEL_STRIDE) {
      const from = fromOrder[i * 2];
      values[to] = fromValues[from];
      values[to + PRICE_ATTO] = fromValues[from + PRICE_ATTO];
      values[to + QUANTITY_MILLI] = fromValues[from + QUANTITY_MILLI];
      values[to + QUANTITY_ATTO] = fromValues[from + QUANTITY_ATTO];
      decimals[to >> 1] = fromDecimals[from >> 1];
      decimals[(to >> 1) + 1] = fromDecimals[(from >> 1) + 1];
    }
    this.layInOrder(count, false);
    this.isBounded = false;
    this.isClosed = false;
  }

  /** The levels held may have been cut where they came from: the worst of them is the horizon. */
  noteHorizon(): void {
    if (this.levels === 0) return;
    this.boundAtWorst();
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
    const { order, values } = this;
    const cut = this.levels - depth;
    this.cutCount = Math.max(cut, 0);
    if (cut <= 0) return 0;
    if (this.cutPlaces.length < cut) {
      this.cutPrices = new Float64Array(cut * 4);
      this.cutPlaces = new Int32Array(cut * 2);
    }
    for (let i = 0; i < cut; i++) {
      const at = order[i * 2];
      this.cutPrices[i * 2] = values[at];
      this.cutPrices[i * 2 + 1] = values[at + PRICE_ATTO];
      this.cutPlaces[i] = at;
    }
    order.copyWithin(0, cut * 2, this.levels * 2);
    for (let i = 0; i < cut; i++) order[(depth + i) * 2] = this.cutPlaces[i];
    this.levels = depth;
    return cut;
  }

  /** Index in the order of the level at the price, or ~index of where it belongs. */
  private find(f64: Float64Array, at: number): number {
    const milli = f64[at];
    const atto = f64[at + PRICE_ATTO];
    const key = keyOf(milli, atto, this.sign);
    const index = this.indexOf(key);
    this.key = key;
    this.last = index;
    if (index === this.levels || this.order[index * 2 + 1] !== key) return ~index;
    const held = this.order[index * 2];
    if (this.values[held] === milli && this.values[held + PRICE_ATTO] === atto) return index;
    return this.findExact(f64, at);
  }

  /** Index of a level with the key; where none has it, of where it belongs. */
  private indexOf(key: number): number {
    const { order, levels, last } = this;
    if (last > 0 && last < levels && order[last * 2 - 1] <= key && order[last * 2 + 1] > key) {
      return order[last * 2 - 1] < key ? last : last - 1;
    }
    const touch = levels - TOUCH_LEVELS;
    if (touch <= 0) return lowerBound(order, 0, levels, key);
    return order[touch * 2 - 1] < key ? lowerBound(order, touch, TOUCH_LEVELS, key) : this.indexOfDeep(key, touch);
  }

  /** The same below the index `end`: near where the search before lets expect it, else by halving. */
  private indexOfDeep(key: number, end: number): number {
    const { order } = this;
    const hint = this.hint < end ? this.hint : end - 1;
    const from = order[hint * 2 + 1];
    const expected = hint + Math.floor((key - from) * this.slope);
    const low = expected > NEAR_LEVELS ? expected - NEAR_LEVELS : 0;
    const high = expected < end - NEAR_LEVELS ? expected + NEAR_LEVELS : end - 1;
    if (low <= high && order[low * 2 + 1] < key && order[high * 2 + 1] >= key) {
      this.hint = lowerBound(order, low, high - low, key);
      return this.hint;
    }
    const index = lowerBound(order, 0, end, key);
    if (key !== from) this.slope = (index - hint) / (key - from);
    this.hint = index;
    return index;
  }

  /** As find(), by halving over the prices themselves: several have one key. */
  private findExact(f64: Float64Array, at: number): number {
    let low = 0;
    let high = this.levels;
    while (low < high) {
      const middle = (low + high) >> 1;
      const better = this.compare(this.order[middle * 2], f64, at);
      if (better === 0) return middle;
      if (better < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** Above 0 where the level held is better than the price, 0 where it is the same. */
  private compare(held: number, f64: Float64Array, at: number): number {
    const milli = this.values[held] - f64[at];
    return (milli === 0 ? this.values[held + PRICE_ATTO] - f64[at + PRICE_ATTO] : milli) * this.sign;
  }

  /** How many of the best `depth` levels do not lie behind the horizon. */
  private knownLevels(depth: number): number {
    let known = depth;
    while (known > 0 && this.isBeyond(this.values, this.offsetOf(known - 1))) known--;
    return known;
  }

  /** True where the price at `at` lies behind the horizon. */
  private isBeyond(f64: Float64Array, at: number): boolean {
    const better = (f64[at] - this.bound[0]) * this.sign;
    return better < 0 || (better === 0 && (f64[at + PRICE_ATTO] - this.bound[PRICE_ATTO]) * this.sign < 0);
  }

  /** The bound becomes the worst price held; there is one. */
  private boundAtWorst(): void {
    if (this.bound.length === 0) this.bound = new Float64Array(LEVEL_STRIDE);
    const worst = this.order[0];
    this.bound[0] = this.values[worst];
    this.bound[PRICE_ATTO] = this.values[worst + PRICE_ATTO];
  }

  private write(to: number, f64: Float64Array, at: number, priceDecimals: number, quantityDecimals: number): void {
    const { values, decimals } = this;
    values[to] = f64[at];
    values[to + PRICE_ATTO] = f64[at + PRICE_ATTO];
    values[to + QUANTITY_MILLI] = f64[at + QUANTITY_MILLI];
    values[to + QUANTITY_ATTO] = f64[at + QUANTITY_ATTO];
    decimals[to >> 1] = priceDecimals;
    decimals[(to >> 1) + 1] = quantityDecimals;
  }

  /** The first `count` places are the levels, and in order; all others are free. */
  private layInOrder(count: number, isBestFirst: boolean): void {
    const { order, values, capacity, sign } = this;
    const last = count - 1;
    for (let i = 0; i < count; i++) {
      const place = (isBestFirst ? last - i : i) * LEVEL_STRIDE;
      order[i * 2] = place;
      order[i * 2 + 1] = keyOf(values[place], values[place + PRICE_ATTO], sign);
    }
    for (let i = count; i < capacity; i++) order[i * 2] = i * LEVEL_STRIDE;
    this.levels = count;
  }

  /** Gives the level at `index` of the order a free place, which it returns: all better levels move up by one. */
  private openAt(index: number): number {
    const { order, pairs, levels } = this;
    const place = order[levels * 2];
    if (levels - index > LOOP_LEVELS) pairs.copyWithin(index + 1, index, levels);
    else for (let i = levels - 1; i >= index; i--) pairs[i + 1] = pairs[i];
    order[index * 2] = place;
    order[index * 2 + 1] = this.key;
    this.levels = levels + 1;
    return place;
  }

  /** Frees the place of the level at `index` of the order: all better levels move down by one. */
  private closeAt(index: number): void {
    const { order, pairs } = this;
    const last = this.levels - 1;
    const place = order[index * 2];
    if (last - index >= LOOP_LEVELS) pairs.copyWithin(index, index + 1, last + 1);
    else for (let i = index; i < last; i++) pairs[i] = pairs[i + 1];
    order[last * 2] = place;
    this.levels = last;
  }

  /** Doubles the room; false at LADDER_LEVELS_MAX. The first level makes the first room. */
  private grow(): boolean {
    if (this.capacity >= LADDER_LEVELS_MAX) return false;
    const capacity = this.capacity === 0 ? LADDER_LEVELS_START : Math.min(this.capacity * 2, LADDER_LEVELS_MAX);
    const values = new Float64Array(capacity * LEVEL_STRIDE);
    const decimals = new Uint8Array(capacity * 2);
    const order = new Int32Array(capacity * 2);
    values.set(this.values);
    decimals.set(this.decimals);
    order.set(this.order);
    for (let i = this.capacity; i < capacity; i++) order[i * 2] = i * LEVEL_STRIDE;
    this.values = values;
    this.decimals = decimals;
    this.capacity = capacity;
    this.order = order;
    this.pairs = new Float64Array(order.buffer);
    return true;
  }
}
