// Owns the Kraken v2 dialect: status, acknowledgements, book of limited depth with its checksum, trades, heartbeats.

import { assert } from '../base/assert.ts';
import { crc32 } from './crc32.ts';
import { DepthView } from './depth-view.ts';
import type { VenueEncoder } from './encoder.ts';
import type { DeltaEvent, Level, MarketEvent, SnapshotEvent, TradeEvent } from './events.ts';
import type { MarketSpec } from './specs.ts';
import { fixedText, isoText } from './text.ts';

/** Levels a side the checksum covers (venues.md §3.5). */
export const CHECKSUM_LEVELS = 10;
/** A heartbeat is sent after this long without any other frame (§3.2). */
const HEARTBEAT_US = 1_000_000;
/** From Kraken's documentation; it does not fit a double. */
const CONNECTION_ID = '13834774380200032777';

type MarketState = { readonly bids: DepthView; readonly asks: DepthView; orderTrades: TradeEvent[] };

export class KrakenEncoder implements VenueEncoder {
  private readonly markets: readonly MarketSpec[];
  private readonly depth: number;
  private readonly states: ReadonlyMap<MarketSpec, MarketState>;
  private lastFrameUs = 0;

  constructor(markets: readonly MarketSpec[], depth: number) {
    assert(depth >= CHECKSUM_LEVELS, `kraken: expected a depth of at least ${CHECKSUM_LEVELS}, was ${depth}`);
    this.markets = markets;
    this.depth = depth;
    this.states = new Map(
      markets.map((market) => [
        market,
        { bids: new DepthView(true, depth), asks: new DepthView(false, depth), orderTrades: [] },
      ]),
    );
  }

  /** Status, then one acknowledgement per channel and symbol (§3.2). */
  greet(timeUs: number): string[] {
    this.lastFrameUs = timeUs;
    const status = `{"version":"2.0.10","system":"online","api_version":"v2","connection_id":${CONNECTION_ID}}`;
    return [
      `{"channel":"status","type":"update","data":[${status}]}`,
      ...this.markets.map((market) => this.acknowledgement('book', `,"depth":${this.depth}`, true, market, timeUs)),
      ...this.markets.map((market) => this.acknowledgement('trade', '', false, market, timeUs)),
    ];
  }

  encode(event: MarketEvent): string[] {
    const frames = event.kind === 'trade' ? this.tradeFrames(event) : this.bookFrames(event);
    if (frames.length > 0) this.lastFrameUs = event.timeUs;
    return frames;
  }

  tick(timeUs: number): string[] {
    if (timeUs - this.lastFrameUs < HEARTBEAT_US) return [];
    this.lastFrameUs = timeUs;
    return ['{"channel":"heartbeat"}'];
  }

  private stateOf(market: MarketSpec): MarketState {
    const state = this.states.get(market);
    assert(state !== undefined, `kraken: ${market.symbol} is not a market of this connection`);
    return state;
  }

  private acknowledgement(
    channel: string,
    depth: string,
    hasSnapshot: boolean,
    market: MarketSpec,
    timeUs: number,
  ): string {
    const result = `{"channel":"${channel}"${depth},"snapshot":${hasSnapshot},"symbol":"${market.symbol}"}`;
    const times = `"time_in":"${isoText(timeUs - 41)}","time_out":"${isoText(timeUs)}"`;
    return `{"method":"subscribe","result":${result},"success":true,${times}}`;
  }

  /** Changes beyond the subscribed depth make no frame. */
  private bookFrames(event: SnapshotEvent | DeltaEvent): string[] {
    const { market } = event;
    const state = this.stateOf(market);
    const isSnapshot = event.kind === 'snapshot';
    const bids = isSnapshot ? state.bids.replace(event.bids) : state.bids.change(event.bids);
    const asks = isSnapshot ? state.asks.replace(event.asks) : state.asks.change(event.asks);
    if (bids.length + asks.length === 0) return [];
    const levels = `"bids":${levelsText(market, bids)},"asks":${levelsText(market, asks)}`;
    const checksum = krakenChecksum(state.bids.best(CHECKSUM_LEVELS), state.asks.best(CHECKSUM_LEVELS));
    const seal = `"checksum":${checksum},"timestamp":"${isoText(event.timeUs)}"`;
    const type = isSnapshot ? 'snapshot' : 'update';
    return [`{"channel":"book","type":"${type}","data":[{"symbol":"${market.symbol}",${levels},${seal}}]}`];
  }

  /** One frame per taker's order, with all its matches. */
  private tradeFrames(event: TradeEvent): string[] {
    const state = this.stateOf(event.market);
    state.orderTrades.push(event);
    if (!event.isLastOfOrder) return [];
    const texts = state.orderTrades.map(tradeText);
    state.orderTrades = [];
    return [`{"channel":"trade","type":"update","data":[${texts.join(',')}]}`];
  }
}

/** CRC-32 over asks upwards, then bids downwards: a scaled integer's digits are the token (venues.md §3.5). */
export function krakenChecksum(bids: readonly Level[], asks: readonly Level[]): number {
  return crc32([...asks, ...bids].map((level) => `${level.priceTicks}${level.quantityLots}`).join(''));
}

/** JSON numbers with all their decimals, as the recordings of 2026 have them. */
function levelsText(market: MarketSpec, levels: readonly Level[]): string {
  const texts = levels.map(({ priceTicks, quantityLots }) => {
    const quantity = fixedText(quantityLots, market.quantityDecimals);
    return `{"price":${fixedText(priceTicks, market.priceDecimals)},"qty":${quantity}}`;
  });
  return `[${texts.join(',')}]`;
}

/** The side is the taker's. */
function tradeText(trade: TradeEvent): string {
  const { market } = trade;
  const quantity = fixedText(trade.quantityLots, market.quantityDecimals);
  const numbers = `"price":${fixedText(trade.priceTicks, market.priceDecimals)},"qty":${quantity}`;
  const tail = `"ord_type":"market","trade_id":${trade.tradeId},"timestamp":"${isoText(trade.timeUs)}"`;
  return `{"symbol":"${market.symbol}","side":"${trade.aggressorSide}",${numbers},${tail}}`;
}
