// Owns the feed of one venue: the symbols that the venue has, the connections they are shared over, and all work around them.

import { Backfill } from './backfill.ts';
import { Backoff } from './backoff.ts';
import type { FeedHooks } from './hooks.ts';
import { MarketControl } from './market-control.ts';
import { PacedQueue, Pacer, withMargin } from './pace.ts';
import type { FeedChannel, RestRequest, VenueConnector } from './protocol.ts';
import { type FeedReport, type FeedStats, LabelledCounts, newFeedCounts } from './report.ts';
import { RestQueue, type RestResult } from './rest-queue.ts';
import { FEED_SETTINGS, type FeedSettings } from './settings.ts';
import { shareOut } from './shares.ts';
import { Slot, type SlotHost } from './slot.ts';
import { CountedTimers, type Timers } from './timers.ts';
import type { FeedSocket, RestAnswer, SocketEvents, SocketOptions, Transport } from './transport.ts';

export type FeedOptions = {
  readonly connector: VenueConnector;
  /** As the venue writes them in its frames. */
  readonly symbols: readonly string[];
  /** Both channels where absent. */
  readonly channels?: readonly FeedChannel[];
  /** Symbols of which no book is wanted: one that nobody keeps would never be live, and be asked for again and again. */
  readonly withoutBook?: readonly string[];
  /** Other addresses than the venue's own: of a simulator or relay. */
  readonly streamUrl?: string;
  readonly restUrl?: string;
  readonly timers: Timers;
  readonly transport: Transport;
  readonly hooks: FeedHooks;
  readonly settings?: Partial<FeedSettings>;
};

export interface Feed {
  /** The engine is about to stop: no new connection, resync or request; what flows goes on. */
  announceShutdown(): void;
  /**
   * Says goodbye on every socket and lets go of everything; what has not answered after `goodbyeMs` is cut, where absent
   * after settings.closeTimeoutMs. Called again, the same promise.
   */
  stop(goodbyeMs?: number): Promise<FeedStats>;
  report(): FeedReport;
  /** Trades between two venue times are known to be missing: they are fetched where the venue offers it. */
  missingTrades(symbol: string, lastId: number | null, fromMs: number, toMs: number): void;
  /** Ends the waiting of breakers that gave up. */
  revive(): void;
}

/** Connections that wait for the venue's pace; more than any feed has. */
const CONNECTS_MAX = 100_000;
const LISTING_PRIORITY = 0;
/** A socket that is cut has its end told within a few turns of the loop: waited for no longer than so many checks. */
const CUTS_CHECKS = 4;

class VenueFeed implements Feed {
  private readonly options: FeedOptions;
  private readonly connector: VenueConnector;
  private readonly settings: FeedSettings;
  private readonly timers: CountedTimers;
  private readonly hooks: FeedHooks;
  private readonly counts = newFeedCounts();
  private readonly errors: Record<string, number> = {};
  private readonly labels: LabelledCounts;
  private readonly connects: PacedQueue;
  private readonly rest: RestQueue;
  private readonly backfill: Backfill;
  private readonly listingBackoff = new Backoff();
  private readonly unknownSymbols: string[] = [];
  private slots: readonly Slot[] = [];
  private control: MarketControl | null = null;
  private listingTries = 0;
  private lastConnectionId = 0;
  private openSockets = 0;
  private connectionsClosed = 0;
  private cancelTick: () => void = () => {};
  private cancelListing: () => void = () => {};
  private isShuttingDown = false;
  private stopped: Promise<FeedStats> | null = null;
  private socketsGone: (() => void) | null = null;

  constructor(options: FeedOptions) {
    this.options = options;
    this.connector = options.connector;
    this.settings = { ...FEED_SETTINGS, ...options.settings };
    this.timers = new CountedTimers(options.timers);
    this.hooks = options.hooks;
    const { limits } = this.connector;
    const { paceMarginMs, labelsMax, rest } = this.settings;
    this.labels = new LabelledCounts(labelsMax);
    this.connects = new PacedQueue(this.timers, new Pacer([withMargin(limits.connects, paceMarginMs)]), CONNECTS_MAX);
    const restSettings = { ...rest, pace: withMargin(limits.rest, paceMarginMs) };
    this.rest = new RestQueue(this.timers, restSettings, (request, timeoutMs, signal) =>
      this.request(request, timeoutMs, signal),
    );
    this.backfill = new Backfill(this.parts());
    this.askListing();
    this.tick();
  }

