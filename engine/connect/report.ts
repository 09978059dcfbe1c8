// Owns the figures of connections and of a feed: plain objects, a bounded number of labels, gone when their owner goes.

import type { BreakerReport } from './breaker.ts';
import type { RestReport } from './rest-queue.ts';

export const CONNECTION_STATES = ['connecting', 'open', 'subscribing', 'live', 'draining', 'closed'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** What is counted of one connection; each also sums up over a feed. */
export type ConnectionCounts = {
  attempts: number;
  /** Connections that brought data (or acknowledged all where data is rare). */
  successes: number;
  timeouts: number;
  messages: number;
  bytes: number;
  applied: number;
  control: number;
  unknown: number;
  rejected: number;
  sent: number;
  pings: number;
  pongs: number;
  /** Subscriptions asked for again for want of an acknowledgement. */
  resends: number;
  lateAcknowledgements: number;
  refusals: number;
  resubscribes: number;
  /** Subscriptions acknowledged whose first data did not come in time. */
  silent: number;
};

export function newCounts(): ConnectionCounts {
  return {
    attempts: 0,
    successes: 0,
    timeouts: 0,
    messages: 0,
    bytes: 0,
    applied: 0,
    control: 0,
    unknown: 0,
    rejected: 0,
    sent: 0,
    pings: 0,
    pongs: 0,
    resends: 0,
    lateAcknowledgements: 0,
    refusals: 0,
    resubscribes: 0,
    silent: 0,
  };
}

export function addCounts(to: ConnectionCounts, from: ConnectionCounts): void {
  for (const name of Object.keys(to) as Array<keyof ConnectionCounts>) to[name] += from[name];
}

export type ConnectionReport = {
  readonly id: number;
  readonly slot: number;
  readonly state: ConnectionState;
  readonly ageMs: number;
  readonly subscriptions: number;
  /** Subscriptions that are not settled: to be asked for, or not answered yet. */
  readonly pending: number;
  readonly counts: ConnectionCounts;
  /** From the first byte sent to the upgrade, ms; null before. */
  readonly connectMs: number | null;
  /** From the last ping to its answer, ms; the time of connecting where no ping is sent. */
  readonly latencyMs: number | null;
};

export type SlotReport = {
  readonly slot: number;
  readonly symbols: number;
  readonly breaker: BreakerReport;
  readonly reconnects: number;
  readonly handovers: number;
};

/** Counted over a whole feed, beside the sums of its connections. */
export type FeedCounts = {
  reconnects: number;
  /** Connections replaced before they ended, and those that took over before all their markets had data. */
  handovers: number;
  forcedHandovers: number;
  resyncs: number;
  stale: number;
  /** Connections replaced because their limit of requests was used up, or for a silent market. */
  replacedForBudget: number;
  replacedForSilence: number;
  snapshotsAsked: number;
  snapshotsTaken: number;
  snapshotsFailed: number;
  backfills: number;
  backfillsWhole: number;
  backfillFrames: number;
  unknownSymbols: number;
  listingFailures: number;
};

export function newFeedCounts(): FeedCounts {
  return {
    reconnects: 0,
    handovers: 0,
    forcedHandovers: 0,
    resyncs: 0,
    stale: 0,
    replacedForBudget: 0,
    replacedForSilence: 0,
    snapshotsAsked: 0,
    snapshotsTaken: 0,
    snapshotsFailed: 0,
    backfills: 0,
    backfillsWhole: 0,
    backfillFrames: 0,
    unknownSymbols: 0,
    listingFailures: 0,
  };
}

export type FeedReport = {
  readonly venue: string;
  readonly symbols: number;
  readonly unknownSymbols: readonly string[];
  readonly counts: FeedCounts;
  /** Sums over all connections there were and are. */
  readonly totals: ConnectionCounts;
  /** Connections that succeeded ÷ attempts; null before the first. */
  readonly successRate: number | null;
  /** Ends of connections and failures of attempts by kind. */
  readonly errors: Readonly<Record<string, number>>;
  readonly connections: readonly ConnectionReport[];
  readonly slots: readonly SlotReport[];
  readonly rest: RestReport;
  readonly queues: { readonly connects: number; readonly connectsHighWater: number; readonly overflows: number };
  readonly open: { readonly sockets: number; readonly timers: number };
};

/** What stopping did; the names are those of the engine's shutdown statistics. */
export type FeedStats = {
  readonly pending_messages_flushed: number;
  readonly pending_messages_dropped: number;
  readonly connections_closed: number;
  readonly background_tasks_stopped: number;
  readonly metrics_cleaned: number;
  readonly duration_seconds: number;
  /** What is still open afterwards: anything but zero is a leak. */
  readonly sockets_left: number;
  readonly timers_left: number;
  readonly report: FeedReport;
};

/** Figures by label: up to labelsMax labels have their own, all others share one. A label's figures go with it. */
export class LabelledCounts {
  /** Sums of all that went, and of those without a label of their own. */
  readonly totals = newCounts();
  cleaned = 0;
  private readonly labelsMax: number;
  private readonly labels = new Map<number, ConnectionCounts>();

  constructor(labelsMax: number) {
    this.labelsMax = labelsMax;
  }

  get size(): number {
    return this.labels.size;
  }

  open(label: number): ConnectionCounts {
    if (this.labels.size >= this.labelsMax) return this.totals;
    const counts = newCounts();
    this.labels.set(label, counts);
    return counts;
  }

  close(label: number): void {
    const counts = this.labels.get(label);
    if (counts === undefined) return;
    addCounts(this.totals, counts);
    this.labels.delete(label);
    this.cleaned++;
  }

  sum(): ConnectionCounts {
    const sum = newCounts();
    addCounts(sum, this.totals);
    for (const counts of this.labels.values()) addCounts(sum, counts);
    return sum;
  }
}
