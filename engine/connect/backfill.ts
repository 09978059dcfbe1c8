// Owns the trades that were missed: after a loss they are asked for by REST, page by page, and decoded in order.

import { CLOCKS_DIFFER_MS } from '../../schemas/feed-limits.ts';
import { Backoff } from './backoff.ts';
import type { FeedHooks, TradeMarks } from './hooks.ts';
import type { BackfillQuery, RestRequest, Subscription, VenueConnector } from './protocol.ts';
import type { FeedCounts } from './report.ts';
import type { RestQueue, RestResult } from './rest-queue.ts';
import type { FeedSettings } from './settings.ts';
import type { Slot } from './slot.ts';
import type { Timers } from './timers.ts';

export type BackfillHost = {
  readonly connector: VenueConnector;
  readonly timers: Timers;
  readonly settings: FeedSettings;
  readonly hooks: FeedHooks;
  readonly rest: RestQueue;
  readonly counts: FeedCounts;
};

/** One hole in the trades of a market. */
type Hole = {
  readonly symbol: string;
  readonly slot: Slot;
  readonly lastId: number | null;
  readonly fromMs: number;
  /** End of the hole; null while it is open: it ends when trades come again. */
  toMs: number | null;
  isRunning: boolean;
  /** It grew while it was being filled: once filled it is asked for again. */
  hasGrown: boolean;
  /** hooks.backfilling() was called. */
  isTold: boolean;
  tries: number;
  /** When a connection was last lost in it, on the clock of Timers; -Infinity where none was. */
  lostAtMs: number;
  /** Wall time of the last asking: what is lost after it is not in the answer. */
  askedMs: number;
  readonly backoff: Backoff;
  nextMs: number;
};

/** After the snapshots of books, watched or not. */
export const BACKFILL_PRIORITY = 2;

export class Backfill {
  private readonly host: BackfillHost;
  private readonly holes = new Map<string, Hole>();

  constructor(host: BackfillHost) {
    this.host = host;
  }

  get pending(): number {
    return this.holes.size;
  }

  /** Trades of these markets are missed from their marks on, else from the last one known. A hole that is not filled yet only grows. */
  lost(slot: Slot, subscriptions: readonly Subscription[], marks: TradeMarks): void {
    for (const { symbol, channel } of subscriptions) {
      if (channel !== 'trades') continue;
      const { lastId, lastTimeMs } = marks.get(symbol) ?? this.host.hooks.tradeMark(symbol);
      if (lastTimeMs !== null) this.open(slot, symbol, lastId, lastTimeMs, null);
    }
  }

  /** Trades between these times are known to be missing. Told again for as long as they are: a hole that is known stays. */
  missing(slot: Slot, symbol: string, lastId: number | null, fromMs: number, toMs: number): void {
    if (!this.holes.has(symbol)) this.open(slot, symbol, lastId, fromMs, toMs);
  }

  /** Fills the holes whose market is subscribed again; called every settings.checkMs. */
  check(): void {
    const nowMs = this.host.timers.nowMs();
    for (const hole of this.holes.values()) {
      if (!hole.isRunning && nowMs >= hole.nextMs && this.isDue(hole, nowMs)) this.start(hole);
    }
  }

  private open(slot: Slot, symbol: string, lastId: number | null, fromMs: number, toMs: number | null): void {
    if (this.host.connector.backfill === undefined) return;
    const older = this.holes.get(symbol);
    if (older !== undefined && older.slot === slot && older.fromMs <= fromMs) {
      this.grow(older);
      return;
    }
    if (older !== undefined) this.host.rest.cancel(keyOf(symbol));
    const isOlderFirst = older !== undefined && older.fromMs <= fromMs;
    this.holes.set(symbol, {
      symbol,
      slot,
      lastId: isOlderFirst ? older.lastId : lastId,
      fromMs: isOlderFirst ? older.fromMs : fromMs,
      toMs: older === undefined ? toMs : null,
      isRunning: false,
      hasGrown: false,
      isTold: older?.isTold ?? false,
      tries: 0,
      lostAtMs: toMs === null ? this.host.timers.nowMs() : Number.NEGATIVE_INFINITY,
      askedMs: 0,
      backoff: new Backoff(),
      nextMs: 0,
    });
  }

