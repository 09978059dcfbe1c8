// The stream inside the process: subscriptions of listeners, which get what a socket of `/stream` would get.

import type { ItemError, StreamMessage, SubscriptionOptions } from '../../schemas/feed.ts';
import type { LocalOutlet } from './local-outlet.ts';
import { LocalSocket } from './local-socket.ts';
import { Subscriber } from './subscriber.ts';
import type { Subscriptions } from './subscriptions.ts';

/** JSON with decimal text: an index into ENCODINGS. */
const JSON_ENCODING = 0;

type Deliver = (message: StreamMessage) => void;
type Item = string | ({ readonly channel: string } & SubscriptionOptions);
type Delivery = { readonly subscription: LocalSubscription; readonly message: StreamMessage };

/** One listener's channel or wildcard: a subscriber of its own, so that each has its own options and numbering. */
export class LocalSubscription {
  readonly subscriber = new Subscriber(JSON_ENCODING);
  readonly item: Item;
  readonly deliver: Deliver;
  private readonly stream: LocalStream;

  constructor(stream: LocalStream, item: Item, deliver: Deliver) {
    this.stream = stream;
    this.item = item;
    this.deliver = deliver;
  }

  get isOpen(): boolean {
    return this.subscriber.isOpen;
  }

  close(): void {
    this.stream.close(this);
  }
}

/** Thread: main. */
export class LocalStream {
  private readonly subscriptions: Subscriptions;
  private readonly outlet: LocalOutlet;
  private readonly open = new Set<LocalSubscription>();
  /** Subscriptions of markets that have not begun. */
  private readonly waiting = new Set<LocalSubscription>();
  /** Messages of this round, told once it is over. */
  private deliveries: Delivery[] = [];

  constructor(subscriptions: Subscriptions, outlet: LocalOutlet) {
    this.subscriptions = subscriptions;
    this.outlet = outlet;
  }

  /** How many listeners there are. */
  get size(): number {
    return this.open.size;
  }

  /**
   * Subscribes; `deliver` is called after the round of the drain loop in which a message came, never from inside of this
   * call. A market that has not begun is waited for. Returns the error of a channel that is none.
   */
  subscribe(item: Item, deliver: Deliver): LocalSubscription | ItemError {
    const subscription = new LocalSubscription(this, item, deliver);
    const { subscriber } = subscription;
    subscriber.opened(new LocalSocket(this.outlet, (message) => this.queue(subscription, message)).asStream);
    const error = this.ask(subscription);
    if (error !== null && error.category !== 'unknown-market') return error;
    if (error !== null) this.waitFor(subscription);
    this.open.add(subscription);
    return subscription;
  }

  private waitFor(subscription: LocalSubscription): void {
    this.waiting.add(subscription);
    this.subscriptions.expect(subscription.item);
  }

  private ask({ subscriber, item }: LocalSubscription): ItemError | null {
    const { outcome, act } = this.subscriptions.subscribe(subscriber, [item]);
    if (outcome.errors.length > 0) return outcome.errors[0];
    act();
    return null;
  }

  /** Markets have begun, and those who waited for them join. */
  expand(): void {
    for (const subscription of this.waiting) if (this.ask(subscription) === null) this.waiting.delete(subscription);
  }

  private queue(subscription: LocalSubscription, message: StreamMessage): void {
    this.deliveries.push({ subscription, message });
    if (this.deliveries.length === 1) queueMicrotask(() => this.tell());
  }

  /** A listener may subscribe and unsubscribe as it likes here: no list of the engine's is being walked. */
  private tell(): void {
    const { deliveries } = this;
    this.deliveries = [];
    for (const { subscription, message } of deliveries) if (subscription.isOpen) subscription.deliver(message);
  }

  close(subscription: LocalSubscription): void {
    if (!this.open.delete(subscription)) return;
    this.waiting.delete(subscription);
    const { subscriber } = subscription;
    subscriber.end(0, '');
    subscriber.closed();
    this.subscriptions.closed(subscriber);
  }

  closeAll(): void {
    for (const subscription of [...this.open]) this.close(subscription);
  }
}
