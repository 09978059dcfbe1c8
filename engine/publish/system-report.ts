// What the `system` channel tells each second: what came in, was applied and went out, what was left out, and how well all are.

import { marketCounter } from '../../schemas/counters.ts';
import type { DropFigures, JournalFigures, SystemFigures } from '../../schemas/feed.ts';
import { REFUSAL_CAUSES } from '../base/access.ts';
import type { EngineClock } from '../base/clock.ts';
import type { FeedReport } from '../connect/report.ts';
import { GUARD_ACTS } from '../uws/port-guard.ts';
import { feedFigures } from './feed-figures.ts';
import type { CounterTree } from './messages.ts';
import type { ProcessFacts } from './process-facts.ts';
import type { JournalReport, RecoveryFaults } from './recovery-metrics.ts';
import type { Stats } from './stats.ts';

type Counts = Readonly<Record<string, number>>;

export type SystemParts = {
  readonly stats: Stats;
  readonly clock: EngineClock;
  readonly publish: () => CounterTree;
  readonly health: () => SystemFigures['health'];
  readonly faults: () => RecoveryFaults & { readonly shardRestarts: number };
  readonly feeds: () => readonly FeedReport[];
  readonly process: Pick<ProcessFacts, 'figures'>;
};

/** Reasons of /health are for people: further ones would tell them no more. */
const REASONS_MAX = 20;
/** Counters that rates are made of, and the rate's name. */
const RATES = {
  frames: 'framesPerSecond',
  updates: 'updatesPerSecond',
  bytes: 'bytesPerSecond',
  applied: 'appliedPerSecond',
  messages: 'messagesPerSecond',
  publishedBytes: 'publishedBytesPerSecond',
} as const;
type RateName = keyof typeof RATES;

/** Thread: main. */
export class SystemReport {
  private readonly parts: SystemParts;
  private before: Record<RateName, number>;
  private beforeNs: number;
  private rates: SystemFigures['rates'];

  constructor(parts: SystemParts) {
    this.parts = parts;
    this.beforeNs = parts.clock.nowNs();
    this.before = { frames: 0, updates: 0, bytes: 0, applied: 0, messages: 0, publishedBytes: 0 };
    this.rates = this.ratesSince(this.before, 1);
  }

  private counted(): Record<RateName, number> {
    const { stats, publish } = this.parts;
    const { frames, bytes } = stats.ingress();
    const { messages, bytes: publishedBytes } = publish();
    const updates = stats.sumColumn(marketCounter.updates);
    const applied = stats.shardSum('frames');
    return { frames, bytes, updates, applied, messages: Number(messages), publishedBytes: Number(publishedBytes) };
  }

  private ratesSince(now: Record<RateName, number>, seconds: number): SystemFigures['rates'] {
    const names = Object.keys(RATES) as RateName[];
    const rates = names.map((name) => [RATES[name], Math.round((now[name] - this.before[name]) / seconds)]);
    return Object.fromEntries(rates) as SystemFigures['rates'];
  }

  /** Whether or not anyone listens, so that a rate is never that of an hour. */
  eachSecond(): void {
    const nowNs = this.parts.clock.nowNs();
    const now = this.counted();
    this.rates = this.ratesSince(now, Math.max(1, nowNs - this.beforeNs) / 1e9);
    this.before = now;
    this.beforeNs = nowNs;
    this.parts.stats.queues.eachSecond();
  }

  figures(): SystemFigures {
    const { stats, publish, health, faults, feeds, process } = this.parts;
    const { connectionsOpened, connectionsClosed } = stats.ingress();
    const { status, reasons } = health();
    const { recovery, journal, shardRestarts } = faults();
    const published = publish();
    return {
      total: stats.total(),
      rates: this.rates,
      markets: stats.marketCount,
      states: stats.states() as SystemFigures['states'],
      shards: stats.memory.shards.length,
      outputLost: stats.shardSum('outputLost'),
      producers: connectionsOpened - connectionsClosed,
      drops: dropFigures(stats, published, journal ?? null, recovery?.poisonedRecords ?? 0),
      queues: stats.queues.report(),
      feeds: feedFigures(feeds()),
      health: { status, reasons: reasons.slice(0, REASONS_MAX) },
      restarts: {
        shards: shardRestarts,
        deaths: recovery?.deaths ?? {},
        givenUp: recovery?.givenUpShards.length ?? 0,
      },
      journal: journal == null ? null : journalFigures(journal),
      publish: published,
      process: process.figures(),
    };
  }
}

function journalFigures({ state, sync, numbers, checkpoints }: JournalReport): JournalFigures {
  const { taken, safe, missed, holes, lost, failures, bytes, heldBytes } = numbers;
  const lag = Math.max(0, taken - safe);
  const { kept, ageMs } = checkpoints;
  return {
    ...{ state, sync, lag, missed, holes, lost, failures, bytes, heldBytes },
    ...{ checkpoints: kept, checkpointAgeMs: ageMs },
  };
}

/** Causes for which both ports refuse or close; the ingest port counts in shared memory. */
const BOTH_PORTS = [...GUARD_ACTS, ...REFUSAL_CAUSES] as const;

/** Refused and closed connections of both ports, by cause; causes that never occurred are left out. */
function connectionDrops(stats: Stats, publish: CounterTree): Counts {
  const ingress = stats.ingress();
  const { limited, refused, slowClosed, neverAsked } = publish as unknown as Record<string, Counts & number>;
  const both = BOTH_PORTS.map((cause) => [cause, (limited[cause] ?? refused[cause]) + ingress[cause]]);
  const counts: [string, number][] = Object.entries({
    ...Object.fromEntries(both),
    rateClosed: ingress['rateClosed'],
    producersCut: ingress['producersCut'],
    requestsClosed: limited['requestsClosed'],
    slowClosed,
    neverAsked,
  });
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function dropFigures(stats: Stats, publish: CounterTree, journal: JournalReport | null, poisoned: number): DropFigures {
  const { dropped } = stats.ingress();
  const { unauthorized: _connections, ...rejected } = stats.rejected();
  return {
    frames: { 'ring-full': dropped, ...rejected },
    records: { 'output-full': stats.shardSum('outputLost'), 'cut-short': stats.shardSum('cutShort'), poisoned },
    messages: { 'slow-subscriber': Number(publish['lost']), 'socket-full': Number(publish['droppedMessages']) },
    entries: journal === null ? {} : { 'journal-full': journal.numbers['missed'], unwritten: journal.numbers['lost'] },
    trades: { late: stats.sumColumn(marketCounter.late) },
    connections: connectionDrops(stats, publish),
  };
}
