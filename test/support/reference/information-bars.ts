// Owns the slow way to information bars: BigInts, every part of every trade kept, each bar worked out from its parts.

export type Taker = 'unknown' | 'buy' | 'sell';

/** Prices, quantities and spreads count 10^-18. */
export type Print = {
  readonly timeUs: number;
  readonly receiveNs: number;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly taker: Taker;
  readonly matches: number;
};

/** What a kind counts, and whether buyers count against sellers. The threshold counts 10^-18. */
export type Rule = {
  readonly counts: 'trades' | 'quantity' | 'notional' | 'range';
  readonly isImbalance: boolean;
  readonly threshold: bigint;
};

type Part = { readonly print: Print; readonly quantity: bigint; readonly matches: number; readonly sign: bigint };

type Parts = {
  readonly parts: Part[];
  readonly spreads: bigint[];
  completeness: 'complete' | 'partial' | 'gap';
  state: number;
  isFinal: boolean;
};

/** A bar worked out: volumes and prices count 10^-18, the notional 10^-36; sides are [unknown, buy, sell]. */
export type InformationBar = {
  readonly startUs: number;
  readonly openUs: number;
  readonly closeUs: number;
  readonly receiveNs: number;
  readonly trades: number;
  readonly revision: number;
  readonly completeness: string;
  readonly state: number;
  readonly isFinal: boolean;
  readonly prices: readonly [open: bigint, high: bigint, low: bigint, close: bigint];
  readonly sides: readonly [unknown: bigint, buy: bigint, sell: bigint];
  readonly notional: bigint;
  readonly spreads: readonly [high: bigint | null, low: bigint | null];
};

const ONE = 10n ** 18n;
const ascending = (values: readonly bigint[]): bigint[] => values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const most = (values: readonly bigint[]): bigint => ascending(values)[values.length - 1];
const least = (values: readonly bigint[]): bigint => ascending(values)[0];
const size = (value: bigint): bigint => (value < 0n ? -value : value);

export class InformationBarsReference {
  readonly bars: Parts[] = [];
  /** Trades of which the last bar they may close took more than its threshold. */
  unsplit = 0;
  readonly rule: Rule;
  private readonly barsPerTradeMax: number;
  private before: { price: bigint; sign: bigint } | null = null;
  private isGapBefore = false;
  private spread: bigint | null = null;

  constructor(rule: Rule, barsPerTradeMax: number) {
    this.rule = rule;
    this.barsPerTradeMax = barsPerTradeMax;
  }

  /** Returns the bars touched, oldest first: [index, opened by it, closed by it]. */
  add(print: Print, state: number): [number, boolean, boolean][] {
    const sign = this.sign(print);
    this.before = { price: print.price, sign };
    return this.rule.counts === 'range' ? this.addRange(print, state) : this.addCounted(print, sign, state);
  }

  loss(): void {
    const open = this.open();
    if (open !== null) open.completeness = 'gap';
    this.isGapBefore = true;
  }

  /** null: the book is not live or has no spread. */
  see(spread: bigint | null): void {
    this.spread = spread;
    if (spread !== null) this.open()?.spreads.push(spread);
  }

  /** What the bar's parts amount to: trades and quantities count 10^-18, notional 10^-36. */
  theta(bar: Parts): bigint {
    return bar.parts.reduce((sum, { print, quantity, sign }) => sum + sign * this.amount(print.price, quantity), 0n);
  }

  /** In the unit of theta(). */
  threshold(): bigint {
    return this.rule.counts === 'notional' ? this.rule.threshold * ONE : this.rule.threshold;
  }

  all(): InformationBar[] {
    return this.bars.map(workOut);
  }

  private addRange(print: Print, state: number): [number, boolean, boolean][] {
    const touched: [number, boolean, boolean][] = [];
    const open = this.open();
    if (open !== null && width(open, print) > this.rule.threshold) {
      open.isFinal = true;
      touched.push([this.bars.length - 1, false, true]);
    }
    const isOpening = this.open() === null;
    const bar = this.put({ print, quantity: print.quantity, matches: print.matches, sign: 1n }, state);
    bar.isFinal = width(bar, print) === this.rule.threshold;
    touched.push([this.bars.length - 1, isOpening, bar.isFinal]);
    return touched;
  }

