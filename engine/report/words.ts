// What a report says in sentences, the same in text and on the page: verdict, losses, honesty of the generator, facts.

import type { LoadReport } from './load-report.ts';
import {
  bytesText,
  countText,
  durationText,
  percentText,
  quantityText,
  rateText,
  shareText,
  wholeSecondsText,
} from './quantity.ts';
import type { ThresholdResult } from './threshold.ts';

/** A lateness beyond this share of the end-to-end latency at the same percentile makes the generator part of what is measured. */
const LATE_SHARE = 0.5;
/** A generator that sent less than this share of what was due did not offer the load that was asked for. */
const ACHIEVED_LEAST = 0.99;

export function verdictWord({ verdict }: LoadReport): 'PASS' | 'FAIL' {
  return verdict === 'pass' ? 'PASS' : 'FAIL';
}

/** `end-to-end p99 412 µs at 1,000/s for 30 s, nothing lost`. */
export function headline({ stages, run, counts }: LoadReport): string {
  const { p99, max, count } = stages['end-to-end'];
  const seconds = wholeSecondsText(run.durationS);
  const lost = counts.lost === 0 ? 'nothing lost' : `${countText(counts.lost)} lost`;
  const rate = `${rateText(run.achievedRate)} for ${seconds}, ${lost}`;
  if (count === 0) return `end-to-end latency not measured at ${rate}`;
  return `end-to-end ${p99 === null ? `max ${durationText(max)}` : `p99 ${durationText(p99)}`} at ${rate}`;
}

export function thresholdsTold({ thresholds }: LoadReport): string {
  const failed = thresholds.filter(({ pass }) => !pass).length;
  if (thresholds.length === 0) return 'no thresholds were set';
  if (failed > 0) return `${failed} of ${thresholds.length} thresholds failed`;
  return thresholds.length === 1 ? 'the threshold holds' : `all ${thresholds.length} thresholds hold`;
}

export function thresholdValueText({ value, unit, reason }: ThresholdResult): string {
  return value === null ? `not judged: ${reason}` : quantityText(value, unit);
}

/** Where every update went; a sum that does not come out is said. */
export function accounting({ counts, generator, run }: LoadReport): string[] {
  const { sent, received, lost, duplicates, dropped, processed } = counts;
  // Where nobody subscribed, what came is what the engine took in.
  const [seen, came] = run.subscribers === 0 ? ['taken in', processed] : ['received', received];
  const equals = sent === came + lost ? '=' : '≠';
  const lines = [
    `sent ${countText(sent)} ${equals} ${seen} ${countText(came)} + lost ${countText(lost)} (${shareText(lost, sent)})`,
    `the engine took in ${countText(processed)} and dropped or refused ${countText(dropped)}; ${countText(duplicates)} came more than once`,
  ];
  if (equals === '≠') {
    const missing = sent - came - lost;
    const kind = missing > 0 ? 'are not accounted for' : 'too many are accounted for';
    lines.push(`${countText(Math.abs(missing))} updates ${kind}: do not trust the figures of losses`);
  }
  if (generator.leftOut > 0) lines.push(`${countText(generator.leftOut)} more were due and never made`);
  if (lost > 0 && received > 0) lines.push('what was lost has no latency: the percentiles are of what came');
  return lines;
}

/** Losses by reason, as far as it is known: as the engine counts them, else as it answered the generator. */
export function reasonsOfLoss({ counts, generator }: LoadReport): readonly (readonly [string, number])[] {
  const dropped = Object.entries(counts.droppedBy ?? {});
  const told = dropped.length > 0 ? dropped : Object.entries(generator.rejected);
  const named = told.map(([name, count]): [string, number] => [`dropped: ${name}`, count]);
  return [...named, ['never made by the generator', generator.leftOut] as const].filter(([, count]) => count > 0);
}

