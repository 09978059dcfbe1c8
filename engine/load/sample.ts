// One look at everything a load test counts, and what lies between two looks.

import { STAGES, type Stage } from '../observe/latency.ts';
import { countsToJson, emptyCounts, mergeCounts, type StageCounts } from '../observe/latency-counts.ts';
import type { LoadRun, ProcessFacts, ReportStage, RunInterval } from '../report/load-run.ts';
import type { EngineClient, EngineStages, EngineStats } from './engine-client.ts';
import { type PackedCounts, packCounts, packedBetween, unpackCounts } from './packed-counts.ts';
import type { GeneratorCounts } from './protocol.ts';
import type { SubscriberReport } from './subscriber-protocol.ts';

/** Counters as `/v1/stats` has them; what is kept of its process is packed. */
export type EngineSample = {
  readonly stats: Omit<EngineStats, 'process'>;
  /** Null where the engine does not tell. */
  readonly process: ProcessSample | null;
  readonly stages: Readonly<Record<Stage, PackedCounts>>;
};

type ProcessSample = {
  readonly rssBytes: number;
  readonly cpuUs: number;
  readonly gc: readonly { readonly thread: string; readonly pauses: PackedCounts }[];
  readonly eventLoopDelay: PackedCounts;
};

export type Sample = {
  /** Null where the engine did not answer. */
  readonly engine: EngineSample | null;
  readonly subscribers: readonly Omit<SubscriberReport, 'latency'>[];
  readonly endToEnd: PackedCounts;
  readonly generator: Omit<GeneratorCounts, 'lateness'>;
  readonly lateness: PackedCounts;
};

export function sampleOf(
  engine: EngineSample | null,
  reports: readonly SubscriberReport[],
  counts: GeneratorCounts,
): Sample {
  const { lateness, ...generator } = counts;
  return {
    engine,
    subscribers: reports.map(({ latency: _latency, ...rest }) => rest),
    endToEnd: packCounts(countsToJson(mergeCounts(reports.map(({ latency }) => latency)))),
    generator,
    lateness: packCounts(countsToJson(lateness)),
  };
}

function packProcess(process: EngineStats['process']): ProcessSample | null {
  if (process === undefined) return null;
  const { rssBytes, cpuUs, gc, eventLoopDelay } = process;
  const packed = gc.map(({ thread, pauses }) => ({ thread, pauses: packCounts(pauses) }));
  return { rssBytes, cpuUs, gc: packed, eventLoopDelay: packCounts(eventLoopDelay) };
}

function packStages(stages: EngineStages): EngineSample['stages'] {
  const entries = STAGES.map((stage) => [stage, packCounts(stages[stage])]);
  return Object.fromEntries(entries) as EngineSample['stages'];
}

