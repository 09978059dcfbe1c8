// The dialogue on one Binance connection: live subscribing, its answers, and the message that announces the end.

import { asMessage, messageOf } from '../../connect/message.ts';
import type { Dialogue, Notice, Subscription } from '../../connect/protocol.ts';
import { streamName } from './streams.ts';

/** Requests that are remembered without an answer; more are never under way. */
const ASKED_MAX = 1000;

type Asked = { readonly subscriptions: readonly Subscription[]; readonly isSubscribed: boolean };

export class BinanceDialogue implements Dialogue {
  /** True where the server pings too rarely to tell a dead connection soon. */
  private readonly asksForLife: boolean;
  /** Requests without an answer yet, by their id. */
  private readonly asked = new Map<number, Asked>();
  private lastId = 0;

  constructor(asksForLife: boolean) {
    this.asksForLife = asksForLife;
  }

  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('SUBSCRIBE', subscriptions, true);
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('UNSUBSCRIBE', subscriptions, false);
  }

  read(text: string): Notice[] {
    const message = messageOf(text);
    if (message === null) return [];
    const payload = asMessage(message['data']) ?? message;
    if (payload['e'] === 'serverShutdown') return [{ kind: 'ending', message: 'serverShutdown' }];
    const error = asMessage(message['error']) ?? ('code' in message ? message : null);
    if (error !== null) return this.refused(message['id'], String(error['msg'] ?? error['code']));
    return 'result' in message ? this.answered(message['id']) : [];
  }

  /** A question with an answer: bytes come where no pings do. Its answer is not looked at. */
  ping(): string | null {
    return this.asksForLife ? JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id: ++this.lastId }) : null;
  }

  private ask(method: string, subscriptions: readonly Subscription[], isSubscribed: boolean): string[] {
    if (subscriptions.length === 0) return [];
    const id = ++this.lastId;
    this.asked.set(id, { subscriptions, isSubscribed });
    this.asked.delete(id - ASKED_MAX);
    return [JSON.stringify({ method, params: subscriptions.map(streamName), id })];
  }

  private take(id: unknown): Asked | null {
    if (typeof id !== 'number') return null;
    const asked = this.asked.get(id) ?? null;
    this.asked.delete(id);
    return asked;
  }

  private answered(id: unknown): Notice[] {
    const asked = this.take(id);
    if (asked === null) return [{ kind: 'alive' }];
    const { subscriptions, isSubscribed } = asked;
    return subscriptions.map((subscription) => ({ kind: 'acknowledged', subscription, isSubscribed }));
  }

  private refused(id: unknown, message: string): Notice[] {
    const asked = this.take(id);
    if (asked === null) return [{ kind: 'refused', subscription: null, message }];
    return asked.subscriptions.map((subscription) => ({ kind: 'refused', subscription, message }));
  }
}