function latenessTold({ generator, stages }: LoadReport): string {
  const { p99, max, count } = generator.lateness;
  if (count === 0) return 'how late the generator was is not known';
  const late = p99 === null ? `at most ${durationText(max)}` : `p99 ${durationText(p99)}, at most ${durationText(max)}`;
  const inside = 'latency counts from the time an update was meant to be sent, so this is inside the figures';
  const told = `the generator was late by ${late}; ${inside}`;
  const end = stages['end-to-end'].p99;
  if (p99 === null || end === null || p99 < end * LATE_SHARE) return told;
  return `${told}, and it is ${percentText((p99 / end) * 100)} of the end-to-end p99: the engine itself is faster than they say`;
}

/** How far the generator can be believed. */
export function honesty(report: LoadReport): string[] {
  const { run, generator } = report;
  const lines = [latenessTold(report)];
  const share = run.offeredRate > 0 ? run.achievedRate / run.offeredRate : 1;
  const offered = `offered ${rateText(run.offeredRate)}, sent ${rateText(run.achievedRate)} (${percentText(share * 100)})`;
  lines.push(share < ACHIEVED_LEAST ? `${offered}: less load than was asked for` : offered);
  const { disconnects, leftOut, cpuSeconds } = generator;
  if (disconnects > 0) lines.push(`${countText(disconnects)} connections were lost on the way`);
  if (leftOut > 0) lines.push(`${countText(leftOut)} updates were due and never made, so they have no latency`);
  lines.push(`the generator took ${durationText(cpuSeconds * 1e9)} of processor time`);
  return lines;
}

const signed = (text: string, value: number): string => (value > 0 ? `+${text}` : text);

/** Pairs of a name and what the engine's process did. */
export function processFacts({ process, run }: LoadReport): readonly (readonly [string, string])[] {
  const { rssStart, rssEnd, rssMax, rssGrowth, cpuSeconds, eventLoopDelay } = process;
  const growth = rssGrowth === null ? '' : ` (${signed(bytesText(rssGrowth), rssGrowth)})`;
  const cores = cpuSeconds === null || run.durationS === 0 ? '' : ` (${(cpuSeconds / run.durationS).toFixed(2)} cores)`;
  const delay = eventLoopDelay;
  const facts: (readonly [string, string])[] = [
    ['resident memory', `${bytesText(rssStart)} → ${bytesText(rssEnd)}${growth}, at most ${bytesText(rssMax)}`],
    ['processor time', `${cpuSeconds === null ? '–' : durationText(cpuSeconds * 1e9)}${cores}`],
  ];
  if (delay !== null && delay.count > 0)
    facts.push([
      'event loop delay',
      `p50 ${durationText(delay.p50)}, p99 ${durationText(delay.p99)}, max ${durationText(delay.max)}`,
    ]);
  return facts;
}

/** Pairs of a thread and its collections. */
export function collectionFacts({ process }: LoadReport): readonly (readonly [string, string])[] {
  return process.gcPauses.map(({ thread, count, totalMs, maxMs }) => {
    const longest = count === 0 ? '' : `, ${durationText(totalMs * 1e6)} in all, longest ${durationText(maxMs * 1e6)}`;
    return [`collections, ${thread}`, `${countText(count)}${longest}`];
  });
}

/** Pairs of a name and what was run, where, with what. */
export function runFacts({ run }: LoadReport): readonly (readonly [string, string])[] {
  const updates = run.batch > 1 ? `${run.updates}, ${countText(run.batch)} a frame` : run.updates;
  return [
    [
      'load',
      `${rateText(run.offeredRate)} ${run.profile}, ${wholeSecondsText(run.durationS)} after ${wholeSecondsText(run.warmupS)} of warm-up`,
    ],
    ['updates', `${updates}, over ${countText(run.markets)} markets and ${countText(run.connections)} connections`],
    ['format', run.format === run.dialect ? run.format : `${run.format} (${run.dialect})`],
    ['subscribers', `${countText(run.subscribers)}, ${run.encoding}`],
    ['generator', `in a ${run.generator} of its own, seed ${run.seed}`],
    ['engine', run.target === 'own' ? 'started for this run' : run.target],
    ['machine', `${run.cpu}, ${countText(run.cores)} ${run.cores === 1 ? 'core' : 'cores'}, Node ${run.node}`],
    ['commit', run.commit ?? 'not known'],
    ['started', run.startedAt],
  ];
}
