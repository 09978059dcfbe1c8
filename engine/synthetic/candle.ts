// Owns the running one-minute candle that a Binance-like venue sends, in exact whole numbers.

import type { TradeEvent } from './events.ts';

export const MINUTE_US = 60_000_000;

/** Quantities in lots, quote volume in ticks times lots: BigInt, since the product passes 2^53. */
export class Candle {
  readonly startUs: number;
  openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  firstTradeId = -1;
  lastTradeId = -1;
  trades = 0;
  volumeLots = 0n;
  buyVolumeLots = 0n;
  quoteVolume = 0n;
  buyQuoteVolume = 0n;

  /** Without trades a candle repeats the last close. */
  constructor(timeUs: number, lastTicks: number) {
    this.startUs = Math.floor(timeUs / MINUTE_US) * MINUTE_US;
    this.openTicks = lastTicks;
    this.highTicks = lastTicks;
    this.lowTicks = lastTicks;
    this.closeTicks = lastTicks;
  }

  get endUs(): number {
    return this.startUs + MINUTE_US;
  }

  add(trade: TradeEvent): void {
    const isFirst = this.trades === 0;
    if (isFirst) {
      this.firstTradeId = trade.tradeId;
      this.openTicks = trade.priceTicks;
    }
    this.highTicks = isFirst ? trade.priceTicks : Math.max(this.highTicks, trade.priceTicks);
    this.lowTicks = isFirst ? trade.priceTicks : Math.min(this.lowTicks, trade.priceTicks);
    this.closeTicks = trade.priceTicks;
    this.lastTradeId = trade.tradeId;
    this.trades++;
    this.addVolumes(trade);
  }

  private addVolumes(trade: TradeEvent): void {
    const lots = BigInt(trade.quantityLots);
    const quote = lots * BigInt(trade.priceTicks);
    this.volumeLots += lots;
    this.quoteVolume += quote;
    if (trade.aggressorSide === 'sell') return;
    this.buyVolumeLots += lots;
    this.buyQuoteVolume += quote;
  }
}
