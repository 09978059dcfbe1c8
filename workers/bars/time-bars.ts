// The time bars of one market and one interval: which bar a trade belongs to, when it closes, is revised or too late. Hot path.

import { barsWord } from '../../engine/base/market-row.ts';
import { EMPTY_BARS_MAX } from '../../schemas/config.ts';
import { Completeness, EmptyBars } from '../../schemas/ids.ts';
import { trade } from '../../schemas/market-data.ts';
import { BarChange, type BarChanges } from './bar-changes.ts';
import { BarHistory } from './bar-history.ts';
import { bucketOrigin, bucketStart } from './bucket.ts';
import { extendRun } from './extend-run.ts';
import { markGapSince, mendBars } from './mending.ts';
import {
  BAR_WORDS,
  BarFlag,
  barRow,
  blankBar,
  clearSpread,
  emptyBar,
  extendBar,
  extendPast,
  extendSpread,
  markGap,
  mergeBar,
  openBar,
} from './ohlcv.ts';

const NONE = -1;

const own = { openStartUs: 0, openEndUs: 1, newestStartUs: 2, tradeTimeUs: 3, startUs: 4, latenessUs: 5 } as const;
const OWN_WORDS = 6;

const row = barRow.at;

/** What a kind is made with: how late, what empty intervals leave, and what it shares with the market's other kinds. */
export type TimeBarsParts = {
  readonly latenessMs: number;
  readonly emptyBars: EmptyBars;
  readonly keepAll: boolean;
  readonly shared: Float64Array;
  readonly changes: BarChanges;
};

/**
 * The rules, in the order of add():
 * 1. A bucket is floor(exchange time / interval), counted from 1970, weeks from a Monday.
 * 2. A bucket is closed when a clock record has reached its end, or when any trade of a later bucket came.
 * 3. A trade into a closed bucket revises its bar, or makes one that is final at once, as long as the bucket's end is
 *    at most the allowed lateness behind the market's newest clock or trade; later it is left out.
 * 4. Any other trade extends the open bar, or closes it and opens the next.
 * 5. Where empty bars are asked for, closed buckets behind the newest bar get one each before a later bar opens and when
 *    the clock has reached their end; of those passed at once the newest EMPTY_BARS_MAX. Rule 3 revises them.
 * The open bar, where there is one, is always the newest row.
 *
 * A kind with a lower one (follow()) takes the lower one's bars when they close. A trade in the lower one's open bar lies
 * in this one's open bar, so nothing but the bucket matters; only a trade that the lower one took otherwise, or not at
 * all, goes through add(). What has not come up yet lies in the open rows of the lower kinds: compose() joins them.
 */
export class TimeBars {
  readonly index: number;
  readonly lower: TimeBars | null;
  readonly intervalUs: number;
  readonly history: BarHistory;
  /** Row of the bar open now, or -1. */
  openRow = NONE;
  /** BookState at the open bar's last change; its flags take it when it closes. */
  openState = 0;
  /** BarChange bits of the last call. */
  change = 0;
  /** After BarChange.closed: the row that became final. */
  closedRow = NONE;
  private readonly originUs: number;
  private readonly emptyBars: EmptyBars;
  private readonly shared: Float64Array;
  private readonly changes: BarChanges;
  private readonly words = new Float64Array(OWN_WORDS);
  private changedRow = NONE;
  private hasBars = false;
  private hasGapBeforeNext = false;
  /** A loss was noted since the back-fill began. */
  private hasNewGap = false;
  /** Starts of the bars whose open, whose close, the back-fill has set. */
  private pastOpenUs = NONE;
  private pastCloseUs = NONE;

