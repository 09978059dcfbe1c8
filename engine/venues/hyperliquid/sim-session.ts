// Owns the simulated Hyperliquid's dialogue with one client: its subscriptions, and what is pushed at each tick.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", "Timeouts and heartbeats" (2026-06); venues.md §4.1, §4.2, §4.5.

import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';
import { ErrorText, SILENCE_MAX_MS, SUBSCRIPTIONS_MAX } from './limits.ts';
import { bestLevels, bookFrame, frame, tradesFrame } from './sim-frames.ts';

const GREETING = 'Websocket connection established.';
const PONG = '{"channel":"pong"}';
const NORMAL = 1000;
/** Trades of the first push; a recording has some dozens. */
const HISTORY_TRADES = 30;

/** What can be subscribed to here; the venue has more types, which are refused as unknown. */
const TYPES = ['l2Book', 'trades', 'bbo'];

type Request = { readonly method: string; readonly subscription: Readonly<Record<string, unknown>> };

type Feed = {
  readonly type: string;
  readonly market: SimMarket;
  readonly isFast: boolean;
  /** When the next push of a book is due. */
  dueMs: number;
  /** Trades since the last tick. */
  trades: SimTrade[];
  /** The quote pushed last. */
  best: string;
};

function readRequest(text: string): Request | null {
  try {
    const { method, subscription } = JSON.parse(text);
    if (typeof method !== 'string') return null;
    return { method, subscription: typeof subscription === 'object' && subscription !== null ? subscription : {} };
  } catch {
    return null;
  }
}

export class HyperliquidSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly cadenceMs: number;
  private readonly feeds = new Map<string, Feed>();
  private sentMs: number;

  constructor(socket: SimSocket, state: SimVenueState, cadenceMs: number) {
    this.socket = socket;
    this.state = state;
    this.cadenceMs = cadenceMs;
    this.sentMs = state.nowMs();
    this.answer(GREETING);
  }

  message(text: string): void {
    const request = readRequest(text);
    if (request?.method === 'ping') this.answer(PONG);
    else if (request?.method === 'subscribe' && this.isKnown(request)) this.subscribe(request);
    else if (request?.method === 'unsubscribe' && this.isKnown(request)) this.unsubscribe(request);
    else this.error(`${ErrorText.noRequest}: ${text}`);
  }

  /** Books are pushed by time, and quotes where a tick finds another. */
  change(_market: SimMarket, _change: SimChange): void {
    // Nothing at once.
  }

  trade(market: SimMarket, trade: SimTrade): void {
    this.feeds.get(keyOf('trades', market.symbol, false))?.trades.push(trade);
  }

  tick(timeMs: number): void {
    for (const feed of this.feeds.values()) this.push(feed, timeMs);
    if (timeMs - this.sentMs >= SILENCE_MAX_MS) this.socket.close(NORMAL, 'Inactive');
  }

  /** Nothing is numbered. */
  resetCounter(_symbol: string): void {
    // A book's time is that of the venue.
  }

  announceEnd(): boolean {
    return false;
  }

  private isKnown({ subscription: { type, coin } }: Request): boolean {
    return TYPES.includes(String(type)) && typeof coin === 'string';
  }

  private subscribe({ method, subscription }: Request): void {
    const { type, coin, fast } = subscription;
    const market = this.state.market(String(coin));
    const key = keyOf(String(type), String(coin), fast === true);
    const asked = JSON.stringify(subscription);
    if (market === null) this.error(`${ErrorText.invalidSubscription} ${asked}`);
    else if (this.feeds.has(key)) this.error(`${ErrorText.alreadySubscribed}: ${asked}`);
    else if (this.feeds.size >= SUBSCRIPTIONS_MAX) {
      this.socket.violation('subscriptions');
      this.error(ErrorText.tooMany);
    } else {
      this.acknowledge(method, subscription);
      this.begin(key, { type: String(type), market, isFast: fast === true, dueMs: 0, trades: [], best: '' });
    }
  }

  private unsubscribe({ method, subscription }: Request): void {
    const { type, coin, fast } = subscription;
    if (this.feeds.delete(keyOf(String(type), String(coin), fast === true))) this.acknowledge(method, subscription);
    else this.error(`${ErrorText.alreadyUnsubscribed}: ${JSON.stringify(subscription)}`);
  }

  /** The first push of trades holds those before. */
  private begin(key: string, feed: Feed): void {
    this.feeds.set(key, feed);
    if (feed.type !== 'trades') return;
    const past = feed.market.trades(HISTORY_TRADES);
    if (past.length > 0) this.data(feed, tradesFrame(feed.market.symbol, past));
  }

  private push(feed: Feed, timeMs: number): void {
    if (feed.type === 'l2Book') this.pushBook(feed, timeMs);
    else if (feed.type === 'bbo') this.pushBest(feed, timeMs);
    else if (feed.trades.length > 0) {
      this.data(feed, tradesFrame(feed.market.symbol, feed.trades));
      feed.trades = [];
    }
  }

  /** Also where nothing has changed: the time of the block is another. */
  private pushBook(feed: Feed, timeMs: number): void {
    if (timeMs < feed.dueMs) return;
    feed.dueMs = timeMs + this.cadenceMs;
    this.data(feed, bookFrame(feed.market, timeMs, feed.isFast));
  }

  private pushBest(feed: Feed, timeMs: number): void {
    const bbo = bestLevels(feed.market);
    const text = JSON.stringify(bbo);
    if (text === feed.best) return;
    feed.best = text;
    this.data(feed, frame('bbo', { coin: feed.market.symbol, time: timeMs, bbo }));
  }

  /** The echo has what was left out, too. */
  private acknowledge(method: string, subscription: Request['subscription']): void {
    const defaults = subscription['type'] === 'l2Book' ? { nSigFigs: null, mantissa: null } : {};
    this.answer(frame('subscriptionResponse', { method, subscription: { ...subscription, ...defaults } }));
  }

  private error(message: string): void {
    this.answer(frame('error', message));
  }

  private answer(text: string): void {
    this.sentMs = this.state.nowMs();
    this.socket.answer(text);
  }

  private data({ market, type }: Feed, text: string): void {
    this.sentMs = this.state.nowMs();
    this.socket.data(market.symbol, type === 'trades' ? 'trades' : 'book', text);
  }
}

function keyOf(type: string, coin: string, isFast: boolean): string {
  return `${type} ${coin}${isFast ? ' fast' : ''}`;
}
