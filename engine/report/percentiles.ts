// Which percentiles a report tells of a stage, and the stage's summary.

import { percentilesOf, type StageCounts } from '../observe/latency-counts.ts';

export { bucketTop, percentilesOf, SAMPLES_BEYOND_MIN } from '../observe/latency-counts.ts';

/** Percentiles of a report, by their field, in hundred-thousandths. */
export const PERCENTILES = {
  p50: 50_000,
  p90: 90_000,
  p95: 95_000,
  p99: 99_000,
  p999: 99_900,
  p9999: 99_990,
} as const;
export type PercentileName = keyof typeof PERCENTILES;
export const PERCENTILE_NAMES = Object.keys(PERCENTILES) as PercentileName[];

/** In ns; all but the count is null of an empty stage, and a percentile with fewer than ten samples beyond it. */
export type StageSummary = {
  readonly unit: 'ns';
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
} & Readonly<Record<PercentileName, number | null>>;

export function summaryOf(stage: StageCounts): StageSummary {
  const { count } = stage;
  const isEmpty = count === 0;
  const [p50, p90, p95, p99, p999, p9999] = percentilesOf(stage, Object.values(PERCENTILES));
  return {
    unit: 'ns',
    count,
    min: isEmpty ? null : stage.minNs,
    mean: isEmpty ? null : Math.round(stage.sumNs / count),
    ...{ p50, p90, p95, p99, p999, p9999 },
    max: isEmpty ? null : stage.maxNs,
  };
}
