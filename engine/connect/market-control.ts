// Keeps every market of a feed alive by looking at how it stands, not at what happened: snapshots, resyncs, silent markets.
//
//   not live, snapshot by REST ........ asked for once changes come, again after 1, 2, 4, 8 s
//   lost since it was subscribed ...... ended and asked for anew; where requests are used up, a new connection
//   stale, or no first data ........... the same, counted; after some tries in vain a new connection, then rarely
//
// Markets that someone listens to go first, and no market's trouble touches another.

import { BookState } from '../../schemas/ids.ts';
import { Backoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { FeedHooks, MarketState } from './hooks.ts';
import type { Subscription, VenueConnector } from './protocol.ts';
import type { FeedCounts } from './report.ts';
import type { RestQueue, RestResult } from './rest-queue.ts';
import type { FeedSettings } from './settings.ts';
import type { Slot } from './slot.ts';
import type { Entry } from './subscription-table.ts';
import type { Timers } from './timers.ts';

export type ControlHost = {
  readonly connector: VenueConnector;
  readonly timers: Timers;
  readonly settings: FeedSettings;
  readonly hooks: FeedHooks;
  readonly rest: RestQueue;
  readonly counts: FeedCounts;
};

/** One subscription and what was done for it. */
type Care = {
  readonly subscription: Subscription;
  readonly slot: Slot;
  connectionId: number;
  readonly resyncs: Backoff;
  nextResyncMs: number;
  readonly snapshots: Backoff;
  nextSnapshotMs: number;
  liveSinceMs: number | null;
  /** Resubscriptions for silence in vain. */
  silentTries: number;
};

/** Priorities of REST work; back-fills come after both. */
export const SnapshotPriority = { watched: 0, other: 1 } as const;

export class MarketControl {
  private readonly host: ControlHost;
  private readonly cares: readonly Care[];
  private readonly touched = new Set<Connection>();

  constructor(slots: readonly Slot[], host: ControlHost) {
    this.host = host;
    this.cares = slots.flatMap((slot) => slot.subscriptions.map((subscription) => newCare(subscription, slot)));
  }

  /** Looks at all markets; called every settings.checkMs. */
  check(): void {
    const troubled = this.cares.filter((care) => !this.isWell(care));
    for (const care of troubled) if (this.host.hooks.isWatched(care.subscription.symbol)) this.help(care);
    for (const care of troubled) if (!this.host.hooks.isWatched(care.subscription.symbol)) this.help(care);
    for (const connection of this.touched) connection.flush();
    this.touched.clear();
  }

  /** True where nothing need be done: it is live, or another step is under way. */
  private isWell(care: Care): boolean {
    const connection = care.slot.active;
    if (connection?.isOpen !== true) return true;
    if (connection.id !== care.connectionId) begin(care, connection.id);
    if (care.subscription.channel === 'trades') return this.hasFlowed(care, connection);
    const state = this.host.hooks.bookState(care.subscription.symbol);
    if (state?.state !== BookState.live) {
      care.liveSinceMs = null;
      return false;
    }
    this.noteLive(care);
    return true;
  }

  private hasFlowed(care: Care, connection: Connection): boolean {
    if (this.host.connector.areTradesRare) return true;
    const { symbol } = care.subscription;
    const entry = connection.table.get(care.subscription);
    const dataAtMs = connection.session.dataAtMs(symbol, 'trades');
    const hasFlowed = entry !== null && dataAtMs !== null && dataAtMs > entry.askedAtMs;
    if (hasFlowed) care.silentTries = 0;
    return hasFlowed;
  }

  private noteLive(care: Care): void {
    const nowMs = this.host.timers.nowMs();
    if (care.liveSinceMs === null) {
      care.liveSinceMs = nowMs;
      this.host.rest.cancel(snapshotKey(care));
    }
    if (nowMs - care.liveSinceMs < this.host.settings.bookStableMs) return;
    care.resyncs.reset();
    care.snapshots.reset();
    care.silentTries = 0;
  }

  private help(care: Care): void {
    const connection = care.slot.active;
    const entry = connection?.table.get(care.subscription) ?? null;
    if (connection === null || entry === null || entry.phase !== 'subscribed') return;
    const { symbol, channel } = care.subscription;
    const nowMs = this.host.timers.nowMs();
    const dataAtMs = connection.session.dataAtMs(symbol, channel);
    const hasData = dataAtMs !== null && dataAtMs > entry.askedAtMs;
    const isLate = nowMs - entry.answeredAtMs >= this.host.connector.firstDataMs;
    if (channel === 'book') this.helpBook(care, connection, entry, hasData, isLate);
    else if (isLate) this.helpSilent(care, connection);
  }

  private helpBook(care: Care, connection: Connection, entry: Entry, hasData: boolean, isLate: boolean): void {
    const state = this.host.hooks.bookState(care.subscription.symbol);
    if (state?.state === BookState.stale) {
      if (isLate) this.helpStale(care, connection);
      return;
    }
    // A quiet market brings no change for the snapshot to join: then the snapshot alone is the book.
    if (this.host.connector.bookSource === 'rest' && (hasData || isLate)) this.askSnapshot(care);
    if (!hasData) {
      if (isLate) this.helpSilent(care, connection);
    } else if (this.host.connector.bookSource !== 'rest' && (isLostSince(entry, state) || isLate)) {
      this.resync(care, connection);
    }
  }

  private helpStale(care: Care, connection: Connection): void {
    if (!this.isSilenceDue(care)) return;
    this.host.counts.stale++;
    this.treatSilence(care, connection);
  }

  private helpSilent(care: Care, connection: Connection): void {
    if (!this.isSilenceDue(care)) return;
    connection.counts.silent++;
    this.treatSilence(care, connection);
  }

  /** A market that stays silent whatever is done is tried rarely: it may be quiet for hours. */
  private isSilenceDue(care: Care): boolean {
    return this.host.timers.nowMs() >= care.nextResyncMs;
  }

  private treatSilence(care: Care, connection: Connection): void {
    const { silentTriesMax, silentReplaceMs } = this.host.settings;
    care.silentTries++;
    if (care.silentTries <= silentTriesMax) {
      this.resync(care, connection);
      return;
    }
    care.slot.replaceForSilence(`${care.subscription.symbol} stays silent`);
    care.nextResyncMs = this.host.timers.nowMs() + silentReplaceMs;
  }

  private resync(care: Care, connection: Connection): void {
    const { timers, settings, counts, hooks } = this.host;
    const nowMs = timers.nowMs();
    if (nowMs < care.nextResyncMs || care.slot.isReplacing) return;
    if (connection.requestWaitMs(2) > settings.budgetWaitMs) {
      if (care.slot.replace('requests of this connection are used up')) counts.replacedForBudget++;
      return;
    }
    care.nextResyncMs = nowMs + care.resyncs.next();
    if (!connection.canResubscribe(care.subscription)) {
      care.slot.replaceForSilence(`${care.subscription.symbol} cannot be asked for anew here`);
      return;
    }
    if (!connection.resubscribe(care.subscription)) return;
    counts.resyncs++;
    hooks.log('info', 'market is asked for anew', { connection: connection.id, ...care.subscription });
    this.touched.add(connection);
  }

  private askSnapshot(care: Care): void {
    const { connector, timers, rest, counts, hooks } = this.host;
    const key = snapshotKey(care);
    const { symbol } = care.subscription;
    const request = connector.snapshot?.(symbol);
    if (request === undefined || timers.nowMs() < care.nextSnapshotMs || rest.has(key)) return;
    const priority = hooks.isWatched(symbol) ? SnapshotPriority.watched : SnapshotPriority.other;
    counts.snapshotsAsked++;
    const { losses } = care.slot;
    rest.push({ key, id: null, request, priority, ended: (result) => this.takeSnapshot(care, losses, result) });
  }

  /** `losses` are those of the slot when it was asked for. */
  private takeSnapshot(care: Care, losses: number, result: RestResult): void {
    const { timers, counts } = this.host;
    care.nextSnapshotMs = timers.nowMs() + care.snapshots.next();
    if (!result.isOk) {
      if (result.reason !== 'cancelled' && result.reason !== 'stopped') this.noteFailed(care, result.message);
      return;
    }
    const connection = care.slot.active;
    // From before a loss, what changed until the book was subscribed again is missing, and in a quiet market nothing tells.
    if (connection?.isOpen !== true || care.slot.losses !== losses) return;
    try {
      const frame = this.host.connector.snapshotFrame?.(care.subscription.symbol, result.body) ?? '';
      const code = connection.session.take(Buffer.from(frame), true);
      if (code < 0) this.noteFailed(care, `expected a snapshot, was rejected with ${code}`);
      else counts.snapshotsTaken++;
    } catch (error) {
      this.noteFailed(care, String(error));
    }
  }

  private noteFailed(care: Care, message: string): void {
    this.host.counts.snapshotsFailed++;
    this.host.hooks.log('warn', 'no snapshot', { symbol: care.subscription.symbol, message });
  }
}

/** The book was lost after this subscription was asked for; a loss from before it heals by its first state. */
function isLostSince(entry: Entry, state: MarketState | null): boolean {
  return state !== null && state.state !== BookState.syncing && state.sinceMs > entry.askedAtMs;
}

function snapshotKey({ subscription }: Care): string {
  return `snapshot:${subscription.symbol}`;
}

/** A new connection owes nothing to what the one before had done; only what stays silent on any is still tried rarely. */
function begin(care: Care, connectionId: number): void {
  care.connectionId = connectionId;
  if (care.silentTries === 0) care.nextResyncMs = 0;
  care.nextSnapshotMs = Math.min(care.nextSnapshotMs, 0);
}

function newCare(subscription: Subscription, slot: Slot): Care {
  return {
    subscription,
    slot,
    connectionId: 0,
    resyncs: new Backoff(),
    nextResyncMs: 0,
    snapshots: new Backoff(),
    nextSnapshotMs: 0,
    liveSinceMs: null,
    silentTries: 0,
  };
}
