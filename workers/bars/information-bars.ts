// The bars of one market and one kind that trades, not time, bound: tick, volume, notional, range, imbalance. Hot path.

import type { BarKind } from '../../engine/base/bar-kinds.ts';
import { SPLIT_BARS_MAX } from '../../schemas/config.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { BarType, Completeness } from '../../schemas/ids.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';
import type { BarChanges } from './bar-changes.ts';
import { BarChange } from './bar-changes.ts';
import { BarHistory } from './bar-history.ts';
import { compareWidth, extendInOrder } from './bar-in-order.ts';
import { BarRoom } from './bar-room.ts';
import { BAR_WORDS, BarFlag, barRow, clearSpread, extendSpread, markGap, openBar } from './ohlcv.ts';
import { copyQuantity, copyTrade, hasQuantity, isSameQuantity, subtractQuantity } from './split.ts';
import { multiply, NOTIONAL_WORDS } from './sums.ts';

const NONE = -1;

const row = barRow.at;

/** Shared by all markets of the thread: filled and read within one call. */
const rest = new Float64Array(SLOT_F64);
const part = new Float64Array(SLOT_F64);
const partProduct = new Float64Array(NOTIONAL_WORDS);

/**
 * The rules, whose sources are in docs/bars.md:
 * 1. Trades count in order of arrival; none is late, and a final bar never changes.
 * 2. A trade that leaves room in its bar (bar-room.ts) stays whole.
 * 3. Of any other the first part is the smallest quantity that fills the room. It closes the bar at once, and the rest
 *    goes on by rules 2 and 3 in the next bar. Its matches count with the first part.
 * 4. A trade closes SPLIT_BARS_MAX bars at most: the last takes whatever is left, and is counted as unsplit.
 * 5. Ranges have no room: a trade that would make high - low exceed the threshold opens the next bar, and one that
 *    makes it equal closes the bar with itself.
 */
export class InformationBars {
  readonly kind: BarKind;
  readonly history: BarHistory;
  /** Row of the bar open now, or -1. It is the newest. */
  openRow = NONE;
  private readonly index: number;
  private readonly isRange: boolean;
  private readonly room: BarRoom;
  private readonly changes: BarChanges;
  private readonly counters: Float64Array;
  private readonly spread = new Float64Array([NONE, 0]);
  private hasBars = false;
  private hasGapBeforeNext = false;

  /** `index` is the kind's number in `changes`; `counters` is the market's own row of the market counters. */
  constructor(index: number, kind: BarKind, keepAll: boolean, changes: BarChanges, counters: Float64Array) {
    if (kind.type === BarType.time) throw new Error(`InformationBars: expected a kind without time, was ${kind.name}`);
    this.index = index;
    this.kind = kind;
    this.isRange = kind.type === BarType.range;
    this.room = new BarRoom(kind);
    this.history = new BarHistory(keepAll);
    this.changes = changes;
    this.counters = counters;
  }

  /**
   * Applies an accepted trade record; `product` and `range` are its notional (sums.ts multiply), `state` the BookState.
   * Notes every bar it changed once, oldest first. Returns BarChange bits of all.
   */
  add(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
  ): number {
    if (this.isRange) return this.addToRange(record, base, matches, side, product, range, state);
    this.room.aim(record, base, side);
    if (!this.room.take(record, base, product, range)) return this.split(record, base, matches, side, state);
    return this.put(record, base, matches, side, product, range, state, BarChange.none);
  }

  /** Trades were lost: the bar open now and the next one are not whole. */
  noteGap(): void {
    if (this.openRow !== NONE) markGap(this.history.rows, this.openRow * BAR_WORDS);
    this.hasGapBeforeNext = true;
  }

  /** The spread of the live book from now on; a negative milli where there is none. */
  noteSpread(milli: number, atto: number): void {
    this.spread[0] = milli;
    this.spread[1] = atto;
    if (this.openRow !== NONE) extendSpread(this.history.rows, this.openRow * BAR_WORDS, this.spread, 0);
  }