  announceShutdown(): void {
    this.isShuttingDown = true;
    this.cancelListing();
    for (const slot of this.slots) slot.freeze();
  }

  stop(goodbyeMs = this.settings.closeTimeoutMs): Promise<FeedStats> {
    this.stopped ??= this.end(goodbyeMs);
    return this.stopped;
  }

  report(): FeedReport {
    const totals = this.labels.sum();
    return {
      venue: this.connector.venue,
      symbols: new Set(this.slots.flatMap(({ symbols }) => symbols)).size,
      unknownSymbols: [...this.unknownSymbols],
      counts: { ...this.counts },
      totals,
      successRate: totals.attempts === 0 ? null : totals.successes / totals.attempts,
      errors: { ...this.errors },
      connections: this.slots
        .flatMap(({ connections }) => connections)
        .slice(0, this.settings.labelsMax)
        .map((connection) => connection.report()),
      slots: this.slots.slice(0, this.settings.labelsMax).map((slot) => slot.report()),
      rest: this.rest.report(),
      queues: {
        connects: this.connects.size,
        connectsHighWater: this.connects.highWater,
        overflows: this.connects.overflows,
      },
      open: { sockets: this.openSockets, timers: this.timers.open },
    };
  }

  missingTrades(symbol: string, lastId: number | null, fromMs: number, toMs: number): void {
    const slot = this.slots.find(({ subscriptions }) =>
      subscriptions.some((one) => one.symbol === symbol && one.channel === 'trades'),
    );
    if (slot !== undefined) this.backfill.missing(slot, symbol, lastId, fromMs, toMs);
  }

  revive(): void {
    for (const slot of this.slots) slot.breaker.revive();
    this.rest.breaker.revive();
  }

  private parts() {
    const { connector, timers, settings, hooks, rest, counts } = this;
    return { connector, timers, settings, hooks, rest, counts };
  }

  private tick(): void {
    this.cancelTick = this.timers.after(this.settings.checkMs, () => {
      this.tick();
      for (const slot of this.slots) slot.check();
      if (this.isShuttingDown) return;
      this.control?.check();
      this.backfill.check();
    });
  }

  /** Some venues have several lists, one for each kind of market: all are asked, and what any of them has is known. */
  private askListing(): void {
    const requests = [this.connector.listing(), ...(this.connector.furtherListings?.() ?? [])];
    const answers: RestResult[] = [];
    for (const [index, request] of requests.entries()) {
      const ended = (result: RestResult): void => {
        answers.push(result);
        if (answers.length === requests.length) this.readListings(answers);
      };
      this.rest.push({ key: `listing:${index}`, id: null, request, priority: LISTING_PRIORITY, ended });
    }
  }

  private readListings(answers: readonly RestResult[]): void {
    if (this.isShuttingDown) return;
    let listed: readonly string[];
    try {
      listed = answers.flatMap((result) => {
        if (!result.isOk) throw new Error(result.message);
        return this.connector.readListing(result.body);
      });
      // At a venue that is down for maintenance: no market would ever be asked for.
      if (listed.length === 0) throw new Error('expected markets, was an empty list');
    } catch (error) {
      this.listingFailed(String(error));
      return;
    }
    this.open(this.known(new Set(listed)));
  }

  private listingFailed(message: string): void {
    const { listingTriesMax } = this.settings;
    this.counts.listingFailures++;
    this.listingTries++;
    const goesOn = listingTriesMax !== null && this.listingTries >= listingTriesMax;
    this.hooks.log('warn', 'no list of markets', { venue: this.connector.venue, message, goesOn });
    if (goesOn) this.open([...new Set(this.options.symbols)]);
    else this.cancelListing = this.timers.after(this.listingBackoff.next(), () => this.askListing());
  }

