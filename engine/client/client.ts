// The client itself: one method for each channel and each HTTP answer.

// `await using` in the published types, whatever `lib` a program names.
/// <reference lib="esnext.disposable" preserve="true" />

import type {
  BookChange,
  BookSnapshot,
  BookTicker,
  Gap,
  MessageOf,
  Signal,
  Status,
  StreamMessage,
  SubscriptionOptions,
  Trade,
  TradeBar,
} from '../../schemas/feed.ts';
import type {
  BookAnswer,
  HealthAnswer,
  LatencyAnswer,
  MarketAnswer,
  ReplayOptions,
  SignalValue,
  StatsAnswer,
  Untold,
} from './answers.ts';
import type { BookFeed } from './book-feed.ts';
import { ChangeStore } from './change-store.ts';
import type { Feed } from './feed.ts';
import type { Http } from './http.ts';
import { type ClientState, Hub, type StateEvent } from './hub.ts';
import type { LinkParts } from './link.ts';
import type { LocalBook } from './local-book.ts';
import { type Mailbox, QueuedMailbox, type Store } from './mailbox.ts';
import {
  type BookOptions,
  type ChannelOptions,
  type IntervalOptions,
  type QueueOptions,
  queueMaxOf,
} from './options.ts';
import { replayPath } from './replay.ts';
import type { ClientStats } from './stats.ts';
import { BarStore, ChangedStore, EveryStore, NewestStore } from './stores.ts';
import { Subscription } from './subscription.ts';

/** Channels of which each message counts: what is lost of them is told as a `Gap` in its place. */
type Counted = `trade.${string}` | `bar.${string}` | `signal.${string}` | `status.${string}` | `book.${string}`;

/** What a loop over a channel gets. */
export type Told<Channel extends string> = Channel extends Counted ? MessageOf<Channel> | Gap : MessageOf<Channel>;

const COUNTED = ['trade', 'bar', 'signal', 'status', 'book'];
/** Channels of which each message is a state with the trust in it. */
const TRUSTED = ['bbo', 'depth', 'status'];

type AnyStore = Store<StreamMessage, StreamMessage>;
type End = () => void;

