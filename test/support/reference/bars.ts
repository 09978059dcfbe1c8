// Owns the time bars of one market and kind: which bucket a trade belongs to, and when a bar closes, revises or is late.
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
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
  buyVolume: string;
  sellVolume: string;
  trades: number;
  vwap: string | null;
  notional: string;
  revision: number;
  completeness: Completeness;
  isFinal: boolean;
};

const INTERVALS_MS = new Map([
  ['1s', 1_000],
  ['1m', 60_000],
  ['5m', 300_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
]);

const LATENESS_US = 10_000_000;

/** A bar while it is counted; `open` and `close` are the earliest and latest trades by exchange time. */
type Bar = {
  startUs: number;
  open: Trade;
  close: Trade;
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
};

export class TimeBars {
  readonly kind: string;
  /** In time order. */
  readonly bars: Bar[] = [];
  /** Closes of the bars in the order in which they became final, for signals; a revised last one is replaced. */
  readonly closes: { startUs: number; close: bigint }[] = [];
  private readonly intervalUs: number;
  private open: Bar | null = null;
  private newestStartUs = Number.NEGATIVE_INFINITY;
  private hasLossBeforeNext = false;

  constructor(kind: string) {
    const intervalMs = INTERVALS_MS.get(kind);
    if (intervalMs === undefined) throw new Error(`expected a time bar kind, was ${kind}`);
    this.kind = kind;
    this.intervalUs = intervalMs * 1000;
  }

  clock(clockUs: number): void {
    if (this.open !== null && clockUs >= this.open.startUs + this.intervalUs) this.closeOpen();
  }

  /** Trades of the market were lost, up to when is not known: neither the bar open now nor the next one is whole. */
  markLoss(): void {
    if (this.open !== null) this.open.completeness = 'gap';
    this.hasLossBeforeNext = true;
  }

  add(trade: Trade, localUs: number, clockUs: number | null, newestTradeUs: number): void {
    const startUs = Math.floor(trade.exchangeTimeUs / this.intervalUs) * this.intervalUs;
    const endUs = startUs + this.intervalUs;
    if (startUs < this.newestStartUs || (clockUs !== null && clockUs >= endUs)) {
      const watermarkUs = Math.max(clockUs ?? Number.NEGATIVE_INFINITY, newestTradeUs);
      if (endUs + LATENESS_US >= watermarkUs) this.addToClosed(trade, startUs, localUs);
    } else if (this.open !== null && this.open.startUs === startUs) {
      extend(this.open, trade, localUs);
    } else {
      this.closeOpen();
      this.open = this.create(trade, startUs, localUs);
    }
    // A trade of a later bucket closes the older ones even where it came too late to form a bar of its own.
    if (startUs > this.newestStartUs) this.newestStartUs = startUs;
    if (this.open !== null && this.open.startUs < this.newestStartUs) this.closeOpen();
  }

  private addToClosed(trade: Trade, startUs: number, localUs: number): void {
    const held = this.bars.find((bar) => bar.startUs === startUs);
    if (held === undefined) {
      const bar = this.create(trade, startUs, localUs);
      bar.isFinal = true;
      this.noteClose(bar);
    } else {
      extend(held, trade, localUs);
      held.revision += 1;
      const last = this.closes.at(-1);
      if (last?.startUs === startUs) last.close = held.close.price;
    }
  }

  private create(trade: Trade, startUs: number, localUs: number): Bar {
    const isWhole = this.bars.length > 0 || trade.exchangeTimeUs === startUs;
    const completeness = this.hasLossBeforeNext ? 'gap' : isWhole ? 'complete' : 'partial';
    this.hasLossBeforeNext = false;
    const bar: Bar = {
      startUs,
      open: trade,
      close: trade,
      localUs,
      high: trade.price,
      low: trade.price,
      volume: 0n,
      buyVolume: 0n,
      sellVolume: 0n,
      notional: 0n,
      trades: 0,
      revision: 0,
      completeness,
      isFinal: false,
    };
    extend(bar, trade, localUs);
    const later = this.bars.findIndex((other) => other.startUs > startUs);
    this.bars.splice(later === -1 ? this.bars.length : later, 0, bar);
    return bar;
  }

  private closeOpen(): void {
    if (this.open === null) return;
    this.open.isFinal = true;
    this.noteClose(this.open);
    this.open = null;
  }

  /** A bar that became final behind a newer final one does not enter the closes. */
  private noteClose(bar: Bar): void {
    if (bar.startUs > (this.closes.at(-1)?.startUs ?? Number.NEGATIVE_INFINITY)) {
      this.closes.push({ startUs: bar.startUs, close: bar.close.price });
    }
  }

  write(bar: Bar, exchange: string, symbol: string): TradeBar {
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
      open: formatDecimal(bar.open.price),
      high: formatDecimal(bar.high),
      low: formatDecimal(bar.low),
      close: formatDecimal(bar.close.price),
      volume: formatDecimal(bar.volume),
      buyVolume: formatDecimal(bar.buyVolume),
      sellVolume: formatDecimal(bar.sellVolume),
      trades: bar.trades,
      vwap: writeVwap(bar.notional, bar.volume),
      notional: formatDecimal(bar.notional, PRODUCT_DECIMALS),
      revision: bar.revision,
      completeness: bar.completeness,
      isFinal: bar.isFinal,
    };
  }
}

/** Notional (10^-36) over volume (10^-18) has 18 decimals again; rounded half-even once. */
export function writeVwap(notional: bigint, volume: bigint): string | null {
  return volume === 0n ? null : formatDecimal(divideHalfEven(notional, volume), DECIMALS);
}

function extend(bar: Bar, trade: Trade, localUs: number): void {
  if (trade.exchangeTimeUs < bar.open.exchangeTimeUs) bar.open = trade;
  if (trade.exchangeTimeUs >= bar.close.exchangeTimeUs) bar.close = trade;
  if (trade.price > bar.high) bar.high = trade.price;
  if (trade.price < bar.low) bar.low = trade.price;
  bar.volume += trade.quantity;
  if (trade.side === 'buy') bar.buyVolume += trade.quantity;
  if (trade.side === 'sell') bar.sellVolume += trade.quantity;
  bar.notional += trade.price * trade.quantity;
  bar.trades += trade.matches;
  bar.localUs = localUs;
}