  /** `index` is the kind's number in `changes`; `lower` must go before this kind in every call. */
  constructor(index: number, intervalMs: number, lower: TimeBars | null, parts: TimeBarsParts) {
    this.index = index;
    this.lower = lower;
    this.intervalUs = intervalMs * 1000;
    this.originUs = bucketOrigin(this.intervalUs);
    this.history = new BarHistory(parts.keepAll);
    this.emptyBars = parts.emptyBars;
    this.shared = parts.shared;
    this.changes = parts.changes;
    this.words[own.newestStartUs] = Number.NEGATIVE_INFINITY;
    this.words[own.latenessUs] = parts.latenessMs * 1000;
    this.forgetOpen();
  }

  /** Applies one trade record, which the shared words include, and notes what changed. Returns BarChange bits. */
  add(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
  ): number {
    const { words } = this;
    const timeUs = record[base + trade.at.exchangeTimeUs];
    let change: number = BarChange.updated;
    if (timeUs >= words[own.openStartUs] && timeUs < words[own.openEndUs]) {
      this.changedRow = this.openRow;
      this.openState = state;
    } else {
      change = this.find(record, base, state);
      if (change === BarChange.late) {
        this.change = change;
        return change;
      }
    }
    extendBar(this.history.rows, this.changedRow * BAR_WORDS, record, base, matches, side, product, range);
    this.changes.note(this.index, this.changedRow, (change & BarChange.opened) !== 0 ? BarChange.opened : change);
    this.change = change;
    return change;
  }