/** The wire's own options, without those that are absent. */
function wireOptions({ interval, depth, checksum }: SubscriptionOptions): SubscriptionOptions {
  return {
    ...(interval === undefined ? {} : { interval }),
    ...(depth === undefined ? {} : { depth }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

function limitQuery(limit: number | undefined): string {
  return limit === undefined ? '' : `limit=${limit}`;
}

export class Client {
  readonly #hub: Hub;
  readonly #http: Http;
  readonly #parts: LinkParts;
  readonly #ends = new Set<End>();

  constructor(parts: LinkParts, http: Http) {
    this.#parts = parts;
    this.#http = http;
    this.#hub = new Hub(parts);
  }

  get state(): ClientState {
    return this.#hub.state;
  }

  /** Counts since the client was made; the object goes on counting. */
  get stats(): Readonly<ClientStats> {
    return this.#parts.stats;
  }

  /** Id of the engine's run, null while there is no connection. Another one says that it started anew. */
  get engine(): string | null {
    return this.#hub.engine;
  }

  /** Calls the listener at each change, and at each attempt to reconnect; gives a function that ends it. */
  onState(listener: (event: StateEvent) => void): () => void {
    return this.#hub.onState(listener);
  }

  /** All notices of loss, of every channel. */
  onGap(listener: (gap: Gap) => void): () => void {
    return this.#hub.onGap(listener);
  }

  /** The book, kept and verified here: at each turn the newest state, never one behind it. `*`, `VENUE:*` for many. */
  book(market: string, options: BookOptions = {}): Subscription<LocalBook> {
    const feed = this.#hub.books(`book.${market}`, wireOptions(options));
    const mailbox = new QueuedMailbox<LocalBook, LocalBook>(new ChangedStore<LocalBook>());
    feed.joinViews(mailbox);
    return this.#subscription(feed, mailbox, () => feed.leave(mailbox));
  }

  trades(market: string, options: QueueOptions = {}): Subscription<Trade | Gap> {
    return this.#of(`trade.${market}`, options);
  }

  /** `kind` as configured: `1m`, `100t`, `0.5v`. */
  bars(market: string, kind: string, options: ChannelOptions = {}): Subscription<TradeBar | Gap> {
    return this.#of(`bar.${kind}.${market}`, options);
  }

  /** `name` as configured: `imbalance`, `rsi(14)@1m`. */
  signals(market: string, name: string, options: ChannelOptions = {}): Subscription<Signal | Gap> {
    return this.#of(`signal.${name}.${market}`, options);
  }

  status(market: string, options: QueueOptions = {}): Subscription<Status | Gap> {
    return this.#of(`status.${market}`, options);
  }

  bbo(market: string, options: IntervalOptions = {}): Subscription<BookTicker> {
    return this.#of(`bbo.${market}`, options);
  }

  /** The best `levels` of both sides and what is measured of them, each `interval` (`100ms`, `1s`). */
  depth(market: string, levels: number, interval = '100ms'): Subscription<BookSnapshot> {
    return this.#of(`depth.${levels}.${interval}.${market}`, {});
  }

  /** Any channel of docs/stream.md by its text, `system` and wildcards among them. */
  subscribe<Channel extends string>(channel: Channel, options: ChannelOptions = {}): Subscription<Told<Channel>> {
    return this.#of(channel, options);
  }

  #of<T>(channel: string, options: ChannelOptions): Subscription<T> {
    const sizeMax = queueMaxOf(options.queueMax, this.#parts.queueMax);
    const wire = wireOptions(options);
    if (channel.startsWith('book.')) return this.#changes(this.#hub.books(channel, wire), sizeMax) as Subscription<T>;
    const kind = channel.split('.', 1)[0];
    const rules = { isTold: COUNTED.includes(kind), isState: kind !== 'trade', hasTrust: TRUSTED.includes(kind) };
    const feed = this.#hub.messages(channel, wire, rules);
    const mailbox = new QueuedMailbox<StreamMessage, StreamMessage>(this.#storeOf(kind, sizeMax));
    feed.join(mailbox);
    return this.#subscription(feed, mailbox, () => feed.leave(mailbox)) as unknown as Subscription<T>;
  }

  #changes(feed: BookFeed, sizeMax: number): Subscription<BookChange | Gap> {
    const store = new ChangeStore(sizeMax, this.#countLost, (channel) => feed.whole(channel));
    const mailbox = new QueuedMailbox<BookChange | Gap, BookChange | Gap>(store);
    feed.joinChanges(mailbox);
    return this.#subscription(feed, mailbox, () => feed.leave(mailbox));
  }

  #storeOf(kind: string, sizeMax: number): AnyStore {
    if (kind === 'bar') return new BarStore(sizeMax, this.#countLost) as unknown as AnyStore;
    if (COUNTED.includes(kind)) return new EveryStore<StreamMessage>(sizeMax, this.#countLost);
    return new NewestStore<StreamMessage>();
  }

  readonly #countLost = (lost: number): void => {
    this.#parts.stats.slowLost += lost;
  };

  #subscription<T>(feed: Feed, mailbox: Mailbox<T>, leave: () => void): Subscription<T> {
    const end = (): void => {
      this.#ends.delete(close);
      leave();
      this.#hub.left(feed);
    };
    const subscription = new Subscription(feed, mailbox, end);
    const close = (): void => subscription.close();
    this.#ends.add(close);
    return subscription;
  }

  /**
   * Ends all loops and the connection; they are `done`, nothing is thrown. Requests and replays that run are not done:
   * each is a RequestError of the category `closed`.
   */
  async close(): Promise<void> {
    for (const end of [...this.#ends]) end();
    this.#hub.close();
    this.#http.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  markets(): Promise<readonly MarketAnswer[]> {
    return this.#http.json('/v1/markets');
  }

  /** The best `depth` levels a side (20), 0 for all. */
  bookSnapshot(market: string, depth = 20): Promise<BookAnswer> {
    return this.#http.json(`/v1/book/${encodeURIComponent(market)}?depth=${depth}`);
  }

  /** Oldest first, the forming bar last; at most 500. */
  candles(market: string, kind: string, limit?: number): Promise<readonly Untold<TradeBar>[]> {
    const query = [`kind=${encodeURIComponent(kind)}`, limitQuery(limit)].filter((part) => part !== '').join('&');
    return this.#http.json(`/v1/bars/${encodeURIComponent(market)}?${query}`);
  }

  /** Oldest first; at most 100. */
  recentTrades(market: string, limit?: number): Promise<readonly Untold<Trade>[]> {
    return this.#http.json(`/v1/trades/${encodeURIComponent(market)}?${limitQuery(limit)}`);
  }

  /** The latest value of each signal, by name. */
  signalValues(market: string): Promise<Readonly<Record<string, SignalValue>>> {
    return this.#http.json(`/v1/signals/${encodeURIComponent(market)}`);
  }

  /** Counters; with `markets: false` those of the engine alone. */
  engineStats(options: { readonly markets?: boolean } = {}): Promise<StatsAnswer> {
    return this.#http.json(`/v1/stats?markets=${options.markets === false ? 0 : 1}`);
  }

  latency(): Promise<LatencyAnswer> {
    return this.#http.json('/v1/latency');
  }

  /** Also where the engine has failed: `status` says so. */
  health(): Promise<HealthAnswer> {
    return this.#http.json('/health', [503]);
  }

  /** What the engine's journal holds of a time, as the messages subscribers would have got; the loop reads as it goes. */
  replay(options: ReplayOptions = {}): AsyncGenerator<StreamMessage, void, undefined> {
    return this.#http.lines(replayPath(options), options.signal);
  }
}
