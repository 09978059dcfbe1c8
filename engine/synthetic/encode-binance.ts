// Owns the Binance dialects, spot and USD-M: diff depth, trades, aggregates, best quotes, candles and REST snapshots.

import { assert } from '../base/assert.ts';
import { Candle } from './candle.ts';
import type { VenueEncoder } from './encoder.ts';
import type { DeltaEvent, Level, MarketEvent, SnapshotEvent, TradeEvent } from './events.ts';
import type { MarketSpec } from './specs.ts';
import { paddedText, toMs } from './text.ts';

export type BinanceChannel = 'depth' | 'trade' | 'aggTrade' | 'bookTicker' | 'kline';

export type BinanceOptions = {
  readonly flavour: 'spot' | 'usdm';
  /** Whether frames come in `{"stream":…,"data":…}`. */
  readonly isCombined: boolean;
  readonly channels: readonly BinanceChannel[];
};

/** Spot prints eight decimals; USD-M those of the market. Recordings of 2021 and 2024. */
const SPOT_DECIMALS = 8;
/** USD-M ids jump (venues.md §11.1): ours are spread by this, and `U` begins above the event before by more than one. */
const USDM_ID_STEP = 7;
const USDM_ID_GAP = 3;
/** A running candle is sent this often (venues.md §1.4). */
const KLINE_US = 2_000_000;

type MarketState = {
  candle: Candle | null;
  /** Matches of the taker's order so far, for `aggTrade`. */
  orderTrades: TradeEvent[];
  aggregateId: number;
  previousUpdateId: number;
  touch: readonly [Level, Level] | null;
};

export class BinanceEncoder implements VenueEncoder {
  private readonly options: BinanceOptions;
  private readonly states = new Map<MarketSpec, MarketState>();
  private nextKlineUs = 0;

  constructor(options: BinanceOptions) {
    this.options = options;
  }

  greet(timeUs: number): string[] {
    this.nextKlineUs = timeUs + KLINE_US;
    return [];
  }

  /** A snapshot is the message that is pushed for one fetched by REST (INTERFACES, Ingest). */
  encode(event: MarketEvent): string[] {
    if (event.kind === 'trade') return this.tradeFrames(event);
    if (event.kind === 'delta') return this.depthFrames(event);
    return [`{"snapshot":{"symbol":"${event.market.symbol}",${this.restBody(event).slice(1)}}`];
  }

  tick(timeUs: number): string[] {
    const frames: string[] = [];
    const isDue = timeUs >= this.nextKlineUs;
    if (isDue) this.nextKlineUs += KLINE_US;
    for (const [market, state] of this.states) {
      frames.push(...this.rollCandle(market, state, timeUs));
      if (isDue && state.candle !== null) frames.push(...this.klineFrame(market, state.candle, timeUs, false));
    }
    return frames;
  }

  /** The body of the venue's answer to `GET …/depth`. */
  restBody(event: SnapshotEvent): string {
    const times = this.isUsdm ? `"E":${toMs(event.timeUs)},"T":${toMs(event.timeUs)},` : '';
    const bids = this.levelsText(event.market, event.bids);
    const asks = this.levelsText(event.market, event.asks);
    return `{"lastUpdateId":${this.venueId(event.updateId)},${times}"bids":${bids},"asks":${asks}}`;
  }

  /** Names of the streams of these markets, as they stand in a connection's address. */
  streamNames(markets: readonly MarketSpec[]): string[] {
    return this.options.channels.flatMap((channel) => markets.map((market) => this.streamName(market, channel)));
  }

  /** An update id of ours in this venue's numbering. */
  venueId(updateId: number): number {
    return this.isUsdm ? updateId * USDM_ID_STEP : updateId;
  }

  private get isUsdm(): boolean {
    return this.options.flavour === 'usdm';
  }

