// Channels that come by the clock: `system` and `markets` each second, `latency` each five; made only while someone listens.

import { marketCounter } from '../../schemas/counters.ts';
import type { EngineClock } from '../base/clock.ts';
import type { LatestReader } from '../memory/latest-values.ts';
import type { MarketNames } from '../memory/market-names.ts';
import type { LatencyReport } from './latency-report.ts';
import type { CounterTree, MarketRow, StreamMessage } from './messages.ts';
import type { Stats } from './stats.ts';
import type { TopicRegistry } from './topic-registry.ts';

const SYSTEM_MS = 1_000;
const LATENCY_MS = 5_000;
/** Rows of the `markets` channel: it is for eyes, and 500 rows are under 100 kB a second. */
const ROWS_MAX = 500;

type Parts = {
  readonly topics: TopicRegistry;
  readonly stats: Stats;
  readonly latency: LatencyReport;
  readonly latest: LatestReader;
  readonly names: MarketNames;
  readonly clock: EngineClock;
  readonly publish: () => CounterTree;
};

export class Periodic {
  private readonly parts: Parts;
  private readonly timers: NodeJS.Timeout[];
  private updatesBefore = 0;
  private framesBefore = 0;
  private beforeNs: number;

  constructor(parts: Parts) {
    this.parts = parts;
    this.beforeNs = parts.clock.nowNs();
    this.timers = [
      setInterval(() => this.everySecond(), SYSTEM_MS),
      setInterval(() => this.publishTo('latency', () => this.latencyMessage()), LATENCY_MS),
    ];
  }

  private publishTo(key: string, make: () => StreamMessage): void {
    const topic = this.parts.topics.find(key);
    if (topic !== undefined && topic.subscribers.size > 0) topic.publish(make());
  }

  private everySecond(): void {
    const rates = this.rates();
    this.publishTo('system', () => this.systemMessage(rates));
    this.publishTo('markets', () => this.marketsMessage());
  }

  private times(): { timestampUs: number; localTimestampUs: number } {
    const nowUs = this.parts.clock.wallUs(this.parts.clock.nowNs());
    return { timestampUs: nowUs, localTimestampUs: nowUs };
  }

  private rates(): CounterTree {
    const { stats, clock } = this.parts;
    const nowNs = clock.nowNs();
    const seconds = (nowNs - this.beforeNs) / 1e9;
    const updates = stats.sumColumn(marketCounter.updates);
    const frames = stats.ingress()['frames'];
    const rates = {
      updatesPerSecond: Math.round((updates - this.updatesBefore) / seconds),
      framesPerSecond: Math.round((frames - this.framesBefore) / seconds),
    };
    this.updatesBefore = updates;
    this.framesBefore = frames;
    this.beforeNs = nowNs;
    return rates;
  }

  private systemMessage(rates: CounterTree): StreamMessage {
    const { stats, clock, publish } = this.parts;
    const { rss, heapUsed } = process.memoryUsage();
    const counters: CounterTree = {
      total: stats.total() as unknown as CounterTree,
      rates,
      markets: stats.marketCount,
      states: stats.states(),
      shards: stats.memory.shards.length,
      outputLost: stats.shardSum('outputLost'),
      publish: publish(),
      process: { rssBytes: rss, heapUsedBytes: heapUsed, uptimeSeconds: Math.round(clock.nowNs() / 1e9) },
    };
    return { type: 'system', ...this.times(), counters };
  }

  private latencyMessage(): StreamMessage {
    return { type: 'latency', ...this.times(), ...this.parts.latency.advance() };
  }

  private marketsMessage(): StreamMessage {
    const count = Math.min(ROWS_MAX, this.parts.names.count);
    const rows = Array.from({ length: count }, (_, market) => this.row(market));
    return { type: 'markets', ...this.times(), rows };
  }

  private row(market: number): MarketRow {
    const { latest, names, stats, clock } = this.parts;
    const values = latest.read(market);
    const ageNs = clock.nowNs() - values.receiveTimeNs;
    return {
      market: names.of(market).name,
      state: values.state,
      reason: values.reason,
      seq: values.bookSequence,
      updates: stats.marketColumn(market, marketCounter.updates),
      bid: values.bid?.price ?? null,
      ask: values.ask?.price ?? null,
      last: values.lastPrice,
      ageMs: values.receiveTimeNs === 0 ? null : Math.max(0, Math.round(ageNs / 1e6)),
    };
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
  }
}
