// The signals of one market: made from their specs, driven by book changes, trades and closed bars. Hot path.

import type { SignalSpec } from '../engine/base/signal-specs.ts';
import type { Ladder } from './book/ladder.ts';
import { BAR_SIGNALS } from './signals/bars/registry.ts';
import { BOOK_SIGNALS } from './signals/book/registry.ts';
import type { BarSignal, BookSignal, Signal, TradeSignal } from './signals/signal.ts';
import { ThresholdSignal } from './signals/threshold.ts';
import { TRADE_SIGNALS } from './signals/trades/registry.ts';
import { GuardedSignal, type UserSignals } from './user-signals.ts';
import { barView, bookView, fillBarView, fillBookView, fillTradeView, tradeView } from './views.ts';

/** A signal with its number in the engine's list, and how many trades or bars it has been given. */
export type Placed<Kind> = { readonly number: number; readonly signal: Kind; inputs: number };
type AnySignal = BookSignal & TradeSignal & BarSignal;
/** Bars of one kind, and the signals they drive. */
type BarDriven = {
  readonly kind: number;
  readonly numbers: readonly number[];
  placed: readonly Placed<BarSignal>[];
  lastStartUs: number;
};

function makeSignal(spec: SignalSpec, number: number, users: UserSignals): Signal {
  if (spec.user >= 0) return users.make(spec, number);
  const registry = spec.input === 'bar' ? BAR_SIGNALS : spec.input === 'book' ? BOOK_SIGNALS : TRADE_SIGNALS;
  const signal: Signal = registry[spec.base](spec.parameters);
  return spec.threshold === null ? signal : new ThresholdSignal(signal, spec.threshold.isAbove, spec.threshold.value);
}

/** None yet: shared by all markets, most of which are quiet. */
const NO_BOOKS: readonly Placed<BookSignal>[] = [];
const NO_TRADES: readonly Placed<TradeSignal>[] = [];

/**
 * Signals are made when their first input comes, those on books, on trades and on each bar kind apart: a quiet market
 * has none. Before that they have no value.
 */
export class MarketSignals {
  /** Numbers of the engine's signals that this market has. */
  readonly numbers: readonly number[];
  /** Book signals, and those of them that must see every change. */
  books = NO_BOOKS;
  private following = NO_BOOKS;
  trades = NO_TRADES;
  readonly bars: readonly BarDriven[];
  private readonly specs: readonly SignalSpec[];
  private readonly users: UserSignals;
  private readonly byNumber: (Placed<AnySignal> | undefined)[] = [];
  private readonly bookNumbers: readonly number[];
  private readonly tradeNumbers: readonly number[];
  private isBookKnown = false;
  /** A user's signal is driven by trades, or by bars that trades end. */
  readonly hasUserTrades: boolean;

  /** `kindOf` gives the number of a bar kind in the engine's list by its name. */
  constructor(
    specs: readonly SignalSpec[],
    numbers: readonly number[],
    kindOf: (name: string) => number,
    users: UserSignals,
  ) {
    this.specs = specs;
    this.numbers = numbers;
    this.users = users;
    this.bookNumbers = numbers.filter((number) => specs[number].input === 'book');
    this.tradeNumbers = numbers.filter((number) => specs[number].input === 'trade');
    const onBars = numbers.filter((number) => specs[number].input === 'bar');
    this.hasUserTrades = [...this.tradeNumbers, ...onBars].some((number) => specs[number].user >= 0);
    const kinds = new Set(onBars.map((number) => kindOf(specs[number].barKind ?? '')));
    this.bars = [...kinds].map((kind) => ({
      kind,
      numbers: onBars.filter((number) => kindOf(specs[number].barKind ?? '') === kind),
      placed: [],
      lastStartUs: Number.NEGATIVE_INFINITY,
    }));
  }

  private make(numbers: readonly number[]): Placed<AnySignal>[] {
    return numbers.map((number) => {
      const placed = { number, signal: makeSignal(this.specs[number], number, this.users) as AnySignal, inputs: 0 };
      this.byNumber[number] = placed;
      return placed;
    });
  }

  private makeBooks(): void {
    this.books = this.make(this.bookNumbers);
    this.following = this.books.filter(({ signal }) => !signal.isStateless);
  }

