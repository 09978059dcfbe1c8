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

import { decimalToFloat } from '../../../engine/base/decimal.ts';
import { Side, SignalEvent, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { ATTO_MANY, add, addQuantity, addRecord, EXACT_WORDS, exactValue, MILLI_SMALL } from './exact-sum.ts';

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
    this.next(view.timeUs, view.price, view.side);
    if (this.side !== Side.unknown) addQuantity(this.quantity, 0, 1, view);
  }

  /** The same with the state in registers, and the quantities of a run added up before they are added to the sum. */
  tradeRun(u8: Uint8Array, f64: Float64Array, slot: number, count: number): void {
    const { state: words, quantity, windowUs, pricesNeeded } = this;
    let { side, prices, event } = this;
    let newestUs = words[state.timeUs];
    let first = words[state.first];
    let last = words[state.last];
    let milli = 0;
    let atto = 0;
    for (let at = slot; at < slot + count; at++) {
      const base = at * SLOT_F64;
      const price = decimalToFloat(f64[base + trade.at.priceMilli], f64[base + trade.at.priceAtto]);
      const timeUs = f64[base + trade.at.exchangeTimeUs];
      const taker = u8[at * SLOT_BYTES + trade.at.flags] & TradeFlag.sideMask;
      event = SignalEvent.none;
      const isInTime = !(timeUs - newestUs > windowUs);
      if (timeUs > newestUs) newestUs = timeUs;
      const isNoBetter = taker === Side.buy ? price >= last : price <= last;
      if (isInTime && taker === side && side !== Side.unknown && isNoBetter) {
        if (price !== last && ++prices === pricesNeeded)
          event = side === Side.buy ? SignalEvent.sweepBuy : SignalEvent.sweepSell;
      } else {
        side = taker === Side.buy || taker === Side.sell ? taker : Side.unknown;
        if (side !== Side.unknown) this.isWarm = true;
        first = price;
        prices = 1;
        milli = 0;
        atto = 0;
        for (let word = 0; word < EXACT_WORDS; word++) quantity[word] = 0;
      }
      last = price;
      if (side === Side.unknown) continue;
      if (f64[base + trade.at.quantityMilli] >= MILLI_SMALL) {
        addRecord(quantity, 0, 1, f64, at);
        continue;
      }
      milli += f64[base + trade.at.quantityMilli];
      atto += f64[base + trade.at.quantityAtto];
      if (atto > ATTO_MANY) {
        add(quantity, 0, 1, milli, atto);
        milli = 0;
        atto = 0;
      }
    }
    add(quantity, 0, 1, milli, atto);
    words[state.timeUs] = newestUs;
    words[state.first] = first;
    words[state.last] = last;
    this.side = side;
    this.prices = prices;
    this.event = event;
  }

  private next(tradeUs: number, price: number, side: number): void {
    const words = this.state;
    const timeUs = Math.max(tradeUs, words[state.timeUs]);
    const isInTime = timeUs - words[state.timeUs] <= this.windowUs;
    words[state.timeUs] = timeUs;
    if (isInTime && this.continues(price, side)) this.extend(price);
    else this.begin(price, side);
  }

  private continues(price: number, side: number): boolean {
    if (this.side === Side.unknown || side !== this.side) return false;
    const last = this.state[state.last];
    return side === Side.buy ? price >= last : price <= last;
  }

  private extend(price: number): void {
    if (price === this.state[state.last]) return;
    this.state[state.last] = price;
    this.prices++;
    if (this.prices !== this.pricesNeeded) return;
    this.event = this.side === Side.buy ? SignalEvent.sweepBuy : SignalEvent.sweepSell;
  }

  private begin(price: number, side: number): void {
    this.side = side === Side.buy || side === Side.sell ? side : Side.unknown;
    this.state[state.first] = price;
    this.state[state.last] = price;
    this.prices = 1;
    for (let word = 0; word < EXACT_WORDS; word++) this.quantity[word] = 0;
    if (this.side !== Side.unknown) this.isWarm = true;
  }
}
