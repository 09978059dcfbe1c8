// A signal with a threshold on its value: the same values, and an event each time the value passes it. Hot path.
//
// Definition  With `>N`: event `above` when the value goes from ≤ N to > N, `below` when it goes from > N to ≤ N.
//             With `<N`: event `below` when it goes from ≥ N to < N, `above` when it goes from < N to ≥ N.
// Warm-up     That of the signal. No event with its first value: nothing was passed.
// Revisions   An event says that the side differs from that of the value told before.
// Source      The usual alert on a level; which side the level itself belongs to is ours, and stated by the sign.

import { SignalEvent } from '../../schemas/ids.ts';
import type { BarSignal, BarView, BookSignal, BookView, Signal, TradeSignal, TradeView } from './signal.ts';

const UNKNOWN = -1;
const WITHIN = 0;
const BEYOND = 1;

type AnySignal = BookSignal & TradeSignal & BarSignal;

/** Wraps a signal of any input; only the call of that input is ever made. */
export class ThresholdSignal implements AnySignal {
  event: number = SignalEvent.none;
  readonly isStateless = false;
  private readonly inner: AnySignal;
  private readonly isAbove: boolean;
  private readonly limit: number;
  private side = UNKNOWN;

  constructor(inner: Signal, isAbove: boolean, limit: number) {
    this.inner = inner as AnySignal;
    this.isAbove = isAbove;
    this.limit = limit;
  }

  get value(): number {
    return this.inner.value;
  }

  get second(): number {
    return this.inner.second;
  }

  get third(): number {
    return this.inner.third;
  }

  get isWarm(): boolean {
    return this.inner.isWarm;
  }

  book(view: BookView): void {
    this.inner.book(view);
    this.judge();
  }

  trade(view: TradeView): void {
    this.inner.trade(view);
    this.judge();
  }

  bar(view: BarView, isRevision: boolean): void {
    this.inner.bar(view, isRevision);
    this.judge();
  }

  reset(): void {
    this.inner.reset();
    this.side = UNKNOWN;
    this.event = SignalEvent.none;
  }

  private judge(): void {
    this.event = SignalEvent.none;
    const { value, isWarm } = this.inner;
    if (!isWarm || Number.isNaN(value)) return;
    const isBeyond = this.isAbove ? value > this.limit : value < this.limit;
    const side = isBeyond ? BEYOND : WITHIN;
    if (this.side !== UNKNOWN && side !== this.side) {
      this.event = isBeyond === this.isAbove ? SignalEvent.above : SignalEvent.below;
    }
    this.side = side;
  }
}
