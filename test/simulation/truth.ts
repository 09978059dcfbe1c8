// What really happened at the venues of a simulated run: every state each book ever had, and every trade. Plain integers.

import type { Choices } from './choices.ts';

/** Decimals of all prices and quantities. */
const PRICE_DECIMALS = 2;
const QUANTITY_DECIMALS = 3;
const LEVELS_MAX = 12;

export type TrueLevel = readonly [price: string, amount: string];

/** One change of a book: absolute quantities, `0` removes. */
export type TrueChange = {
  readonly first: number;
  readonly last: number;
  readonly previous: number;
  readonly bids: readonly TrueLevel[];
  readonly asks: readonly TrueLevel[];
  readonly timeMs: number;
};

export type TrueTrade = {
  readonly id: number;
  readonly price: string;
  readonly amount: string;
  readonly side: 'buy' | 'sell';
  readonly timeMs: number;
};

/** An integer of 10^-decimals as the shortest decimal text. */
export function decimalText(value: number, decimals: number): string {
  const digits = String(value).padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return digits.slice(0, -decimals) + (fraction === '' ? '' : `.${fraction}`);
}

/** A book as one text, best levels first: two books are the same if these are. */
export function bookText(bids: readonly TrueLevel[], asks: readonly TrueLevel[]): string {
  const side = (levels: readonly TrueLevel[]): string =>
    levels.map(([price, amount]) => `${price}:${amount}`).join(' ');
  return `${side(bids)} | ${side(asks)}`;
}

export class TrueMarket {
  readonly venue: string;
  readonly symbol: string;
  /** Sequence of the last change. */
  sequence: number;
  readonly trades: TrueTrade[] = [];
  /** Book texts by the sequence after which they stood. */
  readonly states = new Map<number, string>();
  /** Sequences at which a book text stood. */
  readonly sequencesOf = new Map<string, number[]>();
  private readonly choices: Choices;
  private readonly stepsBy: number;
  private readonly bidLots = new Map<number, number>();
  private readonly askLots = new Map<number, number>();
  private mid = 10_000;
  private nextTradeId: number;

  /** `stepsBy`: a change's numbers rise by one to this many. */
  constructor(venue: string, symbol: string, choices: Choices, stepsBy: number) {
    this.venue = venue;
    this.symbol = symbol;
    this.choices = choices;
    this.stepsBy = stepsBy;
    this.sequence = choices.between(100, 1_000_000);
    this.nextTradeId = choices.between(1, 1_000_000);
    for (let i = 1; i <= 4; i++) {
      this.bidLots.set(this.mid - i, choices.between(1, 5_000));
      this.askLots.set(this.mid + i, choices.between(1, 5_000));
    }
    this.note();
  }

  get name(): string {
    return `${this.venue}:${this.symbol}`;
  }

  get bids(): TrueLevel[] {
    return this.side(this.bidLots, true);
  }

  get asks(): TrueLevel[] {
    return this.side(this.askLots, false);
  }

  private side(lots: ReadonlyMap<number, number>, isBid: boolean): TrueLevel[] {
    const prices = [...lots.keys()].sort((a, b) => (isBid ? b - a : a - b));
    return prices.map((price) => levelText(price, lots.get(price) ?? 0));
  }

  private note(): void {
    const text = bookText(this.bids, this.asks);
    this.states.set(this.sequence, text);
    const held = this.sequencesOf.get(text) ?? [];
    held.push(this.sequence);
    this.sequencesOf.set(text, held);
  }

  /** One to three levels change; the book is never crossed. */
  change(timeMs: number): TrueChange {
    const { choices } = this;
    const previous = this.sequence;
    this.sequence += choices.between(1, this.stepsBy);
    if (choices.chance(0.3)) this.mid += choices.chance(0.5) ? 1 : -1;
    const touched = { bids: new Map<number, number>(), asks: new Map<number, number>() };
    for (let left = choices.between(1, 3); left > 0; left--) this.touch(touched);
    this.uncross(touched);
    this.trim(touched);
    this.note();
    const levels = (side: ReadonlyMap<number, number>): TrueLevel[] =>
      [...side].map(([price, quantity]) => levelText(price, quantity));
    const { bids, asks } = touched;
    return { first: previous + 1, last: this.sequence, previous, bids: levels(bids), asks: levels(asks), timeMs };
  }

  private touch(touched: { bids: Map<number, number>; asks: Map<number, number> }): void {
    const { choices } = this;
    const isBid = choices.chance(0.5);
    const price = this.mid + (isBid ? -choices.between(1, 6) : choices.between(1, 6));
    const quantity = choices.chance(0.25) ? 0 : choices.between(1, 5_000);
    this.set(isBid ? this.bidLots : this.askLots, isBid ? touched.bids : touched.asks, price, quantity);
  }

  private set(lots: Map<number, number>, touched: Map<number, number>, price: number, quantity: number): void {
    if (quantity === 0) lots.delete(price);
    else lots.set(price, quantity);
    touched.set(price, quantity);
  }

  private uncross(touched: { bids: Map<number, number>; asks: Map<number, number> }): void {
    for (const price of [...this.bidLots.keys()]) if (price >= this.mid) this.set(this.bidLots, touched.bids, price, 0);
    for (const price of [...this.askLots.keys()]) if (price <= this.mid) this.set(this.askLots, touched.asks, price, 0);
  }

  private trim(touched: { bids: Map<number, number>; asks: Map<number, number> }): void {
    const far = (lots: ReadonlyMap<number, number>): number[] =>
      [...lots.keys()].sort((a, b) => Math.abs(a - this.mid) - Math.abs(b - this.mid)).slice(LEVELS_MAX);
    for (const price of far(this.bidLots)) this.set(this.bidLots, touched.bids, price, 0);
    for (const price of far(this.askLots)) this.set(this.askLots, touched.asks, price, 0);
  }

  trade(timeMs: number): TrueTrade {
    const { choices } = this;
    const side = choices.chance(0.5) ? 'buy' : 'sell';
    const [price, amount] = levelText(this.mid + (side === 'buy' ? 1 : -1), choices.between(1, 5_000));
    const trade = { id: this.nextTradeId++, price, amount, side, timeMs } as const;
    this.trades.push(trade);
    return trade;
  }
}

function levelText(price: number, quantity: number): TrueLevel {
  return [decimalText(price, PRICE_DECIMALS), decimalText(quantity, QUANTITY_DECIMALS)];
}
