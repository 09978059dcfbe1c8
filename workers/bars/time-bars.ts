// The time bars of one market and one interval: which bar a trade belongs to, when it closes, is revised or too late. Hot path.

import { ALLOWED_LATENESS_MS } from '../../schemas/config.ts';
import { Completeness } from '../../schemas/ids.ts';
import { trade } from '../../schemas/market-data.ts';
import { BarHistory } from './bar-history.ts';
import { bucketStart } from './bucket.ts';
import { BAR_WORDS, BarFlag, barRow, extendBar, openBar } from './ohlcv.ts';

/** What one call did, as bits. */
export const BarChange = {
  none: 0,
  /** The open bar took a further trade. */
  updated: 1,
  /** A bar opened with the trade. */
  opened: 2,
  /** The bar open before became final: `closedRow`. */
  closed: 4,
  /** A final bar took a late trade and has a higher revision. */
  revised: 8,
  /** A bar was made in a closed bucket that had none, final at once, revision 0. */
  created: 16,
  /** The trade came too late for its bar and was left out. */
  late: 32,
} as const;

const NONE = -1;
const ALLOWED_LATENESS_US = ALLOWED_LATENESS_MS * 1000;

/** Words of `times`: what the kinds of one market share, then what each has of its own. */
export const marketTime = { clockUs: 0, newestTradeUs: 1 } as const;
export const MARKET_TIME_WORDS = 2;
const own = { openStartUs: 0, openEndUs: 1, newestStartUs: 2, tradeTimeUs: 3, startUs: 4 } as const;
const OWN_WORDS = 5;

/**
 * The rules, in the order of add():
 * 1. A bucket is floor(exchange time / interval).
 * 2. A bucket is closed when a clock record has reached its end, or when any trade of a later bucket came.
 * 3. A trade into a closed bucket revises its bar, or makes one that is final at once, as long as the bucket's end is
 *    at most ALLOWED_LATENESS_MS behind the market's newest clock or trade; later it is left out.
 * 4. Any other trade extends the open bar, or closes it and opens the next.
 * The open bar, where there is one, is always the newest row.
 */
export class TimeBars {
  readonly intervalMs: number;
  readonly history: BarHistory;
  /** Row of the bar open now, or -1. */
  openRow = NONE;
  /** After a call: the row that BarChange.updated, opened, revised or created is about. */
  changedRow = NONE;
  /** After BarChange.closed: the row that became final. */
  closedRow = NONE;
  private readonly intervalUs: number;
  private readonly words = new Float64Array(OWN_WORDS);
  private hasBars = false;
  private hasGapBeforeNext = false;

  constructor(intervalMs: number, keepAll: boolean) {
    this.intervalMs = intervalMs;
    this.intervalUs = intervalMs * 1000;
    this.history = new BarHistory(keepAll);
    this.words[own.newestStartUs] = Number.NEGATIVE_INFINITY;
    this.closeOpen();
  }

  /** Applies one trade record; `times` are the market's, this trade included. Returns BarChange bits. */
  add(
    record: Float64Array,
    base: number,
    matches: number,
    side: number,
    product: Float64Array,
    range: number,
    times: Float64Array,
  ): number {
    const timeUs = record[base + trade.at.exchangeTimeUs];
    let change: number = BarChange.updated;
    if (timeUs >= this.words[own.openStartUs] && timeUs < this.words[own.openEndUs]) this.changedRow = this.openRow;
    else {
      change = this.find(record, base, times);
      if (change === BarChange.late) return change;
    }
    const at = this.changedRow * BAR_WORDS;
    extendBar(this.history.rows, at, record, base, matches, side, product, range);
    return change;
  }

  /** Closes the open bar where the market's clock has reached its end. Returns BarChange bits. */
  clock(times: Float64Array): number {
    if (times[marketTime.clockUs] < this.words[own.openEndUs]) return BarChange.none;
    this.closeOpen();
    return BarChange.closed;
  }

  /** Trades were lost: the bar open now and the next one are not whole. */
  noteGap(): void {
    const flags = Completeness.gap << BarFlag.completenessShift;
    if (this.openRow !== NONE) this.history.rows[this.openRow * BAR_WORDS + barRow.at.flags] = flags;
    this.hasGapBeforeNext = true;
  }

  /** Writes when the open bar ends, or Infinity. */
  writeOpenEnd(out: Float64Array, outAt: number): void {
    out[outAt] = this.words[own.openEndUs];
  }

  /** Makes `changedRow` the row of a trade that lies outside the open bar. */
  private find(record: Float64Array, base: number, times: Float64Array): number {
    const { words } = this;
    words[own.tradeTimeUs] = record[base + trade.at.exchangeTimeUs];
    bucketStart(words, own.tradeTimeUs, this.intervalUs, own.startUs);
    const startUs = words[own.startUs];
    const endUs = startUs + this.intervalUs;
    // A bucket that the clock alone closed stays so, since the clock never goes back: newestStartUs need not know it.
    if (startUs < words[own.newestStartUs] || times[marketTime.clockUs] >= endUs) {
      const watermarkUs = Math.max(times[marketTime.clockUs], times[marketTime.newestTradeUs]);
      return endUs + ALLOWED_LATENESS_US >= watermarkUs ? this.findClosed(record, base) : BarChange.late;
    }
    const closed = this.openRow === NONE ? BarChange.none : BarChange.closed;
    this.closeOpen();
    this.openRow = this.history.append();
    this.begin(this.openRow, record, base, 0);
    words[own.openStartUs] = startUs;
    words[own.openEndUs] = endUs;
    words[own.newestStartUs] = startUs;
    return closed | BarChange.opened;
  }

  /** Looks for the bar of a closed bucket from the newest on: the allowed lateness bounds how far it lies back. */
  private findClosed(record: Float64Array, base: number): number {
    const { history } = this;
    const startUs = this.words[own.startUs];
    let newer = 0;
    for (; newer < history.count; newer++) {
      const row = history.rowAt(history.count - 1 - newer);
      const at = row * BAR_WORDS;
      const heldUs = history.rows[at + barRow.at.startTimeUs];
      if (heldUs < startUs) break;
      if (heldUs > startUs) continue;
      history.rows[at + barRow.at.revision] += 1;
      this.changedRow = row;
      return BarChange.revised;
    }
    const row = history.insertBefore(newer);
    if (row === NONE) return BarChange.late;
    if (this.openRow !== NONE) this.openRow = history.rowAt(history.count - 1);
    this.begin(row, record, base, BarFlag.final);
    return BarChange.created;
  }

  private begin(row: number, record: Float64Array, base: number, final: number): void {
    const at = row * BAR_WORDS;
    const { rows } = this.history;
    const startUs = this.words[own.startUs];
    const isWhole = this.hasBars || record[base + trade.at.exchangeTimeUs] === startUs;
    let completeness: number = isWhole ? Completeness.complete : Completeness.partial;
    if (this.hasGapBeforeNext) completeness = Completeness.gap;
    this.hasBars = true;
    this.hasGapBeforeNext = false;
    rows[at + barRow.at.startTimeUs] = startUs;
    rows[at + barRow.at.flags] = final | (completeness << BarFlag.completenessShift);
    openBar(rows, at, record, base);
    this.changedRow = row;
  }

  private closeOpen(): void {
    if (this.openRow !== NONE) this.history.rows[this.openRow * BAR_WORDS + barRow.at.flags] += BarFlag.final;
    this.closedRow = this.openRow;
    this.openRow = NONE;
    this.words[own.openStartUs] = Number.POSITIVE_INFINITY;
    this.words[own.openEndUs] = Number.POSITIVE_INFINITY;
  }
}
