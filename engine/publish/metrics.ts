// `/metrics`: a prom-client registry filled from the shared counters at each scrape; nothing is counted twice.

import { Registry } from 'prom-client';
import { METRIC_VENUES_MAX } from '../../schemas/metrics.ts';
import type { EngineClock } from '../base/clock.ts';
import type { FeedReport } from '../connect/report.ts';
import { addFeedMetrics } from './feed-metrics.ts';
import { addIngressMetrics, addShardMetrics } from './ingress-metrics.ts';
import { addLatencyMetrics } from './latency-metrics.ts';
import type { LatencyReport } from './latency-report.ts';
import { addMarketMetrics, addVenueMetrics, OTHERS } from './market-metrics.ts';
import { MarketStand } from './market-stand.ts';
import type { CounterTree } from './messages.ts';
import type { ProcessFacts } from './process-facts.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { addPublishMetrics, addRefusedMetrics } from './publish-metrics.ts';
import { type AddMetric, oneHot, ReadCounter, ReadGauge } from './read-metrics.ts';
import { addJournalMetrics, addRecoveryMetrics, type RecoveryFaults } from './recovery-metrics.ts';
import type { Stats } from './stats.ts';

const HEALTH_STATES = ['ok', 'degraded', 'failed'] as const;

/** Where the values of metrics come from; what is not given has none. */
export type MetricsSources = {
  readonly stats: Stats;
  readonly latency: LatencyReport;
  readonly clock: EngineClock;
  readonly publish: () => CounterTree;
  readonly version?: string;
  readonly feeds?: () => readonly FeedReport[];
  readonly facts?: ProcessFacts;
  readonly faults?: () => RecoveryFaults;
  readonly health?: () => { readonly status: (typeof HEALTH_STATES)[number] };
  readonly ready?: () => boolean;
};

export class Metrics {
  readonly registry = new Registry();

  constructor(sources: MetricsSources) {
    const { stats, latency, clock, publish, feeds = () => [], facts } = sources;
    const faults = (): RecoveryFaults => sources.faults?.() ?? {};
    const { registry } = this;
    const counter: AddMetric = (name, help, labelNames, collect) =>
      void new ReadCounter({ name: `millrace_${name}`, help, labelNames, registers: [registry] }, collect);
    const gauge: AddMetric = (name, help, labelNames, collect) =>
      void new ReadGauge({ name: `millrace_${name}`, help, labelNames, registers: [registry] }, collect);
    const stand = new MarketStand(stats.memory, stats.marketNames, clock, METRIC_VENUES_MAX, OTHERS);
    addEngine(gauge, sources);
    addMarketMetrics(counter, gauge, stats, stand);
    addVenueMetrics(counter, gauge, stats, stand);
    addIngressMetrics(counter, gauge, stats);
    addShardMetrics(counter, gauge, stats);
    addLatencyMetrics(registry, latency);
    addPublishMetrics(counter, gauge, publish);
    addRefusedMetrics(counter, stats, publish);
    addFeedMetrics(counter, gauge, feeds);
    addRecoveryMetrics(counter, gauge, () => faults().recovery ?? null);
    addJournalMetrics(
      counter,
      gauge,
      () => faults().journal ?? null,
      () => clock.nowNs() / 1e6,
    );
    if (facts !== undefined) addProcessMetrics(registry, facts);
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

function addEngine(gauge: AddMetric, { version = 'unknown', health, ready }: MetricsSources): void {
  gauge('build_info', 'What runs: 1, with the version of the engine and of Node.', ['version', 'node'], () => [
    { labels: { version, node: process.version }, value: 1 },
  ]);
  if (ready !== undefined)
    gauge('ready', '1 once both ports are open, until the engine stops, as /ready says.', [], () => [
      { labels: {}, value: Number(ready()) },
    ]);
  if (health !== undefined)
    gauge('health_status', '1 for what /health says.', ['status'], () =>
      oneHot(HEALTH_STATES, health().status, 'status'),
    );
}