  /** As add() for trades that lie in the open bar, one behind the other; returns how many those were (extendRun). */
  addRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number, latestUs: number): number {
    if (this.openRow === NONE) return 0;
    const { rows } = this.history;
    return extendRun(rows, this.openRow * BAR_WORDS, u8, u32, f64, slot, count, this.words[own.openEndUs], latestUs);
  }

  /** Trades from `sinceUs` on may be missing: bars that have closed since are not whole either. Returns BarChange bits. */
  noteGapSince(sinceUs: number): number {
    this.noteGap();
    return markGapSince(this, this.changes, sinceUs);
  }

  /** Trades of a loss follow, in the order in which they were made. */
  beginBackfill(): void {
    this.hasNewGap = false;
    this.pastOpenUs = NONE;
    this.pastCloseUs = NONE;
  }

  /**
   * As add(), for a trade of a back-fill: no bar that is still held is too old for it. The loss began at `fromUs`, so what
   * a bar has of that time or before came before this trade, and what it has of later came after it, unless the back-fill
   * brought it.
   */
  addPast(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
    fromUs: number,
  ): number {
    const { words } = this;
    const timeUs = record[base + trade.at.exchangeTimeUs];
    let change: number = BarChange.updated;
    if (timeUs >= words[own.openStartUs] && timeUs < words[own.openEndUs]) {
      this.changedRow = this.openRow;
      this.openState = state;
    } else change = this.findPast(record, base, state);
    this.change = change;
    if (change === BarChange.late) return change;
    const { rows } = this.history;
    const at = this.changedRow * BAR_WORDS;
    const startUs = rows[at + row.startTimeUs];
    const isFirst = rows[at + row.trades] === 0;
    const takesOpen = !isFirst && this.pastOpenUs !== startUs && rows[at + row.openTimeUs] > fromUs;
    const takesClose = this.pastCloseUs === startUs || rows[at + row.closeTimeUs] <= fromUs;
    if (isFirst || timeUs <= rows[at + row.openTimeUs]) this.pastOpenUs = startUs;
    if (isFirst || timeUs >= rows[at + row.closeTimeUs]) this.pastCloseUs = startUs;
    extendPast(rows, at, record, base, matches, side, product, range, takesOpen, isFirst || takesClose);
    this.changes.note(this.index, this.changedRow, (change & BarChange.opened) !== 0 ? BarChange.opened : change);
    return change;
  }

  /**
   * The lost trades of [fromUs, toUs] have come, all of them: bars that lacked some say so, but for those that end after
   * `untilUs`. Returns BarChange bits.
   */
  endBackfill(fromUs: number, toUs: number, untilUs: number): number {
    if (!this.hasNewGap) this.hasGapBeforeNext = false;
    // A loss noted since lies in the open bar.
    return mendBars(this, this.changes, fromUs, toUs, untilUs, this.hasNewGap ? this.openRow : NONE);
  }

  /** As add(), for a kind with a lower one, which has had the trade. */
  follow(
    lower: TimeBars,
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    state: number,
  ): number {
    const below = lower.change;
    let change: number = BarChange.updated;
    if (below !== BarChange.updated) {
      if ((below & BarChange.opened) === 0) return this.add(record, base, matches, side, product, range, state);
      if ((below & BarChange.closed) !== 0) this.takeClosed(lower);
      change = this.followOpened(record, base, state);
    }
    this.openState = state;
    this.changes.note(this.index, this.openRow, change === BarChange.updated ? change : BarChange.opened);
    this.change = change;
    return change;
  }

  /** Closes the open bar where the market's clock has reached its end, and makes empty bars. Returns BarChange bits. */
  clock(state: number): number {
    const { lower, shared, words } = this;
    let change: number = BarChange.none;
    if (lower !== null && (lower.change & BarChange.closed) !== 0) this.takeClosed(lower);
    if (this.openRow !== NONE && shared[barsWord.clockUs] >= words[own.openEndUs]) {
      this.closeOpen(state);
      change = BarChange.closed;
    }
    if (this.openRow === NONE && this.emptyBars !== EmptyBars.skip) {
      bucketStart(shared, barsWord.clockUs, this.intervalUs, this.originUs, words, own.startUs);
      if (this.fill(state)) {
        change |= BarChange.created;
        this.hasGapBeforeNext = false;
      }
    }
    this.change = change;
    return change;
  }

  /** Trades were lost: the bar open now and those made next are not whole. */
  noteGap(): void {
    if (this.openRow !== NONE) markGap(this.history.rows, this.openRow * BAR_WORDS);
    this.hasGapBeforeNext = true;
    this.hasNewGap = true;
  }

  /** The shared spread is another. Bars of a lower kind bring up what they saw while they were open. */
  noteSpread(): void {
    if (this.openRow === NONE || (this.lower !== null && this.lower.openRow !== NONE)) return;
    extendSpread(this.history.rows, this.openRow * BAR_WORDS, this.shared, barsWord.spreadMilli);
  }

  /** Writes when the clock has something to do here next, or Infinity. */
  writeNextEnd(out: Float64Array, outAt: number): void {
    const { history } = this;
    out[outAt] = this.words[own.openEndUs];
    if (this.openRow !== NONE || this.emptyBars === EmptyBars.skip || history.count === 0) return;
    const newest = history.rowAt(history.count - 1) * BAR_WORDS;
    out[outAt] = history.rows[newest + row.startTimeUs] + 2 * this.intervalUs;
  }

  /** Flags of the bar record of a row. */
  flags(barRowNumber: number): number {
    const flags = this.history.rows[barRowNumber * BAR_WORDS + row.flags] | 0;
    return barRowNumber === this.openRow ? flags | (this.openState << BarFlag.stateShift) : flags;
  }

  /** Writes a row as it stands to `out[outAt]`: of the open bar with what the lower kinds hold of it. */
  compose(barRowNumber: number, out: Float64Array, outAt: number): void {
    const { rows } = this.history;
    const at = barRowNumber * BAR_WORDS;
    for (let word = 0; word < BAR_WORDS; word++) out[outAt + word] = rows[at + word];
    out[outAt + row.flags] = this.flags(barRowNumber);
    if (barRowNumber !== this.openRow) return;
    for (let lower = this.lower; lower !== null; lower = lower.lower) {
      if (lower.openRow !== NONE) mergeBar(out, outAt, lower.history.rows, lower.openRow * BAR_WORDS);
    }
  }

  /** Makes `changedRow` the row of a trade that lies outside the open bar. */
  private find(record: Float64Array, base: number, state: number): number {
    const { words, shared } = this;
    this.takeBucket(record, base);
    const startUs = words[own.startUs];
    const endUs = startUs + this.intervalUs;
    // A bucket that the clock alone closed stays so, since the clock never goes back: newestStartUs need not know it.
    if (startUs < words[own.newestStartUs] || shared[barsWord.clockUs] >= endUs) {
      const watermarkUs = Math.max(shared[barsWord.clockUs], shared[barsWord.newestTradeUs]);
      return endUs + words[own.latenessUs] >= watermarkUs ? this.findClosed(record, base, state) : BarChange.late;
    }
    return this.openNext(record, base, state);
  }

  /** As find(), without a limit of lateness. What it makes lies in the loss, which another bar may still have to tell of. */
  private findPast(record: Float64Array, base: number, state: number): number {
    const { words, shared } = this;
    this.takeBucket(record, base);
    const startUs = words[own.startUs];
    const isClosed = startUs < words[own.newestStartUs] || shared[barsWord.clockUs] >= startUs + this.intervalUs;
    if (!isClosed) return this.openNext(record, base, state);
    const { hasGapBeforeNext } = this;
    this.hasGapBeforeNext = true;
    const change = this.findClosed(record, base, state);
    this.hasGapBeforeNext = hasGapBeforeNext;
    return change;
  }

  private takeBucket(record: Float64Array, base: number): void {
    const { words } = this;
    words[own.tradeTimeUs] = record[base + trade.at.exchangeTimeUs];
    bucketStart(words, own.tradeTimeUs, this.intervalUs, this.originUs, words, own.startUs);
  }

  /** The bucket of a trade that opened a bar of the lower kind: it is the open one, or opens now without the trade. */
  private followOpened(record: Float64Array, base: number, state: number): number {
    const timeUs = record[base + trade.at.exchangeTimeUs];
    if (timeUs >= this.words[own.openStartUs] && timeUs < this.words[own.openEndUs]) return BarChange.updated;
    this.takeBucket(record, base);
    const change = this.openNext(record, base, state);
    blankBar(this.history.rows, this.openRow * BAR_WORDS);
    return change;
  }

  /** Takes the bar that has just closed in the lower kind. It lies in the open bar, which closes after it. */
  private takeClosed(lower: TimeBars): void {
    mergeBar(this.history.rows, this.openRow * BAR_WORDS, lower.history.rows, lower.closedRow * BAR_WORDS);
  }

  /** Closes the open bar, fills up with empty ones and opens that of the bucket found. */
  private openNext(record: Float64Array, base: number, state: number): number {
    const { words } = this;
    let change: number = BarChange.opened;
    if (this.openRow !== NONE) {
      this.closeOpen(state);
      change |= BarChange.closed;
    }
    if (this.emptyBars !== EmptyBars.skip && this.fill(state)) change |= BarChange.created;
    this.openRow = this.history.append();
    this.openState = state;
    this.begin(this.openRow, record, base, 0);
    extendSpread(this.history.rows, this.openRow * BAR_WORDS, this.shared, barsWord.spreadMilli);
    words[own.openStartUs] = words[own.startUs];
    words[own.openEndUs] = words[own.startUs] + this.intervalUs;
    words[own.newestStartUs] = words[own.startUs];
    return change;
  }

  /** Looks for the bar of the bucket found, which is closed, and makes it where there is none. */
  private findClosed(record: Float64Array, base: number, state: number): number {
    const { history } = this;
    const startUs = this.words[own.startUs];
    const index = this.countUpTo() - 1;
    const held = index < 0 ? NONE : history.rowAt(index);
    if (held !== NONE && history.rows[held * BAR_WORDS + row.startTimeUs] === startUs) {
      this.revise(held, record, base, state);
      return BarChange.revised;
    }
    const made = history.insertBefore(history.count - 1 - index);
    if (made === NONE) return BarChange.late;
    if (this.openRow !== NONE) this.openRow = history.rowAt(history.count - 1);
    this.begin(made, record, base, BarFlag.final | (state << BarFlag.stateShift));
    return BarChange.created;
  }

  /** How many bars start at or before the bucket found. */
  private countUpTo(): number {
    const { history } = this;
    const startUs = this.words[own.startUs];
    let low = 0;
    let high = history.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const isUpTo = history.rows[history.rowAt(middle) * BAR_WORDS + row.startTimeUs] <= startUs;
      if (isUpTo) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes a final bar take a late trade; an empty one begins with it. */
  private revise(held: number, record: Float64Array, base: number, state: number): void {
    const { rows } = this.history;
    const at = held * BAR_WORDS;
    const revision = rows[at + row.revision] + 1;
    if (rows[at + row.isEmpty] !== 0) openBar(rows, at, record, base);
    rows[at + row.isEmpty] = 0;
    rows[at + row.revision] = revision;
    const kept = rows[at + row.flags] & ~(BarFlag.stateMask | BarFlag.noPrices);
    rows[at + row.flags] = kept | (state << BarFlag.stateShift);
    this.changedRow = held;
  }

  private begin(made: number, record: Float64Array, base: number, flags: number): void {
    const at = made * BAR_WORDS;
    const { rows } = this.history;
    const startUs = this.words[own.startUs];
    const isWhole = this.hasBars || record[base + trade.at.exchangeTimeUs] === startUs;
    let completeness: number = isWhole ? Completeness.complete : Completeness.partial;
    if (this.hasGapBeforeNext) completeness = Completeness.gap;
    this.hasBars = true;
    this.hasGapBeforeNext = false;
    rows[at + row.startTimeUs] = startUs;
    rows[at + row.flags] = flags | (completeness << BarFlag.completenessShift);
    rows[at + row.isEmpty] = 0;
    openBar(rows, at, record, base);
    clearSpread(rows, at);
    this.changedRow = made;
  }

  /** Makes the empty bars behind the newest bar and before the bucket at `own.startUs`; true where there were any. */
  private fill(state: number): boolean {
    const { history, intervalUs } = this;
    if (history.count === 0) return false;
    let newest = history.rowAt(history.count - 1);
    const behindUs = history.rows[newest * BAR_WORDS + row.startTimeUs] + intervalUs;
    const untilUs = this.words[own.startUs];
    const count = Math.min((untilUs - behindUs) / intervalUs, EMPTY_BARS_MAX);
    const completeness = this.hasGapBeforeNext ? Completeness.gap : Completeness.complete;
    const hasPrices = this.emptyBars === EmptyBars.flat;
    const flags = BarFlag.final | (completeness << BarFlag.completenessShift) | (state << BarFlag.stateShift);
    for (let left = count; left > 0; left--) {
      const made = history.append();
      const { rows } = history;
      rows[made * BAR_WORDS + row.startTimeUs] = untilUs - left * intervalUs;
      rows[made * BAR_WORDS + row.flags] = hasPrices ? flags : flags | BarFlag.noPrices;
      emptyBar(rows, made * BAR_WORDS, newest * BAR_WORDS, hasPrices);
      this.changes.note(this.index, made, BarChange.created);
      newest = made;
    }
    return count > 0;
  }

  private closeOpen(state: number): void {
    const { rows } = this.history;
    rows[this.openRow * BAR_WORDS + row.flags] += BarFlag.final + (state << BarFlag.stateShift);
    this.closedRow = this.openRow;
    this.changes.note(this.index, this.closedRow, BarChange.closed);
    this.forgetOpen();
  }

  private forgetOpen(): void {
    this.openRow = NONE;
    this.words[own.openStartUs] = Number.POSITIVE_INFINITY;
    this.words[own.openEndUs] = Number.POSITIVE_INFINITY;
  }
}
