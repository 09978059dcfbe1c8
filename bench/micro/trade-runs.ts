// What does a trade cost a shard with the usual bars and signals, by itself and in a row of its market's?
//
//   trade records ──► filter, quality, signals, history, bars        one call a trade
//   trade records ──► the same, by loops over a row                  one call for 4, 16, 256 trades
//
// Rows of 16 are what single trades of many markets come to where the shard is behind (workers/waiting-trades.ts).

import { marketCounter } from '../../schemas/counters.ts';
import { BookState } from '../../schemas/ids.ts';
import type { Market } from '../../workers/market.ts';
import { check, type Results, type Size } from '../harness.ts';
import { MarketMaker } from '../support/markets.ts';
import { TradeRecords } from '../support/trade-records.ts';
import { type Turn, takeTurns } from '../support/turns.ts';

/** Five thousand trades a second. */
const TRADE_STEP_US = 200;
const ROWS = [4, 16, 256] as const;
const BASELINE = 'a trade by itself';

/** One market, which begins anew with prepare(). `length` trades are applied with one call, one by one where it is 0. */
class RowTurn implements Turn {
  private readonly trades: TradeRecords;
  private readonly length: number;
  private readonly maker = new MarketMaker(1, 'binance', {});
  private market: Market;

  constructor(trades: TradeRecords, length: number) {
    this.trades = trades;
    this.length = length;
    this.market = this.maker.make(0);
  }

  prepare(): void {
    new Float64Array(this.maker.counters).fill(0);
    this.market = this.maker.make(0);
  }

  run(): void {
    const { market, length } = this;
    const { u8, u32, f64, count } = this.trades;
    for (let slot = 0; slot < count; ) {
      const taken = length === 0 ? 0 : market.applyRun(u8, u32, f64, slot, Math.min(length, count - slot));
      if (taken === 0) this.applyOne(slot);
      else this.applyBars(slot, slot + taken);
      slot += Math.max(taken, 1);
    }
  }

  private applyOne(slot: number): void {
    const { u8, u32, f64 } = this.trades;
    this.market.noteTimes(f64, slot);
    this.market.applyTrade(u8, u32, f64, slot);
  }

  private applyBars(from: number, to: number): void {
    const { u8, u32, f64 } = this.trades;
    const { bars } = this.market;
    for (let slot = from; slot < to; ) {
      slot += bars.tradeRun(u8, u32, f64, slot, to - slot, BookState.live);
      if (slot < to) bars.trade(u8, u32, f64, slot++, BookState.live);
    }
  }

  checkTrades(): void {
    this.prepare();
    this.run();
    const counted = new Float64Array(this.maker.counters)[marketCounter.trades];
    check(counted === this.trades.count, `rows of ${this.length}: expected ${this.trades.count}, was ${counted}`);
  }
}

export function tradeRuns(results: Results, size: Size): void {
  const trades = new TradeRecords(size === 'full' ? 50_000 : 2000, (slot) => slot * TRADE_STEP_US);
  const turns = [0, ...ROWS].map((length) => new RowTurn(trades, length));
  for (const turn of turns) turn.checkTrades();
  const [base, ...others] = takeTurns(turns, size).map((times) => times.map((ms) => (ms * 1e6) / trades.count));
  results.add(BASELINE, 'ns', base);
  ROWS.forEach((length, index) => {
    results.add(`a trade in a row of ${length}`, 'ns', others[index]);
    results.ratio(`a trade in a row of ${length} / by itself`, others[index], base, BASELINE);
  });
}
