// All connections and feeds of one client: one connection as a rule, more where two feeds want one channel differently.

import type { Gap, SubscriptionOptions } from '../../schemas/feed.ts';
import { BookFeed } from './book-feed.ts';
import { Connection } from './connection.ts';
import { type ClientError, ConnectionError } from './errors.ts';
import type { Feed, FeedParts } from './feed.ts';
import type { LinkParts, LinkState, Loss } from './link.ts';
import { MessageFeed, type MessageFeedRules } from './message-feed.ts';

/** `idle`: no subscription, so no connection; `failed`: gave up, a new subscription tries again. */
export type ClientState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'failed' | 'closed';

export type StateEvent = {
  readonly state: ClientState;
  /** Of `reconnecting`: why, which attempt this was, and when the next is. */
  readonly loss: Loss | null;
  /** Of `failed`. */
  readonly error: ClientError | null;
};

/** With several connections the one that is worst off speaks for all. */
const BY_LINK: readonly (readonly [LinkState, ClientState])[] = [
  ['waiting', 'reconnecting'],
  ['connecting', 'connecting'],
  ['open', 'open'],
];

export class Hub {
  private readonly parts: LinkParts;
  private readonly connections = new Set<Connection>();
  private readonly homes = new Map<Feed, Connection>();
  private readonly byKey = new Map<string, Feed>();
  private readonly stateListeners = new Set<(event: StateEvent) => void>();
  private readonly gapListeners = new Set<(gap: Gap) => void>();
  private readonly feedParts: FeedParts;
  private told: ClientState = 'idle';
  private loss: Loss | null = null;
  private error: ClientError | null = null;
  private isClosed = false;

  constructor(parts: LinkParts) {
    this.parts = parts;
    this.feedParts = {
      stats: parts.stats,
      onGap: (gap) => tell(this.gapListeners, gap),
      resync: (feed) => this.homes.get(feed)?.resync(feed),
    };
  }

  /** Id of the engine's run; null before its first answer. */
  get engine(): string | null {
    return [...this.connections].map(({ engine }) => engine).find((engine) => engine !== null) ?? null;
  }

  get state(): ClientState {
    if (this.isClosed) return 'closed';
    const states = new Set([...this.connections].map(({ state }) => state));
    for (const [link, state] of BY_LINK) {
      if (states.has(link)) return state === 'connecting' && this.loss !== null ? 'reconnecting' : state;
    }
    return this.error === null ? 'idle' : 'failed';
  }

  onState(listener: (event: StateEvent) => void): () => void {
    this.stateListeners.add(listener);
    return () => void this.stateListeners.delete(listener);
  }

  onGap(listener: (gap: Gap) => void): () => void {
    this.gapListeners.add(listener);
    return () => void this.gapListeners.delete(listener);
  }

  books(channel: string, options: SubscriptionOptions): BookFeed {
    return this.feed(channel, options, () => new BookFeed(channel, options, this.feedParts));
  }

  messages(channel: string, options: SubscriptionOptions, rules: MessageFeedRules): MessageFeed {
    return this.feed(channel, options, () => new MessageFeed(channel, options, this.feedParts, rules));
  }

  /** Feeds of the same channel and options are one. */
  private feed<T extends Feed>(channel: string, options: SubscriptionOptions, make: () => T): T {
    if (this.isClosed) throw new ConnectionError('expected an open client, it is closed', 1000);
    const key = keyOf(channel, options);
    const known = this.byKey.get(key);
    if (known !== undefined) return known as T;
    const feed = make();
    this.byKey.set(key, feed);
    this.error = null;
    const home = [...this.connections].find((connection) => connection.accepts(feed)) ?? this.connect();
    this.homes.set(feed, home);
    home.add(feed);
    return feed;
  }

  private connect(): Connection {
    const connection = new Connection(this.parts, {
      changed: (loss) => this.changed(loss),
      failed: (lost, error) => this.failed(lost, error),
      refused: (feed) => this.forget(feed),
      emptied: (empty) => {
        empty.close();
        this.connections.delete(empty);
        this.changed(null);
      },
    });
    this.connections.add(connection);
    return connection;
  }

  /** A loop has left a feed; the last one ends it. */
  left(feed: Feed): void {
    if (feed.loops > 0) return;
    feed.left();
    const home = this.homes.get(feed);
    this.forget(feed);
    home?.remove(feed);
  }

  private forget(feed: Feed): void {
    this.homes.delete(feed);
    const key = keyOf(feed.channel, feed.options);
    if (this.byKey.get(key) === feed) this.byKey.delete(key);
  }

  private failed(connection: Connection, error: ClientError): void {
    this.connections.delete(connection);
    for (const feed of connection.feeds) this.forget(feed);
    this.error = error;
    this.changed(null);
  }

  private changed(loss: Loss | null): void {
    if (loss !== null) this.loss = loss;
    const { state } = this;
    if (state !== 'reconnecting') this.loss = null;
    if (state === this.told && loss === null) return;
    this.told = state;
    const event = { state, loss: this.loss, error: state === 'failed' ? this.error : null };
    tell(this.stateListeners, event);
  }

  close(): void {
    if (this.isClosed) return;
    for (const connection of this.connections) connection.close();
    this.connections.clear();
    this.homes.clear();
    this.byKey.clear();
    this.isClosed = true;
    this.changed(null);
  }
}

/** A listener that throws is its owner's to hear of, as anywhere else, but not in the middle of the client's work. */
function tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T): void {
  for (const listener of listeners) {
    try {
      listener(value);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

function keyOf(channel: string, options: SubscriptionOptions): string {
  return JSON.stringify([channel, options.interval, options.depth, options.checksum]);
}
