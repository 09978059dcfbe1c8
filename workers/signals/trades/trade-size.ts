// Trade sizes: quantiles of the last trades' quantities, and trades far larger than those before them. Hot path.
//
// Definition  value, second, third: the 50th, 95th and 99th percentile of the last `count` quantities by nearest rank,
//             the ⌈percent × n / 100⌉-th smallest of the n there are. Event burst when a trade's quantity is at least
//             `factor` times the 95th percentile of the `count` trades before it.
// Units       quantity; always one that was traded.
// Seeding     none: the trades there are.
// Warm-up     `count` trades; no event before them. NaN before the first trade.
// Exactness   order statistics of the very floats: no arithmetic but the comparison with factor × p95. A trade costs two
//             binary searches and one move of the floats between the place that one leaves and the place one takes;
//             at the most, 10,000 trades, 80 kB are moved. Memory 16 bytes a trade.
// Source      Hyndman, Fan, "Sample quantiles in statistical packages" (1996), definition 1.

import { SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';

const MEDIAN = 50;
const HIGH = 95;
const HIGHEST = 99;

export class TradeSize implements TradeSignal {
  event: number = SignalEvent.none;
  /** Quantities in order of arrival, the next to leave at `next` once there are `size`. */
  private readonly arrived: Float64Array;
  private readonly sorted: Float64Array;
  private readonly factor: number;
  private next = 0;
  private count = 0;

  constructor(size: number, factor: number) {
    this.arrived = new Float64Array(size);
    this.sorted = new Float64Array(size);
    this.factor = factor;
  }

  get isWarm(): boolean {
    return this.count === this.sorted.length;
  }

  get value(): number {
    return this.quantile(MEDIAN);
  }

  get second(): number {
    return this.quantile(HIGH);
  }

  get third(): number {
    return this.quantile(HIGHEST);
  }

  trade(view: TradeView): void {
    const { quantity } = view;
    const isBurst = this.isWarm && quantity >= this.factor * this.quantile(HIGH);
    this.event = isBurst ? SignalEvent.burst : SignalEvent.none;
    if (this.isWarm) this.replace(this.arrived[this.next], quantity);
    else this.insert(quantity);
    this.arrived[this.next] = quantity;
    this.next = this.next + 1 === this.arrived.length ? 0 : this.next + 1;
  }

  private quantile(percent: number): number {
    if (this.count === 0) return Number.NaN;
    return this.sorted[Math.ceil((percent * this.count) / 100) - 1];
  }

  private insert(quantity: number): void {
    const { sorted, count } = this;
    const to = placeOf(sorted, count, quantity);
    sorted.copyWithin(to + 1, to, count);
    sorted[to] = quantity;
    this.count++;
  }

  private replace(old: number, quantity: number): void {
    const { sorted, count } = this;
    const from = placeOf(sorted, count, old);
    const to = placeOf(sorted, count, quantity);
    if (to > from) {
      sorted.copyWithin(from, from + 1, to);
      sorted[to - 1] = quantity;
    } else {
      sorted.copyWithin(to + 1, to, from);
      sorted[to] = quantity;
    }
  }
}

/** The first place of `count` sorted floats whose float is not below `quantity`. */
function placeOf(sorted: Float64Array, count: number, quantity: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < quantity) low = middle + 1;
    else high = middle;
  }
  return low;
}
