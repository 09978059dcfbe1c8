// Channels that come by the clock: `system` and `markets` each second, `latency` each five; made only while someone listens.

import { marketCounter } from '../../schemas/counters.ts';
import type { EngineClock } from '../base/clock.ts';
import type { LatestReader } from '../memory/latest-values.ts';
import type { MarketNames } from '../memory/market-names.ts';
import type { LatencyReport } from './latency-report.ts';
import type { MarketRow, StreamMessage } from './messages.ts';
import type { Stats } from './stats.ts';
import type { SystemReport } from './system-report.ts';
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
  readonly system: SystemReport;
};

export class Periodic {
  private readonly parts: Parts;
  private readonly timers: NodeJS.Timeout[];

  constructor(parts: Parts) {
    this.parts = parts;
    this.timers = [setInterval(() => this.everySecond(), SYSTEM_MS), setInterval(() => this.everyFive(), LATENCY_MS)];
  }

  private publishTo(key: string, make: () => StreamMessage): void {
    const topic = this.parts.topics.find(key);
    if (topic?.hasReaders) topic.publish(make());
  }

  private everySecond(): void {
    this.parts.system.eachSecond();
    this.publishTo('system', () => this.systemMessage());
    this.publishTo('markets', () => this.marketsMessage());
  }

  /** Counted whether or not anyone listens, so that the first message of a new listener is of five seconds too. */
  private everyFive(): void {
    const figures = this.parts.latency.advance();
    this.publishTo('latency', () => ({ type: 'latency', ...this.times(), ...figures }));
  }

  private times(): { timestampUs: number; localTimestampUs: number } {
    const nowUs = this.parts.clock.wallUs(this.parts.clock.nowNs());
    return { timestampUs: nowUs, localTimestampUs: nowUs };
  }

  private systemMessage(): StreamMessage {
    return { type: 'system', ...this.times(), counters: this.parts.system.figures() };
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
