// What does a trade cost with one time kind, with more of them, and with each kind that trades bound?
//
//   trade record ──► trade filter ──► bars of the kinds
//
// The baseline is the filter with 1s bars. Time kinds are built from one another, so six cost far less than six times.

import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { MARKET_COUNTERS, marketCounter } from '../../schemas/counters.ts';
import { BookState, EmptyBars } from '../../schemas/ids.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { BAR_WORDS, barRow } from '../../workers/bars/ohlcv.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { check, type Results, type Size } from '../harness.ts';
import { TradeRecords } from '../support/trade-records.ts';
import { type Turn, takeTurns } from '../support/turns.ts';

export const BASELINE = 'filter + 1s bars';
/** 50 trades a second; thresholds that close a bar about every hundred of them. */
export const TRADE_STEP_US = 20_000;
const KINDS: readonly (readonly string[])[] = [
  ['1s', '1m'],
  ['1s', '5s', '1m', '5m', '1h', '1d'],
  ['100t'],
  ['25v'],
  ['1500000n'],
  ['0.15r'],
  ['10ti'],
  ['3vi'],
  ['180000ni'],
];

/** The bars of one market, which start anew with prepare(). */
export class BarsTurn implements Turn {
  readonly names: readonly string[];
  private readonly trades: TradeRecords;
  private readonly keepAll: boolean;
  private readonly counters = new Float64Array(MARKET_COUNTERS.length);
  private filter: TradeFilter;
  private bars: MarketBars;

  constructor(names: readonly string[], trades: TradeRecords, keepAll = false) {
    this.names = names;
    this.trades = trades;
    this.keepAll = keepAll;
    this.filter = this.makeFilter();
    this.bars = this.makeBars();
  }

  prepare(): void {
    this.counters.fill(0);
    this.filter = this.makeFilter();
    this.bars = this.makeBars();
  }

  run(): void {
    const { filter, bars } = this;
    const { u8, u32, f64, count } = this.trades;
    for (let slot = 0; slot < count; slot++) {
      if (filter.accept(u8, u32, f64, slot) === TradeVerdict.leftOut) continue;
      bars.trade(u8, u32, f64, slot, BookState.live);
    }
    const accepted = this.counters[marketCounter.trades];
    check(accepted === count, `bars ${this.names}: expected ${count} trades accepted, was ${accepted}`);
  }

  /** With keepAll: every trade lies in one bar of each kind, and a kind that trades bound has closed some. */
  checkBars(): void {
    this.prepare();
    this.run();
    this.names.forEach((name, index) => {
      const rows = this.bars.rows(index);
      const row = new Float64Array(BAR_WORDS);
      let trades = 0;
      for (let bar = 0; bar < this.bars.barCount(index); bar++) {
        this.bars.copyRow(index, this.bars.rowAt(index, bar), row, 0);
        trades += row[barRow.at.trades];
      }
      check(
        rows.length > 0 && trades === this.trades.count,
        `bars ${name}: expected every trade in a bar, was ${trades}`,
      );
    });
  }

  private makeFilter(): TradeFilter {
    return new TradeFilter(venueRule('binance'), this.counters);
  }

  private makeBars(): MarketBars {
    const { barKinds } = marketPlansOf({ usual: { bars: this.names, signals: [] } });
    const kinds = barKinds.map((kind, number) => ({ number, kind, isVisible: true }));
    const plan = { kinds, latenessMs: 0, emptyBars: EmptyBars.skip, keepAll: this.keepAll };
    return new MarketBars(plan, this.counters);
  }
}

export function barCosts(results: Results, size: Size): void {
  const trades = new TradeRecords(size === 'full' ? 100_000 : 2000, (slot) => slot * TRADE_STEP_US);
  for (const names of [['1s'], ...KINDS]) new BarsTurn(names, trades, true).checkBars();
  const turns = [['1s'], ...KINDS].map((names) => new BarsTurn(names, trades));
  const [base, ...others] = takeTurns(turns, size).map((times) => times.map((ms) => (ms * 1e6) / trades.count));
  results.add(`${BASELINE}: a trade`, 'ns', base);
  others.forEach((ns, index) => {
    results.add(`filter + ${KINDS[index].join(' ')}: a trade`, 'ns', ns);
    results.ratio(`filter + ${KINDS[index].join(' ')} / ${BASELINE}`, ns, base, BASELINE);
  });
}
