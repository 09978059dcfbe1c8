// All bars of one market: one product per trade, added to the bar of each kind, and what changed by it. Hot path.

import type { BarKind } from '../../engine/base/bar-kinds.ts';
import { lookBy, type MarketClock, makeMarketClock } from '../../engine/base/market-clock.ts';
import { barsWord, makeMarketRow, marketRow } from '../../engine/base/market-row.ts';
import { TIME_AHEAD_MS_MAX } from '../../schemas/config.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { BarType, type EmptyBars, TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { clock, trade } from '../../schemas/market-data.ts';
import { BarChange, BarChanges } from './bar-changes.ts';
import type { BarHistory } from './bar-history.ts';
import { isBuiltFrom } from './bucket.ts';
import { InformationBars } from './information-bars.ts';
import { BAR_WORDS, BarFlag, barRow, writeBarSlots } from './ohlcv.ts';
import { multiply, NOTIONAL_WORDS } from './sums.ts';
import { TimeBars, type TimeBarsParts } from './time-bars.ts';

/** The kinds of one market: numbers into the engine's list of kinds; those kept for signals alone come last. */
export type BarPlan = {
  readonly kinds: readonly { readonly number: number; readonly kind: BarKind; readonly isVisible: boolean }[];
  readonly latenessMs: number;
  readonly emptyBars: EmptyBars;
  /** Replays keep every bar. */
  readonly keepAll: boolean;
};

/** Bars of a lower kind in one bar at most: the shorter they are, the fewer trades a merge of two rows stands for. */
const LOWER_BARS_MAX = 500;

/** Further words of the market's row. */
const NEXT_END = marketRow.bars + 4;
const KIND_END = marketRow.bars + 5;
/** The latest venue time that may be true. */
const LATEST = marketRow.bars + 6;
/** Where the loss began whose trades may still come; infinite while none is known. */
const PAST_FROM = marketRow.bars + 7;

/** Shared by all markets of the thread: filled and read within one call. */
const product = new Float64Array(NOTIONAL_WORDS);
const composed = new Float64Array(BAR_WORDS);

/**
 * Kinds are counted here by their index in the plan. Time kinds are worked on in order of their interval, so that each
 * finds its lower one done; all other kinds follow.
 *
 * trade() and clock() return the BarChange bits of all kinds together and leave entries in `changes`, in the order in
 * which subscribers must see them: of each kind the bar that closed, the empty ones behind it, then the one that opened.
 * Row numbers are valid until the next call.
 */
export class MarketBars {
  readonly kinds: number;
  readonly changes = new BarChanges();
  readonly plan: BarPlan;
  private readonly all: readonly (TimeBars | InformationBars)[];
  private readonly timed: readonly TimeBars[];
  private readonly untimed: readonly InformationBars[];
  private readonly shared: Float64Array;
  private readonly counters: Float64Array;
  private readonly time: MarketClock;
  /** All time kinds are built from the first: what lies in its open bar lies in that of each. */
  private readonly isChain: boolean;

  /** `counters` is the market's own row of the market counters, `words` its row of words. */
  constructor(
    plan: BarPlan,
    counters: Float64Array,
    time: MarketClock = makeMarketClock(),
    words: Float64Array = makeMarketRow(),
  ) {
    this.shared = words;
    this.plan = plan;
    this.time = time;
    this.kinds = plan.kinds.length;
    this.counters = counters;
    this.shared[barsWord.clockUs] = Number.NEGATIVE_INFINITY;
    this.shared[barsWord.newestTradeUs] = Number.NEGATIVE_INFINITY;
    this.shared[barsWord.spreadMilli] = -1;
    this.shared[NEXT_END] = Number.POSITIVE_INFINITY;
    this.shared[LATEST] = Number.POSITIVE_INFINITY;
    this.shared[PAST_FROM] = Number.POSITIVE_INFINITY;
    this.timed = timeBarsOf(plan, { ...plan, shared: this.shared, changes: this.changes });
    const of = (index: number): TimeBars | InformationBars =>
      this.timed.find((bars) => bars.index === index) ??
      new InformationBars(index, plan.kinds[index].kind, plan.keepAll, this.changes, counters);
    this.all = plan.kinds.map((_, index) => of(index));
    this.untimed = this.all.filter((bars) => bars instanceof InformationBars);
    this.isChain = this.timed.length > 0 && this.timed.every(({ lower }, at) => (lower === null) === (at === 0));
  }

