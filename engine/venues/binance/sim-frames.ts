// How a simulated Binance writes its frames and answers: field order and numbers as the recordings and docs have them.

import type { PriceLevel, SimChange, SimMarket, SimTrade } from '../../simulate/protocol.ts';
import type { BinanceProduct } from './limits.ts';

/** Spot and US print eight decimals, the futures those of the market. Recordings of 2021 and 2024. */
const SPOT_DECIMALS = 8;
/** Futures ids jump (venues.md §11.1): a change's `u` is this many times our sequence, and `U` lies above `pu` by more than one. */
const FUTURES_ID_STEP = 7;
const FUTURES_ID_GAP = 3;

/** Changes gathered for one frame. */
export type Gathered = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly previousSequence: number;
  readonly bids: Map<string, string>;
  readonly asks: Map<string, string>;
};

/** `held` with a later change: the last quantity of each price. */
export function gather(held: Gathered | undefined, change: SimChange): Gathered {
  const bids = new Map([...(held?.bids ?? []), ...change.bids]);
  const asks = new Map([...(held?.asks ?? []), ...change.asks]);
  const { firstSequence, previousSequence } = held ?? change;
  return { firstSequence, previousSequence, lastSequence: change.lastSequence, bids, asks };
}

/** `text` with at least `decimals` digits after its point. */
function padded(text: string, decimals: number): string {
  const point = text.indexOf('.');
  const missing = decimals - (point < 0 ? 0 : text.length - point - 1);
  if (missing <= 0) return text;
  return `${text}${point < 0 ? '.' : ''}${'0'.repeat(missing)}`;
}

/** Numerical order of decimal texts that have the same digits after the point. */
function compareTexts(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

export class BinanceWriter {
  private readonly product: BinanceProduct;

  constructor(product: BinanceProduct) {
    this.product = product;
  }

  /** A sequence of ours as an update id. */
  updateId(sequence: number): number {
    return this.product.isFutures ? sequence * FUTURES_ID_STEP : sequence;
  }

  depth(market: SimMarket, changes: Gathered, timeMs: number): string {
    const { isFutures } = this.product;
    const previous = this.updateId(changes.previousSequence);
    const first = isFutures ? previous + FUTURES_ID_GAP : changes.firstSequence;
    const ids = `"U":${first},"u":${this.updateId(changes.lastSequence)}${isFutures ? `,"pu":${previous}` : ''}`;
    const bids = [...changes.bids].sort(([a], [b]) => compareTexts(b, a));
    const asks = [...changes.asks].sort(([a], [b]) => compareTexts(a, b));
    const levels = `"b":${this.levels(bids)},"a":${this.levels(asks)}`;
    const time = `"E":${timeMs}${isFutures ? `,"T":${timeMs}` : ''}`;
    return `{"e":"depthUpdate",${time},"s":"${market.symbol}"${this.pair(market)},${ids},${levels}}`;
  }

  trade(market: SimMarket, trade: SimTrade): string {
    const time = trade.timeMs;
    const maker = trade.takerSide === 'sell';
    const what = `"s":"${market.symbol}","t":${trade.id},${this.numbers(trade)}`;
    return this.product.isFutures
      ? `{"e":"trade","E":${time},"T":${time},${what},"X":"MARKET","m":${maker}}`
      : `{"e":"trade","E":${time},${what},"T":${time},"m":${maker},"M":true}`;
  }

  /** Each of our trades is an aggregate of its own, with the same id. */
  aggregate(market: SimMarket, trade: SimTrade): string {
    const head = `"e":"aggTrade","E":${trade.timeMs}`;
    if (!this.product.isFutures) return `{${head},"s":"${market.symbol}",${this.past(trade).slice(1)}`;
    return `{${head},"a":${trade.id},"s":"${market.symbol}",${this.aggregateRest(trade)}}`;
  }

  /** An entry of the answer to `GET …/aggTrades`. */
  past(trade: SimTrade): string {
    const tail = this.product.isFutures ? '' : ',"M":true';
    return `{"a":${trade.id},${this.aggregateRest(trade)}${tail}}`;
  }

  snapshot(market: SimMarket, depth: number, timeMs: number): string {
    const names =
      this.product.venue === 'binance-delivery' ? `"symbol":"${market.symbol}","pair":"${pairOf(market)}",` : '';
    const times = this.product.isFutures ? `"E":${timeMs},"T":${timeMs},` : '';
    const levels = `"bids":${this.levels(market.bids(depth))},"asks":${this.levels(market.asks(depth))}`;
    return `{"lastUpdateId":${this.updateId(market.sequence)},${names}${times}${levels}}`;
  }

  private pair(market: SimMarket): string {
    return this.product.venue === 'binance-delivery' ? `,"ps":"${pairOf(market)}"` : '';
  }

  private aggregateRest(trade: SimTrade): string {
    const ids = `"f":${trade.id},"l":${trade.id}`;
    return `${this.numbers(trade)},${ids},"T":${trade.timeMs},"m":${trade.takerSide === 'sell'}`;
  }

  private numbers(trade: SimTrade): string {
    return `"p":"${this.number(trade.price)}","q":"${this.number(trade.quantity)}"`;
  }

  private number(text: string): string {
    return this.product.isFutures ? text : padded(text, SPOT_DECIMALS);
  }

  private levels(levels: readonly PriceLevel[]): string {
    return `[${levels.map(([price, quantity]) => `["${this.number(price)}","${this.number(quantity)}"]`).join(',')}]`;
  }
}

/** `BTCUSD` of `BTCUSD_PERP`. */
function pairOf(market: SimMarket): string {
  return market.symbol.split('_')[0];
}