  private stateOf(market: MarketSpec): MarketState {
    let state = this.states.get(market);
    if (state === undefined) {
      state = { candle: null, orderTrades: [], aggregateId: 5_000, previousUpdateId: 0, touch: null };
      this.states.set(market, state);
    }
    return state;
  }

  private depthFrames(event: DeltaEvent): string[] {
    const { market } = event;
    const state = this.stateOf(market);
    const first = this.isUsdm ? this.venueId(event.firstUpdateId - 1) + USDM_ID_GAP : event.firstUpdateId;
    const last = this.venueId(event.lastUpdateId);
    const expected = this.venueId(event.firstUpdateId - 1);
    assert(state.previousUpdateId === 0 || state.previousUpdateId === expected, `${market.symbol}: update ids broke`);
    state.previousUpdateId = last;
    const timeMs = toMs(event.timeUs);
    const ids = `"s":"${market.symbol}","U":${first},"u":${last}${this.isUsdm ? `,"pu":${expected}` : ''}`;
    const levels = `"b":${this.levelsText(market, event.bids)},"a":${this.levelsText(market, event.asks)}`;
    const transaction = this.isUsdm ? `"T":${timeMs},` : '';
    const frame = `{"e":"depthUpdate","E":${timeMs},${transaction}${ids},${levels}}`;
    return [...this.wrap(market, 'depth', frame), ...this.quoteFrame(event, state, last)];
  }

  /** Best quotes, sent when they changed; `u` is the id of the depth event they belong to. */
  private quoteFrame(event: DeltaEvent, state: MarketState, updateId: number): string[] {
    const { market, bestBid, bestAsk } = event;
    const isSame = state.touch !== null && isSameLevel(state.touch[0], bestBid) && isSameLevel(state.touch[1], bestAsk);
    if (isSame) return [];
    state.touch = [bestBid, bestAsk];
    const [bidPrice, bidQuantity] = this.levelTexts(market, bestBid);
    const [askPrice, askQuantity] = this.levelTexts(market, bestAsk);
    const prices = `"b":${bidPrice},"B":${bidQuantity},"a":${askPrice},"A":${askQuantity}`;
    const timeMs = toMs(event.timeUs);
    const head = this.isUsdm ? '"e":"bookTicker",' : '';
    const tail = this.isUsdm ? `,"T":${timeMs},"E":${timeMs}` : '';
    return this.wrap(market, 'bookTicker', `{${head}"u":${updateId},"s":"${market.symbol}",${prices}${tail}}`);
  }

  private tradeFrames(event: TradeEvent): string[] {
    const state = this.stateOf(event.market);
    const frames = this.rollCandle(event.market, state, event.timeUs);
    state.candle ??= new Candle(event.timeUs, event.priceTicks);
    state.candle.add(event);
    const held = state.orderTrades.at(-1);
    if (held !== undefined && held.priceTicks !== event.priceTicks) frames.push(...this.aggregateFrame(state));
    frames.push(...this.wrap(event.market, 'trade', this.tradeText(event)));
    state.orderTrades.push(event);
    if (event.isLastOfOrder) frames.push(...this.aggregateFrame(state));
    return frames;
  }

  private tradeText(event: TradeEvent): string {
    const [price, quantity] = this.levelTexts(event.market, event);
    const timeMs = toMs(event.timeUs);
    const what = `"s":"${event.market.symbol}","t":${event.tradeId},"p":${price},"q":${quantity}`;
    const isBuyerMaker = event.aggressorSide === 'sell';
    if (!this.isUsdm) return `{"e":"trade","E":${timeMs},${what},"T":${timeMs},"m":${isBuyerMaker},"M":true}`;
    return `{"e":"trade","E":${timeMs},"T":${timeMs},${what},"X":"MARKET","m":${isBuyerMaker}}`;
  }

