// One connection and its feeds: subscribes them, resumes them after a loss, takes replies apart, hands messages on.

import { CLIENT_LINGER_MS, CLIENT_RESYNC_MS, CLIENT_RETRY_MS, SUBSCRIPTIONS_MAX } from '../../schemas/config.ts';
import { type ItemError, isMessage, type StreamMessage, type StreamReply } from '../../schemas/feed.ts';
import { type ClientError, SubscriptionError } from './errors.ts';
import type { Feed } from './feed.ts';
import { FeedTable } from './feed-table.ts';
import { Link, type LinkParts, type LinkState, type Loss } from './link.ts';
import { parseReceived } from './received.ts';
import { type RequestOp, Requests, type Sent } from './requests.ts';
import { ResyncPace } from './resync-pace.ts';

export type ConnectionHooks = {
  readonly changed: (loss: Loss | null) => void;
  /** It will not come back; its feeds have been told. */
  readonly failed: (connection: Connection, error: ClientError) => void;
  /** The last feed has left, some time ago. */
  readonly emptied: (connection: Connection) => void;
  /** A feed the engine does not take. */
  readonly refused: (feed: Feed) => void;
};

function channelOf({ arg }: ItemError): unknown {
  return typeof arg === 'object' && arg !== null ? (arg as { channel?: unknown }).channel : arg;
}

export class Connection {
  readonly feeds = new FeedTable();
  private readonly link: Link;
  private readonly requests: Requests;
  private readonly hooks: ConnectionHooks;
  private readonly stats: LinkParts['stats'];
  private readonly pace = new ResyncPace<Feed>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private readonly retried = new Set<Feed>();
  private lingering: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: LinkParts, hooks: ConnectionHooks) {
    this.hooks = hooks;
    this.stats = parts.stats;
    this.requests = new Requests((request) => this.link.send(JSON.stringify(request)));
    this.link = new Link(parts, {
      opened: () => this.opened(),
      received: (text) => this.received(text),
      ping: () => this.requests.ping(),
      lost: (loss) => this.lost(loss),
      failed: (error) => this.failed(error),
    });
  }

  get state(): LinkState {
    return this.link.state;
  }

  /** Id of the engine's run; null before its first answer. */
  get engine(): string | null {
    return this.requests.engine;
  }

  accepts(feed: Feed): boolean {
    return this.feeds.size < SUBSCRIPTIONS_MAX && !this.feeds.overlaps(feed);
  }

  add(feed: Feed): void {
    if (this.lingering !== null) clearTimeout(this.lingering);
    this.lingering = null;
    this.feeds.add(feed);
    if (this.link.isOpen) this.requests.ask('subscribe', feed);
    else if (this.link.state === 'idle') {
      this.link.start();
      this.hooks.changed(null);
    }
  }

  remove(feed: Feed): void {
    if (!this.feeds.has(feed)) return;
    this.feeds.delete(feed);
    this.retried.delete(feed);
    if (this.link.isOpen) this.requests.ask('unsubscribe', feed);
    if (this.feeds.size > 0) return;
    this.lingering = setTimeout(() => this.hooks.emptied(this), CLIENT_LINGER_MS);
  }

  close(): void {
    if (this.lingering !== null) clearTimeout(this.lingering);
    this.clearTimers();
    this.link.stop();
    this.requests.forget();
  }

  /** What the feed holds is wrong: asks for it anew, less and less often where that does not help. */
  resync(feed: Feed): void {
    if (this.retried.has(feed)) return;
    this.stats.resyncs++;
    this.later(this.pace.next(feed), [feed], () => {
      feed.isConfirmed = false;
      this.requests.ask('unsubscribe', feed);
      this.requests.ask('subscribe', feed);
    });
  }

  /** Acts on feeds that are still there by then; each waits for one thing at most. */
  private later(delayMs: number, feeds: readonly Feed[], act: (feed: Feed) => void): void {
    for (const feed of feeds) this.retried.add(feed);
    const run = (): void => {
      for (const feed of feeds) if (this.retried.delete(feed) && this.link.isOpen) act(feed);
    };
    if (delayMs === 0) {
      run();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, delayMs);
    this.timers.add(timer);
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.retried.clear();
  }

  private opened(): void {
    for (const feed of this.feeds) {
      const isResumable = feed.resumeItem !== null && this.requests.engine !== null;
      this.requests.ask(isResumable ? 'resume' : 'subscribe', feed);
    }
    this.hooks.changed(null);
  }

  private lost(loss: Loss): void {
    this.clearTimers();
    this.requests.forget();
    for (const feed of this.feeds) feed.interrupted();
    this.hooks.changed(loss);
  }

  private failed(error: ClientError): void {
    this.clearTimers();
    this.requests.forget();
    for (const feed of this.feeds) {
      feed.interrupted();
      feed.failed(error);
    }
    this.hooks.failed(this, error);
  }

  private received(text: string): void {
    try {
      const value = parseReceived(text);
      if (isMessage(value)) this.hand(value);
      else this.answered(value);
    } catch (error) {
      // Nothing that comes in may end its user's process: the platform would throw what is thrown here at no one.
      this.link.broken(error instanceof Error ? error.message : String(error));
    }
  }

  private hand(message: StreamMessage): void {
    this.stats.messages++;
    const feed = this.feeds.of(message.channel);
    if (feed?.isConfirmed === true) feed.take(message);
  }

  private answered(reply: StreamReply): void {
    const sent = this.requests.answered(reply);
    if (sent === undefined) return;
    // One above the budget is refused in its turn, which tells as much.
    if (sent.op === 'ping') for (const feed of sent.feeds) if (this.feeds.has(feed)) feed.caughtUp();
    if (sent.op === 'ping' || reply.op === 'pong' || reply.op === 'unsubscribed') return;
    if (reply.op === 'error') {
      this.refusedWhole(sent, reply.category, reply.message);
      return;
    }
    this.requests.engine = reply.engine;
    this.link.met();
    const errors = new Map(reply.errors.map((error) => [channelOf(error), error]));
    const resumed = new Set(
      reply.op === 'resumed' ? reply.args.filter((arg) => arg.resumed).map((arg) => arg.channel) : [],
    );
    const missing: Feed[] = [];
    for (const feed of sent.feeds.filter((each) => this.feeds.has(each))) {
      const error = errors.get(feed.channel);
      if (error === undefined) this.confirm(feed, sent.op, resumed.has(feed.channel));
      else if (feed.wasConfirmed && error.category === 'unknown-market') missing.push(feed);
      else this.refuse(feed, error.category, error.message);
    }
    if (missing.length > 0) this.later(CLIENT_RETRY_MS, missing, (feed) => this.requests.ask('subscribe', feed));
  }

  private confirm(feed: Feed, op: Sent['op'], isResumed: boolean): void {
    if (op === 'resume') this.stats[isResumed ? 'resumed' : 'notResumed']++;
    feed.confirmed(isResumed);
  }

  private refuse(feed: Feed, category: string, message: string): void {
    this.feeds.delete(feed);
    feed.failed(new SubscriptionError(feed.channel, category, message));
    this.hooks.refused(feed);
  }

  /** Above the engine's budget a request is not done, and asked again; anything else is not to be mended by asking. */
  private refusedWhole({ op, feeds }: Sent, category: string, message: string): void {
    const present = feeds.filter((feed) => this.feeds.has(feed));
    if (category !== 'range') for (const feed of present) this.refuse(feed, category, message);
    else if (op !== 'unsubscribe') {
      this.later(CLIENT_RESYNC_MS, present, (feed) => this.requests.ask(op as RequestOp, feed));
    }
  }
}