  /** A change of a live book was applied; with a side empty, or not live, what follows begins anew. */
  book(bids: Ladder, asks: Ladder, isLive: boolean, times: Float64Array, timeAt: number): void {
    if (this.bookNumbers.length === 0) return;
    if (!isLive || bids.count === 0 || asks.count === 0) {
      this.resetBooks();
      return;
    }
    this.isBookKnown = true;
    if (this.books.length === 0) this.makeBooks();
    if (this.following.length === 0) return;
    fillBookView(bids, asks, times, timeAt);
    for (let i = 0; i < this.following.length; i++) this.following[i].signal.book(bookView);
  }

  /** Which have been made, as digits: those on books, on trades, on each kind of bars. */
  get made(): string {
    let made = digit(this.books.length) + digit(this.trades.length);
    for (const { placed } of this.bars) made += digit(placed.length);
    return made;
  }

  /** Makes those that had been made in another market of the same plan. */
  makeAs(made: string): void {
    if (made[0] === '1') this.makeBooks();
    if (made[1] === '1') this.trades = this.make(this.tradeNumbers);
    for (const [at, driven] of this.bars.entries()) {
      if (made[2 + at] === '1') driven.placed = this.make(driven.numbers);
    }
  }

  /** Users' signals, whose state is their own. */
  get guarded(): readonly GuardedSignal[] {
    return this.byNumber.flatMap((placed) => (placed?.signal instanceof GuardedSignal ? [placed.signal] : []));
  }

  /** Specs and numbers, which are of the plan. */
  get shared(): readonly object[] {
    return [this.specs, this.numbers];
  }

  private resetBooks(): void {
    if (!this.isBookKnown) return;
    this.isBookKnown = false;
    for (let i = 0; i < this.books.length; i++) this.books[i].signal.reset();
  }

  /** An accepted trade record. */
  trade(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
    if (this.tradeNumbers.length === 0) return;
    if (this.trades.length === 0) this.trades = this.make(this.tradeNumbers);
    fillTradeView(u8, u32, f64, slot);
    for (let i = 0; i < this.trades.length; i++) {
      this.trades[i].inputs++;
      this.trades[i].signal.trade(tradeView);
    }
  }

  /** Accepted trade records one behind the other. */
  tradeRun(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number, count: number): void {
    if (this.tradeNumbers.length === 0) return;
    if (this.trades.length === 0) this.trades = this.make(this.tradeNumbers);
    for (let i = 0; i < this.trades.length; i++) {
      const placed = this.trades[i];
      placed.inputs += count;
      if (placed.signal.tradeRun !== undefined) placed.signal.tradeRun(u8, f64, slot, count);
      else this.tradeEach(placed.signal, u8, u32, f64, slot, count);
    }
  }

  private tradeEach(
    signal: TradeSignal,
    u8: Uint8Array,
    u32: Uint32Array,
    f64: Float64Array,
    slot: number,
    count: number,
  ): void {
    for (let at = slot; at < slot + count; at++) {
      fillTradeView(u8, u32, f64, at);
      signal.trade(tradeView);
    }
  }

  /** A bar of `driven` closed, or was revised where `isClosed` is false. Returns false where that is of no account. */
  bar(driven: BarDriven, rows: Float64Array, at: number, isClosed: boolean): boolean {
    fillBarView(rows, at);
    const startUs = barView.startTimeUs;
    // A bar that becomes final behind a newer one, or is revised there, changes nothing.
    if (startUs < driven.lastStartUs || (!isClosed && startUs > driven.lastStartUs)) return false;
    driven.lastStartUs = startUs;
    if (driven.placed.length === 0) driven.placed = this.make(driven.numbers);
    for (let i = 0; i < driven.placed.length; i++) {
      if (isClosed) driven.placed[i].inputs++;
      driven.placed[i].signal.bar(barView, !isClosed);
    }
    return true;
  }

  /** True where the signal's input is the book, whose sequence then says what it was computed at. */
  isOnBook(number: number): boolean {
    return this.specs[number].input === 'book';
  }

  /** The signal with this number, its stateless value brought up to the book; undefined before its first input. */
  read(
    number: number,
    bids: Ladder,
    asks: Ladder,
    isLive: boolean,
    times: Float64Array,
    timeAt: number,
  ): Placed<Signal> | undefined {
    const placed = this.byNumber[number];
    if (placed === undefined) return undefined;
    const { signal } = placed;
    if (signal.isStateless !== true) return placed;
    if (!isLive || bids.count === 0 || asks.count === 0) signal.reset();
    else {
      fillBookView(bids, asks, times, timeAt);
      signal.book(bookView);
    }
    return placed;
  }
}

function digit(count: number): string {
  return count > 0 ? '1' : '0';
}
