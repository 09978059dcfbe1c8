// Owns one share of a venue's subscriptions: the connection that carries it, its successor, and when either is tried.

import { Breaker, type BreakerTransition } from './breaker.ts';
import { Connection } from './connection.ts';
import type { FeedHooks, TradeMark, TradeMarks } from './hooks.ts';
import type { PacedQueue } from './pace.ts';
import type { Subscription, VenueConnector } from './protocol.ts';
import type { FeedCounts, LabelledCounts, SlotReport } from './report.ts';
import type { FeedSettings } from './settings.ts';
import type { Timers } from './timers.ts';
import type { FeedSocket, SocketEvents, SocketOptions } from './transport.ts';

/** What all slots of a feed share. */
export type SlotHost = {
  readonly connector: VenueConnector;
  readonly streamUrl: string;
  readonly timers: Timers;
  readonly settings: FeedSettings;
  readonly hooks: FeedHooks;
  readonly connects: PacedQueue;
  readonly labels: LabelledCounts;
  readonly counts: FeedCounts;
  readonly openSocket: (options: SocketOptions, events: SocketEvents) => FeedSocket;
  nextConnectionId(): number;
  noteError(reason: string): void;
  /** Data of these may be missing, trades since the marks; told before hooks.connectionLost. */
  lost(slot: Slot, subscriptions: readonly Subscription[], marks: TradeMarks): void;
};

const NO_MARKS: TradeMarks = new Map();

export class Slot {
  readonly id: number;
  readonly subscriptions: readonly Subscription[];
  readonly symbols: readonly string[];
  readonly breaker: Breaker;
  /** Carries the markets. */
  current: Connection | null = null;
  /** Is tried: to become the current one, or its successor. */
  next: Connection | null = null;
  /** How often connections ended without another that had all their subscriptions. */
  losses = 0;
  private readonly host: SlotHost;
  private readonly draining = new Set<Connection>();
  private reconnects = 0;
  private handovers = 0;
  private hasTried = false;
  private isQueued = false;
  private isStopped = false;
  private wantsSuccessor = false;
  private nextStartMs = 0;
  /** Since when the successor has all that it needs; null while it has not. */
  private coveredSinceMs: number | null = null;
  /** As of when the successor began. */
  private marks = NO_MARKS;
  private lastReplacedMs = Number.NEGATIVE_INFINITY;
  private readonly connectNow = (): void => this.connect();

  constructor(id: number, subscriptions: readonly Subscription[], host: SlotHost) {
    this.id = id;
    this.subscriptions = subscriptions;
    this.symbols = [...new Set(subscriptions.map(({ symbol }) => symbol))];
    this.host = host;
    const { timers, settings } = host;
    const breaker = { ...settings.breaker, probeTimeoutMs: Math.max(settings.breaker.probeTimeoutMs, this.proofMs) };
    const listener = {
      changed: (transition: BreakerTransition) => this.tellBreaker(transition),
      ready: () => this.request(),
      probeTimedOut: () => this.next?.fail('timeout', 'the probe got no answer'),
    };
    this.breaker = new Breaker(timers, breaker, listener, settings.random);
  }

  /** The connection to speak to about the markets of this slot; null while there is none. */
  get active(): Connection | null {
    return this.current ?? this.next;
  }

  get isReplacing(): boolean {
    return this.wantsSuccessor;
  }

  /** Sockets that are not closed yet. */
  get connections(): Connection[] {
    return [this.current, this.next, ...this.draining].filter((connection) => connection !== null);
  }

  start(): void {
    this.request();
  }

  /** A successor is brought up, and takes over once it has the markets. True where this call began it. */
  replace(reason: string): boolean {
    if (this.current === null || this.wantsSuccessor || this.isStopped) return false;
    this.host.hooks.log('info', 'connection is replaced', { ...this.labels(this.current), reason });
    this.wantsSuccessor = true;
    this.request();
    return true;
  }

  /** The same for the sake of a few markets: not more often than the setting says. */
  replaceForSilence(reason: string): boolean {
    const nowMs = this.host.timers.nowMs();
    if (nowMs - this.lastReplacedMs < this.host.settings.silentReplaceMs || !this.replace(reason)) return false;
    this.lastReplacedMs = nowMs;
    this.host.counts.replacedForSilence++;
    return true;
  }

  check(): void {
    for (const connection of this.connections) connection.check();
    const { next } = this;
    if (next === null) return;
    const nowMs = this.host.timers.nowMs();
    if (this.current !== null && next.isProven) this.checkHandover(next, this.current, nowMs);
    else if (!next.isProven && nowMs - this.nextStartMs >= this.proofMs) next.fail('timeout', 'no data came');
  }

