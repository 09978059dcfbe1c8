// Metrics whose values lie elsewhere: read at each scrape, nothing is held between two of them.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { latencyValueAt } from '../observe/latency.ts';
import type { StageCounts } from '../observe/latency-counts.ts';

const NS_PER_S = 1e9;

type Labels = Readonly<Record<string, string>>;
export type Sample = { readonly labels: Labels; readonly value: number };
export type LabelledCounts = { readonly labels: Labels; readonly counts: StageCounts };
export type MetricNaming = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
};

type Values<M extends Counter | Gauge | Histogram> = Awaited<ReturnType<M['get']>>;

/** Reads before the first await: all metrics of one scrape read in one go. */
export class ReadCounter extends Counter {
  private readonly read: () => Sample[];

  constructor(naming: MetricNaming, read: () => Sample[]) {
    super(naming);
    this.read = read;
  }

  override async get(): Promise<Values<Counter>> {
    const values = this.read();
    return { ...(await super.get()), values };
  }
}

export class ReadGauge extends Gauge {
  private readonly read: () => Sample[];

  constructor(naming: MetricNaming, read: () => Sample[]) {
    super(naming);
    this.read = read;
  }

  override async get(): Promise<Values<Gauge>> {
    const values = this.read();
    return { ...(await super.get()), values };
  }
}

/** How many values lie at or below each bound, to the three digits of the counts; all of them last. */
export function cumulate(counts: StageCounts, boundsS: readonly number[]): number[] {
  const sums = boundsS.map(() => 0);
  for (let index = 0; index < counts.counts.length && counts.count > 0; index++) {
    const held = counts.counts[index];
    if (held === 0) continue;
    const valueS = latencyValueAt(index) / NS_PER_S;
    for (let i = 0; i < sums.length; i++) if (valueS <= boundsS[i]) sums[i] += held;
  }
  return [...sums, counts.count];
}

/** A histogram of counted nanoseconds, told in seconds. */
export class ReadHistogram extends Histogram {
  private readonly naming: MetricNaming;
  private readonly boundsS: readonly number[];
  private readonly read: () => LabelledCounts[];

  constructor(naming: MetricNaming, boundsS: readonly number[], read: () => LabelledCounts[]) {
    super({ ...naming, buckets: [...boundsS] });
    this.naming = naming;
    this.boundsS = boundsS;
    this.read = read;
  }

  /** What prom-client's registry, and its own get(), ask of a histogram; its declarations do not have it. */
  async getForPromString(): Promise<object> {
    const { name, help } = this.naming;
    const values = this.read().flatMap((each) => this.series(each));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }

  private series({ labels, counts }: LabelledCounts): Values<Histogram>['values'] {
    const { name } = this.naming;
    const buckets = cumulate(counts, this.boundsS).map((value, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: this.boundsS[i] ?? '+Inf' },
      value,
    }));
    const sum = { metricName: `${name}_sum`, labels, value: counts.sumNs / NS_PER_S };
    return [...buckets, sum, { metricName: `${name}_count`, labels, value: counts.count }];
  }
}

/** The same value for all who ask in one go, as the metrics of one scrape do; read anew after it. */
export function readOnce<T>(read: () => T): () => T {
  let held: { readonly value: T } | null = null;
  return () => {
    if (held === null) {
      held = { value: read() };
      queueMicrotask(() => {
        held = null;
      });
    }
    return held.value;
  };
}