  /** Applies an accepted trade record; `state` is the BookState now. Returns BarChange bits. */
  trade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, state: number): number {
    const { shared, timed, untimed } = this;
    this.takeTime();
    const base = slot * SLOT_F64;
    const side = u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
    const matches = u32[slot * SLOT_U32 + trade.at.count];
    const timeUs = f64[base + trade.at.exchangeTimeUs];
    const isAhead = timeUs > shared[LATEST];
    if (!isAhead && timeUs > shared[barsWord.newestTradeUs]) shared[barsWord.newestTradeUs] = timeUs;
    const range = multiply(f64, base + trade.at.priceMilli, base + trade.at.quantityMilli, product);
    this.changes.clear();
    let changes = 0;
    const isPast = (u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.history) !== 0 && shared[PAST_FROM] !== Infinity;
    for (let at = 0; at < timed.length; at++) {
      const bars = timed[at];
      const { lower } = bars;
      if (isPast && !isAhead && (lower === null || (lower.change & (BarChange.updated | BarChange.opened)) === 0)) {
        const past = bars.addPast(f64, base, matches, side, product, range, state, shared[PAST_FROM]);
        changes |= past === BarChange.updated ? past : this.noteMove(bars, past);
        continue;
      }
      const change = isAhead
        ? BarChange.late
        : lower === null
          ? bars.add(f64, base, matches, side, product, range, state)
          : bars.follow(lower, f64, base, matches, side, product, range, state);
      changes |= change === BarChange.updated ? change : this.noteMove(bars, change);
    }
    for (let at = 0; at < untimed.length; at++) {
      changes |= untimed[at].add(f64, base, matches, side, product, range, state);
    }
    if ((changes & BarChange.late) !== 0) this.counters[marketCounter.late] += 1;
    return changes;
  }

  /**
   * Applies as many as it can of the accepted trade records from `slot` on, none of them a past one: those that do no more
   * than to extend the open bar of each kind. Returns how many; the next is for trade(). `changes` stays empty.
   */
  tradeRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number, state: number): number {
    const { shared, timed, untimed } = this;
    this.takeTime();
    this.changes.clear();
    if (untimed.length > 0 || !this.isChain) return 0;
    const taken = timed[0].addRun(u8, u32, f64, slot, count, shared[LATEST]);
    if (taken === 0) return 0;
    for (let at = 0; at < timed.length; at++) timed[at].openState = state;
    const newestUs = f64[(slot + taken - 1) * SLOT_F64 + trade.at.exchangeTimeUs];
    if (newestUs > shared[barsWord.newestTradeUs]) shared[barsWord.newestTradeUs] = newestUs;
    return taken;
  }

  /** Applies a clock record that is given to this market alone. Returns BarChange bits. */
  clock(f64: Float64Array, slot: number, state: number): number {
    const timeUs = f64[slot * SLOT_F64 + clock.at.timeUs];
    this.changes.clear();
    if (timeUs <= this.time.nowUs[0]) return BarChange.none;
    this.time.nowUs[0] = timeUs;
    return this.look(state);
  }

  /** The clock has moved on: closes the bars whose end it has reached. Returns BarChange bits. */
  look(state: number): number {
    const { shared, timed } = this;
    this.changes.clear();
    this.takeTime();
    if (shared[barsWord.clockUs] < shared[NEXT_END]) return BarChange.none;
    shared[NEXT_END] = Number.POSITIVE_INFINITY;
    let changes = 0;
    for (let at = 0; at < timed.length; at++) {
      changes |= timed[at].clock(state);
      this.takeNextEnd(timed[at]);
    }
    return changes;
  }

  /** When the clock has something to do here next, µs since 1970, or Infinity. */
  get nextLookUs(): number {
    return this.shared[NEXT_END];
  }

  /** Clock records do not visit markets without anything due: what the time is now is asked for when it matters. */
  private takeTime(): void {
    const { shared, time } = this;
    const nowUs = time.nowUs[0];
    if (nowUs === shared[barsWord.clockUs]) return;
    shared[barsWord.clockUs] = nowUs;
    shared[LATEST] = nowUs + TIME_AHEAD_MS_MAX * 1000;
  }

  /** As noteGap(), for a loss that began before: `times[at]`, µs since 1970. Returns BarChange bits. */
  noteGapSince(times: Float64Array, at: number): number {
    this.changes.clear();
    let changes: number = BarChange.none;
    for (let index = 0; index < this.timed.length; index++) changes |= this.timed[index].noteGapSince(times[at]);
    for (let index = 0; index < this.untimed.length; index++) this.untimed[index].noteGap();
    return changes;
  }

  /** Trades from `times[at]` on are missing and may come with past trades, before any back-fill or with one. */
  openLoss(times: Float64Array, at: number): void {
    if (this.shared[PAST_FROM] === Number.POSITIVE_INFINITY) this.beginBackfill(times, at);
  }

  /** Trades that were lost from `times[fromAt]` on follow, flagged as history, oldest first. */
  beginBackfill(times: Float64Array, fromAt: number): void {
    this.shared[PAST_FROM] = times[fromAt];
    for (let at = 0; at < this.timed.length; at++) this.timed[at].beginBackfill();
  }

  /**
   * They have come. Bars of the span lack nothing any more where the venue gave all; those bounded by anything but time
   * followed the order of arrival and stay as they are. From `untilUs` on another loss is open. Returns BarChange bits.
   */
  endBackfill(times: Float64Array, fromAt: number, toAt: number, isWhole: boolean, untilUs = Infinity): number {
    this.shared[PAST_FROM] = Number.POSITIVE_INFINITY;
    this.changes.clear();
    let changes: number = BarChange.none;
    if (!isWhole) return changes;
    for (let at = 0; at < this.timed.length; at++) {
      changes |= this.timed[at].endBackfill(times[fromAt], times[toAt], untilUs);
    }
    return changes;
  }

  /** Trades of this market were lost here. */
  noteGap(): void {
    for (let index = 0; index < this.kinds; index++) this.all[index].noteGap();
  }

  /** The live book's spread is now this; a negative milli: not known (the book is not live, or a side is empty). */
  noteSpread(milli: number, atto: number): void {
    const { shared, timed, untimed } = this;
    shared[barsWord.spreadMilli] = milli;
    shared[barsWord.spreadAtto] = atto;
    for (let at = 0; at < timed.length; at++) timed[at].noteSpread();
    for (let at = 0; at < untimed.length; at++) untimed[at].noteSpread(milli, atto);
  }

  /** The latest venue time of a trade, 0 before the first. */
  writeNewestTime(out: Float64Array, outAt: number): void {
    out[outAt] = Math.max(this.shared[barsWord.newestTradeUs], 0);
  }

  /** Number of a kind in the engine's list. */
  kindNumber(index: number): number {
    return this.plan.kinds[index].number;
  }

  isVisible(index: number): boolean {
    return this.plan.kinds[index].isVisible;
  }

  /** Index of the kind with this number in the engine's list, or -1. */
  indexOf(number: number): number {
    return this.plan.kinds.findIndex((planned) => planned.number === number);
  }

  /** Bars held, the open one included. */
  barCount(index: number): number {
    return this.history(index).count;
  }

  /** Row of a bar, counted from the oldest held. */
  rowAt(index: number, bar: number): number {
    return this.history(index).rowAt(bar);
  }

  /** Row of the bar open now, or -1. */
  openRow(index: number): number {
    return this.all[index].openRow;
  }

  /**
   * The rows of a kind: word `barRow.at.…` of a row lies at row × BAR_WORDS + word. Changes when the history grows. Final
   * bars lie here whole; an open one may lack what lower kinds hold of it, and its state: see copyRow().
   */
  rows(index: number): Float64Array {
    return this.history(index).rows;
  }

  /** Writes the words of a row as it stands to `out[outAt]`. */
  copyRow(index: number, row: number, out: Float64Array, outAt: number): void {
    const bars = this.all[index];
    if (bars instanceof TimeBars) bars.compose(row, out, outAt);
    else for (let word = 0; word < BAR_WORDS; word++) out[outAt + word] = bars.history.rows[row * BAR_WORDS + word];
  }

  /** Flags of the bar record of this row. */
  flags(index: number, row: number): number {
    const bars = this.all[index];
    if (bars instanceof TimeBars) return bars.flags(row);
    return bars.history.rows[row * BAR_WORDS + barRow.at.flags] | 0;
  }

  isFinal(index: number, row: number): boolean {
    return (this.flags(index, row) & BarFlag.final) !== 0;
  }

  /** Fills the six slots of a bar; their headers are the caller's (type, flags(index, row), market). */
  writeBar(
    index: number,
    row: number,
    out: Float64Array,
    barSlot: number,
    pricesSlot: number,
    volumesSlot: number,
    sidesSlot: number,
    notionalSlot: number,
    spreadSlot: number,
  ): void {
    this.copyRow(index, row, composed, 0);
    const number = this.kindNumber(index);
    writeBarSlots(composed, 0, number, out, barSlot, pricesSlot, volumesSlot, sidesSlot, notionalSlot, spreadSlot);
  }

  private history(index: number): BarHistory {
    return this.all[index].history;
  }

  /** Counts what a trade did other than to extend the open bar. Returns the bits to tell. */
  private noteMove(bars: TimeBars, change: number): number {
    const isVisible = this.isVisible(bars.index);
    if (change === BarChange.late) return isVisible ? change : BarChange.none;
    if (change === BarChange.revised && isVisible) this.counters[marketCounter.revised] += 1;
    this.takeNextEnd(bars);
    return change;
  }

  /** The clock need not look at the kinds before the first of their ends. A bar closed since leaves this too early. */
  private takeNextEnd(bars: TimeBars): void {
    const { shared } = this;
    bars.writeNextEnd(shared, KIND_END);
    if (!(shared[KIND_END] < shared[NEXT_END])) return;
    shared[NEXT_END] = shared[KIND_END];
    lookBy(this.time, shared[KIND_END]);
  }
}

/** The time kinds of a plan by interval, each with the largest lower one that it can be built from. */
function timeBarsOf(plan: BarPlan, parts: TimeBarsParts): TimeBars[] {
  const intervals = plan.kinds
    .map(({ kind }, index) => ({ index, intervalMs: kind.interval, type: kind.type }))
    .filter(({ type }) => type === BarType.time)
    .sort((a, b) => a.intervalMs - b.intervalMs);
  const made: TimeBars[] = [];
  for (const { index, intervalMs } of intervals) {
    const intervalUs = intervalMs * 1000;
    const lower = made.findLast(
      (bars) =>
        bars.intervalUs < intervalUs &&
        intervalUs <= bars.intervalUs * LOWER_BARS_MAX &&
        isBuiltFrom(intervalUs, bars.intervalUs),
    );
    made.push(new TimeBars(index, intervalMs, lower ?? null, parts));
  }
  return made;
}
