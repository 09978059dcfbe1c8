// The dialogue on one Kraken v2 connection: subscriptions by channel, an answer per symbol, heartbeats, ping.
//
// Source: Kraken WebSocket v2 docs, "Book", "Trade", "Instrument", "Ping" (2026-05); venues.md §3.2.

import { asMessage, type Message, messageOf } from '../../connect/message.ts';
import type { Dialogue, FeedChannel, Notice, Subscription } from '../../connect/protocol.ts';
import type { BookDepth } from './limits.ts';

/** Our channels by the venue's. */
/** A map, because the venue's texts are its keys: of an object they would also name what every object has. */
const CHANNELS: ReadonlyMap<string, FeedChannel> = new Map([
  ['book', 'book'],
  ['trade', 'trades'],
]);
const NAMES: Readonly<Record<FeedChannel, string>> = { book: 'book', trades: 'trade' };

/** Errors that say that it is already as was asked. */
const DONE = /already subscribed|subscription not found/i;

/** Requests whose channel is remembered: answers come within a second. */
const ASKED_MAX = 1000;

export class KrakenDialogue implements Dialogue {
  private readonly depth: BookDepth;
  /** Channels of the requests sent, by their id: refusals do not name them. */
  private readonly asked = new Map<number, FeedChannel>();
  private lastId = 0;

  constructor(depth: BookDepth) {
    this.depth = depth;
  }

  /** The instruments first: their precisions make the text of the books' checksums. */
  greet(): string[] {
    return [this.request('subscribe', { channel: 'instrument', snapshot: true })];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('subscribe', subscriptions);
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('unsubscribe', subscriptions);
  }

  read(text: string): Notice[] {
    const message = messageOf(text);
    if (message === null) return [];
    const { method, channel } = message as { method?: unknown; channel?: unknown };
    if (method === 'subscribe' || method === 'unsubscribe') return this.answer(message, method === 'subscribe');
    if (method === 'pong' || channel === 'heartbeat' || channel === 'status') return [{ kind: 'alive' }];
    const { error } = message as { error?: unknown };
    return typeof error === 'string' ? [{ kind: 'refused', subscription: null, message: error }] : [];
  }

  ping(): string {
    return JSON.stringify({ method: 'ping', req_id: ++this.lastId });
  }

  /** One message for each channel: books of one depth, trades. */
  private ask(method: string, subscriptions: readonly Subscription[]): string[] {
    return (['book', 'trades'] as const).flatMap((channel) => {
      const symbol = subscriptions.filter((wanted) => wanted.channel === channel).map((wanted) => wanted.symbol);
      if (symbol.length === 0) return [];
      const depth = channel === 'book' ? { depth: this.depth } : {};
      const snapshot = method === 'subscribe' ? { snapshot: true } : {};
      return [this.request(method, { channel: NAMES[channel], symbol, ...depth, ...snapshot }, channel)];
    });
  }

  private request(method: string, params: object, channel?: FeedChannel): string {
    const id = ++this.lastId;
    if (channel !== undefined) this.asked.set(id, channel);
    this.asked.delete(id - ASKED_MAX);
    return JSON.stringify({ method, params, req_id: id });
  }

  private answer(message: Message, isSubscribed: boolean): Notice[] {
    const subscription = this.subscriptionOf(message);
    if (message['success'] === true) {
      return subscription === null ? [] : [{ kind: 'acknowledged', subscription, isSubscribed }];
    }
    const text = String(message['error']);
    if (subscription !== null && DONE.test(text)) return [{ kind: 'acknowledged', subscription, isSubscribed }];
    return [{ kind: 'refused', subscription, message: text }];
  }

  /** What an answer is about; null where it does not say, or of the instruments. */
  private subscriptionOf(message: Message): Subscription | null {
    const result = asMessage(message['result']);
    const symbol = result?.['symbol'] ?? message['symbol'];
    const name = result?.['channel'];
    const id = message['req_id'];
    const asked = typeof id === 'number' ? this.asked.get(id) : undefined;
    const channel = typeof name === 'string' ? CHANNELS.get(name) : asked;
    return typeof symbol === 'string' && channel !== undefined ? { symbol, channel } : null;
  }
}