  private addToRange(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
  ): number {
    const width = this.openRow === NONE ? -1 : this.compareWidth(record, base);
    const closedBefore = width > 0 ? this.closeBefore() : BarChange.none;
    const closed = width === 0 ? BarChange.closed : BarChange.none;
    return closedBefore | this.put(record, base, matches, side, product, range, state, closed);
  }

  private compareWidth(record: Float64Array, base: number): number {
    const { thresholdMilli, thresholdAtto } = this.kind;
    return compareWidth(this.history.rows, this.openRow * BAR_WORDS, record, base, thresholdMilli, thresholdAtto);
  }

  /** Closes the open bar by a trade that is not in it. */
  private closeBefore(): number {
    this.history.rows[this.openRow * BAR_WORDS + row.flags] += BarFlag.final;
    this.changes.note(this.index, this.openRow, BarChange.closed);
    this.openRow = NONE;
    return BarChange.closed;
  }

  /** Rules 3 and 4 for a trade that leaves no room. */
  private split(record: Float64Array, base: number, matches: number, side: number, state: number): number {
    copyTrade(record, base, rest);
    copyTrade(record, base, part);
    let change: number = BarChange.none;
    for (let bars = 1; ; bars++) {
      // The first bar may hold something; those behind it begin empty, so that their parts are all alike.
      if (bars <= 2) this.room.fill(part);
      if (bars === SPLIT_BARS_MAX) this.takeRest();
      const partMatches = bars === 1 ? matches : 0;
      const partRange = multiply(part, trade.at.priceMilli, trade.at.quantityMilli, partProduct);
      change |= this.put(part, 0, partMatches, side, partProduct, partRange, state, BarChange.closed);
      subtractQuantity(rest, part);
      if (!hasQuantity(rest)) return change;
      const range = multiply(rest, trade.at.priceMilli, trade.at.quantityMilli, partProduct);
      if (!this.room.take(rest, 0, partProduct, range)) continue;
      return change | this.put(rest, 0, 0, side, partProduct, range, state, BarChange.none);
    }
  }

  private takeRest(): void {
    if (!isSameQuantity(part, rest)) this.counters[marketCounter.unsplit] += 1;
    copyQuantity(rest, part);
  }

  /** Adds a trade or a part of one to the open bar, or opens one with it; `closed` is BarChange.closed or none. */
  private put(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
    closed: number,
  ): number {
    let change: number = BarChange.updated | closed;
    if (this.openRow === NONE) {
      change = BarChange.opened | closed;
      this.begin(record, base);
    }
    const { rows } = this.history;
    const at = this.openRow * BAR_WORDS;
    extendInOrder(rows, at, record, base, matches, side, product, range);
    const final = closed === BarChange.none ? 0 : BarFlag.final;
    rows[at + row.flags] = (rows[at + row.flags] & BarFlag.completenessMask) | (state << BarFlag.stateShift) | final;
    this.changes.note(this.index, this.openRow, change);
    if (closed !== BarChange.none) {
      this.openRow = NONE;
      this.room.reset();
    }
    return change;
  }

  private begin(record: Float64Array, base: number): void {
    this.openRow = this.history.append();
    const { rows } = this.history;
    const at = this.openRow * BAR_WORDS;
    let completeness: number = this.hasBars ? Completeness.complete : Completeness.partial;
    if (this.hasGapBeforeNext) completeness = Completeness.gap;
    this.hasBars = true;
    this.hasGapBeforeNext = false;
    rows[at + row.startTimeUs] = record[base + trade.at.exchangeTimeUs];
    openBar(rows, at, record, base);
    rows[at + row.flags] = completeness << BarFlag.completenessShift;
    clearSpread(rows, at);
    extendSpread(rows, at, this.spread, 0);
  }
}
