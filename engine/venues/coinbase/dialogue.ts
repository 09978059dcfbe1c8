// Owns what is said on one Coinbase connection: one channel in each message, and answers that list the whole state.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Overview", "Channels" (2026-08); docs/venues/coinbase.md.

import type { Dialogue, FeedChannel, Notice, Subscription } from '../../connect/protocol.ts';

/** The venue's name of each channel. */
export const CHANNEL_NAMES: Readonly<Record<FeedChannel, string>> = { book: 'level2', trades: 'market_trades' };
const CHANNELS: readonly FeedChannel[] = ['book', 'trades'];

type Message = {
  readonly channel?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly events?: unknown;
};

export class CoinbaseDialogue implements Dialogue {
  /** What the last answer listed, by channel and product. */
  private listed = new Map<string, Subscription>();
  /** Asked for since they were last listed: the next list that has them is the answer, be they new in it or not. */
  private readonly asked = new Set<string>();

  /** Heartbeats keep quiet channels open, and are the subscription that must come within 5 s. */
  greet(): string[] {
    return ['{"type":"subscribe","channel":"heartbeats"}'];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    for (const subscription of subscriptions) this.asked.add(nameOf(subscription));
    return messages('subscribe', subscriptions);
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return messages('unsubscribe', subscriptions);
  }

  ping(): null {
    return null;
  }

  read(text: string): Notice[] {
    let message: Message;
    try {
      message = { ...JSON.parse(text) };
    } catch {
      return [];
    }
    if (message.channel === 'heartbeats') return [{ kind: 'alive' }];
    if (message.channel === 'subscriptions') return this.compare(subscriptionsOf(message.events));
    // An error does not say to which request it belongs.
    if (message.channel === undefined && message.type === 'error')
      return [{ kind: 'refused', subscription: null, message: String(message.message) }];
    return [];
  }

  /** What is new in the list or was asked for, and what is no longer in it. */
  private compare(present: Map<string, Subscription>): Notice[] {
    const notices: Notice[] = [];
    for (const [name, subscription] of this.listed) {
      if (!present.has(name)) notices.push({ kind: 'acknowledged', subscription, isSubscribed: false });
    }
    for (const [name, subscription] of present) {
      const isAnswer = this.asked.delete(name) || !this.listed.has(name);
      if (isAnswer) notices.push({ kind: 'acknowledged', subscription, isSubscribed: true });
    }
    this.listed = present;
    return notices;
  }
}

function messages(type: string, subscriptions: readonly Subscription[]): string[] {
  return CHANNELS.flatMap((channel) => {
    const products = subscriptions.filter((entry) => entry.channel === channel).map(({ symbol }) => symbol);
    const message = { type, product_ids: products, channel: CHANNEL_NAMES[channel] };
    return products.length === 0 ? [] : [JSON.stringify(message)];
  });
}

/** `[{"subscriptions":{"level2":["BTC-USD"],…}}]`; channels of others are passed over. */
function subscriptionsOf(events: unknown): Map<string, Subscription> {
  const present = new Map<string, Subscription>();
  for (const event of Array.isArray(events) ? events : []) {
    const lists: Record<string, unknown> = { ...event?.subscriptions };
    for (const channel of CHANNELS) {
      const products = lists[CHANNEL_NAMES[channel]];
      for (const symbol of Array.isArray(products) ? products : []) {
        if (typeof symbol === 'string') present.set(nameOf({ symbol, channel }), { symbol, channel });
      }
    }
  }
  return present;
}

function nameOf({ symbol, channel }: Subscription): string {
  return `${channel}:${symbol}`;
}