  /** A symbol that the venue does not have may be acknowledged and then stay silent for ever: it is never asked for. */
  private known(listed: ReadonlySet<string>): readonly string[] {
    const { venue } = this.connector;
    const known: string[] = [];
    for (const symbol of new Set(this.options.symbols)) {
      if (listed.has(symbol)) {
        known.push(symbol);
        continue;
      }
      this.unknownSymbols.push(symbol);
      this.counts.unknownSymbols++;
      this.hooks.log('error', 'the venue has no such market', { venue, symbol });
    }
    return known;
  }

  private open(symbols: readonly string[]): void {
    const { channels = ['book', 'trades'], withoutBook = [] } = this.options;
    const shares = shareOut(this.connector, symbols, channels, new Set(withoutBook));
    const host = this.slotHost();
    this.slots = shares.map((subscriptions, index) => new Slot(index, subscriptions, host));
    this.control = new MarketControl(this.slots, this.parts());
    for (const slot of this.slots) slot.start();
  }

  private slotHost(): SlotHost {
    const { connector, timers, settings, hooks, connects, labels, counts } = this;
    return {
      connector,
      streamUrl: this.options.streamUrl ?? connector.streamUrl,
      timers,
      settings,
      hooks,
      connects,
      labels,
      counts,
      openSocket: (options, events) => this.openSocket(options, events),
      nextConnectionId: () => ++this.lastConnectionId,
      noteError: (reason) => this.noteError(reason),
      lost: (slot, subscriptions, marks) => this.backfill.lost(slot, subscriptions, marks),
    };
  }

  private noteError(reason: string): void {
    const kind = reason.split(':', 1)[0];
    this.errors[kind] = (this.errors[kind] ?? 0) + 1;
  }

  private openSocket(options: SocketOptions, events: SocketEvents): FeedSocket {
    this.openSockets++;
    let wasOpened = false;
    return this.options.transport.open(options, {
      opened: () => {
        wasOpened = true;
        events.opened();
      },
      message: (bytes, isBinary) => events.message(bytes, isBinary),
      ping: () => events.ping(),
      pong: () => events.pong(),
      closed: (code, reason, failure) => {
        this.openSockets--;
        // An attempt that is given up is no connection that was closed.
        if (wasOpened) this.connectionsClosed++;
        events.closed(code, reason, failure);
        if (this.openSockets === 0) this.socketsGone?.();
      },
    });
  }

  private request(request: RestRequest, timeoutMs: number, signal: AbortSignal): Promise<RestAnswer> {
    return this.options.transport.request({
      method: request.method,
      url: (this.options.restUrl ?? this.connector.restUrl) + request.path,
      body: request.body ?? null,
      timeoutMs,
      bodyBytesMax: this.settings.answerBytesMax,
      signal,
    });
  }

  /** What is still asked for is of no use to anyone now: it is dropped and counted. */
  private async end(goodbyeMs: number): Promise<FeedStats> {
    const startMs = this.timers.nowMs();
    const cleanedBefore = this.labels.cleaned;
    const closedBefore = this.connectionsClosed;
    this.announceShutdown();
    const { flushed, dropped } = await this.rest.stop(0);
    const connectsDropped = this.connects.stop();
    for (const slot of this.slots) slot.stop();
    await this.socketsGoneWithin(goodbyeMs);
    for (const slot of this.slots) slot.cut();
    await this.socketsGoneWithin(CUTS_CHECKS * this.settings.checkMs);
    this.cancelTick();
    this.options.transport.close();
    return {
      pending_messages_flushed: flushed,
      pending_messages_dropped: dropped + connectsDropped,
      connections_closed: this.connectionsClosed - closedBefore,
      // The look at the clock, the listing, the REST queue, the queue of connects, and a breaker for each slot.
      background_tasks_stopped: 4 + this.slots.length,
      metrics_cleaned: this.labels.cleaned - cleanedBefore,
      duration_seconds: (this.timers.nowMs() - startMs) / 1000,
      sockets_left: this.openSockets,
      timers_left: this.timers.open,
      report: this.report(),
    };
  }

  /** Resolves when all sockets are closed, or after so long. */
  private socketsGoneWithin(ms: number): Promise<void> {
    if (this.openSockets === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.timers.after(ms, resolve);
      this.socketsGone = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Starts at once: the venue's list of markets is asked for, then its connections are opened. */
export function startFeed(options: FeedOptions): Feed {
  return new VenueFeed(options);
}
