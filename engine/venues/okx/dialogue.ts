// Owns the dialogue on one OKX connection: an answer for each argument, errors by name, and the text ping.
//
// Source: OKX API guide v5, "Subscribe", "Notification", "Connect" (2026-08); venues.md §7.1: acknowledgements repeat the
// argument, errors do not, but their text names it.

import type { Dialogue, FeedChannel, Notice, Subscription } from '../../connect/protocol.ts';

type Message = Readonly<Record<string, unknown>>;
type Operation = 'subscribe' | 'unsubscribe';
type Asked = { readonly operation: Operation; readonly left: Set<Subscription> };

/** The connection ends in a minute. */
const UPGRADE_CODE = '64008';

const CHANNELS: Readonly<Record<FeedChannel, string>> = { book: 'books', trades: 'trades' };

export function argumentOf({ symbol, channel }: Subscription): { readonly channel: string; readonly instId: string } {
  return { channel: CHANNELS[channel], instId: symbol };
}

function parse(text: string): Message {
  try {
    return asMessage(JSON.parse(text));
  } catch {
    return {};
  }
}

function asMessage(value: unknown): Message {
  return typeof value === 'object' && value !== null ? (value as Message) : {};
}

export class OkxDialogue implements Dialogue {
  /** Requests with arguments that are not answered, by their id. */
  private readonly asked = new Map<string, Asked>();
  private lastId = 0;

  greet(): string[] {
    return [];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('subscribe', subscriptions);
  }

  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return this.ask('unsubscribe', subscriptions);
  }

  ping(): string {
    return 'ping';
  }

  read(text: string): Notice[] {
    if (text === 'pong') return [{ kind: 'alive' }];
    const message = parse(text);
    switch (message['event']) {
      case 'subscribe':
      case 'unsubscribe':
        return this.acknowledged(message, message['event']);
      case 'error':
        return this.refused(message);
      case 'notice':
        return message['code'] === UPGRADE_CODE ? [{ kind: 'ending', message: String(message['msg'] ?? '') }] : [];
      default:
        return [];
    }
  }

  private ask(operation: Operation, subscriptions: readonly Subscription[]): string[] {
    if (subscriptions.length === 0) return [];
    const id = String(++this.lastId);
    this.asked.set(id, { operation, left: new Set(subscriptions) });
    return [JSON.stringify({ id, op: operation, args: subscriptions.map(argumentOf) })];
  }

  private acknowledged(message: Message, operation: Operation): Notice[] {
    const { channel, instId } = asMessage(message['arg']);
    const known = channel === CHANNELS.book ? 'book' : channel === CHANNELS.trades ? 'trades' : null;
    if (known === null || typeof instId !== 'string') return [];
    const subscription: Subscription = { symbol: instId, channel: known };
    this.settle(message['id'], ({ symbol, channel: asked }) => symbol === instId && asked === known);
    return [{ kind: 'acknowledged', subscription, isSubscribed: operation === 'subscribe' }];
  }

  /** What the text names is refused; where it names nothing of the request, all that is left of it. */
  private refused(message: Message): Notice[] {
    const text = `${message['code']}: ${message['msg']}`;
    const named = (one: Subscription): boolean => isNamed(text, one);
    const request = this.asked.get(String(message['id']));
    const isAnyNamed = request === undefined || [...request.left].some(named);
    const refused = this.settle(message['id'], isAnyNamed ? named : () => true);
    if (refused.length === 0) return [{ kind: 'refused', subscription: null, message: text }];
    return refused.map((subscription) => ({ kind: 'refused', subscription, message: text }));
  }

  /** Takes those out of the request that are answered now. */
  private settle(id: unknown, isAnswered: (subscription: Subscription) => boolean): Subscription[] {
    const request = this.asked.get(String(id));
    if (request === undefined) return [];
    const answered = [...request.left].filter(isAnswered);
    for (const subscription of answered) request.left.delete(subscription);
    if (request.left.size === 0) this.asked.delete(String(id));
    return answered;
  }
}

/** `… channel:books,instId:BTC-USDX doesn't exist.`: the name must end where the symbol does. */
function isNamed(text: string, subscription: Subscription): boolean {
  const { channel, instId } = argumentOf(subscription);
  const name = `channel:${channel},instId:${instId}`;
  const at = text.indexOf(name);
  return at >= 0 && !/[\w-]/.test(text.charAt(at + name.length));
}
