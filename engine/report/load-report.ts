// The report of one load test: verdict, thresholds and figures as report.json holds them; every other form is made from it.

import { LATENCY_NS_MAX } from '../../schemas/config.ts';
import { latencyValueAt } from '../observe/latency.ts';
import { type CountsJson, countsToJson, type StageCounts } from '../observe/latency-counts.ts';
import type {
  GeneratorFacts,
  LoadRun,
  ProcessFacts,
  ReportStage,
  RunCounts,
  RunFacts,
  RunInterval,
  SearchStep,
} from './load-run.ts';
import { REPORT_STAGES } from './load-run.ts';
import { PERCENTILES, percentilesOf, type StageSummary, summaryOf } from './percentiles.ts';
import { judge, type Threshold, type ThresholdResult } from './threshold.ts';

/** Name and version; a reader refuses any other. The version goes up when a field changes its meaning or goes. */
export const REPORT_SCHEMA = 'millrace-load-report/1';

export type Verdict = 'pass' | 'fail';

/** One stage in one span. `heat` has coarse buckets (heatIndexOf) that hold something, ascending. */
export type SpanStage = {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly heat: readonly (readonly [index: number, count: number])[];
};

export type ReportSpan = Omit<RunInterval, 'stages'> & {
  readonly stages: Readonly<Partial<Record<ReportStage, SpanStage>>>;
};

export type GeneratorReport = Omit<GeneratorFacts, 'lateness'> & {
  readonly lateness: StageSummary;
  readonly histogram: CountsJson;
};

export type ProcessReport = Omit<ProcessFacts, 'eventLoopDelay'> & {
  /** rssEnd − rssStart, in bytes. */
  readonly rssGrowth: number | null;
  readonly eventLoopDelay: StageSummary | null;
};

/** What report.json holds. Times in ns and memory in bytes unless the name says otherwise. */
export type LoadReport = {
  readonly schema: typeof REPORT_SCHEMA;
  readonly verdict: Verdict;
  readonly thresholds: readonly ThresholdResult[];
  readonly run: RunFacts;
  readonly counts: RunCounts;
  readonly stages: Readonly<Record<ReportStage, StageSummary>>;
  readonly overTime: readonly ReportSpan[];
  readonly generator: GeneratorReport;
  readonly process: ProcessReport;
  readonly search: readonly SearchStep[] | null;
  readonly notes: readonly string[];
  /** Every bucket of the whole measured time, to merge runs and to draw. */
  readonly histograms: Readonly<Record<ReportStage, CountsJson>>;
};

/** What thresholds are judged by: a report without its verdict. */
export type Figures = Omit<LoadReport, 'schema' | 'verdict' | 'thresholds'>;

/** Coarse buckets of the heat map: two an octave, from 1 ns. */
const HEAT_PER_OCTAVE = 2;

export function heatIndexOf(ns: number): number {
  return ns < 1 ? 0 : Math.floor(Math.log2(ns) * HEAT_PER_OCTAVE + 1e-9);
}

/** Lowest value of a coarse bucket, in ns. */
export function heatValueAt(index: number): number {
  return 2 ** (index / HEAT_PER_OCTAVE);
}

function heatOf(stage: StageCounts): [number, number][] {
  const held = new Float64Array(heatIndexOf(LATENCY_NS_MAX * 2) + 1);
  for (let i = 0; i < stage.counts.length; i++) {
    if (stage.counts[i] > 0) held[heatIndexOf(latencyValueAt(i))] += stage.counts[i];
  }
  return [...held].flatMap((count, index): [number, number][] => (count > 0 ? [[index, count]] : []));
}

function spanStageOf(stage: StageCounts): SpanStage {
  const [p50, p99] = percentilesOf(stage, [PERCENTILES.p50, PERCENTILES.p99]);
  return { count: stage.count, p50, p99, max: stage.count === 0 ? null : stage.maxNs, heat: heatOf(stage) };
}

function spanOf(interval: RunInterval): ReportSpan {
  const stages: Partial<Record<ReportStage, SpanStage>> = {};
  for (const stage of REPORT_STAGES) {
    const counts = interval.stages[stage];
    if (counts !== undefined) stages[stage] = spanStageOf(counts);
  }
  return { ...interval, stages };
}

function byStage<T>(make: (stage: ReportStage) => T): Record<ReportStage, T> {
  return Object.fromEntries(REPORT_STAGES.map((stage) => [stage, make(stage)])) as Record<ReportStage, T>;
}

function processOf(facts: ProcessFacts): ProcessReport {
  const { rssStart, rssEnd, eventLoopDelay } = facts;
  return {
    ...facts,
    rssGrowth: rssStart === null || rssEnd === null ? null : rssEnd - rssStart,
    eventLoopDelay: eventLoopDelay === null ? null : summaryOf(eventLoopDelay),
  };
}

function figuresOf(run: LoadRun): Figures {
  const { lateness, ...generator } = run.generator;
  return {
    run: run.run,
    counts: run.counts,
    stages: byStage((stage) => summaryOf(run.stages[stage])),
    overTime: run.intervals.map(spanOf),
    generator: { lateness: summaryOf(lateness), ...generator, histogram: countsToJson(lateness) },
    process: processOf(run.process),
    search: run.search,
    notes: run.notes,
    histograms: byStage((stage) => countsToJson(run.stages[stage])),
  };
}

/** Passes where every threshold does. */
export function buildReport(run: LoadRun, thresholds: readonly Threshold[]): LoadReport {
  const figures = figuresOf(run);
  const results = thresholds.map((threshold) => judge(threshold, figures));
  const verdict = results.every(({ pass }) => pass) ? 'pass' : 'fail';
  return { schema: REPORT_SCHEMA, verdict, thresholds: results, ...figures };
}
