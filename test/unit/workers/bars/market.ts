// Owns one market's bars under test: trades and clocks by seconds, and bars and changes as plain values.
import { BookState } from '../../../../schemas/ids.ts';
import { BAR_CHANGE_WORDS, BarChange } from '../../../../workers/bars/bar-changes.ts';
import { type BarPlan, MarketBars } from '../../../../workers/bars/market-bars.ts';
import { allBars, type BarText, makeCounters, planOf, Records, SLOT, type TradeInput, unitsOf } from './records.ts';

export const SECOND_US = 1_000_000;
/** A whole minute. */
export const T0_US = 1_786_000_020 * SECOND_US;

export class Market {
  readonly counters = makeCounters();
  readonly bars: MarketBars;
  /** BookState given with every trade and clock. */
  state: number = BookState.live;
  private readonly records = new Records();

  constructor(kinds: readonly string[], more: Partial<BarPlan> = {}) {
    this.bars = new MarketBars(planOf(kinds, more), this.counters);
  }

  /** A trade so many seconds after T0. Returns the bits of the first kind, and whether any counted it as late. */
  trade(seconds: number, price = '100', more: Partial<TradeInput> = {}): number {
    const timeUs = T0_US + Math.round(seconds * SECOND_US);
    this.records.writeTrade({ timeUs, price: unitsOf(price), quantity: unitsOf('1'), ...more });
    const { u8, u32, f64 } = this.records;
    const all = this.bars.trade(u8, u32, f64, SLOT, this.state);
    const first = this.changes().reduce((bits, [kind, , change]) => (kind === 0 ? bits | change : bits), 0);
    return first | (all & BarChange.late);
  }

  clock(seconds: number): number {
    this.records.writeClock(T0_US + Math.round(seconds * SECOND_US));
    return this.bars.clock(this.records.f64, SLOT, this.state);
  }

  /** [seconds, open, high, low, close, revision, isFinal] of each bar. */
  rows(kind = 0): unknown[][] {
    return this.texts(kind).map((bar) => [
      (bar.startUs - T0_US) / SECOND_US,
      `${bar.open} ${bar.high} ${bar.low} ${bar.close}`,
      bar.revision,
      bar.isFinal,
    ]);
  }

  texts(kind = 0): BarText[] {
    return allBars(this.bars, kind);
  }

  completeness(kind = 0): number[] {
    return this.texts(kind).map((bar) => bar.completeness);
  }

  changes(): number[][] {
    const { words, count } = this.bars.changes;
    return Array.from({ length: count }, (_, entry) => [
      ...words.subarray(entry * BAR_CHANGE_WORDS, (entry + 1) * BAR_CHANGE_WORDS),
    ]);
  }
}
