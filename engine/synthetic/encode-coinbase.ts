// Owns the Coinbase Advanced Trade dialect: one number over all messages of a connection, l2_data, trades, heartbeats.

import type { VenueEncoder } from './encoder.ts';
import type { DeltaEvent, Level, MarketEvent, SnapshotEvent, TradeEvent } from './events.ts';
import type { MarketSpec } from './specs.ts';
import { canonicalText, isoText } from './text.ts';

/** Trades are collected for this long (venues.md §2.3). */
const TRADES_US = 250_000;
const HEARTBEAT_US = 1_000_000;

export class CoinbaseEncoder implements VenueEncoder {
  private readonly markets: readonly MarketSpec[];
  private sequence = 0;
  private heartbeat: number;
  private nextHeartbeatUs = 0;
  private nextTradesUs = 0;
  private trades: TradeEvent[] = [];

  /** `firstHeartbeat` is where the connection's heartbeat counter begins; Coinbase's runs longer than the connection. */
  constructor(markets: readonly MarketSpec[], firstHeartbeat: number) {
    this.markets = markets;
    this.heartbeat = firstHeartbeat;
  }

  /** In the order recorded in August 2026: past trades, then what is subscribed. */
  greet(timeUs: number, recentTrades: readonly TradeEvent[]): string[] {
    this.nextHeartbeatUs = timeUs + HEARTBEAT_US;
    this.nextTradesUs = timeUs + TRADES_US;
    const frames = this.markets.flatMap((market) => {
      const past = recentTrades.filter((trade) => trade.market === market).reverse();
      return past.length === 0 ? [] : [this.tradesFrame('snapshot', past, timeUs)];
    });
    frames.push(this.subscriptionsFrame(timeUs));
    return frames;
  }

  encode(event: MarketEvent): string[] {
    if (event.kind !== 'trade') return [this.bookFrame(event)];
    this.trades.push(event);
    return [];
  }

  tick(timeUs: number): string[] {
    const frames: string[] = [];
    if (timeUs >= this.nextTradesUs) {
      this.nextTradesUs = timeUs + TRADES_US;
      frames.push(...this.collectedTrades(timeUs));
    }
    if (timeUs >= this.nextHeartbeatUs) {
      this.nextHeartbeatUs += HEARTBEAT_US;
      frames.push(this.heartbeatFrame(timeUs));
    }
    return frames;
  }

  /** One message per product. */
  private collectedTrades(timeUs: number): string[] {
    const collected = this.trades;
    this.trades = [];
    return this.markets.flatMap((market) => {
      const trades = collected.filter((trade) => trade.market === market);
      return trades.length === 0 ? [] : [this.tradesFrame('update', trades, timeUs)];
    });
  }

  /** Server times have nine decimals; ours end in digits of the message's number. */
  private envelope(channel: string, timeUs: number, event: string): string {
    const sequence = this.sequence++;
    const timestamp = `${isoText(timeUs).slice(0, -1)}${String((sequence * 37) % 1000).padStart(3, '0')}Z`;
    const head = `"channel":"${channel}","client_id":"","timestamp":"${timestamp}","sequence_num":${sequence}`;
    return `{${head},"events":[${event}]}`;
  }

  private bookFrame(event: SnapshotEvent | DeltaEvent): string {
    const { market } = event;
    const time = isoText(event.timeUs);
    const bids = event.bids.map((level) => levelText(market, 'bid', level, time));
    const asks = event.asks.map((level) => levelText(market, 'offer', level, time));
    const type = event.kind === 'snapshot' ? 'snapshot' : 'update';
    const updates = `"updates":[${[...bids, ...asks].join(',')}]`;
    return this.envelope('l2_data', event.timeUs, `{"type":"${type}","product_id":"${market.symbol}",${updates}}`);
  }

  private tradesFrame(type: 'snapshot' | 'update', trades: readonly TradeEvent[], timeUs: number): string {
    const event = `{"type":"${type}","trades":[${trades.map(tradeText).join(',')}]}`;
    return this.envelope('market_trades', timeUs, event);
  }

  private subscriptionsFrame(timeUs: number): string {
    const products = this.markets.map((market) => `"${market.symbol}"`).join(',');
    const channels = `"heartbeats":["heartbeats"],"level2":[${products}],"market_trades":[${products}]`;
    return this.envelope('subscriptions', timeUs, `{"subscriptions":{${channels}}}`);
  }

  /** `current_time` is Go's own form of a time, with nine decimals and the process's age. */
  private heartbeatFrame(timeUs: number): string {
    const counter = this.heartbeat++;
    const time = isoText(timeUs).replace('T', ' ').replace('Z', '961');
    const event = `{"current_time":"${time} +0000 UTC m=+${counter}.525857105","heartbeat_counter":${counter}}`;
    return this.envelope('heartbeats', timeUs, event);
  }
}

function levelText(market: MarketSpec, side: 'bid' | 'offer', level: Level, time: string): string {
  const price = canonicalText(level.priceTicks, market.priceDecimals);
  const quantity = canonicalText(level.quantityLots, market.quantityDecimals);
  return `{"side":"${side}","event_time":"${time}","price_level":"${price}","new_quantity":"${quantity}"}`;
}

/** `side` is the maker's: a taker who bought met a resting SELL. */
function tradeText(trade: TradeEvent): string {
  const { market } = trade;
  const size = canonicalText(trade.quantityLots, market.quantityDecimals);
  const numbers = `"price":"${canonicalText(trade.priceTicks, market.priceDecimals)}","size":"${size}"`;
  const tail = `"time":"${isoText(trade.timeUs)}","side":"${trade.aggressorSide === 'buy' ? 'SELL' : 'BUY'}"`;
  return `{"product_id":"${market.symbol}","trade_id":"${trade.tradeId}",${numbers},${tail}}`;
}
