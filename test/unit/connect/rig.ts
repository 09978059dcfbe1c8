// A feed on the invented venue, with the simplest engine behind it: a number for each book, a list of ids for each market's trades.

import assert from 'node:assert/strict';
import { type Feed, type FeedOptions, startFeed } from '../../../engine/connect/feed.ts';
import type { FeedHooks, MarketState, Session, TradeMark, TradeMarks } from '../../../engine/connect/hooks.ts';
import type { FeedChannel, Subscription } from '../../../engine/connect/protocol.ts';
import type { FeedSettings } from '../../../engine/connect/settings.ts';
import { BookState, FrameResult, StateReason } from '../../../schemas/ids.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';
import { MemoryVenue } from './memory-venue.ts';
import { PlainConnector } from './plain-connector.ts';

type Frame = {
  book?: string;
  sequence?: number;
  isSnapshot?: boolean;
  trade?: string;
  id?: number;
  snapshot?: string;
  answer?: { sequence: number };
  isBroken?: boolean;
  isDropped?: boolean;
};

export class PlainBook {
  state: MarketState;
  sequence = 0;
  /** The session whose frames count: the newest that brought a first state. */
  owner = 0;
  applied = 0;
  gaps = 0;
  /** First and last of the changes held for a snapshot. */
  private held: { first: number; last: number } | null = null;

  constructor(nowMs: number) {
    this.state = { state: BookState.syncing, reason: StateReason.noSnapshot, sinceMs: nowMs };
  }

  get isLive(): boolean {
    return this.state.state === BookState.live;
  }

  enter(state: MarketState['state'], reason: MarketState['reason'], nowMs: number): void {
    if (this.state.state !== state) this.state = { state, reason, sinceMs: nowMs };
    if (state !== BookState.live) this.held = null;
  }

  snapshot(sequence: number, owner: number, nowMs: number): void {
    this.owner = Math.max(this.owner, owner);
    this.sequence = sequence;
    this.held = null;
    this.enter(BookState.live, StateReason.none, nowMs);
  }

  /** A snapshot by REST joins what is held. */
  join(sequence: number, nowMs: number): void {
    if (this.isLive || (this.held !== null && this.held.first > sequence + 1)) return;
    const last = Math.max(sequence, this.held?.last ?? 0);
    this.snapshot(last, this.owner, nowMs);
  }

  change(sequence: number, owner: number, hasRestSnapshots: boolean, nowMs: number): void {
    if (!hasRestSnapshots && this.owner !== 0 && owner !== this.owner) return;
    // A stale book lacks nothing: the next change makes it live.
    if (this.state.state === BookState.stale) this.enter(BookState.live, StateReason.none, nowMs);
    if (!this.isLive) {
      if (hasRestSnapshots) this.held = { first: this.held?.first ?? sequence, last: sequence };
    } else if (sequence === this.sequence + 1) {
      this.sequence = sequence;
      this.applied++;
    } else if (sequence > this.sequence) {
      this.gaps++;
      this.enter(BookState.resyncing, StateReason.gap, nowMs);
      if (hasRestSnapshots) this.held = { first: sequence, last: sequence };
    }
  }
}

export class Rig implements FeedHooks {
  readonly timers = new VirtualTimers();
  readonly connector: PlainConnector;
  readonly venue: MemoryVenue;
  readonly symbols: readonly string[];
  readonly books = new Map<string, PlainBook>();
  readonly trades = new Map<string, number[]>();
  readonly lost: Array<{ id: number; subscriptions: readonly Subscription[]; reason: string }> = [];
  readonly filled: Array<{ symbol: string; isWhole: boolean }> = [];
  readonly filling: string[] = [];
  /** Markets whose trades may be missing though their connection has a successor. */
  readonly missing: string[] = [];
  readonly watched = new Set<string>();
  readonly logged: string[] = [];
  readonly openIds = new Set<number>();
  takenAfterClose = 0;
  feed: Feed;
  private wallOffsetMs = 1_700_000_000_000;

  constructor(
    changes: Partial<PlainConnector>,
    symbols: readonly string[],
    settings: Partial<FeedSettings> = {},
    prepare: (venue: MemoryVenue) => void = () => {},
  ) {
    this.connector = new PlainConnector(changes);
    this.venue = new MemoryVenue(this.timers, this.connector.limits);
    this.venue.listed = [...symbols];
    this.venue.hasStreamSnapshots = this.connector.bookSource !== 'rest';
    this.symbols = symbols;
    prepare(this.venue);
    const options: FeedOptions = {
      connector: this.connector,
      symbols,
      timers: this.timers,
      transport: this.venue,
      hooks: this,
      settings: { random: () => 0, wallMs: () => this.timers.nowMs() + this.wallOffsetMs, ...settings },
    };
    this.feed = startFeed(options);
  }

