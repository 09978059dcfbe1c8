// Owns the time bars of one market and kind, each from its trades alone: buckets, closing, revising, lateness, empty bars.
import { DECIMALS, divideHalfEven, formatDecimal, PRODUCT_DECIMALS } from './decimal.ts';
import { formatIsoUs } from './time.ts';
import type { Trade } from './trades.ts';

export type Completeness = 'complete' | 'partial' | 'gap';

/** INTERFACES `trade_bar`, fields in its order. */
export type TradeBar = {
  type: 'trade_bar';
  exchange: string;
  symbol: string;
  name: string;
  kind: 'time';
  interval: number;
  startTimestamp: string;
  openTimestamp: string;
  closeTimestamp: string;
  timestamp: string;
  localTimestamp: string;
  open: string | null;
  high: string | null;
  low: string | null;
  close: string | null;
  volume: string;
  buyVolume: string;
  sellVolume: string;
  trades: number;
  vwap: string | null;
  notional: string;
  revision: number;
  completeness: Completeness;
  isFinal: boolean;
  delta: string;
  spreadHigh: string | null;
  spreadLow: string | null;
  state: string;
};

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_US = 86_400_000_000;

/** Empty bars of one stretch that is passed at once; the oldest are left out. */
const EMPTIES_MAX = 200;

export type BarRules = { readonly latenessMs: number; readonly empties: 'skip' | 'flat' | 'null' };
const DEFAULT_RULES: BarRules = { latenessMs: 10_000, empties: 'skip' };

/** A bar while it is counted; `open` and `close` are the earliest and latest trades by exchange time. */
export type Bar = {
  startUs: number;
  open: Priced;
  close: Priced;
  localUs: number;
  high: bigint;
  low: bigint;
  volume: bigint;
  buyVolume: bigint;
  sellVolume: bigint;
  notional: bigint;
  trades: number;
  revision: number;
  completeness: Completeness;
  isFinal: boolean;
  /** Without trades so far: every price repeats the close before it. */
  isEmpty: boolean;
  spreadHigh: bigint | null;
  spreadLow: bigint | null;
  state: string;
};
type Priced = Pick<Trade, 'price' | 'exchangeTimeUs'>;

/** Milliseconds of a time kind such as 100ms or 1w. */
function intervalMsOf(kind: string): number {
  const [, count, unit] = /^([1-9]\d*)(ms|[smhdw])$/.exec(kind) ?? [];
  if (count === undefined) throw new Error(`expected a time bar kind, was ${kind}`);
  return Number(count) * UNITS_MS[unit];
}

export class TimeBars {
  readonly kind: string;
  /** In time order. */
  readonly bars: Bar[] = [];
  /** Closes of the bars in the order in which they became final, for signals; a revised last one is replaced. */
  readonly closes: { startUs: number; close: bigint }[] = [];
  revised = 0;
  private readonly intervalUs: number;
  private readonly rules: BarRules;
  private open: Bar | null = null;
  private newestStartUs = Number.NEGATIVE_INFINITY;
  private hasLossBeforeNext = false;
  private hasTraded = false;
  private spread: bigint | null = null;

  constructor(kind: string, rules: BarRules = DEFAULT_RULES) {
    this.kind = kind;
    this.intervalUs = intervalMsOf(kind) * 1000;
    this.rules = rules;
  }

  clock(clockUs: number, state = 'syncing'): void {
    if (this.open !== null && clockUs >= this.open.startUs + this.intervalUs) this.closeOpen(state);
    if (this.open === null && this.fillBefore(this.startOf(clockUs), state)) this.hasLossBeforeNext = false;
  }

  /** Trades of the market were lost, up to when is not known: neither the bar open now nor the next one is whole. */
  markLoss(): void {
    if (this.open !== null) this.open.completeness = 'gap';
    this.hasLossBeforeNext = true;
  }

  /** The live book's spread is now this, or is not known. */
  noteSpread(spread: bigint | null): void {
    this.spread = spread;
    if (this.open !== null) seeSpread(this.open, spread);
  }

