// `/metrics`: a prom-client registry filled from the shared counters at each scrape; nothing is counted twice.

import { Registry } from 'prom-client';
import { type ingressCounter, MARKET_COUNTERS, SHARD_COUNTERS } from '../../schemas/counters.ts';
import { ACTIVITY_NAMES } from '../../schemas/shared-state.ts';
import { REFUSAL_CAUSES, type RefusalCause } from '../base/access.ts';
import type { FeedReport } from '../connect/report.ts';
import { STAGES } from '../observe/latency.ts';
import { summarize } from '../observe/latency-counts.ts';
import { GUARD_ACTS } from '../uws/port-guard.ts';
import { addFeedMetrics } from './feed-metrics.ts';
import type { LatencyReport } from './latency-report.ts';
import type { CounterTree } from './messages.ts';
import type { ProcessFacts } from './process-facts.ts';
import { addProcessMetrics } from './process-metrics.ts';
import type { VenueQualityStats } from './quality.ts';
import { ReadCounter, ReadGauge, readOnce, type Sample } from './read-metrics.ts';
import { addJournalMetrics, addRecoveryMetrics, type RecoveryFaults } from './recovery-metrics.ts';
import type { Stats } from './stats.ts';

/** Markets up to which each has series of its own; above it only totals, so that a scrape stays small. */
const MARKET_SERIES_MAX = 100;
/** The same of venues, which producers of normalised messages name themselves; above it all are one series without a venue. */
const VENUE_SERIES_MAX = 100;
const NS_PER_S = 1e9;
const MS_PER_S = 1e3;
const QUANTILES = { p50: '0.5', p90: '0.9', p99: '0.99', p999: '0.999' } as const;

