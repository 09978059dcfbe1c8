// Everything a shard keeps of one market, joined: book, trades, bars, signals, quality. Hot path.

import { lookBy, type MarketClock, makeMarketClock } from '../engine/base/market-clock.ts';
import type { MarketPlan, MarketPlans } from '../engine/base/market-plans.ts';
import { makeMarketRow } from '../engine/base/market-row.ts';
import type { MarketName } from '../engine/memory/market-names.ts';
import { marketCounter } from '../schemas/counters.ts';
import { BookState, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { trade } from '../schemas/market-data.ts';
import { venueRule } from '../schemas/venue-rules.ts';
import { MarketBars } from './bars/market-bars.ts';
import { TradeFilter, TradeVerdict } from './bars/trade-filter.ts';
import { TradeHistory } from './bars/trade-history.ts';
import { MarketBook } from './book/market-book.ts';
import { isCrossed, isLocked, writeSpread } from './book/measures.ts';
import type { SnapshotStage } from './book/snapshot-stage.ts';
import { MarketSignals, type Placed } from './market-signals.ts';
import { MarketQuality } from './quality/market-quality.ts';
import type { Signal } from './signals/signal.ts';
import type { UserSignals } from './user-signals.ts';

/** Words of `times`: of the last record of any kind; the third is the second, or when it came where there is none. */
const time = { receiveNs: 0, exchangeUs: 1, signalUs: 2 } as const;
const BEST_WORDS = 8;
/** Milli of a spread that is not known. */
const UNKNOWN_SPREAD = -1;
const spread = new Float64Array(2);
/** Since when trades may be missing. */
const gapSince = new Float64Array(1);

/** What of a market the latest values do not show yet. */
export const Unshown = { nothing: 0, trades: 1, all: 2 } as const;
export type Unshown = (typeof Unshown)[keyof typeof Unshown];

/** What all markets of a shard share. */
export type MarketParts = {
  readonly plans: MarketPlans;
  readonly stage: SnapshotStage;
  readonly users: UserSignals;
  readonly anchorWallUs: number;
  readonly keepAll: boolean;
};

export class Market {
  readonly id: number;
  readonly name: MarketName;
  readonly plan: MarketPlan;
  readonly book: MarketBook;
  readonly bars: MarketBars;
  readonly signals: MarketSignals;
  readonly quality: MarketQuality;
  readonly trades: TradeHistory;
  /** Receive and exchange time of the last record applied come first; words of the parts lie behind them. */
  readonly times = makeMarketRow();
  /** What of the market is not shown in the latest values yet; with anything it is in the shard's list. */
  unshown: Unshown = Unshown.nothing;
  /** Losses of trades that no back-fill has made good, and id and venue time of the last trade before the first of these. */
  openLosses = 0;
  readonly lossFrom = Float64Array.of(Number.NaN, 0);
  private isBackfilling = false;
  /** When the last loss showed, µs since 1970. */
  private readonly lastLossUs = new Float64Array(1);
  private readonly counters: Float64Array;
  readonly filter: TradeFilter;
  private readonly anchorWallUs: number;
  private readonly best = new Float64Array(BEST_WORDS).fill(-1);
  private readonly spread = Float64Array.of(UNKNOWN_SPREAD, 0);

  private readonly time: MarketClock;

  /** `counters` is the market's own row of the market counters. */
  constructor(
    id: number,
    name: MarketName,
    plan: MarketPlan,
    counters: Float64Array,
    parts: MarketParts,
    time: MarketClock = makeMarketClock(),
  ) {
    const { plans, stage, users, keepAll } = parts;
    const rule = venueRule(name.venue);
    this.id = id;
    this.name = name;
    this.plan = plan;
    this.counters = counters;
    this.time = time;
    this.anchorWallUs = parts.anchorWallUs;
    this.book = new MarketBook(rule, counters, stage, plan.levelsKept);
    const kinds = plan.bars.map((number, index) => ({
      number,
      kind: plans.barKinds[number],
      isVisible: index < plan.visibleBars,
    }));
    const { latenessMs, emptyBars } = plan;
    this.bars = new MarketBars({ kinds, latenessMs, emptyBars, keepAll }, counters, time, this.times);
    const kindOf = (kind: string): number => plans.barKinds.findIndex((each) => each.name === kind);
    this.signals = new MarketSignals(plans.signals, plan.signals, kindOf, users);
    this.quality = new MarketQuality(
      counters,
      plan.staleAfterMs,
      parts.anchorWallUs,
      rule.silentAfterMs,
      time,
      this.times,
    );
    this.filter = new TradeFilter(rule, counters, this.times);
    this.trades = new TradeHistory(this.times);
  }

  /** What is referred to and is not the market's own. */
  get shared(): readonly object[] {
    return [this.time, this.name, this.plan, this.bars.plan, ...this.signals.shared];
  }

  get isLive(): boolean {
    return this.book.state === BookState.live;
  }

  /** Notes when the record at a slot came; trade and change heads have both times first. */
  noteTimes(f64: Float64Array, slot: number): void {
    this.times[time.receiveNs] = f64[slot * SLOT_F64 + trade.at.receiveTimeNs];
    const exchangeUs = f64[slot * SLOT_F64 + trade.at.exchangeTimeUs];
    this.times[time.exchangeUs] = exchangeUs;
    this.times[time.signalUs] = exchangeUs === 0 ? this.anchorWallUs + this.times[time.receiveNs] / 1000 : exchangeUs;
  }

  /** Trades, or messages that may have held some, are missing: the bars around say so. The book is not touched. */
  loseTrades(count: number, receiveNs: number): void {
    this.counters[marketCounter.lost] += count;
    // A loss of unknown size is at least one, else the channel would look complete.
    this.counters[marketCounter.lostTrades] += Math.max(count, 1);
    this.noteLoss(receiveNs);
    this.bars.noteGap();
  }

  /**
   * Trades made since `f64[sinceAt]` (µs since 1970) may be missing: bars that have closed since say so. Where one connection
   * has brought them all, those up to the newest are known; `mayBeBefore` where another has brought later ones. Returns
   * BarChange bits.
   */
  noteGapSince(f64: Float64Array, sinceAt: number, mayBeBefore: boolean): number {
    this.bars.writeNewestTime(gapSince, 0);
    if (mayBeBefore || f64[sinceAt] > gapSince[0]) gapSince[0] = f64[sinceAt];
    return this.bars.noteGapSince(gapSince, 0);
  }

  /** Trades of this market are missing from here on back to the last one known. */
  noteLoss(receiveNs: number): void {
    if (this.openLosses === 0) {
      this.filter.writeLastId(this.lossFrom, 0);
      this.bars.writeNewestTime(this.lossFrom, 1);
      // Before the first trade there is nothing to be missing from.
      if (this.lossFrom[1] === 0) return;
      // The trade that shows the jump has been taken already.
      const { first } = this.filter.missingIds;
      if (!Number.isNaN(first)) this.lossFrom[0] = first - 1;
      this.bars.openLoss(this.lossFrom, 1);
      this.filter.awaitPast(true);
    }
    this.bars.writeNewestTime(this.lastLossUs, 0);
    // What showed the loss came later than what was lost, so a back-fill asked for before then may lack some of it.
    this.lastLossUs[0] = Math.max(this.lastLossUs[0], this.anchorWallUs + receiveNs / 1000);
    this.openLosses++;
  }

  /** A back-fill begins. It makes good the open losses where it begins no later than the first, and ends no earlier than the last. */
  beginBackfill(f64: Float64Array, fromAt: number, toAt: number, idAt: number): void {
    this.isBackfilling = true;
    // Numbers tell better than times, which trades of one instant share.
    const isFromStart = f64[idAt] <= this.lossFrom[0] || (Number.isNaN(f64[idAt]) && f64[fromAt] <= this.lossFrom[1]);
    if (isFromStart && this.lastLossUs[0] <= f64[toAt]) this.openLosses = 0;
    this.bars.beginBackfill(f64, fromAt);
  }

  /** The back-fill has ended. Bars from a loss on that showed meanwhile, and is not in it, still lack trades. Returns BarChange bits. */
  endBackfill(f64: Float64Array, fromAt: number, toAt: number, isWhole: boolean): number {
    this.isBackfilling = false;
    const { missingIds } = this.filter;
    const hasAll = isWhole && !missingIds.hasForgotten;
    missingIds.hasForgotten = false;
    const isOpen = this.openLosses > 0;
    if (!isOpen) this.filter.awaitPast(false);
    return this.bars.endBackfill(f64, fromAt, toAt, hasAll, isOpen ? this.lossFrom[1] : Number.POSITIVE_INFINITY);
  }

  /** Applies a trade record to bars, signals and history. Returns BarChange bits, or -1 where the trade does not count. */
  applyTrade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const verdict = this.filter.accept(u8, u32, f64, slot);
    if (verdict === TradeVerdict.leftOut) return -1;
    if (verdict === TradeVerdict.acceptedAfterGap) this.loseTrades(this.filter.missing[0], this.times[time.receiveNs]);
    const flagsAt = slot * SLOT_BYTES + trade.at.flags;
    if (this.isBackfilling && (u8[flagsAt] & TradeFlag.history) !== 0) this.counters[marketCounter.backfilled]++;
    if ((u8[flagsAt] & TradeFlag.history) !== 0) this.quality.arrived(this.times, 0);
    else this.quality.tradeTimes(this.times, 0);
    if (this.quality.trade(f64, slot * SLOT_F64 + trade.at.priceMilli)) u8[flagsAt] |= TradeFlag.outlier;
    this.signals.trade(u8, u32, f64, slot);
    this.trades.add(u32, slot, (u8[flagsAt] & TradeFlag.textId) !== 0);
    return this.bars.trade(u8, u32, f64, slot, this.book.state);
  }

  /**
   * Applies as many as it can of the trade records from `slot` on, which differ in their side alone, to all but the bars:
   * those that are accepted and tell of no loss. Returns how many; the next is for applyTrade().
   */
  applyRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
    const taken = this.filter.acceptRun(u8, u32, f64, slot, count);
    if (taken === 0) return 0;
    this.noteTimes(f64, slot + taken - 1);
    this.quality.tradeRun(u8, f64, slot, taken);
    this.signals.tradeRun(u8, u32, f64, slot, taken);
    this.trades.addRun(u32, f64, slot, taken);
    return taken;
  }

  /** The head of a book change came; a snapshot fetched by REST says nothing of the stream's times. */
  noteChange(isRest: boolean): void {
    if (isRest) this.quality.arrived(this.times, 0);
    else this.quality.bookTimes(this.times, 0);
  }

  /** The book has changed, or its state has: spread, signals and quality follow. */
  noteBook(isApplied: boolean): void {
    const { bids, asks } = this.book;
    const { isLive } = this;
    // Live again, and no change since it was too old: the next clock record has to say so.
    if (isLive && this.quality.isSilent) lookBy(this.time, Number.NEGATIVE_INFINITY);
    if (isApplied) this.quality.bookApplied(isCrossed(bids, asks), isLocked(bids, asks));
    if (isLive) writeSpread(bids, asks, spread);
    else spread[0] = UNKNOWN_SPREAD;
    if (spread[0] !== this.spread[0] || spread[1] !== this.spread[1]) {
      this.spread.set(spread);
      this.bars.noteSpread(spread[0], spread[1]);
    }
    this.signals.book(bids, asks, isLive, this.times, time.signalUs);
  }

  /** A clock record has looked at all: notes when one has to do so again. `isOpen` says that it could not mark the book stale. */
  planLook(isOpen: boolean): void {
    const { nextLookUs, at } = this.time;
    const againUs = isOpen ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    nextLookUs[at] = Math.min(againUs, this.quality.nextLookUs, this.bars.nextLookUs);
  }

  /** The signal with this number as it stands; undefined before its first input. */
  signal(number: number): Placed<Signal> | undefined {
    const { bids, asks } = this.book;
    return this.signals.read(number, bids, asks, this.isLive, this.times, time.signalUs);
  }

  /** True when the best bid or offer differs from what was told last; takes note of it. */
  takeBestChange(): boolean {
    const { bids, asks } = this.book;
    const bid = bids.count === 0 ? -1 : bids.offsetOf(0);
    const ask = asks.count === 0 ? -1 : asks.offsetOf(0);
    let isChanged = false;
    for (let i = 0; i < 4; i++) {
      const bidWord = bid < 0 ? 0 : bids.values[bid + i];
      const askWord = ask < 0 ? 0 : asks.values[ask + i];
      if (this.best[i] !== bidWord || this.best[4 + i] !== askWord) isChanged = true;
      this.best[i] = bidWord;
      this.best[4 + i] = askWord;
    }
    return isChanged;
  }
}
