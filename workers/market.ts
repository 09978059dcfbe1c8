// Everything a shard keeps of one market, joined: book, trades, bars, signals. Hot path.

import type { MarketName } from '../engine/memory/market-names.ts';
import { marketCounter } from '../schemas/counters.ts';
import { SignalEvent, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';
import { trade } from '../schemas/market-data.ts';
import { venueRule } from '../schemas/venue-rules.ts';
import { BAR_CHANGE_WORDS, barChangeEntry, MarketBars } from './bars/market-bars.ts';
import { BAR_WORDS, barRow } from './bars/ohlcv.ts';
import { BarChange } from './bars/time-bars.ts';
import { TradeFilter, TradeVerdict } from './bars/trade-filter.ts';
import { TradeHistory } from './bars/trade-history.ts';
import { MarketBook } from './book/market-book.ts';
import type { SnapshotStage } from './book/snapshot-stage.ts';
import { Cvd } from './signals/cvd.ts';
import { EmaCross } from './signals/ema-cross.ts';

/** Changes after which the close of a final 1m bar is new or other. */
const FINAL_CHANGES = BarChange.closed | BarChange.revised | BarChange.created;

/** Words of `times`: of the last record of any kind, and the best prices last told. */
const time = { receiveNs: 0, exchangeUs: 1 } as const;
const BEST_WORDS = 8;

export class Market {
  readonly id: number;
  readonly name: MarketName;
  readonly book: MarketBook;
  readonly bars: MarketBars;
  readonly trades = new TradeHistory();
  readonly cvd = new Cvd();
  readonly emaCross = new EmaCross();
  /** Receive and exchange time of the last record applied. */
  readonly times = new Float64Array(2);
  /** Drops seen so far of the shared drop word. */
  drops = 0;
  /** True while the market waits in the shard's list of latest values to be shown. */
  isDirty = false;
  private readonly counters: Float64Array;
  private readonly filter: TradeFilter;
  private readonly best = new Float64Array(BEST_WORDS).fill(-1);

  /** `counters` is the market's own row of the market counters. */
  constructor(
    id: number,
    name: MarketName,
    counters: Float64Array,
    stage: SnapshotStage,
    intervalsMs: readonly number[],
    keepAll: boolean,
  ) {
    const rule = venueRule(name.venue);
    this.id = id;
    this.name = name;
    this.counters = counters;
    this.book = new MarketBook(rule, counters, stage);
    this.bars = new MarketBars(intervalsMs, keepAll, counters);
    this.filter = new TradeFilter(rule, counters);
  }

  /** Notes when the record at a slot came; trade and change heads have both times first. */
  noteTimes(f64: Float64Array, slot: number): void {
    this.times[time.receiveNs] = f64[slot * SLOT_F64 + trade.at.receiveTimeNs];
    this.times[time.exchangeUs] = f64[slot * SLOT_F64 + trade.at.exchangeTimeUs];
  }

  /** Trades, or messages that may have held some, are missing: the bars around say so. The book is not touched. */
  loseTrades(count: number): void {
    this.counters[marketCounter.lost] += count;
    this.bars.noteGap();
  }

  /** Applies a trade record to bars, signals and history. Returns BarChange bits, or -1 where the trade does not count. */
  applyTrade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const verdict = this.filter.accept(u8, u32, f64, slot);
    if (verdict === TradeVerdict.leftOut) return -1;
    if (verdict === TradeVerdict.acceptedAfterGap) this.loseTrades(this.filter.missing[0]);
    this.cvd.trade(u8, f64, slot);
    this.trades.add(u32, slot, (u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) !== 0);
    return this.bars.trade(u8, u32, f64, slot);
  }

  /** Gives the closes of 1m bars that became final or were revised to the moving averages. Returns the last SignalEvent, or -1. */
  takeCloses(): number {
    const { bars } = this;
    let event = -1;
    for (let i = 0; i < bars.changeCount; i++) {
      const at = i * BAR_CHANGE_WORDS;
      if (bars.changes[at + barChangeEntry.kind] !== bars.signalKind) continue;
      if ((bars.changes[at + barChangeEntry.change] & FINAL_CHANGES) === 0) continue;
      const row = bars.changes[at + barChangeEntry.row] * BAR_WORDS;
      const made = this.emaCross.add(
        bars.rows(bars.signalKind),
        row + barRow.at.startTimeUs,
        row + barRow.at.closeMilli,
      );
      if (event <= SignalEvent.none) event = made;
    }
    return event;
  }

  /** True when the best bid or offer differs from what was told last; takes note of it. */
  takeBestChange(): boolean {
    const { bids, asks } = this.book;
    const bid = (bids.count - 1) * 4;
    const ask = (asks.count - 1) * 4;
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
