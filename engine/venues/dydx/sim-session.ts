// The simulated dYdX v4 indexer's dialogue with one client: its one counter, late answers, limits with their texts.
//
// Source: server source `socks/src/websocket/index.ts`, `socks/src/lib/subscription.ts` (2026-03); venues.md §5.3, §5.5.

import type {
  PriceLevel,
  SimChange,
  SimMarket,
  SimSession,
  SimSocket,
  SimTrade,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { CHANNEL_SUBSCRIPTIONS_MAX, INVALID_MESSAGES, PING_EVERY_MS, SAME_SUBSCRIBES } from './limits.ts';
import { blockHeight, bookState, height, heightUpdate, marketList, pastTrades, tradeEntry } from './sim-texts.ts';

const CHANNELS = [
  'v4_orderbook',
  'v4_trades',
  'v4_candles',
  'v4_markets',
  'v4_subaccounts',
  'v4_parent_subaccounts',
  'v4_block_height',
];
/** Channels with one subscription that has no id. */
const WITHOUT_ID = ['v4_markets', 'v4_block_height'];
const VERSIONS: Readonly<Record<string, string>> = {
  v4_orderbook: '1.0.0',
  v4_trades: '2.1.0',
  v4_block_height: '1.0.0',
};
const CLOSE_POLICY = 1008;
/** BATCH_SEND_INTERVAL_MS. */
const BATCH_EVERY_MS = 250;
const PAST_TRADES = 100;

export type SessionOptions = {
  /** How long the inner request of a subscribe takes: the answer comes with the first tick behind it. */
  readonly answerMs: number;
  /** The state is that of the request's time, as of the real server: what changes until the answer is in neither. */
  readonly hasHiddenWindow: boolean;
  /** Asked at each book change: true where it crosses on its way, what it sets coming in a message before what it removes. */
  readonly crosses: () => boolean;
};

type Request = {
  readonly type?: unknown;
  readonly channel?: unknown;
  readonly id?: unknown;
  readonly batched?: unknown;
};
type Subscribed = {
  readonly channel: string;
  readonly id: string;
  readonly isBatched: boolean;
  readonly contents: unknown[];
};
type Pending = {
  readonly request: Subscribed;
  readonly number: number;
  readonly dueMs: number;
  readonly state: unknown;
};

export class DydxSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly connectionId: string;
  private readonly options: SessionOptions;
  private number = 0;
  private readonly subscriptions = new Map<string, Subscribed>();
  private readonly pending: Pending[] = [];
  /** Times of subscribes by channel and id, and of invalid messages. */
  private readonly attempts = new Map<string, number[]>();
  private isClosed = false;
  private block: number;
  private pingAtMs: number;
  private batchAtMs: number;

  constructor(socket: SimSocket, state: SimVenueState, connectionId: string, options: SessionOptions) {
    this.socket = socket;
    this.state = state;
    this.connectionId = connectionId;
    this.options = options;
    const nowMs = state.nowMs();
    this.block = blockHeight(nowMs);
    this.pingAtMs = nowMs + PING_EVERY_MS;
    this.batchAtMs = nowMs + BATCH_EVERY_MS;
    socket.answer(JSON.stringify({ type: 'connected', connection_id: connectionId, message_id: 0 }));
  }

  message(text: string): void {
    if (this.isClosed) return;
    let request: Request;
    try {
      request = JSON.parse(text) as Request;
    } catch {
      this.invalid('Invalid message: could not parse');
      return;
    }
    if (!request?.type) this.invalid('Invalid message: type is required');
    else if (request.type === 'subscribe') this.subscribe(request);
    else if (request.type === 'unsubscribe') this.unsubscribe(request);
    else if (request.type !== 'ping') this.invalid(`Invalid message type: ${String(request.type)}`);
  }

  /** False, with the error sent, for a request that takes no number. */
  private isValid({ channel, id }: Request): boolean {
    let message = '';
    if (!channel) message = 'Invalid subscribe message: channel is required';
    else if (!CHANNELS.includes(String(channel))) message = `Invalid channel: ${String(channel)}`;
    else if (!WITHOUT_ID.includes(String(channel)) && typeof id !== 'string') message = `Invalid id: ${String(id)}`;
    if (message !== '') this.error(message, this.number);
    return message === '';
  }

  private subscribe(request: Request): void {
    if (!this.isValid(request)) return;
    const channel = String(request.channel);
    const id = WITHOUT_ID.includes(channel) ? channel : String(request.id);
    this.number++;
    const refusal = this.refusalOf(channel, id);
    if (refusal !== null) {
      this.refuse(refusal, this.number);
      return;
    }
    const asked: Subscribed = { channel, id, isBatched: request.batched === true, contents: [] };
    const state = this.options.hasHiddenWindow ? this.initial(asked) : null;
    this.pending.push({
      request: asked,
      number: this.number,
      dueMs: this.state.nowMs() + this.options.answerMs,
      state,
    });
    if (this.options.answerMs === 0) this.answerDue(this.state.nowMs());
  }

  /** What the server finds before it asks for the state; the last one closes the connection. */
  private refusalOf(channel: string, id: string): string | null {
    const market = channel === 'v4_candles' ? id.split('/')[0] : id;
    if (['v4_orderbook', 'v4_trades', 'v4_candles'].includes(channel) && this.state.market(market) === null)
      return `Invalid subscription id for channel: (${channel}-${id})`;
    const held = [...this.subscriptions.values(), ...this.pending.map(({ request }) => request)];
    if (held.filter((other) => other.channel === channel).length >= CHANNEL_SUBSCRIPTIONS_MAX)
      return `Per-connection subscription limit reached for ${channel} (limit=${CHANNEL_SUBSCRIPTIONS_MAX}).`;
    if (!this.isTooMany(`${channel}-${id}`, SAME_SUBSCRIBES)) return null;
    this.end();
    return `Too many subscribe attempts for channel ${channel}-${id}. Please  reconnect and try again.`;
  }

  private isTooMany(key: string, { count, windowMs }: { readonly count: number; readonly windowMs: number }): boolean {
    const nowMs = this.state.nowMs();
    const times = (this.attempts.get(key) ?? []).filter((timeMs) => nowMs - timeMs < windowMs);
    times.push(nowMs);
    this.attempts.set(key, times);
    return times.length > count;
  }

  private unsubscribe(request: Request): void {
    if (!this.isValid(request)) return;
    const channel = String(request.channel);
    const id = WITHOUT_ID.includes(channel) ? channel : String(request.id);
    this.subscriptions.delete(`${channel}-${id}`);
    this.number++;
    const head = { type: 'unsubscribed', connection_id: this.connectionId, message_id: this.number, channel };
    this.socket.answer(JSON.stringify(channel === 'v4_markets' ? head : { ...head, id }));
  }

  private invalid(message: string): void {
    this.socket.violation(message);
    this.error(message, this.number);
    if (!this.isTooMany('invalid', INVALID_MESSAGES)) return;
    this.error('Too many invalid messages. Please reconnect and try again.', this.number);
    this.end();
    this.closeByPolicy();
  }

  private error(message: string, number: number): void {
    this.socket.answer(
      JSON.stringify({ type: 'error', message, connection_id: this.connectionId, message_id: number }),
    );
  }

  private refuse(message: string, number: number): void {
    this.socket.violation(message);
    this.error(message, number);
    if (this.isClosed) this.closeByPolicy();
  }

  private end(): void {
    this.isClosed = true;
  }

  private closeByPolicy(): void {
    this.socket.close(CLOSE_POLICY, JSON.stringify({ message: 'Rate limited' }));
  }

  private initial({ channel, id }: Subscribed): unknown {
    const market = this.state.market(id);
    if (channel === 'v4_orderbook' && market !== null) return bookState(market);
    if (channel === 'v4_trades' && market !== null) return pastTrades(market, PAST_TRADES);
    if (channel === 'v4_candles') return { candles: [] };
    if (channel === 'v4_markets') return marketList(this.state);
    return channel === 'v4_block_height' ? height(this.state.nowMs()) : {};
  }

  /** Answers have the number of their request, whatever was sent since. */
  private answerDue(nowMs: number): void {
    while (this.pending.length > 0 && this.pending[0].dueMs <= nowMs) {
      const { request, number, state } = this.pending.splice(0, 1)[0];
      const { channel, id } = request;
      const key = `${channel}-${id}`;
      if (this.subscriptions.has(key)) {
        this.refuse(`Invalid subscribe message: already subscribed (${key})`, number);
        continue;
      }
      this.subscriptions.set(key, request);
      const head = { type: 'subscribed', connection_id: this.connectionId, message_id: number, channel };
      const contents = state ?? this.initial(request);
      this.socket.answer(JSON.stringify(channel === 'v4_markets' ? { ...head, contents } : { ...head, id, contents }));
    }
  }

  change(market: SimMarket, change: SimChange): void {
    const subscription = this.subscriptions.get(`v4_orderbook-${market.symbol}`);
    if (subscription === undefined) return;
    if (this.options.crosses()) {
      const isSet = ([, size]: PriceLevel): boolean => Number(size) !== 0;
      const isRemoved = (level: PriceLevel): boolean => !isSet(level);
      this.send(subscription, market.symbol, sidesOf(change.bids.filter(isSet), change.asks.filter(isSet)));
      this.send(subscription, market.symbol, sidesOf(change.bids.filter(isRemoved), change.asks.filter(isRemoved)));
    } else this.send(subscription, market.symbol, sidesOf(change.bids, change.asks));
  }

  trade(market: SimMarket, trade: SimTrade): void {
    const subscription = this.subscriptions.get(`v4_trades-${market.symbol}`);
    if (subscription === undefined) return;
    this.send(subscription, market.symbol, { trades: [tradeEntry(trade, false)] });
  }

  /** Nothing for a change without levels. */
  private send(subscription: Subscribed, symbol: string, contents: object): void {
    if (Object.keys(contents).length === 0) return;
    if (subscription.isBatched) subscription.contents.push(contents);
    else this.push(subscription, symbol, 'channel_data', contents);
  }

  private push({ channel, id }: Subscribed, symbol: string, type: string, contents: unknown): void {
    this.number++;
    const head = { type, connection_id: this.connectionId, message_id: this.number, id, channel };
    const text = JSON.stringify({ ...head, version: VERSIONS[channel], contents });
    if (channel === 'v4_block_height') this.socket.answer(text);
    else this.socket.data(symbol, channel === 'v4_orderbook' ? 'book' : 'trades', text);
  }

  tick(timeMs: number): void {
    if (this.isClosed) return;
    this.answerDue(timeMs);
    if (timeMs >= this.batchAtMs) this.flush(timeMs);
    if (timeMs >= this.pingAtMs) {
      this.pingAtMs += PING_EVERY_MS;
      this.socket.ping();
    }
    if (blockHeight(timeMs) === this.block) return;
    this.block = blockHeight(timeMs);
    const blocks = this.subscriptions.get('v4_block_height-v4_block_height');
    if (blocks !== undefined) this.push(blocks, '', 'channel_data', heightUpdate(timeMs));
  }

  private flush(timeMs: number): void {
    this.batchAtMs = timeMs + BATCH_EVERY_MS;
    for (const subscription of this.subscriptions.values()) {
      if (subscription.contents.length === 0) continue;
      this.push(subscription, subscription.id, 'channel_batch_data', subscription.contents.splice(0));
    }
  }

  /** The venue never sets its counter back. */
  resetCounter(): void {}

  /** It has no message for an end: it closes with 1012. */
  announceEnd(): boolean {
    return false;
  }
}

/** A side without levels is left out. */
function sidesOf(bids: readonly PriceLevel[], asks: readonly PriceLevel[]): object {
  return { ...(bids.length > 0 ? { bids } : {}), ...(asks.length > 0 ? { asks } : {}) };
}
