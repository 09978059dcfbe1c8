// Counts of one stage of latency: merged over threads, subtracted, and made into percentiles and hdr-histogram-js histograms.

import { build, type Histogram } from 'hdr-histogram-js';
import { LATENCY_NS_MAX } from '../../schemas/config.ts';
import type { StageLatency } from '../../schemas/feed.ts';
import { LATENCY_COUNTS, type LatencyRecorder, latencyIndexOf, latencyValueAt } from './latency.ts';

/** Samples that must lie beyond a percentile for it to be told (INTERFACES). */
export const SAMPLES_BEYOND_MIN = 10;

export type LatencySummary = StageLatency;

/** Counts of one stage, of one thread or of all its threads. */
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
  return mergeCounts(recorders.map((recorder) => recorder.snapshot()));
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

/**
 * What came to the counts of one stage between two looks. Only buckets between the extremes are read: a whole row of
 * counts is a quarter of a megabyte, and this is asked for while the engine runs.
 */
export class SinceLast {
  private readonly before = new Float64Array(LATENCY_COUNTS);
  private readonly between = new Float64Array(LATENCY_COUNTS);
  private sumNs = 0;
  private overflow = 0;
  private negative = 0;

  /** Its counts are this object's own, good until the next call. They add up to `count`, whoever goes on counting meanwhile. */
  advance(now: StageCounts): StageCounts {
    const { before, between } = this;
    const last = now.count === 0 ? -1 : latencyIndexOf(now.maxNs);
    let [count, lowest, highest] = [0, -1, -1];
    for (let i = latencyIndexOf(now.minNs); i <= last; i++) {
      const held = now.counts[i];
      const came = held - before[i];
      before[i] = held;
      between[i] = came;
      if (came === 0) continue;
      count += came;
      if (lowest < 0) lowest = i;
      highest = i;
    }
    const { sumNs, overflow, negative } = this;
    [this.sumNs, this.overflow, this.negative] = [now.sumNs, now.overflow, now.negative];
    return {
      count,
      sumNs: now.sumNs - sumNs,
      minNs: lowest < 0 ? 0 : latencyValueAt(lowest),
      maxNs: highest < 0 ? 0 : latencyValueAt(highest),
      overflow: now.overflow - overflow,
      negative: now.negative - negative,
      counts: between,
    };
  }
}

/** Counts of a bucket of heatOf(): a quarter of an octave. */
const HEAT_COUNTS = 256;

/**
 * Samples by buckets of a quarter of an octave, 2^k × 1, 1¼, 1½, 1¾ ns (below 1,024 ns of 256 ns), as [lowest ns, samples];
 * without the empty ones, so that there are at most a hundred.
 */
export function heatOf(stage: StageCounts): [fromNs: number, count: number][] {
  const heat: [number, number][] = [];
  if (stage.count === 0) return heat;
  const last = latencyIndexOf(stage.maxNs);
  const first = latencyIndexOf(stage.minNs);
  for (let from = first - (first % HEAT_COUNTS); from <= last; from += HEAT_COUNTS) {
    let held = 0;
    for (let i = from; i < from + HEAT_COUNTS; i++) held += stage.counts[i];
    if (held > 0) heat.push([latencyValueAt(from), held]);
  }
  return heat;
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

/** Greatest value that the bucket at an index counts. */
export function bucketTop(index: number): number {
  return latencyValueAt(index + 1) - 1;
}

/**
 * Values in ns at shares in hundred-thousandths (99,900 is p99.9), which must ascend: the top of the bucket that holds the
 * sample at that rank, as HdrHistogram tells it, and never more than the greatest sample. Null with fewer than ten beyond.
 */
export function percentilesOf(stage: StageCounts, shares: readonly number[]): (number | null)[] {
  const values: (number | null)[] = [];
  let index = -1;
  let passed = 0;
  for (const share of shares) {
    if (stage.count === 0 || (stage.count * (100_000 - share)) / 100_000 < SAMPLES_BEYOND_MIN) {
      values.push(null);
      continue;
    }
    const rank = Math.max(1, Math.ceil((stage.count * share) / 100_000));
    while (passed < rank && index + 1 < stage.counts.length) passed += stage.counts[++index];
    values.push(Math.min(bucketTop(index), stage.maxNs));
  }
  return values;
}

/** Percentiles are null with fewer than ten samples beyond them; of an empty stage all but the count is null. */
export function summarize(stage: StageCounts): LatencySummary {
  const { count } = stage;
  if (count === 0) {
    return { unit: 'ns', count, min: null, mean: null, p50: null, p90: null, p99: null, p999: null, max: null };
  }
  const [p50, p90, p99, p999] = percentilesOf(stage, [50_000, 90_000, 99_000, 99_900]);
  const mean = Math.round(stage.sumNs / count);
  return { unit: 'ns', count, min: stage.minNs, mean, p50, p90, p99, p999, max: stage.maxNs };
}

/** Counts as JSON says them: only buckets that hold something, by their lowest value. What a program subtracts and merges. */
export type CountsJson = {
  readonly unit: 'ns';
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly overflow: number;
  readonly negative: number;
  readonly buckets: readonly (readonly [ns: number, count: number])[];
};

export function countsToJson(stage: StageCounts): CountsJson {
  const buckets: [number, number][] = [];
  // Between the extremes alone: a load test asks for this each second while it measures the thread that answers.
  const last = stage.count === 0 ? -1 : latencyIndexOf(stage.maxNs);
  for (let i = latencyIndexOf(stage.minNs); i <= last; i++)
    if (stage.counts[i] > 0) buckets.push([latencyValueAt(i), stage.counts[i]]);
  const { count, sumNs: sum, minNs: min, maxNs: max, overflow, negative } = stage;
  return { unit: 'ns', count, sum, min, max, overflow, negative, buckets };
}

/** The inverse of countsToJson, bucket by bucket. */
export function countsFromJson({ count, sum, min, max, overflow, negative, buckets }: CountsJson): StageCounts {
  const counts = new Float64Array(LATENCY_COUNTS);
  for (const [ns, held] of buckets) counts[latencyIndexOf(ns)] += held;
  return { count, sumNs: sum, minNs: min, maxNs: max, overflow, negative, counts };
}

export function emptyCounts(): StageCounts {
  return {
    ...{ count: 0, sumNs: 0, minNs: 0, maxNs: 0, overflow: 0, negative: 0 },
    counts: new Float64Array(LATENCY_COUNTS),
  };
}

/** Adds counts up, of threads, processes, intervals or runs. */
export function mergeCounts(parts: readonly StageCounts[]): StageCounts {
  const filled = parts.filter(({ count }) => count > 0);
  if (filled.length === 1) return filled[0];
  const counts = new Float64Array(LATENCY_COUNTS);
  for (const part of filled) for (let i = 0; i < counts.length; i++) counts[i] += part.counts[i];
  const sum = (pick: (part: StageCounts) => number): number => filled.reduce((total, each) => total + pick(each), 0);
  return {
    count: sum((each) => each.count),
    sumNs: sum((each) => each.sumNs),
    minNs: filled.reduce(
      (least, each) => Math.min(least, each.minNs),
      filled.length === 0 ? 0 : Number.POSITIVE_INFINITY,
    ),
    maxNs: filled.reduce((most, each) => Math.max(most, each.maxNs), 0),
    overflow: sum((each) => each.overflow),
    negative: sum((each) => each.negative),
    counts,
  };
}
