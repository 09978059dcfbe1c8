// The dialogue on one connection to an Injective node: JSON-RPC requests, their answers and errors.
//
// Source: Injective API docs, "WebSocket" (2026-08): `id` a positive integer, `subscription_id` unique on the connection.

import { type Message, messageOf } from '../../connect/message.ts';
import type { Dialogue, Notice, Subscription } from '../../connect/protocol.ts';
import type { MarketKind } from './listing.ts';

type Asked = { readonly subscription: Subscription; readonly isSubscribed: boolean };

export class InjectiveDialogue implements Dialogue {
  private readonly kinds: ReadonlyMap<string, MarketKind>;
  /** Requests by their id. Those of subscriptions stay: an error that ends one comes with its id. */
  private readonly asked = new Map<number, Asked>();
  private lastId = 0;

  constructor(kinds: ReadonlyMap<string, MarketKind>) {
    this.kinds = kinds;
  }

  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => {
      const req = { subscription_id: nameOf(subscription), filter: this.filter(subscription) };
      return this.request('subscribe', req, { subscription, isSubscribed: true });
    });
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map((subscription) => {
      const req = { subscription_id: nameOf(subscription) };
      return this.request('unsubscribe', req, { subscription, isSubscribed: false });
    });
  }

  read(text: string): Notice[] {
    const message = messageOf(text);
    if (message === null) return [];
    const id = Number(message['id']);
    const asked = this.asked.get(id);
    const { error, result } = message;
    if (error !== undefined && error !== null) {
      return [{ kind: 'refused', subscription: asked?.subscription ?? null, message: errorText(error) }];
    }
    if (result !== 'success' || asked === undefined) return [];
    if (!asked.isSubscribed) this.asked.delete(id);
    return [{ kind: 'acknowledged', ...asked }];
  }

  /** Protocol pings. */
  ping(): null {
    return null;
  }

  private request(method: string, req: object, asked: Asked): string {
    const id = ++this.lastId;
    this.asked.set(id, asked);
    return JSON.stringify({ jsonrpc: '2.0', id, method, params: { req } });
  }

  /** A market that no list named may be either: the other filter finds nothing. */
  private filter({ symbol, channel }: Subscription): object {
    const market_ids = [symbol];
    const filter = channel === 'book' ? { market_ids } : { market_ids, subaccount_ids: ['*'] };
    const name = channel === 'book' ? 'orderbooks_filter' : 'trades_filter';
    const kind = this.kinds.get(symbol);
    if (kind !== undefined) return { [`${kind}_${name}`]: filter };
    return { [`spot_${name}`]: filter, [`derivative_${name}`]: filter };
  }
}

function nameOf({ symbol, channel }: Subscription): string {
  return `${channel}:${symbol}`;
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, data, code } = error as Message;
  const texts = [message ?? code, data].filter((part) => part !== undefined && part !== '');
  return texts.map(String).join(': ');
}
