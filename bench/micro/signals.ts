// What does each signal of the catalogue cost, with its usual parameters, per change, trade or bar that drives it?
//
//   two live books in turn ──► book signal          those that are a function of the book as it stands: a read each
//   trade record           ──► trade signal
//   closed bar             ──► bar signal
//
// Each with what it takes to fill its view, as the shard does once for all signals of a market. The baseline in the same
// run is a trade through the filter and 1s bars.

import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { signalSpecOf } from '../../engine/base/signal-specs.ts';
import { MARKET_COUNTERS } from '../../schemas/counters.ts';
import { BookState, EmptyBars } from '../../schemas/ids.ts';
import { SLOT_F64 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import { SIGNAL_CATALOGUE } from '../../schemas/signals.ts';
import { MarketBars } from '../../workers/bars/market-bars.ts';
import { BAR_WORDS } from '../../workers/bars/ohlcv.ts';
import { Ladder } from '../../workers/book/ladder.ts';
import { MarketSignals } from '../../workers/market-signals.ts';
import { check, type Results, type Size } from '../harness.ts';
import { BookStream } from '../support/books/stream.ts';
import { noUserSignals } from '../support/markets.ts';
import { TradeRecords } from '../support/trade-records.ts';
import { type Turn, takeTurns } from '../support/turns.ts';
import { BASELINE, BarsTurn, TRADE_STEP_US } from './bars.ts';

const LEVELS = 20;
const START_US = 1_700_000_000_000_000;
const users = noUserSignals();

type Sides = { readonly bids: Ladder; readonly asks: Ladder };

/** A book whose quantities are `quantityMilli` and whose prices lie `shiftMilli` higher. */
function sidesOf(quantityMilli: number, shiftMilli: number): Sides {
  const stream = new BookStream('', '');
  stream.change(true, 1, 2 * LEVELS);
  for (let i = 0; i < LEVELS; i++) stream.level(false, 61_837_630 + shiftMilli - i * 10, quantityMilli + i, 0);
  for (let i = 0; i < LEVELS; i++) stream.level(true, 61_837_640 + shiftMilli + i * 10, quantityMilli + 2 * i, 0);
  const sides = { bids: new Ladder(true), asks: new Ladder(false) };
  for (let slot = 1; slot <= 2 * LEVELS; slot++)
    (stream.isAsk(slot) ? sides.asks : sides.bids).apply(stream.f64, slot * SLOT_F64 + level.at.priceMilli, 2, 5);
  return sides;
}

const BOOKS: readonly Sides[] = [sidesOf(500, 0), sidesOf(700, 10)];

function signalsOf(name: string): MarketSignals {
  const { signals, plans } = marketPlansOf({ usual: { bars: ['1m'], signals: [name] } });
  return new MarketSignals(signals, plans[0].signals, () => 0, users);
}

/** One signal, made anew with prepare(); `input` is what drives it. */
abstract class SignalTurn implements Turn {
  readonly name: string;
  protected signals: MarketSignals;

  constructor(name: string) {
    this.name = name;
    this.signals = signalsOf(name);
  }

  prepare(): void {
    this.signals = signalsOf(this.name);
  }

  abstract run(): void;

  /** After a run: the value is a number, else something was not driven as a shard does. */
  checkValue(): void {
    this.prepare();
    this.run();
    const { bids, asks } = BOOKS[0];
    const value = this.signals.read(0, bids, asks, true, Float64Array.of(START_US), 0)?.signal.value ?? Number.NaN;
    check(Number.isFinite(value), `signal ${this.name}: expected a value, was ${value}`);
  }
}

class BookTurn extends SignalTurn {
  private readonly changes: number;

  constructor(name: string, changes: number) {
    super(name);
    this.changes = changes;
  }

  run(): void {
    const { signals, changes } = this;
    // Signals are made with their first input.
    const times = Float64Array.of(START_US);
    signals.book(BOOKS[0].bids, BOOKS[0].asks, true, times, 0);
    const isRead = signals.books[0].signal.isStateless;
    for (let change = 0; change < changes; change++) {
      const { bids, asks } = BOOKS[change & 1];
      times[0] = START_US + change * TRADE_STEP_US;
      signals.book(bids, asks, true, times, 0);
      if (isRead) signals.read(0, bids, asks, true, times, 0);
    }
  }
}

class TradeTurn extends SignalTurn {
  private readonly trades: TradeRecords;

  constructor(name: string, trades: TradeRecords) {
    super(name);
    this.trades = trades;
  }

  run(): void {
    const { signals } = this;
    const { u8, u32, f64, count } = this.trades;
    for (let slot = 0; slot < count; slot++) signals.trade(u8, u32, f64, slot);
  }
}

class BarTurn extends SignalTurn {
  private readonly rows: Float64Array;
  private readonly bars: number;

  constructor(name: string, rows: Float64Array, bars: number) {
    super(name);
    this.rows = rows;
    this.bars = bars;
  }

  run(): void {
    const { signals, rows, bars } = this;
    const [driven] = signals.bars;
    for (let bar = 0; bar < bars; bar++) signals.bar(driven, rows, bar * BAR_WORDS, true);
  }
}

/** Final bars of one trade each, in order. */
function rowsOf(count: number): Float64Array {
  const { barKinds } = marketPlansOf({ usual: { bars: ['100ms'], signals: [] } });
  const kinds = [{ number: 0, kind: barKinds[0], isVisible: true }];
  const plan = { kinds, latenessMs: 0, emptyBars: EmptyBars.skip, keepAll: true };
  const bars = new MarketBars(plan, new Float64Array(MARKET_COUNTERS.length));
  const trades = new TradeRecords(count, (slot) => slot * 100_000);
  for (let slot = 0; slot < count; slot++) bars.trade(trades.u8, trades.u32, trades.f64, slot, BookState.live);
  check(bars.barCount(0) === count, `signals: expected ${count} bars, was ${bars.barCount(0)}`);
  return bars.rows(0);
}

export function signalCosts(results: Results, size: Size): void {
  const count = size === 'full' ? 100_000 : 2000;
  const trades = new TradeRecords(count, (slot) => slot * TRADE_STEP_US);
  const rows = rowsOf(count);
  const turnOf = (name: string): SignalTurn => {
    const { input } = signalSpecOf(name);
    if (input === 'book') return new BookTurn(name, count);
    return input === 'trade' ? new TradeTurn(name, trades) : new BarTurn(name, rows, count);
  };
  const turns = SIGNAL_CATALOGUE.map(({ name }) => turnOf(name));
  for (const turn of turns) turn.checkValue();
  const times = takeTurns([new BarsTurn(['1s'], trades), ...turns], size);
  const [base, ...others] = times.map((list) => list.map((ms) => (ms * 1e6) / count));
  turns.forEach((turn, index) => {
    const input = turn instanceof BookTurn ? 'book change' : turn instanceof TradeTurn ? 'trade' : 'bar';
    results.add(`signal ${turn.name}: a ${input}`, 'ns', others[index]);
    results.ratio(`signal ${turn.name} / ${BASELINE}`, others[index], base, BASELINE);
  });
}
