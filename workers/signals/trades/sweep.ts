// Sweeps: one side's takers that go through several prices in a moment. Hot path.
//
// Definition  A run is a row of successive trades of one taker side, each at most windowS after the one before and at no
//             better price for the taker than it: at the same price, or a worse one (higher for buys, lower for sells).
//             Anything else ends it; a trade with a side then begins the next one. Times that go backward count as the
//             newest. Of the run as it stands, value: its quantity; second: its number of prices; third: the distance
//             from its first price to its last. Event sweepBuy or sweepSell once, when a run reaches `prices` prices.
// Units       quantity; a count; basis points (10^-4) of the first price, never below 0.
// Seeding     none.
// Warm-up     one trade with a side; NaN before, and after a trade without one.
// Exactness   the quantity is an exact sum (exact-sum.ts). Memory: a few words.
// Source      our rule for the intermarket-sweep or "walking the book" trades of e.g. Hasbrouck, Saar, "Low-latency
//             trading" (2013), which link messages by time in the same way.

import { Side, SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { addQuantity, EXACT_WORDS, exactValue } from './exact-sum.ts';

const US_PER_S = 1e6;
const BPS = 1e4;

/** Words of the state: first and last price of the run, and the newest time. */
const state = { first: 0, last: 1, timeUs: 2 } as const;
const STATE_WORDS = 3;

export class Sweep implements TradeSignal {
  event: number = SignalEvent.none;
  isWarm = false;
  private readonly windowUs: number;
  private readonly pricesNeeded: number;
  private readonly quantity = new Float64Array(EXACT_WORDS);
  private readonly state = new Float64Array(STATE_WORDS).fill(Number.NEGATIVE_INFINITY);
  /** The run's; unknown where there is none. */
  private side: number = Side.unknown;
  private prices = 0;

  constructor(windowS: number, prices: number) {
    this.windowUs = Math.round(windowS * US_PER_S);
    this.pricesNeeded = prices;
  }

  get value(): number {
    return this.side === Side.unknown ? Number.NaN : exactValue(this.quantity, 0);
  }

  get second(): number {
    return this.side === Side.unknown ? Number.NaN : this.prices;
  }

  get third(): number {
    if (this.side === Side.unknown) return Number.NaN;
    const { first, last } = state;
    return (Math.abs(this.state[last] - this.state[first]) / this.state[first]) * BPS;
  }

  trade(view: TradeView): void {
    this.event = SignalEvent.none;
    const words = this.state;
    const timeUs = Math.max(view.timeUs, words[state.timeUs]);
    const isInTime = timeUs - words[state.timeUs] <= this.windowUs;
    words[state.timeUs] = timeUs;
    if (isInTime && this.continues(view)) this.extend(view);
    else this.begin(view);
    if (this.side !== Side.unknown) addQuantity(this.quantity, 0, 1, view);
  }

  private continues(view: TradeView): boolean {
    if (this.side === Side.unknown || view.side !== this.side) return false;
    const last = this.state[state.last];
    return this.side === Side.buy ? view.price >= last : view.price <= last;
  }

  private extend(view: TradeView): void {
    if (view.price === this.state[state.last]) return;
    this.state[state.last] = view.price;
    this.prices++;
    if (this.prices !== this.pricesNeeded) return;
    this.event = this.side === Side.buy ? SignalEvent.sweepBuy : SignalEvent.sweepSell;
  }

  private begin(view: TradeView): void {
    this.side = view.side === Side.buy || view.side === Side.sell ? view.side : Side.unknown;
    this.state[state.first] = view.price;
    this.state[state.last] = view.price;
    this.prices = 1;
    this.quantity.fill(0);
    if (this.side !== Side.unknown) this.isWarm = true;
  }
}
