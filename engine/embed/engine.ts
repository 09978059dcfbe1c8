// A running engine as its own process sees it: listeners, queries, pushed frames, and its end.

import { randomUUID } from 'node:crypto';
import { LOCAL_QUEUE_MAX } from '../../schemas/config.ts';
import type {
  Gap,
  MessageOf,
  Signal,
  StreamMessage,
  SubscriptionOptions,
  Trade,
  TradeBar,
} from '../../schemas/feed.ts';
import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import type { ShutdownSummary } from '../base/shutdown-summary.ts';
import type {
  BookAnswer,
  HealthAnswer,
  LatencyAnswer,
  MarketAnswer,
  SignalValue,
  StatsAnswer,
  Untold,
} from '../client/answers.ts';
import { Pusher } from '../connect/pusher.ts';
import { EmbeddedFaults, type FaultListener } from './faults.ts';
import type { EmbeddedHost, Leave } from './host.ts';
import { EmbeddedQueue } from './queue.ts';

export type ListenOptions = SubscriptionOptions & {
  /** Called where something of this channel was lost. */
  readonly onGap?: (gap: Gap) => void;
};

export type SubscribeOptions = ListenOptions & {
  /** Messages kept for a loop that is slower than the channel; 65,536. */
  readonly queueMax?: number;
};

/** The engine refused frames of push(), as a producer would be told; at most one a second for each category. */
export class PushedFrameError extends Error {
  override name = 'PushedFrameError';
  readonly dialect: Dialect;
  readonly category: string;
  /** Frames of this category since the last one told. */
  readonly count: number;

  constructor(dialect: Dialect, category: string, message: string, count: number) {
    super(`${dialect}: ${message}`);
    this.dialect = dialect;
    this.category = category;
    this.count = count;
  }
}

/** Made by createEngine(). Thread: the one that made it. */
export class EmbeddedEngine {
  /** Calls of listeners that threw. */
  listenerErrors = 0;
  private readonly host: EmbeddedHost;
  private readonly onError: (error: Error) => void;
  private readonly faults: EmbeddedFaults;
  private readonly pushers = new Map<Dialect, Pusher>();
  private readonly queues = new Set<{ end(): void }>();
  private readonly gapListeners = new Set<(gap: Gap) => void>();
  private stopping: Promise<ShutdownSummary> | null = null;

  /** @internal */
  constructor(host: EmbeddedHost, onError: (error: Error) => void) {
    this.host = host;
    this.onError = onError;
    const listen = (tell: (message: StreamMessage) => void): Leave => this.open('status.*', {}, tell);
    this.faults = new EmbeddedFaults(
      () => this.health(),
      listen,
      (call) => this.guard(call),
    );
  }

  /** `http://127.0.0.1:9002`: the page, and all routes. */
  get url(): string {
    return this.host.url;
  }

  /** `ws://127.0.0.1:9002/stream` */
  get streamUrl(): string {
    return this.host.streamUrl;
  }

  /** `ws://127.0.0.1:9001/ingest`; a dialect follows. */
  get ingestUrl(): string {
    return this.host.ingestUrl;
  }

  get port(): number {
    return this.host.port;
  }

  get ingestPort(): number {
    return this.host.ingestPort;
  }