  get liveCount(): number {
    return this.symbols.filter((symbol) => this.books.get(symbol)?.isLive === true).length;
  }

  book(symbol: string): PlainBook {
    let book = this.books.get(symbol);
    if (book === undefined) {
      book = new PlainBook(this.timers.nowMs());
      this.books.set(symbol, book);
    }
    return book;
  }

  jumpWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  untilAllLive(limitMs: number): Promise<boolean> {
    return this.timers.advanceUntil(() => this.liveCount === this.symbols.length, limitMs);
  }

  openSession(connectionId: number): Session {
    this.openIds.add(connectionId);
    const dataAt = new Map<string, number>();
    let isClosed = false;
    return {
      take: (bytes) => {
        if (isClosed) this.takenAfterClose++;
        return this.take(JSON.parse(bytes.toString()) as Frame, connectionId, dataAt);
      },
      dataAtMs: (symbol: string, channel: FeedChannel) => dataAt.get(`${channel}:${symbol}`) ?? null,
      close: () => {
        this.openIds.delete(connectionId);
        // Its books go on by their numbers, whoever brings the next change.
        for (const book of this.books.values()) if (book.owner === connectionId) book.owner = 0;
        isClosed = true;
      },
    };
  }

  connectionLost(id: number, subscriptions: readonly Subscription[], reason: string): void {
    assert.ok(this.openIds.has(id), 'the session of a lost connection is open');
    this.lost.push({ id, subscriptions, reason });
    for (const { symbol, channel } of subscriptions) {
      if (channel === 'book')
        this.book(symbol).enter(BookState.resyncing, StateReason.connectionLost, this.timers.nowMs());
    }
  }

  tradesMissing(id: number, marks: TradeMarks): void {
    assert.ok(this.openIds.has(id), 'the session of a connection whose trades may be missing is open');
    this.missing.push(...marks.keys());
  }

  bookState(symbol: string): MarketState | null {
    return this.books.get(symbol)?.state ?? null;
  }

  isWatched(symbol: string): boolean {
    return this.watched.has(symbol);
  }

  tradeMark(symbol: string): TradeMark {
    const ids = this.trades.get(symbol);
    return ids === undefined
      ? { lastId: null, lastTimeMs: null }
      : { lastId: Math.max(...ids), lastTimeMs: this.timers.nowMs() + this.wallOffsetMs };
  }

  backfilling(symbol: string): void {
    this.filling.push(symbol);
  }

  backfilled(symbol: string, _fromMs: number, _toMs: number, isWhole: boolean): void {
    this.filled.push({ symbol, isWhole });
  }

  log(_level: string, text: string): void {
    this.logged.push(text);
  }

  private take(frame: Frame, owner: number, dataAt: Map<string, number>): FrameResult {
    const nowMs = this.timers.nowMs();
    if (frame.isBroken === true) return FrameResult.syntax;
    if (frame.isDropped === true) return FrameResult.dropped;
    if (frame.trade !== undefined && frame.id !== undefined) {
      dataAt.set(`trades:${frame.trade}`, nowMs);
      const ids = this.trades.get(frame.trade) ?? [];
      if (!ids.includes(frame.id)) ids.push(frame.id);
      this.trades.set(frame.trade, ids);
      return FrameResult.applied;
    }
    if (frame.snapshot !== undefined && frame.answer !== undefined) {
      this.book(frame.snapshot).join(frame.answer.sequence, nowMs);
      return FrameResult.applied;
    }
    if (frame.book === undefined || frame.sequence === undefined) return FrameResult.control;
    dataAt.set(`book:${frame.book}`, nowMs);
    if (frame.isSnapshot === true) this.book(frame.book).snapshot(frame.sequence, owner, nowMs);
    else this.book(frame.book).change(frame.sequence, owner, this.connector.bookSource === 'rest', nowMs);
    return FrameResult.applied;
  }
}

export function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `M${index}`);
}

/** Stops the feed and looks for what it left behind. */
export async function stopClean(rig: Rig): Promise<Awaited<ReturnType<Rig['feed']['stop']>>> {
  const stopping = rig.feed.stop();
  await rig.timers.advance(10_000);
  const stats = await stopping;
  assert.deepEqual([stats.sockets_left, stats.timers_left], [0, 0]);
  assert.deepEqual([rig.venue.socketsOpen, rig.openIds.size, rig.takenAfterClose], [0, 0, 0]);
  assert.equal(rig.venue.violations, 0);
  await rig.timers.advance(120_000);
  assert.equal(rig.timers.open, 0, 'nothing is due any more');
  return stats;
}
