// Speaks with Hyperliquid over one connection: requests of one subscription each, and what answers and errors tell of them.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", "Timeouts and heartbeats" (2026-06); error texts: venues.md §4.1,
// nktkas/hyperliquid and JKorf/HyperLiquid.Net, which tell them apart by how they begin.

import type { Dialogue, FeedChannel, Notice, Subscription } from '../../connect/protocol.ts';
import { ErrorText } from './limits.ts';

const TYPES: Readonly<Record<FeedChannel, string>> = { book: 'l2Book', trades: 'trades' };

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** What an answer echoes: other fields, nulls and order may differ from what was asked (venues.md §4.1). */
function subscriptionOf(value: unknown): Subscription | null {
  const { type, coin } = fieldsOf(value);
  if (typeof coin !== 'string') return null;
  if (type === TYPES.book) return { symbol: coin, channel: 'book' };
  return type === TYPES.trades ? { symbol: coin, channel: 'trades' } : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The subscription in the JSON that an error text ends with: alone, or inside the request. */
function namedIn(message: string): Subscription | null {
  const at = message.indexOf('{');
  const echoed = at < 0 ? null : fieldsOf(parse(message.slice(at, message.lastIndexOf('}') + 1)));
  if (echoed === null) return null;
  return subscriptionOf('subscription' in echoed ? echoed['subscription'] : echoed);
}

/** A repeated request is an error at this venue, but what was asked for is so already. */
function readError(message: string): Notice[] {
  const subscription = namedIn(message);
  if (subscription !== null && message.startsWith(ErrorText.alreadySubscribed))
    return [{ kind: 'acknowledged', subscription, isSubscribed: true }];
  if (subscription !== null && message.startsWith(ErrorText.alreadyUnsubscribed))
    return [{ kind: 'acknowledged', subscription, isSubscribed: false }];
  return [{ kind: 'refused', subscription, message }];
}

function readAnswer(data: unknown): Notice[] {
  const { method, subscription: echo } = fieldsOf(data);
  const subscription = subscriptionOf(echo);
  if (subscription === null || (method !== 'subscribe' && method !== 'unsubscribe')) return [];
  return [{ kind: 'acknowledged', subscription, isSubscribed: method === 'subscribe' }];
}

function request(method: 'subscribe' | 'unsubscribe', { symbol, channel }: Subscription): string {
  return JSON.stringify({ method, subscription: { type: TYPES[channel], coin: symbol } });
}

export class HyperliquidDialogue implements Dialogue {
  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => request('subscribe', subscription));
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => request('unsubscribe', subscription));
  }

  read(text: string): Notice[] {
    const { channel, data } = fieldsOf(parse(text));
    if (channel === 'pong') return [{ kind: 'alive' }];
    if (channel === 'subscriptionResponse') return readAnswer(data);
    return channel === 'error' && typeof data === 'string' ? readError(data) : [];
  }

  ping(): string {
    return '{"method":"ping"}';
  }
}
