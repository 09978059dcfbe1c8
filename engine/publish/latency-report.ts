// Latency of every stage of one running engine: made into summaries and histograms only when asked.

import type { HeatBucket, LatencyFigures, StageLatency } from '../../schemas/feed.ts';
import { type LatencyRecorder, STAGES, type Stage } from '../observe/latency.ts';
import {
  heatOf,
  type LatencySummary,
  mergeCounts,
  mergeRecorders,
  SinceLast,
  type StageCounts,
  summarize,
  toHistogram,
} from '../observe/latency-counts.ts';
/** Recorders of each stage, one per thread that has the stage. */
export type StageRecorders = Readonly<Record<Stage, readonly LatencyRecorder[]>>;

/** Reports over the recorders of one engine. Thread: main. */
export class LatencyReport {
  private readonly recorders: StageRecorders;
  private readonly pauses: () => Readonly<Record<string, StageCounts>>;
  private readonly since = new Map<string, SinceLast>();

  /** `pauses` are counts to be read at once, of what keeps threads from their work. */
  constructor(recorders: StageRecorders, pauses: () => Readonly<Record<string, StageCounts>> = () => ({})) {
    this.recorders = recorders;
    this.pauses = pauses;
    this.advance();
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

  /** What came to these counts since the last call. */
  private recent(name: string, counts: StageCounts): StageCounts {
    const since = this.since.get(name) ?? new SinceLast();
    this.since.set(name, since);
    return since.advance(counts);
  }

  /** Every stage since the start and since the last call, and what stood in the way since then. */
  advance(): LatencyFigures {
    const stages: Partial<Record<Stage, StageLatency>> = {};
    const recent: Partial<Record<Stage, StageLatency>> = {};
    const heat: Partial<Record<Stage, readonly HeatBucket[]>> = {};
    for (const stage of STAGES) {
      const counts = this.view(stage);
      const between = this.recent(stage, counts);
      stages[stage] = summarize(counts);
      recent[stage] = summarize(between);
      heat[stage] = heatOf(between);
    }
    const pauses = Object.entries(this.pauses()).map(([name, counts]) => [name, summarize(this.recent(name, counts))]);
    return { stages, recent, heat, pauses: Object.fromEntries(pauses) } as LatencyFigures;
  }

  /** The stage's percentile distribution as HdrHistogram text, in nanoseconds. */
  hgrm(stage: Stage): string {
    return toHistogram(this.counts(stage)).outputPercentileDistribution(undefined, 1, false);
  }
}

export function isStage(name: string): name is Stage {
  return (STAGES as readonly string[]).includes(name);
}