  private addCounted(print: Print, sign: bigint, state: number): [number, boolean, boolean][] {
    const touched: [number, boolean, boolean][] = [];
    let left = print.quantity;
    do {
      const isOpening = this.open() === null;
      let quantity = least([left, this.quantityToClose(print.price, sign, left)]);
      if (touched.length === this.barsPerTradeMax - 1 && quantity < left) {
        // One bar is left to close, and something would have to go on behind it.
        quantity = left;
        this.unsplit += 1;
      }
      const matches = touched.length === 0 ? print.matches : 0;
      const bar = this.put({ print, quantity, matches, sign }, state);
      bar.isFinal = size(this.theta(bar)) >= this.threshold();
      touched.push([this.bars.length - 1, isOpening, bar.isFinal]);
      left -= quantity;
    } while (left > 0n);
    return touched;
  }

  /** The smallest quantity at this price that makes the size of theta reach the threshold; `whole` where trades count. */
  private quantityToClose(price: bigint, sign: bigint, whole: bigint): bigint {
    const open = this.open();
    const missing = this.threshold() - (open === null ? 0n : sign * this.theta(open));
    if (this.rule.counts === 'trades') return whole;
    if (this.rule.counts === 'quantity') return missing;
    return price === 0n ? whole : (missing + price - 1n) / price;
  }

  private amount(price: bigint, quantity: bigint): bigint {
    if (this.rule.counts === 'trades') return ONE;
    return this.rule.counts === 'quantity' ? quantity : price * quantity;
  }

  private sign(print: Print): bigint {
    if (!this.rule.isImbalance || print.taker === 'buy') return 1n;
    if (print.taker === 'sell') return -1n;
    if (this.before === null || print.price > this.before.price) return 1n;
    return print.price < this.before.price ? -1n : this.before.sign;
  }

  private open(): Parts | null {
    const last = this.bars.at(-1);
    return last === undefined || last.isFinal ? null : last;
  }

  private put(part: Part, state: number): Parts {
    const bar = this.open() ?? this.begin();
    bar.parts.push(part);
    bar.state = state;
    return bar;
  }

  private begin(): Parts {
    const completeness = this.isGapBefore ? 'gap' : this.bars.length === 0 ? 'partial' : 'complete';
    this.isGapBefore = false;
    const spreads = this.spread === null ? [] : [this.spread];
    const bar: Parts = { parts: [], spreads, completeness, state: 0, isFinal: false };
    this.bars.push(bar);
    return bar;
  }
}

/** high - low of a bar together with one more trade. */
function width(bar: Parts, print: Print): bigint {
  const prices = [...bar.parts.map((part) => part.print.price), print.price];
  return most(prices) - least(prices);
}

function workOut({ parts, spreads, completeness, state, isFinal }: Parts): InformationBar {
  const first = parts[0].print;
  const last = parts[parts.length - 1].print;
  const prices = parts.map(({ print }) => print.price);
  const volume = (taker: Taker): bigint =>
    parts.reduce((sum, { print, quantity }) => (print.taker === taker ? sum + quantity : sum), 0n);
  return {
    startUs: first.timeUs,
    openUs: first.timeUs,
    closeUs: last.timeUs,
    receiveNs: last.receiveNs,
    trades: parts.reduce((sum, { matches }) => sum + matches, 0),
    revision: 0,
    completeness,
    state,
    isFinal,
    prices: [first.price, most(prices), least(prices), last.price],
    sides: [volume('unknown'), volume('buy'), volume('sell')],
    notional: parts.reduce((sum, { print, quantity }) => sum + print.price * quantity, 0n),
    spreads: spreads.length === 0 ? [null, null] : [most(spreads), least(spreads)],
  };
}