  /** No further connection is tried; those there are go on. */
  freeze(): void {
    this.isStopped = true;
    this.breaker.stop();
    this.host.connects.remove(this.connectNow);
  }

  stop(): void {
    this.freeze();
    for (const connection of this.connections) connection.drain('shutdown');
  }

  /** Ends at once what has not answered its goodbye. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  report(): SlotReport {
    const { id, symbols, reconnects, handovers } = this;
    return { slot: id, symbols: symbols.length, breaker: this.breaker.report(), reconnects, handovers };
  }

  /** The longest that a working connection takes to show that it works. */
  private get proofMs(): number {
    const { settings, connector } = this.host;
    return settings.openTimeoutMs + settings.ackTimeoutMs + connector.firstDataMs;
  }

  /** Asks for a connection where one is needed; the pace of connects says when. */
  private request(): void {
    if (this.isStopped || this.isQueued || this.next !== null || this.breaker.isWaitOn) return;
    if (this.current !== null && !this.wantsSuccessor) return;
    this.isQueued = true;
    if (!this.host.connects.push(this.connectNow)) this.isQueued = false;
  }

  private connect(): void {
    this.isQueued = false;
    if (this.isStopped || this.next !== null || !this.breaker.admit()) return;
    const { connector, streamUrl, timers, settings, labels, hooks, openSocket, counts } = this.host;
    const id = this.host.nextConnectionId();
    if (this.current === null && this.hasTried) {
      this.reconnects++;
      counts.reconnects++;
    }
    this.hasTried = true;
    this.coveredSinceMs = null;
    this.nextStartMs = timers.nowMs();
    this.marks = this.current === null ? NO_MARKS : this.tradeMarks();
    const session = hooks.openSession(id);
    const shared = {
      id,
      slot: this.id,
      connector,
      streamUrl,
      subscriptions: this.inOrder(),
      timers,
      settings,
      openSocket,
    };
    const connection: Connection = new Connection(
      { ...shared, session, holdMs: this.holdMs, counts: labels.open(id) },
      {
        proven: () => this.proven(connection),
        ending: (reason) => this.replaceEnding(connection, reason),
        unanswered: (count) => this.replaceForSilence(`${count} subscriptions were not answered`),
        refused: (subscription, message, isFinal) => this.tellRefusal(connection, subscription, message, isFinal),
        closed: (reason, isPlanned) => this.closed(connection, reason, isPlanned),
      },
    );
    this.next = connection;
  }

  /**
   * Where books go by the venue's numbers, both connections feed one book: a successor that is the faster one would show a gap
   * where the old one's change is only on its way. So its frames come second, until it takes over.
   */
  private get holdMs(): number {
    const { connector, settings } = this.host;
    return this.current !== null && connector.bookSource === 'rest' ? settings.handoverHoldMs : 0;
  }

  /** Markets without a trade yet have no mark: their first one will be. */
  private tradeMarks(): TradeMarks {
    const marks = new Map<string, TradeMark>();
    for (const { symbol, channel } of this.subscriptions) {
      const mark = this.host.hooks.tradeMark(symbol);
      if (channel === 'trades' && mark.lastTimeMs !== null) marks.set(symbol, mark);
    }
    return marks;
  }

  /** Markets that someone listens to are asked for first. */
  private inOrder(): readonly Subscription[] {
    const watched = new Set(this.symbols.filter((symbol) => this.host.hooks.isWatched(symbol)));
    const isFirst = ({ symbol }: Subscription): boolean => watched.has(symbol);
    return [...this.subscriptions.filter(isFirst), ...this.subscriptions.filter((one) => !isFirst(one))];
  }

  private proven(connection: Connection): void {
    if (connection !== this.next) return;
    this.breaker.succeeded();
    if (this.current === null) this.adopt(connection);
  }

  private replaceEnding(connection: Connection, reason: string): void {
    if (connection === this.current) this.replace(reason);
    // A connection that ends before it began carries nothing: it is a failed try.
    else if (connection === this.next && this.current === null) connection.fail('ending', reason);
  }

  private checkHandover(next: Connection, current: Connection, nowMs: number): void {
    const { settings, counts } = this.host;
    const isForced = nowMs - this.nextStartMs >= settings.handoverTimeoutMs;
    const uncovered = this.uncovered(next, current);
    if (!isForced && uncovered.length > 0) {
      this.coveredSinceMs = null;
      return;
    }
    this.coveredSinceMs ??= nowMs;
    if (!isForced && nowMs - this.coveredSinceMs < settings.handoverOverlapMs) return;
    if (uncovered.length > 0) counts.forcedHandovers++;
    this.handovers++;
    counts.handovers++;
    // Silent since before the successor was subscribed, the old one may have been dead already.
    if (current.lastByteMs < lastAnswerMs(next)) this.missTrades(current);
    this.adopt(next);
    this.tellLost(current, uncovered, 'its successor has no data of it');
    this.draining.add(current);
    current.drain('replaced');
  }

