// The signals of one market: made from their specs, driven by book changes, trades and closed bars. Hot path.

import type { SignalSpec } from '../engine/base/signal-specs.ts';
import type { Ladder } from './book/ladder.ts';
import { BAR_SIGNALS } from './signals/bars/registry.ts';
import { BOOK_SIGNALS } from './signals/book/registry.ts';
import type { BarSignal, BookSignal, Signal, TradeSignal } from './signals/signal.ts';
import { ThresholdSignal } from './signals/threshold.ts';
import { TRADE_SIGNALS } from './signals/trades/registry.ts';
import type { UserSignals } from './user-signals.ts';
import { barView, bookView, fillBarView, fillBookView, fillTradeView, tradeView } from './views.ts';

type Placed<Kind> = { readonly number: number; readonly signal: Kind; inputs: number };
type AnySignal = BookSignal & TradeSignal & BarSignal;
/** Bars of one kind, and the signals they drive. */
type BarDriven = { readonly kind: number; readonly placed: Placed<BarSignal>[]; lastStartUs: number };

function makeSignal(spec: SignalSpec, number: number, users: UserSignals): Signal {
  if (spec.user >= 0) return users.make(spec, number);
  const registry = spec.input === 'bar' ? BAR_SIGNALS : spec.input === 'book' ? BOOK_SIGNALS : TRADE_SIGNALS;
  const signal: Signal = registry[spec.base](spec.parameters);
  return spec.threshold === null ? signal : new ThresholdSignal(signal, spec.threshold.isAbove, spec.threshold.value);
}

export class MarketSignals {
  /** Numbers of the engine's signals that this market has. */
  readonly numbers: readonly number[];
  /** Every book signal, and those that must see every change. */
  readonly books: readonly Placed<BookSignal>[];
  private readonly following: readonly Placed<BookSignal>[];
  readonly trades: readonly Placed<TradeSignal>[];
  readonly bars: readonly BarDriven[];
  private readonly byNumber: (Placed<AnySignal> | undefined)[] = [];
  private isBookKnown = false;

  /** `kindOf` gives the number of a bar kind in the engine's list by its name. */
  constructor(
    specs: readonly SignalSpec[],
    numbers: readonly number[],
    kindOf: (name: string) => number,
    users: UserSignals,
  ) {
    const books: Placed<BookSignal>[] = [];
    const trades: Placed<TradeSignal>[] = [];
    const bars: BarDriven[] = [];
    for (const number of numbers) {
      const spec = specs[number];
      const placed = { number, signal: makeSignal(spec, number, users) as AnySignal, inputs: 0 };
      this.byNumber[number] = placed;
      if (spec.input === 'book') books.push(placed);
      else if (spec.input === 'trade') trades.push(placed);
      else {
        const kind = kindOf(spec.barKind ?? '');
        let driven = bars.find((each) => each.kind === kind);
        if (driven === undefined) {
          driven = { kind, placed: [], lastStartUs: Number.NEGATIVE_INFINITY };
          bars.push(driven);
        }
        driven.placed.push(placed);
      }
    }
    this.numbers = numbers;
    this.books = books;
    this.following = books.filter(({ signal }) => !signal.isStateless);
    this.trades = trades;
    this.bars = bars;
  }

  /** A change of a live book was applied; with a side empty, or not live, what follows begins anew. */
  book(bids: Ladder, asks: Ladder, isLive: boolean, timeUs: number): void {
    if (this.books.length === 0) return;
    if (!isLive || bids.count === 0 || asks.count === 0) {
      this.resetBooks();
      return;
    }
    this.isBookKnown = true;
    for (let i = 0; i < this.books.length; i++) this.books[i].inputs++;
    if (this.following.length === 0) return;
    fillBookView(bids, asks, timeUs);
    for (let i = 0; i < this.following.length; i++) this.following[i].signal.book(bookView);
  }

  private resetBooks(): void {
    if (!this.isBookKnown) return;
    this.isBookKnown = false;
    for (let i = 0; i < this.books.length; i++) this.books[i].signal.reset();
  }

  /** An accepted trade record. */
  trade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
    if (this.trades.length === 0) return;
    fillTradeView(u8, u32, f64, slot);
    for (let i = 0; i < this.trades.length; i++) {
      this.trades[i].inputs++;
      this.trades[i].signal.trade(tradeView);
    }
  }

  /** A bar of `driven` closed, or was revised where `isClosed` is false. Returns false where that is of no account. */
  bar(driven: BarDriven, rows: Float64Array, at: number, isClosed: boolean): boolean {
    fillBarView(rows, at);
    const startUs = barView.startTimeUs;
    // A bar that becomes final behind a newer one, or is revised there, changes nothing.
    if (startUs < driven.lastStartUs || (!isClosed && startUs > driven.lastStartUs)) return false;
    driven.lastStartUs = startUs;
    for (let i = 0; i < driven.placed.length; i++) {
      if (isClosed) driven.placed[i].inputs++;
      driven.placed[i].signal.bar(barView, !isClosed);
    }
    return true;
  }

  /** The signal with this number, its stateless value brought up to the book. */
  read(number: number, bids: Ladder, asks: Ladder, isLive: boolean, timeUs: number): Placed<Signal> | undefined {
    const placed = this.byNumber[number];
    if (placed === undefined) return undefined;
    const { signal } = placed;
    if (signal.isStateless !== true) return placed;
    if (!isLive || bids.count === 0 || asks.count === 0) signal.reset();
    else {
      fillBookView(bids, asks, timeUs);
      signal.book(bookView);
    }
    return placed;
  }
}