  /** One aggregate per taker's order and price; its time is that of its last match. */
  private aggregateFrame(state: MarketState): string[] {
    const trades = state.orderTrades;
    const last = trades[trades.length - 1];
    const { market, priceTicks } = last;
    const quantityLots = trades.reduce((sum, trade) => sum + trade.quantityLots, 0);
    const [price, quantity] = this.levelTexts(market, { priceTicks, quantityLots });
    const timeMs = toMs(last.timeUs);
    const what = `"s":"${market.symbol}","a":${state.aggregateId++},"p":${price},"q":${quantity}`;
    const ids = `"f":${trades[0].tradeId},"l":${last.tradeId}`;
    const tail = `"T":${timeMs},"m":${last.aggressorSide === 'sell'}${this.isUsdm ? '' : ',"M":true'}`;
    state.orderTrades = [];
    return this.wrap(market, 'aggTrade', `{"e":"aggTrade","E":${timeMs},${what},${ids},${tail}}`);
  }

  /** Closes a candle whose minute is over; the next one begins empty. */
  private rollCandle(market: MarketSpec, state: MarketState, timeUs: number): string[] {
    const { candle } = state;
    if (candle === null || timeUs < candle.endUs) return [];
    state.candle = new Candle(timeUs, candle.closeTicks);
    return this.klineFrame(market, candle, timeUs, true);
  }

  private klineFrame(market: MarketSpec, candle: Candle, timeUs: number, isClosed: boolean): string[] {
    const price = (ticks: number): string => this.quoted(ticks, market.priceDecimals);
    const volume = (lots: bigint): string => this.quoted(lots, market.quantityDecimals);
    const quote = (value: bigint): string => this.quoted(value, market.priceDecimals + market.quantityDecimals);
    const start = toMs(candle.startUs);
    const span = `"t":${start},"T":${toMs(candle.endUs) - 1},"s":"${market.symbol}","i":"1m"`;
    const ids = `"f":${candle.firstTradeId},"L":${candle.lastTradeId}`;
    const ends = `"o":${price(candle.openTicks)},"c":${price(candle.closeTicks)}`;
    const prices = `${ends},"h":${price(candle.highTicks)},"l":${price(candle.lowTicks)}`;
    const counts = `"v":${volume(candle.volumeLots)},"n":${candle.trades},"x":${isClosed},"q":${quote(candle.quoteVolume)}`;
    const buys = `"V":${volume(candle.buyVolumeLots)},"Q":${quote(candle.buyQuoteVolume)}`;
    const inner = `{${span},${ids},${prices},${counts},${buys},"B":"0"}`;
    return this.wrap(market, 'kline', `{"e":"kline","E":${toMs(timeUs)},"s":"${market.symbol}","k":${inner}}`);
  }

  private streamName(market: MarketSpec, channel: BinanceChannel): string {
    const depth = this.isUsdm ? 'depth@0ms' : 'depth@100ms';
    const name = channel === 'depth' ? depth : channel === 'kline' ? 'kline_1m' : channel;
    return `${market.symbol.toLowerCase()}@${name}`;
  }

  private wrap(market: MarketSpec, channel: BinanceChannel, frame: string): string[] {
    if (!this.options.channels.includes(channel)) return [];
    return [this.options.isCombined ? `{"stream":"${this.streamName(market, channel)}","data":${frame}}` : frame];
  }

  private quoted(units: number | bigint, decimals: number): string {
    return `"${paddedText(units, decimals, this.isUsdm ? decimals : SPOT_DECIMALS)}"`;
  }

  private levelTexts(market: MarketSpec, level: Level): [string, string] {
    const price = this.quoted(level.priceTicks, market.priceDecimals);
    return [price, this.quoted(level.quantityLots, market.quantityDecimals)];
  }

  private levelsText(market: MarketSpec, levels: readonly Level[]): string {
    return `[${levels.map((level) => `[${this.levelTexts(market, level).join(',')}]`).join(',')}]`;
  }
}

function isSameLevel(a: Level, b: Level): boolean {
  return a.priceTicks === b.priceTicks && a.quantityLots === b.quantityLots;
}