  /** False where the trade came too late for its bar. */
  add(trade: Trade, localUs: number, clockUs: number | null, newestTradeUs: number, state = 'syncing'): boolean {
    const startUs = this.startOf(trade.exchangeTimeUs);
    const endUs = startUs + this.intervalUs;
    let isTaken = true;
    if (startUs < this.newestStartUs || (clockUs !== null && clockUs >= endUs)) {
      const watermarkUs = Math.max(clockUs ?? Number.NEGATIVE_INFINITY, newestTradeUs);
      isTaken = endUs + this.rules.latenessMs * 1000 >= watermarkUs;
      if (isTaken) this.addToClosed(trade, startUs, localUs, state);
    } else {
      if (this.open === null || this.open.startUs !== startUs) {
        this.closeOpen(state);
        this.fillBefore(startUs, state);
        this.open = this.create(trade, startUs, localUs);
        seeSpread(this.open, this.spread);
      } else extend(this.open, trade, localUs);
      this.open.state = state;
    }
    // A trade of a later bucket closes the older ones even where it came too late to form a bar of its own.
    if (startUs > this.newestStartUs) this.newestStartUs = startUs;
    if (this.open !== null && this.open.startUs < this.newestStartUs) this.closeOpen(state);
    return isTaken;
  }

  /** Buckets count from 1970, but those of whole weeks begin on a Monday. */
  private startOf(timeUs: number): number {
    if (this.intervalUs % (7 * DAY_US) !== 0) return timeUs - (timeUs % this.intervalUs);
    const weekday = new Date(timeUs / 1000).getUTCDay();
    return timeUs - (timeUs % DAY_US) - ((weekday + 6) % 7) * DAY_US;
  }

  private addToClosed(trade: Trade, startUs: number, localUs: number, state: string): void {
    const held = this.bars.findLast((bar) => bar.startUs === startUs);
    if (held === undefined) {
      const bar = this.create(trade, startUs, localUs);
      bar.isFinal = true;
      bar.state = state;
      this.noteClose(bar);
      return;
    }
    if (held.isEmpty) Object.assign(held, noTrades(trade, localUs));
    extend(held, trade, localUs);
    held.revision += 1;
    held.state = state;
    this.revised += 1;
    const last = this.closes.at(-1);
    if (last?.startUs === startUs) last.close = held.close.price;
    else this.noteClose(held);
  }

  private create(trade: Trade, startUs: number, localUs: number): Bar {
    const isWhole = this.hasTraded || trade.exchangeTimeUs === startUs;
    const completeness = this.hasLossBeforeNext ? 'gap' : isWhole ? 'complete' : 'partial';
    this.hasTraded = true;
    this.hasLossBeforeNext = false;
    const bar: Bar = {
      startUs,
      ...noTrades(trade, localUs),
      revision: 0,
      completeness,
      isFinal: false,
      spreadHigh: null,
      spreadLow: null,
      state: '',
    };
    extend(bar, trade, localUs);
    const before = this.bars.findLastIndex((other) => other.startUs < startUs);
    this.bars.splice(before + 1, 0, bar);
    return bar;
  }

  /** Makes the empty bars from the newest bar up to before a bucket. True where there were any. */
  private fillBefore(startUs: number, state: string): boolean {
    const before = this.bars.at(-1);
    if (this.rules.empties === 'skip' || before === undefined) return false;
    const starts: number[] = [];
    for (
      let us = startUs - this.intervalUs;
      us > before.startUs && starts.length < EMPTIES_MAX;
      us -= this.intervalUs
    ) {
      starts.unshift(us);
    }
    for (const emptyUs of starts) {
      const bar: Bar = {
        startUs: emptyUs,
        ...noTrades({ price: before.close.price, exchangeTimeUs: emptyUs }, before.localUs),
        revision: 0,
        completeness: this.hasLossBeforeNext ? 'gap' : 'complete',
        isFinal: true,
        spreadHigh: null,
        spreadLow: null,
        state,
      };
      this.bars.push(bar);
      this.noteClose(bar);
    }
    return starts.length > 0;
  }

