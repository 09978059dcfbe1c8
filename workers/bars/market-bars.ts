// All time bars of one market: one product per trade, added to the bar of each kind, and what changed by it. Hot path.

import { marketCounter } from '../../schemas/counters.ts';
import { TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { clock, trade } from '../../schemas/market-data.ts';
import { BAR_WORDS, BarFlag, barRow, writeBarSlots } from './ohlcv.ts';
import { multiply, NOTIONAL_WORDS } from './sums.ts';
import { BarChange, MARKET_TIME_WORDS, marketTime, TimeBars } from './time-bars.ts';

/** The signals' EMA works on these, whichever kinds are asked for. */
export const SIGNAL_INTERVAL_MS = 60_000;

/** Words of one entry of `changes`: which kind, which row, and BarChange bits of it alone. */
export const barChangeEntry = { kind: 0, row: 1, change: 2 } as const;
export const BAR_CHANGE_WORDS = 3;

const NEXT_END = MARKET_TIME_WORDS;
const OPEN_END = MARKET_TIME_WORDS + 1;

/** Shared by all markets of the thread: filled and read within one call. */
const product = new Float64Array(NOTIONAL_WORDS);

/**
 * Kinds are numbered as the intervals were given; where 1m is not among them, one more kind behind them is kept for the
 * signals: it is counted nowhere, and dispatch shows nobody the kinds from `visibleKinds` on.
 *
 * trade() and clock() return the BarChange bits of all kinds together and leave `changeCount` entries in `changes`, in the
 * order in which subscribers must see them: of each kind the bar that closed, then the one that opened. Row numbers are
 * valid until the next call.
 */
export class MarketBars {
  readonly kinds: number;
  readonly visibleKinds: number;
  /** The kind the EMA works on. */
  readonly signalKind: number;
  readonly changes: Int32Array;
  changeCount = 0;
  private readonly bars: TimeBars[];
  private readonly counters: Float64Array;
  private readonly times = new Float64Array(MARKET_TIME_WORDS + 2);

  /** `counters` is the market's own row of the market counters. */
  constructor(intervalsMs: readonly number[], keepAll: boolean, counters: Float64Array) {
    const hasSignalKind = intervalsMs.includes(SIGNAL_INTERVAL_MS);
    const all = hasSignalKind ? intervalsMs : [...intervalsMs, SIGNAL_INTERVAL_MS];
    this.bars = all.map((intervalMs) => new TimeBars(intervalMs, keepAll));
    this.kinds = all.length;
    this.visibleKinds = intervalsMs.length;
    this.signalKind = all.indexOf(SIGNAL_INTERVAL_MS);
    // A call changes at most two bars of a kind: one closes, one opens.
    this.changes = new Int32Array(2 * all.length * BAR_CHANGE_WORDS);
    this.counters = counters;
    this.times[marketTime.clockUs] = Number.NEGATIVE_INFINITY;
    this.times[marketTime.newestTradeUs] = Number.NEGATIVE_INFINITY;
    this.times[NEXT_END] = Number.POSITIVE_INFINITY;
  }

  /** Applies an accepted trade record. Returns BarChange bits. */
  trade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const { times } = this;
    const base = slot * SLOT_F64;
    const side = u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
    const matches = u32[slot * SLOT_U32 + trade.at.count];
    const timeUs = f64[base + trade.at.exchangeTimeUs];
    if (timeUs > times[marketTime.newestTradeUs]) times[marketTime.newestTradeUs] = timeUs;
    const range = multiply(f64, base + trade.at.priceMilli, base + trade.at.quantityMilli, product);
    this.changeCount = 0;
    let changes = 0;
    for (let kind = 0; kind < this.kinds; kind++) {
      const bars = this.bars[kind];
      const change = bars.add(f64, base, matches, side, product, range, times);
      if (change !== BarChange.updated) {
        if (kind < this.visibleKinds) changes |= change & BarChange.late;
        if (change === BarChange.late) continue;
        this.noteMove(kind, change);
      }
      changes |= change;
      this.note(kind, bars.changedRow, change & ~BarChange.closed);
    }
    if ((changes & BarChange.late) !== 0) this.counters[marketCounter.late] += 1;
    return changes;
  }

  /** Applies a clock record; a new market is given the last one of its shard. Returns BarChange bits. */
  clock(f64: Float64Array, slot: number): number {
    const { times } = this;
    this.changeCount = 0;
    const timeUs = f64[slot * SLOT_F64 + clock.at.timeUs];
    if (timeUs <= times[marketTime.clockUs]) return BarChange.none;
    times[marketTime.clockUs] = timeUs;
    if (timeUs < times[NEXT_END]) return BarChange.none;
    times[NEXT_END] = Number.POSITIVE_INFINITY;
    let changes = 0;
    for (let kind = 0; kind < this.kinds; kind++) {
      const bars = this.bars[kind];
      const change = bars.openRow < 0 ? BarChange.none : bars.clock(times);
      if (change !== BarChange.none) this.note(kind, bars.closedRow, change);
      changes |= change;
      this.takeOpenEnd(bars);
    }
    return changes;
  }

  /** Trades of this market were lost here. */
  noteGap(): void {
    for (let kind = 0; kind < this.kinds; kind++) this.bars[kind].noteGap();
  }

  intervalMs(kind: number): number {
    return this.bars[kind].intervalMs;
  }

  /** The kind with this interval that anyone may see, or -1. */
  kindOf(intervalMs: number): number {
    for (let kind = 0; kind < this.visibleKinds; kind++) if (this.bars[kind].intervalMs === intervalMs) return kind;
    return -1;
  }

  /** Bars held, the open one included. */
  barCount(kind: number): number {
    return this.bars[kind].history.count;
  }

  /** Row of a bar, counted from the oldest held. */
  rowAt(kind: number, index: number): number {
    return this.bars[kind].history.rowAt(index);
  }

  /** Row of the bar open now, or -1. */
  openRow(kind: number): number {
    return this.bars[kind].openRow;
  }

  /** Row of the newest final bar, or -1. */
  lastClosedRow(kind: number): number {
    const bars = this.bars[kind];
    const index = bars.history.count - (bars.openRow < 0 ? 1 : 2);
    return index < 0 ? -1 : bars.history.rowAt(index);
  }

  /** The rows of a kind: word `barRow.at.…` of a row lies at row × BAR_WORDS + word. Changes when the history grows. */
  rows(kind: number): Float64Array {
    return this.bars[kind].history.rows;
  }

  /** Flags of the bar record of this row. */
  flags(kind: number, row: number): number {
    return this.bars[kind].history.rows[row * BAR_WORDS + barRow.at.flags] | 0;
  }

  isFinal(kind: number, row: number): boolean {
    return (this.flags(kind, row) & BarFlag.final) !== 0;
  }

  /** Fills the five slots of a bar; their headers are the caller's (type, flags(kind, row), market). */
  writeBar(
    kind: number,
    row: number,
    out: Float64Array,
    barSlot: number,
    pricesSlot: number,
    volumesSlot: number,
    sidesSlot: number,
    notionalSlot: number,
  ): void {
    const { history, intervalMs } = this.bars[kind];
    const at = row * BAR_WORDS;
    writeBarSlots(history.rows, at, intervalMs, out, barSlot, pricesSlot, volumesSlot, sidesSlot, notionalSlot);
  }

  private noteMove(kind: number, change: number): void {
    const bars = this.bars[kind];
    if ((change & BarChange.closed) !== 0) this.note(kind, bars.closedRow, BarChange.closed);
    if ((change & BarChange.opened) !== 0) this.takeOpenEnd(bars);
    if (change === BarChange.revised && kind < this.visibleKinds) this.counters[marketCounter.revised] += 1;
  }

  private note(kind: number, row: number, change: number): void {
    const at = this.changeCount * BAR_CHANGE_WORDS;
    this.changes[at + barChangeEntry.kind] = kind;
    this.changes[at + barChangeEntry.row] = row;
    this.changes[at + barChangeEntry.change] = change;
    this.changeCount++;
  }

  /** The clock need not look at the kinds before the first open bar ends. A bar closed since leaves this too early. */
  private takeOpenEnd(bars: TimeBars): void {
    const { times } = this;
    bars.writeOpenEnd(times, OPEN_END);
    if (times[OPEN_END] < times[NEXT_END]) times[NEXT_END] = times[OPEN_END];
  }
}