  /** A listener's error is the listener's: it is counted and told, and the engine goes on. */
  private guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.listenerErrors++;
      this.report(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** onError is a listener too. */
  private report(error: Error): void {
    try {
      this.onError(error);
    } catch {
      this.listenerErrors++;
    }
  }

  /** Subscribes and returns the end of it. Throws a SubscriptionError where the channel or an option is wrong. */
  private open(channel: string, options: SubscriptionOptions, take: (message: StreamMessage) => void): Leave {
    this.assertRunning();
    const { interval, depth, checksum } = options;
    const asked = Object.entries({ interval, depth, checksum }).filter(([, value]) => value !== undefined);
    const item = asked.length === 0 ? channel : { channel, ...Object.fromEntries(asked) };
    return this.host.subscribe(item, (message) => this.guard(() => take(message)));
  }

  private assertRunning(): void {
    if (this.stopping !== null) throw new UsageError('engine: expected one that runs, was stopped');
  }

  /** Passes gap notices on to whom they are for, all else to the listener. */
  private sort(options: ListenOptions, take: (message: StreamMessage) => void): (message: StreamMessage) => void {
    return (message) => {
      if (message.type === 'gap') this.tellGap(message, options);
      else take(message);
    };
  }

  private tellGap(gap: Gap, { onGap }: ListenOptions): void {
    if (onGap !== undefined) this.guard(() => onGap(gap));
    for (const listener of [...this.gapListeners]) this.guard(() => listener(gap));
  }

  /**
   * Calls the listener with each message of a channel, or of a wildcard such as `bar.1m.*`; current values come first.
   * Messages are those of the stream (docs/stream.md), and shared between listeners. A market that has not begun is waited for.
   * Returns the end of it.
   */
  on<const Channel extends string>(
    channel: Channel,
    listener: (message: MessageOf<Channel>) => void,
    options: ListenOptions = {},
  ): Leave {
    const take = (message: StreamMessage): void => listener(message as MessageOf<Channel>);
    return this.open(channel, options, this.sort(options, take));
  }

  /** Calls the listener with the gap notices of all channels listened to. */
  onGap(listener: (gap: Gap) => void): Leave {
    this.gapListeners.add(listener);
    return () => this.gapListeners.delete(listener);
  }

  /** Calls the listener when a market's state, a shard or the health of the engine changes. */
  onFault(listener: FaultListener): Leave {
    this.assertRunning();
    return this.faults.on(listener);
  }

  /** @internal */
  noteEvent(message: string): void {
    this.faults.event(message);
  }

  /**
   * The same for `for await`. A loop that falls behind by `queueMax` messages loses the oldest, and with a book all of them,
   * which then begins anew with a snapshot; each loss is a gap notice with reason `queue-full`.
   */
  subscribe<const Channel extends string>(
    channel: Channel,
    options: SubscribeOptions = {},
  ): EmbeddedQueue<MessageOf<Channel>> {
    const { queueMax = LOCAL_QUEUE_MAX } = options;
    if (!Number.isInteger(queueMax) || queueMax < 1)
      throw new UsageError(`queueMax: expected a whole number from 1, was ${queueMax}`);
    const take = this.sort(options, (message) => {
      if (isBook && queue.size >= queueMax) restart();
      else queue.push(message as MessageOf<Channel>);
    });
    const isBook = channel.startsWith('book.');
    let leave = this.open(channel, options, take);
    const restart = (): void => {
      leave();
      queue.drop();
      leave = this.open(channel, options, take);
    };
    const overflow = (last: StreamMessage, lost: number): void => this.tellGap(queueGap(last, lost), options);
    const queue = new EmbeddedQueue<MessageOf<Channel>>(queueMax, overflow, () => {
      this.queues.delete(queue);
      leave();
    });
    this.queues.add(queue);
    return queue;
  }

  private async ask<Found>(path: string): Promise<Found> {
    this.assertRunning();
    return (await this.host.ask(path)) as Found;
  }

  markets(): Promise<MarketAnswer[]> {
    return this.ask('/v1/markets');
  }

  /** The best `depth` levels a side (20); 0 is every level. Rejects where the market is not known. */
  book(market: string, depth?: number): Promise<BookAnswer> {
    return this.ask(`/v1/book/${encodeURIComponent(market)}${query({ depth })}`);
  }

  /** Oldest first, the forming bar last. */
  bars(market: string, kind?: string, limit?: number): Promise<Untold<TradeBar>[]> {
    return this.ask(`/v1/bars/${encodeURIComponent(market)}${query({ kind, limit })}`);
  }

  trades(market: string, limit?: number): Promise<Untold<Trade>[]> {
    return this.ask(`/v1/trades/${encodeURIComponent(market)}${query({ limit })}`);
  }

  signals(market: string): Promise<Record<Signal['name'], SignalValue>> {
    return this.ask(`/v1/signals/${encodeURIComponent(market)}`);
  }

  stats(): Promise<StatsAnswer> {
    return this.ask('/v1/stats');
  }

  latency(): Promise<LatencyAnswer> {
    return this.ask('/v1/latency');
  }

  health(): HealthAnswer {
    return this.host.health();
  }

  /**
   * Pushes one frame as a venue sends it, or one message of the dialects `json` (an object will do) and `flatbuffers`. Frames of a
   * dialect are taken in the order of the calls, each exactly once. Await it: it resolves when there is room for more. Frames
   * that are refused come to `onError`, as PushedFrameError.
   */
  async push(dialect: Dialect, frame: string | Uint8Array | object): Promise<void> {
    this.assertRunning();
    if (!DIALECTS.includes(dialect))
      throw new UsageError(`push: expected a dialect of ${DIALECTS.join(', ')}, was ${JSON.stringify(dialect)}`);
    const isText = typeof frame === 'string' || frame instanceof Uint8Array;
    await this.pusher(dialect).push(isText ? frame : JSON.stringify(frame));
  }

  /** Resolves when all frames pushed so far are taken: in the rings, and with a journal written down by its sync policy. */
  async pushed(): Promise<void> {
    await Promise.all([...this.pushers.values()].map((pusher) => pusher.pushed()));
  }

  private pusher(dialect: Dialect): Pusher {
    const known = this.pushers.get(dialect);
    if (known !== undefined) return known;
    const pusher = new Pusher({
      url: `${this.ingestUrl}/${dialect}?producer=embedded-${randomUUID()}`,
      ...this.host.own,
      onError: ({ category, message, count }) => this.report(new PushedFrameError(dialect, category, message, count)),
    });
    this.pushers.set(dialect, pusher);
    return pusher;
  }

  /** Takes what was pushed, drains in the data's order, closes, and tells what was pending; a second call gets the same. */
  stop(): Promise<ShutdownSummary> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<ShutdownSummary> {
    this.host.noteStop();
    for (const pusher of this.pushers.values()) pusher.close();
    const summary = await this.host.stop();
    this.faults.stop();
    for (const queue of this.queues) queue.end();
    return summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** `?depth=5` of what is given. */
function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** A notice of ours, as the stream's are. */
function queueGap(last: StreamMessage, lost: number): Gap {
  const { channel, seq, prevSeq, timestamp, localTimestamp } = last;
  const { exchange, symbol } = 'exchange' in last ? last : { exchange: '', symbol: '' };
  return {
    type: 'gap',
    exchange,
    symbol,
    reason: 'queue-full',
    lost,
    timestamp,
    localTimestamp,
    channel,
    seq,
    prevSeq,
  };
}