  /**
   * Subscriptions of which the successor lacks what its predecessor has: all must be answered, books need their first state, and
   * what flows there must flow here.
   */
  private uncovered(next: Connection, current: Connection): readonly Subscription[] {
    const { bookSource } = this.host.connector;
    const missing = next.table.entries.filter(({ subscription: { symbol, channel }, phase, answeredAtMs }) => {
      if (phase === 'refused') return false;
      if (phase !== 'subscribed') return true;
      const oldDataAtMs = current.session.dataAtMs(symbol, channel);
      if (oldDataAtMs === null || next.session.dataAtMs(symbol, channel) !== null) return false;
      const comesAtOnce = channel === 'book' && bookSource !== 'rest';
      return comesAtOnce || oldDataAtMs > answeredAtMs;
    });
    return missing.map(({ subscription }) => subscription);
  }

  /** What came last on a connection that has a successor may be on neither. Books show it themselves. */
  private missTrades({ id }: Connection): void {
    this.host.lost(this, this.subscriptions, this.marks);
    this.host.hooks.tradesMissing(id, this.marks);
  }

  private adopt(connection: Connection): void {
    this.current = connection;
    this.next = null;
    this.wantsSuccessor = false;
    connection.unhold();
    if (connection.isEnding) this.replace('it began to end before it took over');
  }

  private tellLost(connection: Connection, lost: readonly Subscription[], reason: string): void {
    if (lost.length === 0) return;
    this.losses++;
    this.host.lost(this, lost, this.marks);
    this.host.hooks.connectionLost(connection.id, lost, reason);
  }

  private closed(connection: Connection, reason: string, isPlanned: boolean): void {
    const { labels, hooks } = this.host;
    labels.close(connection.id);
    this.draining.delete(connection);
    if (!isPlanned) {
      this.host.noteError(reason);
      hooks.log('warn', 'connection ended', { ...this.labels(connection), reason });
    }
    if (connection === this.next) this.loseNext(connection, reason, isPlanned);
    else if (connection === this.current && isPlanned) this.current = null;
    else if (connection === this.current) this.loseCurrent(connection, reason);
  }

  private loseNext(connection: Connection, reason: string, isPlanned: boolean): void {
    this.next = null;
    // Unproven it may have been subscribed, and a snapshot by REST have made a book live on it.
    if (this.current === null && connection.wasOpen && !isPlanned)
      this.tellLost(connection, this.subscriptions, reason);
    if (!isPlanned) this.breaker.failed(reason);
    this.request();
  }

  private loseCurrent(connection: Connection, reason: string): void {
    const { next } = this;
    const uncovered = next?.isProven ? this.uncovered(next, connection) : this.subscriptions;
    this.current = null;
    this.wantsSuccessor = false;
    if (next?.isProven) {
      // What was on its way on the old one is gone, though the new one has all from its own beginning on.
      this.missTrades(connection);
      this.adopt(next);
    } else next?.unhold();
    this.tellLost(connection, uncovered, reason);
    // A try that is under way, or waits its turn, is the next step already.
    if (this.isStopped || this.next !== null || this.current !== null || this.isQueued || this.breaker.isWaitOn) return;
    this.breaker.failed(reason);
    this.request();
  }

  private tellBreaker({ from, to, reason }: BreakerTransition): void {
    const level = to === 'open' || to === 'given-up' ? 'warn' : 'info';
    this.host.hooks.log(level, 'breaker', { venue: this.host.connector.venue, slot: this.id, from, to, reason });
  }

  private tellRefusal(
    connection: Connection,
    subscription: Subscription | null,
    message: string,
    isFinal: boolean,
  ): void {
    const level = isFinal ? 'error' : 'warn';
    this.host.hooks.log(level, 'subscription refused', {
      ...this.labels(connection),
      ...subscription,
      message,
      isFinal,
    });
  }

  private labels(connection: Connection): Readonly<Record<string, unknown>> {
    return { venue: this.host.connector.venue, slot: this.id, connection: connection.id };
  }
}

function lastAnswerMs(connection: Connection): number {
  return Math.max(...connection.table.entries.map(({ answeredAtMs }) => answeredAtMs));
}