/** `checksumsOk` and `snapshot-unplaced` as Prometheus writes names. */
function snake(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export class Metrics {
  readonly registry = new Registry();
  private readonly stats: Stats;

  constructor(
    stats: Stats,
    latency: LatencyReport,
    publish: () => CounterTree,
    feeds: () => readonly FeedReport[] = () => [],
    facts: ProcessFacts | null = null,
    faults: () => RecoveryFaults = () => ({}),
  ) {
    this.stats = stats;
    this.addMarkets();
    this.addQuality();
    this.addIngress();
    this.addShards();
    this.addLatency(latency);
    this.addPublish(publish);
    this.addRefused(publish);
    addFeedMetrics(this.counter.bind(this), this.gauge.bind(this), feeds);
    addRecoveryMetrics(this.counter.bind(this), this.gauge.bind(this), () => faults().recovery ?? null);
    addJournalMetrics(this.counter.bind(this), this.gauge.bind(this), () => faults().journal ?? null);
    if (facts !== null) addProcessMetrics(this.registry, facts);
  }

  private counter(name: string, help: string, labelNames: string[], collect: () => Sample[]): void {
    new ReadCounter({ name: `millrace_${name}`, help, labelNames, registers: [this.registry] }, collect);
  }

  private gauge(name: string, help: string, labelNames: string[], collect: () => Sample[]): void {
    new ReadGauge({ name: `millrace_${name}`, help, labelNames, registers: [this.registry] }, collect);
  }

  private addMarkets(): void {
    const { stats } = this;
    this.gauge('markets', 'Markets in each trust state.', ['state'], () =>
      Object.entries(stats.states()).map(([state, value]) => ({ labels: { state }, value })),
    );
    for (const [column, { name, meaning }] of MARKET_COUNTERS.entries()) {
      const help = `Over all markets: ${meaning.replace(/\. Writer.*$/, '.')}`;
      this.counter(`market_${snake(name)}_total`, help, [], () => [{ labels: {}, value: stats.sumColumn(column) }]);
    }
    const perMarket = `Updates decoded, per market, while there are at most ${MARKET_SERIES_MAX}.`;
    this.counter('updates_by_market_total', perMarket, ['market'], () => {
      if (stats.marketCount > MARKET_SERIES_MAX) return [];
      return stats.updatesByMarket().map(({ market, updates }) => ({ labels: { market }, value: updates }));
    });
  }

  /** Quality by venue: a series for each of a venue's values, whatever its markets. */
  private venues(of: (venue: VenueQualityStats) => Sample[]): Sample[] {
    const { quality } = this.stats;
    const venues = quality.venues();
    if (venues.size > VENUE_SERIES_MAX) return of(quality.total());
    return [...venues].flatMap(([venue, stats]) =>
      of(stats).map(({ labels, value }) => ({ labels: { venue, ...labels }, value })),
    );
  }

  private addQuality(): void {
    const activity = 'Markets by how their silence compares with their own rate.';
    this.gauge('market_activity', activity, ['venue', 'state'], () =>
      this.venues((stats) => ACTIVITY_NAMES.map((state) => ({ labels: { state }, value: stats[state] }))),
    );
    const completeness = 'Share of what the venue is known to have sent that came; absent where nothing did.';
    this.gauge('venue_completeness_ratio', completeness, ['venue', 'channel'], () =>
      this.venues(({ completeness: by }) =>
        (['book', 'trade'] as const).flatMap((channel) => {
          const value = by[channel];
          return value === null ? [] : [{ labels: { channel }, value }];
        }),
      ),
    );
    const skews = { min: 'Least', mean: 'Mean', max: 'Greatest' } as const;
    for (const [name, word] of Object.entries(skews)) {
      const help = `${word} receive time minus venue time since the start; venue clocks are part of it.`;
      this.gauge(`venue_skew_${name}_seconds`, help, ['venue'], () =>
        this.venues(({ skew }) =>
          skew === null ? [] : [{ labels: {}, value: skew[`${name as keyof typeof skews}Ms`] / MS_PER_S }],
        ),
      );
    }
    const counters = {
      outOfOrder: 'Records with a venue time before that of the one before in their channel.',
      crossed: 'Times a book became crossed.',
      locked: 'Times a book became locked.',
      outliers: 'Trades flagged as outliers.',
    } as const;
    for (const [name, help] of Object.entries(counters)) {
      this.counter(`venue_${snake(name)}_total`, help, ['venue'], () =>
        this.venues((stats) => [{ labels: {}, value: stats[name as keyof typeof counters] }]),
      );
    }
  }

  private addIngress(): void {
    const { stats } = this;
    const results = ['applied', 'control', 'ignored', 'unknown', 'dropped', 'duplicates'] as const;
    const value = (name: keyof typeof ingressCounter): number => stats.ingress()[name];
    const one = (name: string, help: string, read: () => number): void =>
      this.counter(name, help, [], () => [{ labels: {}, value: read() }]);
    one('ingress_frames_total', 'Frames received.', () => value('frames'));
    one('ingress_bytes_total', 'Payload bytes received.', () => value('bytes'));
    one('ingress_commits_total', 'Commits that made records visible.', () => value('commits'));
    one('ingress_blocked_seconds_total', 'Time spent waiting for room in a ring.', () => value('blockedNs') / NS_PER_S);
    one('ingress_connection_gaps_total', 'Breaks of a sequence of connection scope.', () => value('connectionGaps'));
    one('ingress_connections_opened_total', 'Producer sockets opened.', () => value('connectionsOpened'));
    one('ingress_connections_closed_total', 'Producer sockets closed.', () => value('connectionsClosed'));
    const limits = [...GUARD_ACTS, 'rateClosed'] as const;
    this.counter('ingress_limited_total', 'What the limits of the ingest port refused or closed.', ['limit'], () =>
      limits.map((limit) => ({ labels: { limit }, value: value(limit) })),
    );
    this.counter('ingress_frames_by_result_total', 'Frames by what became of them.', ['result'], () =>
      results.map((result) => ({ labels: { result }, value: value(result) })),
    );
    this.counter('ingress_rejected_total', 'Frames rejected, by category.', ['category'], () =>
      Object.entries(stats.rejected()).map(([category, count]) => ({ labels: { category }, value: count })),
    );
  }

  private addShards(): void {
    const { stats } = this;
    for (const { name, meaning } of SHARD_COUNTERS) {
      this.counter(`shard_${snake(name)}_total`, `Per shard: ${meaning}.`, ['shard'], () =>
        stats.memory.shards.map((_, shard) => ({ labels: { shard: String(shard) }, value: stats.shard(shard)[name] })),
      );
    }
    const ring = (name: string, help: string, field: 'held' | 'slots'): void =>
      this.gauge(name, help, ['shard', 'ring'], () =>
        stats.rings().map((each) => ({ labels: { shard: String(each.shard), ring: each.ring }, value: each[field] })),
      );
    ring('ring_held_slots', 'Slots written and not yet released.', 'held');
    ring('ring_slots', 'Slots of the ring.', 'slots');
  }

  private addLatency(latency: LatencyReport): void {
    const counted = readOnce(() => STAGES.map((stage) => ({ stage, counts: latency.counts(stage) })));
    const help = 'Latency per stage since the start; a quantile with fewer than ten samples beyond it is absent.';
    this.gauge('stage_latency_seconds', help, ['stage', 'quantile'], () =>
      counted().flatMap(({ stage, counts }) => {
        const summary = summarize(counts);
        const known = Object.entries(QUANTILES).filter(([name]) => summary[name as keyof typeof QUANTILES] !== null);
        return known.map(([name, quantile]) => ({
          labels: { stage, quantile },
          value: (summary[name as keyof typeof QUANTILES] as number) / NS_PER_S,
        }));
      }),
    );
    this.counter('stage_latency_samples_total', 'Samples behind the latency of a stage.', ['stage'], () =>
      counted().map(({ stage, counts }) => ({ labels: { stage }, value: counts.count })),
    );
    this.counter('stage_latency_seconds_total', 'Sum of the latency samples of a stage.', ['stage'], () =>
      counted().map(({ stage, counts }) => ({ labels: { stage }, value: counts.sumNs / NS_PER_S })),
    );
  }

  /** Both ports refuse for the same causes; the ingest port counts in shared memory. */
  private addRefused(publish: () => CounterTree): void {
    const { stats } = this;
    this.counter('refused_total', 'Requests refused, by port and cause.', ['port', 'cause'], () => {
      const refused = publish()['refused'] as Readonly<Record<RefusalCause, number>>;
      return REFUSAL_CAUSES.flatMap((cause) => [
        { labels: { port: 'ingest', cause }, value: stats.ingress()[cause] },
        { labels: { port: 'public', cause }, value: refused[cause] },
      ]);
    });
  }

  private addPublish(publish: () => CounterTree): void {
    const value = (name: string): Sample[] => [{ labels: {}, value: publish()[name] as number }];
    const gauges = {
      subscribers: 'Open subscribers.',
      topics: 'Topics in use.',
      bufferedBytes: 'Bytes queued to sockets.',
      bufferedBytesMost: 'The most bytes queued to sockets at once.',
      connectionsMost: 'The most subscribers open at once.',
      conflated: 'Subscribers conflated now, as they read too slowly.',
    };
    for (const [name, help] of Object.entries(gauges))
      this.gauge(`publish_${snake(name)}`, help, [], () => value(name));
    const counters = {
      messages: 'Messages published, once per topic and encoding.',
      bytes: 'Bytes published, once per topic and encoding.',
      slowClosed: 'Subscribers closed for reading too slowly.',
      conflations: 'Times a subscriber was taken out of its topics, as it read too slowly.',
      conflatedMessages: 'Messages that newer ones took the place of for a conflated subscriber.',
      gapNotices: 'Notices of loss sent to conflated subscribers.',
      lost: 'Messages that such notices told of.',
      neverAsked: 'Subscribers closed for never asking for anything.',
      droppedMessages: 'Messages left out at the hard limit of a socket.',
      holes: 'Books whose next change did not follow, sent anew.',
    };
    for (const [name, help] of Object.entries(counters)) {
      this.counter(`publish_${snake(name)}_total`, help, [], () => value(name));
    }
    const by = (name: string, of: string, help: string, label: string): void =>
      this.counter(name, help, [label], () =>
        Object.entries(publish()[of] as CounterTree).map(([key, count]) => ({
          labels: { [label]: key },
          value: count as number,
        })),
      );
    by('publish_slow_closed_by_cause_total', 'slowClosedBy', 'Slow subscribers closed, by cause.', 'cause');
    by('publish_limited_total', 'limited', 'What the limits of the public port refused or closed.', 'limit');
    this.gauge('signals_off', "Users' signals switched off.", [], () => value('signalsOff'));
    this.counter('shard_restarts_total', 'Shards that ended and began anew.', [], () => value('shardRestarts'));
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Forgets every metric and says how many there were. */
  clear(): number {
    const { length } = this.registry.getMetricsAsArray();
    this.registry.clear();
    return length;
  }
}