  private closeOpen(state: string): void {
    if (this.open === null) return;
    this.open.isFinal = true;
    this.open.state = state;
    this.noteClose(this.open);
    this.open = null;
  }

  /** A bar that became final behind a newer final one does not enter the closes, nor does one without prices. */
  private noteClose(bar: Bar): void {
    if (this.hasPrices(bar) && bar.startUs > (this.closes.at(-1)?.startUs ?? Number.NEGATIVE_INFINITY)) {
      this.closes.push({ startUs: bar.startUs, close: bar.close.price });
    }
  }

  hasPrices(bar: Bar): boolean {
    return !bar.isEmpty || this.rules.empties === 'flat';
  }

  write(bar: Bar, exchange: string, symbol: string): TradeBar {
    const price = (value: bigint): string | null => (this.hasPrices(bar) ? formatDecimal(value) : null);
    return {
      type: 'trade_bar',
      exchange,
      symbol,
      name: this.kind,
      kind: 'time',
      interval: this.intervalUs / 1000,
      startTimestamp: formatIsoUs(bar.startUs),
      openTimestamp: formatIsoUs(bar.open.exchangeTimeUs),
      closeTimestamp: formatIsoUs(bar.close.exchangeTimeUs),
      timestamp: formatIsoUs(bar.startUs + this.intervalUs),
      localTimestamp: formatIsoUs(bar.localUs),
      open: price(bar.open.price),
      high: price(bar.high),
      low: price(bar.low),
      close: price(bar.close.price),
      volume: formatDecimal(bar.volume),
      buyVolume: formatDecimal(bar.buyVolume),
      sellVolume: formatDecimal(bar.sellVolume),
      trades: bar.trades,
      vwap: writeVwap(bar.notional, bar.volume),
      notional: formatDecimal(bar.notional, PRODUCT_DECIMALS),
      revision: bar.revision,
      completeness: bar.completeness,
      isFinal: bar.isFinal,
      delta: formatDecimal(bar.buyVolume - bar.sellVolume),
      spreadHigh: bar.spreadHigh === null ? null : formatDecimal(bar.spreadHigh),
      spreadLow: bar.spreadLow === null ? null : formatDecimal(bar.spreadLow),
      state: bar.state,
    };
  }
}

/** Notional (10^-36) over volume (10^-18) has 18 decimals again; rounded half-even once. */
export function writeVwap(notional: bigint, volume: bigint): string | null {
  return volume === 0n ? null : formatDecimal(divideHalfEven(notional, volume), DECIMALS);
}

/** The fields that trades make, before any: every price is that of `at`. */
function noTrades(at: Priced, localUs: number) {
  return {
    open: at,
    close: at,
    localUs,
    high: at.price,
    low: at.price,
    volume: 0n,
    buyVolume: 0n,
    sellVolume: 0n,
    notional: 0n,
    trades: 0,
    isEmpty: true,
  };
}

function seeSpread(bar: Bar, spread: bigint | null): void {
  if (spread === null) return;
  if (bar.spreadHigh === null || spread > bar.spreadHigh) bar.spreadHigh = spread;
  if (bar.spreadLow === null || spread < bar.spreadLow) bar.spreadLow = spread;
}

function extend(bar: Bar, trade: Trade, localUs: number): void {
  bar.isEmpty = false;
  if (trade.exchangeTimeUs < bar.open.exchangeTimeUs) bar.open = trade;
  if (trade.exchangeTimeUs >= bar.close.exchangeTimeUs) bar.close = trade;
  if (trade.price > bar.high) bar.high = trade.price;
  if (trade.price < bar.low) bar.low = trade.price;
  bar.volume += trade.quantity;
  if (trade.side === 'buy') bar.buyVolume += trade.quantity;
  if (trade.side === 'sell') bar.sellVolume += trade.quantity;
  bar.notional += trade.price * trade.quantity;
  bar.trades += trade.matches;
  if (localUs > bar.localUs) bar.localUs = localUs;
}
