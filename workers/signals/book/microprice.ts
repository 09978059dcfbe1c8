// Microprice: the mid, moved toward the side that is about to be used up. Hot path.
//
// Definition  (bid price × ask quantity + ask price × bid quantity) / (bid quantity + ask quantity) of the best levels.
// Units       quote currency per unit; a float from exact inputs.
// Seeding     none: it is a function of the best levels alone.
// Warm-up     none; NaN where a side is empty.
// Source      Stoikov, "The micro-price: a high-frequency estimator of future prices" (2018), there the
//             volume-weighted mid-price from which the micro-price is built.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { BookSignal, BookView } from '../signal.ts';

/** The microprice of a book both of whose sides have levels. */
export function micropriceOf(view: BookView): number {
  const weighted = view.bidPrice * view.askQuantity + view.askPrice * view.bidQuantity;
  return weighted / (view.bidQuantity + view.askQuantity);
}

export class Microprice implements BookSignal {
  readonly isStateless = true;
  value = Number.NaN;
  readonly second = Number.NaN;
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;

  get isWarm(): boolean {
    return !Number.isNaN(this.value);
  }

  book(view: BookView): void {
    this.value = micropriceOf(view);
  }

  reset(): void {
    this.value = Number.NaN;
  }
}