  /** What was asked for and not answered yet is asked for anew; what is half answered is finished first. */
  private grow(hole: Hole): void {
    hole.toMs = null;
    hole.lostAtMs = this.host.timers.nowMs();
    if (hole.isRunning && hole.isTold) {
      hole.hasGrown = true;
      return;
    }
    this.host.rest.cancel(keyOf(hole.symbol));
    hole.isRunning = false;
    hole.tries = 0;
  }

  /** Subscribed again, and long enough for what was traded before that, and before the loss showed, to be known by REST. */
  private isDue({ slot, symbol, lostAtMs }: Hole, nowMs: number): boolean {
    const connection = slot.active;
    const entry = connection?.isOpen === true ? connection.table.get({ symbol, channel: 'trades' }) : null;
    return (
      entry?.phase === 'subscribed' &&
      nowMs - Math.max(entry.answeredAtMs, lostAtMs) >= this.host.settings.backfillDelayMs
    );
  }

  private start(hole: Hole): void {
    const { connector, settings } = this.host;
    const toMs = hole.toMs ?? settings.wallMs() + settings.backfillSkewMs;
    const query = { symbol: hole.symbol, lastId: hole.lastId, fromMs: hole.fromMs, toMs };
    const request = connector.backfill?.(query);
    if (request === undefined) return;
    hole.isRunning = true;
    hole.askedMs = settings.wallMs();
    hole.tries++;
    this.ask(hole, query, request, 1);
  }

  private ask(hole: Hole, query: BackfillQuery, request: RestRequest, page: number): void {
    const ended = (result: RestResult): void => this.answered(hole, query, result, page);
    const key = keyOf(hole.symbol);
    const taken = this.host.rest.push({ key, id: null, request, priority: BACKFILL_PRIORITY, ended });
    if (taken === 'queued') {
      if (page === 1) this.host.counts.backfills++;
      return;
    }
    hole.isRunning = false;
    hole.tries--;
    hole.nextMs = this.host.timers.nowMs() + this.host.settings.ackTimeoutMs;
  }

  private answered(hole: Hole, query: BackfillQuery, result: RestResult, page: number): void {
    if (this.holes.get(hole.symbol) !== hole) return;
    if (!result.isOk) {
      this.fail(hole, query, result.message);
      return;
    }
    try {
      this.take(hole, query, result.body, page);
    } catch (error) {
      this.fail(hole, query, String(error));
    }
  }

  private take(hole: Hole, query: BackfillQuery, body: string, page: number): void {
    const connection = hole.slot.active;
    const answer = this.host.connector.readBackfill?.(query, body);
    if (connection?.isOpen !== true || answer === undefined) {
      hole.isRunning = false;
      return;
    }
    // A loss so shortly before the asking may be one after it by the venue's clock: it counts as not asked for.
    const toMs = Math.min(query.toMs, hole.askedMs - CLOCKS_DIFFER_MS);
    if (!hole.isTold) this.host.hooks.backfilling(hole.symbol, query.fromMs, toMs, query.lastId);
    hole.isTold = true;
    for (const frame of answer.frames) {
      const code = connection.session.take(Buffer.from(frame), true);
      if (code < 0) throw new Error(`expected trades, was rejected with ${code}`);
      this.host.counts.backfillFrames++;
    }
    const isLastPage = page >= this.host.settings.backfillPagesMax;
    if (answer.next !== null && !isLastPage) this.ask(hole, query, answer.next, page + 1);
    else this.finish(hole, query, answer.next === null && answer.isWhole !== false);
  }

  private fail(hole: Hole, query: BackfillQuery, message: string): void {
    const { timers, settings, hooks } = this.host;
    hooks.log('warn', 'back-fill failed', { symbol: hole.symbol, message, tries: hole.tries });
    if (hole.tries >= settings.backfillTriesMax) {
      this.finish(hole, query, false);
      return;
    }
    hole.isRunning = false;
    hole.nextMs = timers.nowMs() + hole.backoff.next();
  }

  private finish(hole: Hole, query: BackfillQuery, isWhole: boolean): void {
    this.holes.delete(hole.symbol);
    if (isWhole) this.host.counts.backfillsWhole++;
    this.host.hooks.backfilled(hole.symbol, query.fromMs, query.toMs, isWhole && !hole.hasGrown);
    if (hole.hasGrown) this.open(hole.slot, hole.symbol, hole.lastId, hole.fromMs, null);
  }
}

function keyOf(symbol: string): string {
  return `backfill:${symbol}`;
}
