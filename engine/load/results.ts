// Makes of what a run measured the figures of its report, and the sentences that its reader must know.

import { CLOSE_SLOW } from '../../schemas/config.ts';
import { countsToJson, emptyCounts, type StageCounts, summarize } from '../observe/latency-counts.ts';
import type { GeneratorFacts, LoadRun, RunCounts } from '../report/load-run.ts';
import type { Measured } from './measurement.ts';
import { packCounts, packedBetween } from './packed-counts.ts';
import { countText, durationText } from './progress.ts';
import type { GeneratorCounts } from './protocol.ts';
import {
  allStagesBetween,
  droppedBetween,
  droppedByBetween,
  heldOf,
  intervalsOf,
  processBetween,
  processedOf,
  publishedBetween,
  type Sample,
  worstOf,
} from './sample.ts';

/** What one run gives to its report; the rest of a LoadRun are facts known before. */
export type RunResult = Pick<LoadRun, 'counts' | 'stages' | 'intervals' | 'generator' | 'process' | 'notes'> & {
  readonly offeredRate: number;
  readonly achievedRate: number;
  readonly durationS: number;
  /** Slots that still lay in rings when all was over; null where the engine did not answer. */
  readonly heldSlots: number | null;
};

/** A generator that is later than this, or than a tenth of what was measured, is said to be late. */
const LATE_NS = 1e6;
const LATE_SHARE = 0.1;
const ACHIEVED_LEAST = 0.99;

/** Updates of the warm-up that were sent: due, and not left out by then. */
const warmupSentOf = ({ warmupDue }: Measured, first: Sample): number =>
  Math.max(0, warmupDue - first.generator.leftOut);

type Ends = { readonly first: Sample; readonly last: Sample };

/**
 * The samples of the measured time. Subscribers count measured updates alone, so what they had at the first sample, which
 * takes a moment, belongs to it; and so does what was sent in that moment.
 */
function samplesOf(measured: Measured): Sample[] {
  const { samples, before } = measured;
  const [first = before, ...rest] = samples;
  const subscribers = first.subscribers.map((report) => ({ ...report, measured: 0, duplicates: 0 }));
  const generator = { ...first.generator, sent: warmupSentOf(measured, first) };
  return [{ ...first, endToEnd: packCounts(countsToJson(emptyCounts())), subscribers, generator }, ...rest];
}

/** Exact while nothing is left out: counted by the updates' numbers, not by when it was asked. */
function countsOf(measured: Measured, ends: Ends): RunCounts {
  const { first, last } = ends;
  const warmupSent = first.generator.sent;
  const sent = Math.max(0, last.generator.sent - warmupSent);
  const [applied, before] = [last.engine, measured.before.engine].map((engine) =>
    engine === null ? null : processedOf(engine.stats),
  );
  const processed = applied === null || before === null ? 0 : Math.max(0, applied - before - warmupSent);
  const received = last.subscribers[worstOf(last)]?.measured ?? 0;
  return {
    sent,
    processed,
    published: publishedBetween(first, last),
    received,
    lost: Math.max(0, sent - (last.subscribers.length === 0 ? processed : received)),
    dropped: droppedBetween(first, last),
    droppedBy: droppedByBetween(first, last),
    duplicates: last.subscribers.reduce((sum, { duplicates }) => sum + duplicates, 0),
  };
}

