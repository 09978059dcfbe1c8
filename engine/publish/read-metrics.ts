// Metrics whose values lie elsewhere: read at each scrape, nothing is held between two of them.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { latencyIndexOf } from '../observe/latency.ts';
import type { StageCounts } from '../observe/latency-counts.ts';

const NS_PER_S = 1e9;

type Labels = Readonly<Record<string, string>>;
export type Sample = { readonly labels: Labels; readonly value: number };
export type LabelledCounts = { readonly labels: Labels; readonly counts: StageCounts };
/** Adds one metric that is collected at each scrape; its name gets the prefix of all. */
export type AddMetric = (name: string, help: string, labelNames: string[], collect: () => Sample[]) => void;
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

/**
 * How many values lie at or below each bound (seconds, ascending), and all of them last. A bucket of the counts that holds
 * a bound counts as below it: at most a thousandth of the bound is wrong. Summed from the buckets alone, so that no writer
 * beside the reader can make a later sum smaller than an earlier one.
 */
export function cumulate({ counts, maxNs }: StageCounts, boundsS: readonly number[]): number[] {
  const ends = boundsS.map((bound) => latencyIndexOf(Math.round(bound * NS_PER_S)) + 1);
  const filled = latencyIndexOf(maxNs) + 1;
  let sum = 0;
  let index = 0;
  const sumTo = (end: number): number => {
    for (; index < end && index < filled; index++) sum += counts[index];
    return sum;
  };
  return [...ends.map(sumTo), sumTo(counts.length)];
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
    const sums = cumulate(counts, this.boundsS);
    const buckets = sums.map((value, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: this.boundsS[i] ?? '+Inf' },
      value,
    }));
    const sum = { metricName: `${name}_sum`, labels, value: counts.sumNs / NS_PER_S };
    return [...buckets, sum, { metricName: `${name}_count`, labels, value: sums[sums.length - 1] }];
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

/** `checksumsOk` and `snapshot-unplaced` as Prometheus writes names. */
export function snake(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** One series for each of `names`: 1 for the one that is so, 0 for the others. */
export function oneHot<N extends string>(names: readonly N[], is: N, label: string, labels: Labels = {}): Sample[] {
  return names.map((name) => ({ labels: { ...labels, [label]: name }, value: Number(name === is) }));
}
