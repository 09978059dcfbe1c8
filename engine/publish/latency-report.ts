// Latency of every stage of one running engine: made into summaries and histograms only when asked.

import { type LatencyRecorder, STAGES, type Stage } from '../observe/latency.ts';
import {
  countsSince,
  type LatencySummary,
  mergeCounts,
  mergeRecorders,
  type StageCounts,
  summarize,
  toHistogram,
} from '../observe/latency-counts.ts';

/** Recorders of each stage, one per thread that has the stage. */
export type StageRecorders = Readonly<Record<Stage, readonly LatencyRecorder[]>>;

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

  /** For telling at once: counts of a stage that one thread has are not copied, which would be most of the work. */
  view(stage: Stage): StageCounts {
    const views = this.recorders[stage].map((recorder) => recorder.view());
    return views.length === 1 ? views[0] : mergeCounts(views);
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
