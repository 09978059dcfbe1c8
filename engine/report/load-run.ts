// What one load test measured, before it is written: the data that every form of the report is made from.

import type { StageCounts } from '../observe/latency-counts.ts';

/** Stages of a load report, in the order of the data's way, with what a subscriber saw last (INTERFACES). */
export const REPORT_STAGES = [
  'decode',
  'ring-wait',
  'apply',
  'output-wait',
  'publish',
  'engine',
  'end-to-end',
] as const;
export type ReportStage = (typeof REPORT_STAGES)[number];

export type RunFacts = {
  /** Of the code that ran, or null where it is not known. */
  readonly commit: string | null;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly seed: number;
  /** Updates a second, over the measured time: what was due, and what was sent. */
  readonly offeredRate: number;
  readonly achievedRate: number;
  readonly durationS: number;
  readonly warmupS: number;
  readonly markets: number;
  readonly format: string;
  readonly dialect: string;
  readonly updates: string;
  readonly batch: number;
  readonly connections: number;
  readonly profile: string;
  readonly subscribers: number;
  readonly encoding: string;
  /** Where generators and subscribers ran: `thread` or `process`. */
  readonly generator: string;
  /** The engine's address, or `own` for one that the test started. */
  readonly target: string;
  /** As it was typed, without secrets. */
  readonly command: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
};

/** Updates over the measured time, except where said. */
export type RunCounts = {
  readonly sent: number;
  /** Taken into state by the engine. */
  readonly processed: number;
  /** Messages the engine handed to sockets. */
  readonly published: number;
  /** Distinct updates that reached the subscriber that measures. */
  readonly received: number;
  /** Sent and never received, though the subscriber waited for them. */
  readonly lost: number;
  /** What the engine says it dropped or refused, by all reasons. */
  readonly dropped: number;
  /** The same by reason, where it is known. */
  readonly droppedBy?: Readonly<Record<string, number>>;
  /** Updates a subscriber got more than once. */
  readonly duplicates: number;
};

/** One span of the measured time; spans are as long as each other, a second or more. */
export type RunInterval = {
  /** Seconds since the measured time began, at its start. */
  readonly atS: number;
  readonly lengthS: number;
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
  readonly rssBytes: number | null;
  /** Counts of this span alone. */
  readonly stages: Readonly<Partial<Record<ReportStage, StageCounts>>>;
};

export type ProcessFacts = {
  /** Resident memory of the engine's process, in bytes, when the measured time began and ended, and the most between. */
  readonly rssStart: number | null;
  readonly rssEnd: number | null;
  readonly rssMax: number | null;
  /** Processor seconds the engine's process took over the measured time. */
  readonly cpuSeconds: number | null;
  /** Collections by thread (`main`, `ingress`, `shard 0` …) over the measured time. */
  readonly gcPauses: readonly {
    readonly thread: string;
    readonly count: number;
    readonly totalMs: number;
    readonly maxMs: number;
  }[];
  /** Of the engine's main thread, in ns. */
  readonly eventLoopDelay: StageCounts | null;
};

export type GeneratorFacts = {
  readonly lateness: StageCounts;
  readonly leftOut: number;
  readonly disconnects: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
};

/** One step of a search for the highest rate. */
export type SearchStep = {
  readonly ratePerS: number;
  readonly achievedRate: number;
  readonly p99Ns: number | null;
  readonly lost: number;
  readonly isSustained: boolean;
  /** Why not, or empty. */
  readonly reason: string;
};

export type LoadRun = {
  readonly run: RunFacts;
  readonly counts: RunCounts;
  /** Over the whole measured time. */
  readonly stages: Readonly<Record<ReportStage, StageCounts>>;
  readonly intervals: readonly RunInterval[];
  readonly generator: GeneratorFacts;
  readonly process: ProcessFacts;
  /** Null where no search was asked for. */
  readonly search: readonly SearchStep[] | null;
  /** Sentences on what the reader must know: a late generator, a lost connection, figures that could not be had. */
  readonly notes: readonly string[];
};