function rejectedBetween(
  before: GeneratorCounts['rejected'],
  now: GeneratorCounts['rejected'],
): Record<string, number> {
  const entries = Object.entries(now).map(([category, count]) => [category, count - (before[category] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

function generatorBetween({ first, last }: Ends): GeneratorFacts {
  const [before, now] = [first.generator, last.generator];
  return {
    lateness: packedBetween(first.lateness, last.lateness),
    leftOut: now.leftOut - before.leftOut,
    disconnects: now.disconnects - before.disconnects,
    rejected: rejectedBetween(before.rejected, now.rejected),
    cpuSeconds: (now.cpuUs - before.cpuUs) / 1e6,
  };
}

const p99Of = (counts: StageCounts): number | null => summarize(counts).p99;

function latenessNote(lateness: StageCounts, endToEnd: StageCounts): string | null {
  const [late, all] = [p99Of(lateness), p99Of(endToEnd)];
  if (late === null || (late <= LATE_NS && (all === null || late <= all * LATE_SHARE))) return null;
  return `The generator was late: 99 % of the updates were sent within ${durationText(late)} of their time. Latency counts from the intended time, so its own lateness is part of it.`;
}

function subscriberNotes({ last }: Ends): (string | null)[] {
  const codes = last.subscribers.flatMap(({ closed }) => closed);
  const slow = codes.filter((code) => code === CLOSE_SLOW).length;
  const sum = (read: (report: (typeof last.subscribers)[number]) => number): number =>
    last.subscribers.reduce((total, report) => total + read(report), 0);
  const [gaps, foreign, tooLate] = [sum(({ gaps }) => gaps), sum((all) => all.foreign), sum((all) => all.tooLate)];
  return [
    slow > 0
      ? `The engine closed ${slow} connections of subscribers for reading too slowly (code ${CLOSE_SLOW}).`
      : null,
    codes.length > slow
      ? `${codes.length - slow} connections of subscribers ended during the test (codes ${[...new Set(codes)].join(', ')}).`
      : null,
    gaps > 0 ? `The engine told subscribers of ${gaps} gaps.` : null,
    foreign > 0
      ? `Subscribers saw ${countText(foreign)} quantities that no update of this test has: the markets have other producers.`
      : null,
    tooLate > 0 ? `${countText(tooLate)} updates came too late to tell whether they had come before.` : null,
  ];
}

function engineNotes({ before, samples }: Measured, { first, last }: Ends): (string | null)[] {
  const unanswered = samples.filter(({ engine }) => engine === null).length;
  const restarts = (last.engine?.stats.publish.shardRestarts ?? 0) - (first.engine?.stats.publish.shardRestarts ?? 0);
  const isSilent = before.engine !== null && processedOf(before.engine.stats) === null;
  return [
    last.engine === null ? 'The engine did not answer at the end: its last figures are missing.' : null,
    unanswered > 0
      ? `${unanswered} of ${samples.length} looks at the engine had no answer: those spans lack its figures.`
      : null,
    restarts > 0 ? `The engine restarted ${restarts} shards during the test.` : null,
    isSilent ? 'The engine does not say what it took into state (an older version): processed is 0.' : null,
  ];
}

function generatorNotes(facts: GeneratorFacts): (string | null)[] {
  const rejected = Object.entries(facts.rejected).map(([category, count]) => `${count} ${category}`);
  return [
    facts.disconnects > 0 ? `${facts.disconnects} connections of the generator were lost during the test.` : null,
    facts.leftOut > 0
      ? `${countText(facts.leftOut)} updates were due and never sent: their connection was lost, or took nothing for longer than a second.`
      : null,
    rejected.length > 0 ? `The engine refused frames: ${rejected.join(', ')}.` : null,
  ];
}

function rateNote(due: number, sent: number): string | null {
  if (due === 0 || sent >= due * ACHIEVED_LEAST) return null;
  return `${((100 * sent) / due).toFixed(1)} % of the updates that were due were sent.`;
}

export function resultOf(measured: Measured, hasSubscribers: boolean): RunResult {
  const samples = samplesOf(measured);
  const ends = { first: samples[0], last: samples.at(-1) ?? samples[0] };
  const { first, last } = ends;
  const { durationS } = measured;
  const counts = countsOf(measured, ends);
  const stages = allStagesBetween(first, last);
  const generator = generatorBetween(ends);
  const due = measured.due - measured.warmupDue;
  const notes = [
    measured.isCut ? `The test was cut short after ${durationS.toFixed(1)} s of measured time.` : null,
    measured.isCut && durationS === 0 ? 'It had not got beyond the warm-up.' : null,
    latenessNote(generator.lateness, stages['end-to-end']),
    rateNote(due, counts.sent),
    ...generatorNotes(generator),
    ...subscriberNotes(ends),
    ...engineNotes(measured, ends),
    hasSubscribers ? null : 'There was no subscriber: lost is what the engine did not take into state.',
    !hasSubscribers && counts.processed > counts.sent
      ? 'The engine took in more than was sent: beside other producers nobody can tell what was lost without a subscriber.'
      : null,
  ];
  return {
    counts,
    stages,
    intervals: intervalsOf(samples, measured.spanS, durationS),
    generator,
    process: processBetween(samples),
    notes: notes.filter((note) => note !== null),
    offeredRate: durationS > 0 ? due / durationS : 0,
    achievedRate: durationS > 0 ? counts.sent / durationS : 0,
    durationS,
    heldSlots: last.engine === null ? null : heldOf(last.engine.stats),
  };
}

/** Why a rate is not sustained, or empty where it is. */
export function whyNotSustained(result: RunResult, p99Ns: number): string {
  const { counts, generator, stages, offeredRate, achievedRate, heldSlots } = result;
  const { p99, max } = summarize(stages['end-to-end']);
  const seen = p99 ?? max;
  const rejected = Object.values(generator.rejected).reduce((sum, count) => sum + count, 0);
  const faults: readonly (readonly [boolean, string])[] = [
    [counts.lost > 0, `${countText(counts.lost)} lost`],
    [counts.dropped > 0, `${countText(counts.dropped)} dropped`],
    [rejected > 0, `${countText(rejected)} rejected`],
    [generator.leftOut > 0, `${countText(generator.leftOut)} left out`],
    [generator.disconnects > 0, `${generator.disconnects} connections lost`],
    [
      achievedRate < offeredRate * ACHIEVED_LEAST,
      `only ${countText(achievedRate)}/s of ${countText(offeredRate)}/s sent`,
    ],
    [seen === null, 'nothing received'],
    [seen !== null && seen > p99Ns, `p99 ${durationText(seen ?? 0)} above ${durationText(p99Ns)}`],
    [heldSlots === null, 'the engine did not answer'],
    [heldSlots !== null && heldSlots > 0, `${heldSlots ?? 0} slots left in rings`],
  ];
  return faults
    .filter(([isFault]) => isFault)
    .map(([, text]) => text)
    .join(', ');
}
