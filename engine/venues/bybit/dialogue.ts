// Owns the dialogue on one Bybit connection: requests with ids, one answer for a whole request, and pings.
//
// Source: Bybit API v5 docs, "Connect" (2026-08); venues.md §8.1: a bad topic refuses its whole request, and it is not
// written whether the others of it are taken then. So what was asked along with it is asked again.

import type { Dialogue, Notice, Subscription } from '../../connect/protocol.ts';
import { topicOf } from './topic-names.ts';

type Operation = 'subscribe' | 'unsubscribe';
type Asked = { readonly operation: Operation; readonly subscriptions: readonly Subscription[] };
type Answer = Readonly<Record<string, unknown>>;

function parse(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer) : {};
  } catch {
    return {};
  }
}

export class BybitDialogue implements Dialogue {
  /** Requests without an answer, in the order they were made. */
  private readonly asked = new Map<string, Asked>();
  private lastId = 0;

  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.length === 0 ? [] : [this.ask({ operation: 'subscribe', subscriptions })];
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.length === 0 ? [] : [this.ask({ operation: 'unsubscribe', subscriptions })];
  }

  ping(): string {
    return JSON.stringify({ req_id: String(++this.lastId), op: 'ping' });
  }

  read(text: string): Notice[] {
    const answer = parse(text);
    const operation = answer['op'];
    if (operation === 'ping' || operation === 'pong') return [{ kind: 'alive' }];
    if (operation !== 'subscribe' && operation !== 'unsubscribe') return this.other(answer);
    const asked = this.take(answer['req_id'], operation);
    const message = String(answer['ret_msg'] ?? '');
    if (answer['success'] === true)
      return asked === null ? [] : asked.subscriptions.map((one) => acknowledge(one, operation));
    return asked === null ? [{ kind: 'refused', subscription: null, message }] : this.refused(asked, message);
  }

  /** An answer to something that is no request of ours. */
  private other(answer: Answer): Notice[] {
    if (answer['success'] !== false) return [];
    return [{ kind: 'refused', subscription: null, message: String(answer['ret_msg'] ?? '') }];
  }

  private ask(asked: Asked): string {
    const id = String(++this.lastId);
    this.asked.set(id, asked);
    return JSON.stringify({ req_id: id, op: asked.operation, args: asked.subscriptions.map(topicOf) });
  }

  /** The request that is answered: by its id; by its place where the answer repeats none. */
  private take(id: unknown, operation: Operation): Asked | null {
    const key =
      typeof id === 'string' && id !== ''
        ? id
        : [...this.asked].find(([, asked]) => asked.operation === operation)?.[0];
    if (key === undefined) return null;
    const asked = this.asked.get(key) ?? null;
    this.asked.delete(key);
    return asked;
  }

  /** The topic that the message names is refused, and the others are asked for again; each alone where it names none. */
  private refused({ operation, subscriptions }: Asked, message: string): Notice[] {
    const named = subscriptions.find((one) => message.endsWith(topicOf(one))) ?? null;
    if (named === null && subscriptions.length > 1) {
      return subscriptions.map((one) => ({ kind: 'reply', text: this.ask({ operation, subscriptions: [one] }) }));
    }
    const subscription = named ?? subscriptions[0];
    const rest = subscriptions.filter((one) => one !== subscription);
    const notice: Notice = /already subscribed/i.test(message)
      ? acknowledge(subscription, operation)
      : { kind: 'refused', subscription, message };
    if (rest.length === 0) return [notice];
    return [notice, { kind: 'reply', text: this.ask({ operation, subscriptions: rest }) }];
  }
}

function acknowledge(subscription: Subscription, operation: Operation): Notice {
  return { kind: 'acknowledged', subscription, isSubscribed: operation === 'subscribe' };
}
