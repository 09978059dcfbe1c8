// Latency of every stage: recorders of several threads merged into hdr-histogram-js histograms, made only when asked.

import { build, type Histogram } from 'hdr-histogram-js';
import { LATENCY_NS_MAX } from '../../schemas/config.ts';
import { type LatencyRecorder, latencyValueAt, STAGES, type Stage } from '../observe/latency.ts';

/** Samples that must lie beyond a percentile for it to be told (INTERFACES). */
const SAMPLES_BEYOND_MIN = 10;

export type LatencySummary = {
  readonly unit: 'ns';
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
};

/** Recorders of each stage, one per thread that has the stage. */
export type StageRecorders = Readonly<Record<Stage, readonly LatencyRecorder[]>>;

/** Counts of one stage over all its threads. */
export type StageCounts = {
  readonly count: number;
  readonly sumNs: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly overflow: number;
  readonly negative: number;
  readonly counts: Float64Array;
};

/** Adds recorders up; percentiles come from the sum, never from averages. */
export function mergeRecorders(recorders: readonly LatencyRecorder[]): StageCounts {
  const snapshots = recorders.map((recorder) => recorder.snapshot());
  const filled = snapshots.filter((snapshot) => snapshot.count > 0);
  const counts = new Float64Array(snapshots[0].counts.length);
  for (const snapshot of filled) for (let i = 0; i < counts.length; i++) counts[i] += snapshot.counts[i];
  const sum = (pick: (snapshot: StageCounts) => number): number =>
    filled.reduce((total, each) => total + pick(each), 0);
  return {
    count: sum((each) => each.count),
    sumNs: sum((each) => each.sumNs),
    minNs: filled.length === 0 ? 0 : Math.min(...filled.map((each) => each.minNs)),
    maxNs: filled.length === 0 ? 0 : Math.max(...filled.map((each) => each.maxNs)),
    overflow: sum((each) => each.overflow),
    negative: sum((each) => each.negative),
    counts,
  };
}

/** What came to `now` after `before`; its extremes are those of the buckets, to three digits. */
export function countsSince(now: StageCounts, before: StageCounts): StageCounts {
  const counts = now.counts.map((count, index) => count - before.counts[index]);
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  return {
    count: now.count - before.count,
    sumNs: now.sumNs - before.sumNs,
    minNs: first < 0 ? 0 : latencyValueAt(first),
    maxNs: last < 0 ? 0 : latencyValueAt(last),
    overflow: now.overflow - before.overflow,
    negative: now.negative - before.negative,
    counts,
  };
}

/** A histogram with the same buckets: three digits over the whole range, so nothing is rounded twice. */
export function toHistogram(stage: StageCounts): Histogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_NS_MAX,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    autoResize: false,
    useWebAssembly: false,
  });
  for (let i = 0; i < stage.counts.length; i++) {
    if (stage.counts[i] > 0) histogram.recordValueWithCount(latencyValueAt(i), stage.counts[i]);
  }
  return histogram;
}

/** Percentiles are null with fewer than ten samples beyond them; of an empty stage all but the count is null. */
export function summarize(stage: StageCounts): LatencySummary {
  const { count } = stage;
  if (count === 0) {
    return { unit: 'ns', count, min: null, mean: null, p50: null, p90: null, p99: null, p999: null, max: null };
  }
  const histogram = toHistogram(stage);
  const at = (permille: number): number | null => {
    const beyond = (count * (1000 - permille)) / 1000;
    return beyond < SAMPLES_BEYOND_MIN ? null : Math.min(histogram.getValueAtPercentile(permille / 10), stage.maxNs);
  };
  const mean = Math.round(stage.sumNs / count);
  const percentiles = { p50: at(500), p90: at(900), p99: at(990), p999: at(999) };
  return { unit: 'ns', count, min: stage.minNs, mean, ...percentiles, max: stage.maxNs };
}

/** Reports over the recorders of one engine. Thread: main. */
export class LatencyReport {
  private readonly recorders: StageRecorders;
  private before: Map<Stage, StageCounts>;

  constructor(recorders: StageRecorders) {
    this.recorders = recorders;
    this.before = this.collect();
  }

  private collect(): Map<Stage, StageCounts> {
    return new Map(STAGES.map((stage) => [stage, mergeRecorders(this.recorders[stage])]));
  }

  counts(stage: Stage): StageCounts {
    return mergeRecorders(this.recorders[stage]);
  }

  /** Every stage since the start. */
  summary(): Record<Stage, LatencySummary> {
    const entries = STAGES.map((stage) => [stage, summarize(this.counts(stage))]);
    return Object.fromEntries(entries) as Record<Stage, LatencySummary>;
  }

  /** Every stage since the start and since the last call. */
  advance(): { stages: Record<string, LatencySummary>; recent: Record<string, LatencySummary> } {
    const now = this.collect();
    const stages: Record<string, LatencySummary> = {};
    const recent: Record<string, LatencySummary> = {};
    for (const [stage, counts] of now) {
      stages[stage] = summarize(counts);
      recent[stage] = summarize(countsSince(counts, this.before.get(stage) as StageCounts));
    }
    this.before = now;
    return { stages, recent };
  }

  /** The stage's percentile distribution as HdrHistogram text, in nanoseconds. */
  hgrm(stage: Stage): string {
    return toHistogram(this.counts(stage)).outputPercentileDistribution(undefined, 1, false);
  }
}

export function isStage(name: string): name is Stage {
  return (STAGES as readonly string[]).includes(name);
}