/** Null where it does not answer: a test must be able to tell of an engine that has died. */
export async function sampleEngine(client: EngineClient): Promise<EngineSample | null> {
  try {
    const { process, ...stats } = await client.stats();
    return { stats, process: packProcess(process), stages: packStages(await client.stages()) };
  } catch {
    return null;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What the engine says it refused, dropped or left out since its start, by reason. */
export function droppedByOf({ total, shards, ingress, publish }: EngineSample['stats']): Record<string, number> {
  return {
    'at a full ring': total.drops,
    ...total.rejected,
    'unknown frames': ingress.unknown,
    'left out of a full output ring': sum(shards.map(({ outputLost }) => outputLost)),
    'cut short': sum(shards.map(({ cutShort }) => cutShort)),
    'messages to slow subscribers': publish.droppedMessages,
  };
}

/** All of it. */
export const droppedOf = (stats: EngineStats): number => sum(Object.values(droppedByOf(stats)));

/** Updates taken into state since the engine's start; null where it does not say. */
export function processedOf({ total }: EngineSample['stats']): number | null {
  const { tradeRecords, bookChanges } = total;
  return tradeRecords === undefined || bookChanges === undefined ? null : tradeRecords + bookChanges;
}

/** Part of a ring that may be in use at any moment by what is no update, such as clock records. */
const IDLE_SHARE = 0.001;

/** Slots in rings beyond what an idle engine may have in them. */
export const heldOf = ({ rings }: EngineSample['stats']): number =>
  sum(rings.map(({ held, slots }) => (held > slots * IDLE_SHARE ? held : 0)));

/**
 * Counts of each stage between two samples; of the engine's none where one of them has none. Each is made when it is
 * read: whole, those of a long run would take hundreds of megabytes.
 */
export function stagesBetween(before: Sample, now: Sample): Partial<Record<ReportStage, StageCounts>> {
  const found: Partial<Record<ReportStage, StageCounts>> = {};
  const add = (stage: ReportStage, earlier: PackedCounts, later: PackedCounts): void => {
    Object.defineProperty(found, stage, { enumerable: true, get: () => packedBetween(earlier, later) });
  };
  if (before.engine !== null && now.engine !== null)
    for (const stage of STAGES) add(stage, before.engine.stages[stage], now.engine.stages[stage]);
  add('end-to-end', before.endToEnd, now.endToEnd);
  return found;
}

/** The same with every stage there, empty where it is not known. */
export function allStagesBetween(before: Sample, now: Sample): LoadRun['stages'] {
  const found = stagesBetween(before, now);
  const entries = [...STAGES, 'end-to-end' as const].map((stage) => [stage, found[stage] ?? emptyCounts()]);
  return Object.fromEntries(entries) as LoadRun['stages'];
}

const since = (
  before: EngineSample | null,
  now: EngineSample | null,
  read: (stats: EngineSample['stats']) => number,
): number => (before === null || now === null ? 0 : read(now.stats) - read(before.stats));

export const droppedBetween = (before: Sample, now: Sample): number => since(before.engine, now.engine, droppedOf);

/** Reasons that something was dropped for, between two samples. */
export function droppedByBetween(before: Sample, now: Sample): Record<string, number> {
  if (before.engine === null || now.engine === null) return {};
  const earlier = droppedByOf(before.engine.stats);
  const counts = Object.entries(droppedByOf(now.engine.stats)).map(([reason, count]): [string, number] => [
    reason,
    count - (earlier[reason] ?? 0),
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

export const publishedBetween = (before: Sample, now: Sample): number =>
  since(before.engine, now.engine, ({ publish }) => publish.messages);

/** The subscriber that got least: what any of them misses is lost. */
export function worstOf({ subscribers }: Sample): number {
  const measured = subscribers.map((report) => report.measured);
  return measured.indexOf(Math.min(...measured));
}

/** Spans between consecutive samples, each `spanS` long, but the last where the run was cut; none where nothing was measured. */
export function intervalsOf(samples: readonly Sample[], spanS: number, durationS: number): RunInterval[] {
  const last = samples.at(-1);
  if (last === undefined || durationS === 0) return [];
  const worst = worstOf(last);
  return samples.slice(1).map((now, index) => {
    const before = samples[index];
    const received = (sample: Sample): number => sample.subscribers[worst]?.measured ?? 0;
    return {
      atS: index * spanS,
      lengthS: Math.min(spanS, Math.max(LENGTH_S_MIN, durationS - index * spanS)),
      sent: now.generator.sent - before.generator.sent,
      received: received(now) - received(before),
      dropped: droppedBetween(before, now),
      rssBytes: now.engine?.process?.rssBytes ?? null,
      stages: stagesBetween(before, now),
    };
  });
}

/** Of a span that was cut where it began. */
const LENGTH_S_MIN = 0.001;
const MS = 1e6;

function pausesBetween(before: ProcessSample, now: ProcessSample): ProcessFacts['gcPauses'] {
  return now.gc.map(({ thread, pauses }) => {
    const earlier = before.gc.find((each) => each.thread === thread)?.pauses;
    const between = earlier === undefined ? unpackCounts(pauses) : packedBetween(earlier, pauses);
    return { thread, count: between.count, totalMs: between.sumNs / MS, maxMs: between.maxNs / MS };
  });
}

/** Of the engine's process, over all samples; what it does not tell is null. */
export function processBetween(samples: readonly Sample[]): ProcessFacts {
  const told = samples.map(({ engine }) => engine?.process ?? null).filter((process) => process !== null);
  const [start, end] = [told[0], told.at(-1)];
  if (start === undefined || end === undefined)
    return { rssStart: null, rssEnd: null, rssMax: null, cpuSeconds: null, gcPauses: [], eventLoopDelay: null };
  return {
    rssStart: start.rssBytes,
    rssEnd: end.rssBytes,
    rssMax: Math.max(...told.map(({ rssBytes }) => rssBytes)),
    cpuSeconds: (end.cpuUs - start.cpuUs) / 1e6,
    gcPauses: pausesBetween(start, end),
    eventLoopDelay: packedBetween(start.eventLoopDelay, end.eventLoopDelay),
  };
}
