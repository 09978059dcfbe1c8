// Owns one client of the simulated Coinbase: its channels, the one counter of its messages, heartbeats, trades collected.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Overview", "Channels", "Sequence Numbers" (2026-08); the recording for
// the order of messages: snapshots come before the answer that lists their subscription.

import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';
import { CHANNEL_NAMES } from './dialogue.ts';
import { BOOKS_ACCEPTED, HEARTBEAT_MS, SUBSCRIBE_WITHIN_MS, TRADES_COLLECTED_MS, TRADES_LISTED } from './limits.ts';
import { type Entry, goTimeText, levelEntry, timeText, tradeEntry } from './sim-frames.ts';

const HEARTBEATS = 'heartbeats';
const NO_SUBSCRIPTION = 1008;

type Asked = { readonly type?: unknown; readonly channel?: unknown; readonly product_ids?: unknown };

export class CoinbaseSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly openedMs: number;
  private readonly books = new Set<string>();
  private readonly trades = new Set<string>();
  private hasHeartbeats = false;
  private hasSubscribed = false;
  private isClosed = false;
  private sequence = 0;
  private heartbeats = 0;
  private heartbeatMs: number;
  private tradesSentMs: number;
  /** Trades since the last message, by product. */
  private collected = new Map<string, Entry[]>();

  constructor(socket: SimSocket, state: SimVenueState) {
    this.socket = socket;
    this.state = state;
    this.openedMs = state.nowMs();
    this.heartbeatMs = this.openedMs;
    this.tradesSentMs = this.openedMs;
  }

  message(text: string): void {
    const asked = readAsked(text);
    const { type, channel } = asked;
    const products = productsOf(asked);
    const isSubscribe = type === 'subscribe';
    if ((!isSubscribe && type !== 'unsubscribe') || products === null) this.refuse('failed to parse message');
    else if (channel === HEARTBEATS) this.setHeartbeats(isSubscribe);
    else if (channel !== CHANNEL_NAMES.book && channel !== CHANNEL_NAMES.trades)
      this.refuse(`channel ${String(channel)} is not supported`);
    else if (isSubscribe) this.subscribe(channel, products);
    else this.unsubscribe(channel, products);
  }

  change(market: SimMarket, { timeMs, bids, asks }: SimChange): void {
    if (!this.books.has(market.symbol)) return;
    const updates = [
      ...bids.map((level) => levelEntry(level, 'bid', timeMs)),
      ...asks.map((level) => levelEntry(level, 'offer', timeMs)),
    ];
    this.sendBook(market.symbol, 'update', updates);
  }

  trade(market: SimMarket, trade: SimTrade): void {
    if (!this.trades.has(market.symbol)) return;
    // The newest come first.
    const entries = [tradeEntry(market.symbol, trade), ...(this.collected.get(market.symbol) ?? [])];
    this.collected.set(market.symbol, entries);
  }

  tick(timeMs: number): void {
    if (this.isClosed) return;
    if (!this.hasSubscribed && timeMs - this.openedMs >= SUBSCRIBE_WITHIN_MS) {
      this.isClosed = true;
      this.socket.violation('subscribe-late');
      this.socket.close(NO_SUBSCRIPTION, 'no subscription');
      return;
    }
    if (timeMs - this.tradesSentMs >= TRADES_COLLECTED_MS) this.sendCollected(timeMs);
    if (!this.hasHeartbeats || timeMs - this.heartbeatMs < HEARTBEAT_MS) return;
    this.heartbeatMs = timeMs;
    this.heartbeats++;
    const event = { current_time: goTimeText(timeMs), heartbeat_counter: this.heartbeats };
    this.socket.answer(this.numbered(HEARTBEATS, event));
  }

  /** Messages are counted over the connection: no market has a counter of its own. */
  resetCounter(_symbol: string): void {}

  /** The venue tells no end beforehand. */
  announceEnd(): boolean {
    return false;
  }

  // ---- subscriptions

  private setHeartbeats(isOn: boolean): void {
    this.hasHeartbeats = isOn;
    this.hasSubscribed ||= isOn;
    this.answer();
  }

  private subscribe(channel: string, products: readonly string[]): void {
    const unknown = products.find((product) => this.state.market(product) === null);
    if (products.length === 0 || unknown !== undefined) {
      this.refuse(`invalid product_ids: ${unknown ?? 'none'}`);
      return;
    }
    const held = channel === CHANNEL_NAMES.book ? this.books : this.trades;
    if (held === this.books && new Set([...held, ...products]).size > BOOKS_ACCEPTED) {
      this.socket.violation('books');
      this.refuse('too many L2 streams requested in a single session');
      return;
    }
    this.hasSubscribed = true;
    for (const product of products) {
      const isNew = !held.has(product);
      held.add(product);
      if (isNew) this.sendSnapshot(held === this.books, product);
    }
    this.answer();
  }

  private unsubscribe(channel: string, products: readonly string[]): void {
    const held = channel === CHANNEL_NAMES.book ? this.books : this.trades;
    for (const product of products) {
      held.delete(product);
      if (held === this.trades) this.collected.delete(product);
    }
    this.answer();
  }

  /** The whole state, whatever was asked. */
  private answer(): void {
    const subscriptions = {
      ...(this.hasHeartbeats ? { heartbeats: [HEARTBEATS] } : {}),
      ...(this.books.size > 0 ? { [CHANNEL_NAMES.book]: [...this.books] } : {}),
      ...(this.trades.size > 0 ? { [CHANNEL_NAMES.trades]: [...this.trades] } : {}),
    };
    this.socket.answer(this.numbered('subscriptions', { subscriptions }));
  }

  /** Errors have neither a channel nor a number. */
  private refuse(message: string): void {
    this.socket.answer(JSON.stringify({ type: 'error', message }));
  }

  // ---- data

  private sendSnapshot(isBook: boolean, product: string): void {
    const market = this.state.market(product);
    if (market === null) return;
    if (!isBook) {
      const entries = market.trades(TRADES_LISTED).map((trade) => tradeEntry(product, trade));
      this.sendTrades(product, 'snapshot', entries.toReversed());
      return;
    }
    const { timeMs } = market;
    const bids = market.bids().map((level) => levelEntry(level, 'bid', timeMs));
    this.sendBook(product, 'snapshot', [...bids, ...market.asks().map((level) => levelEntry(level, 'offer', timeMs))]);
  }

  private sendCollected(timeMs: number): void {
    this.tradesSentMs = timeMs;
    const { collected } = this;
    this.collected = new Map();
    for (const [product, entries] of collected) this.sendTrades(product, 'update', entries);
  }

  private sendBook(product: string, type: string, updates: readonly Entry[]): void {
    this.socket.data(product, 'book', this.numbered('l2_data', { type, product_id: product, updates }));
  }

  private sendTrades(product: string, type: string, trades: readonly Entry[]): void {
    this.socket.data(product, 'trades', this.numbered(CHANNEL_NAMES.trades, { type, trades }));
  }

  /** One counter over all channels, from 0. */
  private numbered(channel: string, event: object): string {
    const timestamp = timeText(this.state.nowMs());
    return JSON.stringify({ channel, timestamp, sequence_num: this.sequence++, events: [event] });
  }
}

/** None where there is no list, null where it is none of texts. */
function productsOf({ product_ids: products }: Asked): string[] | null {
  if (products === undefined) return [];
  const isList = Array.isArray(products) && products.every((product) => typeof product === 'string');
  return isList ? [...new Set<string>(products)] : null;
}

function readAsked(text: string): Asked {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}
