// What the page has heard of the engine's own figures since it was opened: kept whether or not a panel is seen.

import type { HeatBucket, Latency, StageName, System } from '../../schemas/feed.ts';
import { History } from './series.ts';
import type { Source } from './source.ts';

export const STAGES: readonly StageName[] = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish', 'engine'];
export const STATISTICS = ['p50', 'p90', 'p99', 'p999', 'mean', 'max'] as const;
export type Statistic = (typeof STATISTICS)[number];
export type StageColumn = `${StageName}.${Statistic}`;

/** Ten minutes of what comes each second; an hour of what comes each five; a day of minutes. */
const SECONDS = { rows: 600, spacingS: 1 };
const FIVES = { rows: 720, spacingS: 5 };
const HOURS = 24;
/** Columns of the heat map: ten minutes of five seconds, three hours of minutes. */
const HEAT_FINE = 120;
const HEAT_COARSE = 180;
const MINUTE_S = 60;

export const THROUGHPUT = ['received', 'applied', 'published'] as const;
export const MEMORY = ['rss', 'heapTotal', 'heapUsed', 'external'] as const;

export type HeatColumn = { readonly at: number; readonly heat: Latency['heat'] };

const secondsOf = (timestamp: string | null): number => Date.parse(timestamp ?? '') / 1_000;

function mergeBuckets(one: readonly HeatBucket[], other: readonly HeatBucket[]): HeatBucket[] {
  const counts = new Map(one);
  for (const [from, count] of other) counts.set(from, (counts.get(from) ?? 0) + count);
  return [...counts].sort(([a], [b]) => a - b);
}

/** Heat columns by five seconds, and added up by minutes. */
export class HeatHistory {
  readonly fine: HeatColumn[] = [];
  readonly coarse: HeatColumn[] = [];

  push(column: HeatColumn): void {
    this.fine.push(column);
    if (this.fine.length > HEAT_FINE) this.fine.shift();
    const minute = Math.floor(column.at / MINUTE_S) * MINUTE_S;
    const last = this.coarse.at(-1);
    if (last?.at !== minute) this.coarse.push({ at: minute, heat: column.heat });
    else this.coarse[this.coarse.length - 1] = { at: minute, heat: mergeHeat(last.heat, column.heat) };
    if (this.coarse.length > HEAT_COARSE) this.coarse.shift();
  }
}

function mergeHeat(one: Latency['heat'], other: Latency['heat']): Latency['heat'] {
  const merged = STAGES.map((stage) => [stage, mergeBuckets(one[stage], other[stage])]);
  return Object.fromEntries(merged) as Latency['heat'];
}

export class EngineHistory {
  readonly throughput = new History(THROUGHPUT, 'mean', SECONDS, HOURS);
  readonly memory = new History(MEMORY, 'mean', SECONDS, HOURS);
  readonly latency: History<StageColumn>;
  readonly heat = new HeatHistory();
  /** Messages of the last minute, oldest first: what lies between two of them is a difference. */
  readonly systems: System[] = [];
  lastLatency: Latency | null = null;
  private waiting: ((message: System) => void)[] = [];

  constructor() {
    const columns = STAGES.flatMap((stage) => STATISTICS.map((statistic): StageColumn => `${stage}.${statistic}`));
    this.latency = new History(columns, 'max', FIVES, HOURS);
  }

  follow(source: Source): void {
    source.follow('system', {}, (message) => this.takeSystem(message));
    source.follow('latency', {}, (message) => this.takeLatency(message));
  }

  /** For panels that look less often than each second. */
  nextSystem(): Promise<System> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  get lastSystem(): System | null {
    return this.systems.at(-1) ?? null;
  }

  takeSystem(message: System): void {
    const { rates, process } = message;
    const last = this.lastSystem;
    // Counts that fell are those of another start of the engine.
    if (last !== null && process.uptimeSeconds < last.process.uptimeSeconds) this.systems.length = 0;
    this.systems.push(message);
    const time = secondsOf(message.timestamp);
    while (time - secondsOf(this.systems[0].timestamp) > MINUTE_S + 1) this.systems.shift();
    const { framesPerSecond: received, appliedPerSecond: applied, messagesPerSecond: published } = rates;
    this.throughput.push(time, { received, applied, published });
    const { rssBytes: rss, heapTotalBytes: heapTotal, heapUsedBytes: heapUsed, externalBytes: external } = process;
    this.memory.push(time, { rss, heapTotal, heapUsed, external });
    for (const resolve of this.waiting) resolve(message);
    this.waiting = [];
  }

  takeLatency(message: Latency): void {
    this.lastLatency = message;
    const at = secondsOf(message.timestamp);
    const entries = STAGES.flatMap((stage) =>
      STATISTICS.map((statistic) => [`${stage}.${statistic}`, message.recent[stage][statistic]]),
    );
    this.latency.push(at, Object.fromEntries(entries) as Record<StageColumn, number | null>);
    this.heat.push({ at, heat: message.heat });
  }
}

/** The page's one. */
export const engineHistory = new EngineHistory();
