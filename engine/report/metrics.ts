// The figures of a load report that a threshold can name, by their path in report.json.

import type { Figures } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { PERCENTILE_NAMES, PERCENTILES, SAMPLES_BEYOND_MIN, type StageSummary } from './percentiles.ts';

/** Unit of a metric's value; empty is a plain number. */
export type MetricUnit = 'ns' | 'bytes' | '/s' | '';

export type Metric = {
  readonly name: string;
  readonly unit: MetricUnit;
  read(figures: Figures): number | null;
  /** What a limit in percent is a share of, or null. */
  readonly whole: ((figures: Figures) => number) | null;
  /** Why the value is null, in a few words. */
  whyAbsent(figures: Figures): string;
};

const STATS = [...PERCENTILE_NAMES, 'mean', 'min', 'max', 'count'] as const;
type Stat = (typeof STATS)[number];
/** As people write them too. */
const STAT_ALIASES: Readonly<Record<string, Stat>> = { 'p99.9': 'p999', 'p99.99': 'p9999' };
const STATS_TOLD = 'p50, p90, p95, p99, p99.9, p99.99, mean, min, max, count';

const notKnown = (): string => 'the run does not know it';

function plain(unit: MetricUnit, read: Metric['read'], whole: Metric['whole'] = null): Omit<Metric, 'name'> {
  return { unit, read, whole, whyAbsent: notKnown };
}

const count = (read: Metric['read']): Omit<Metric, 'name'> => plain('', read, ({ counts }) => counts.sent);

function gcPauseMax({ process: { gcPauses } }: Figures): number | null {
  return gcPauses.length === 0 ? null : Math.max(...gcPauses.map(({ maxMs }) => maxMs)) * 1e6;
}

/** The last run of a search is at the rate it found, if it held there. */
function highestRate({ search }: Figures): number | null {
  const last = search?.at(-1);
  return last?.isSustained === true ? last.ratePerS : null;
}

function whyNoRate({ search }: Figures): string {
  return search === null ? 'there was no search' : 'no rate was sustained for the whole duration';
}

const seconds = (value: number | null): number | null => (value === null ? null : value * 1e9);

const PLAIN: Readonly<Record<string, Omit<Metric, 'name'>>> = {
  'counts.sent': plain('', ({ counts }) => counts.sent),
  'counts.processed': count(({ counts }) => counts.processed),
  'counts.published': plain('', ({ counts }) => counts.published),
  'counts.received': count(({ counts }) => counts.received),
  'counts.lost': count(({ counts }) => counts.lost),
  'counts.dropped': count(({ counts }) => counts.dropped),
  'counts.duplicates': count(({ counts }) => counts.duplicates),
  'run.offeredRate': plain('/s', ({ run }) => run.offeredRate),
  'run.achievedRate': plain(
    '/s',
    ({ run }) => run.achievedRate,
    ({ run }) => run.offeredRate,
  ),
  'search.highestRate': { unit: '/s', read: highestRate, whole: null, whyAbsent: whyNoRate },
  'process.rssStart': plain('bytes', (figures) => figures.process.rssStart),
  'process.rssEnd': plain('bytes', (figures) => figures.process.rssEnd),
  'process.rssMax': plain('bytes', (figures) => figures.process.rssMax),
  'process.rssGrowth': plain('bytes', (figures) => figures.process.rssGrowth),
  'process.cpuSeconds': plain('ns', (figures) => seconds(figures.process.cpuSeconds)),
  'process.gcPauseMax': plain('ns', gcPauseMax),
  'generator.leftOut': count(({ generator }) => generator.leftOut),
  'generator.disconnects': plain('', ({ generator }) => generator.disconnects),
  'generator.rejected': count(({ generator }) => Object.values(generator.rejected).reduce((sum, n) => sum + n, 0)),
  'generator.cpuSeconds': plain('ns', ({ generator }) => seconds(generator.cpuSeconds)),
};

/** Distributions, by the path before the statistic. */
function distributionOf(path: string): ((figures: Figures) => StageSummary | null) | null {
  if (path === 'generator.lateness') return ({ generator }) => generator.lateness;
  if (path === 'process.eventLoopDelay') return (figures) => figures.process.eventLoopDelay;
  const stage = REPORT_STAGES.find((name) => name === path);
  return stage === undefined ? null : ({ stages }) => stages[stage];
}

/** Updates that were due and never came: they have no latency, yet have waited for ever. */
const neverCame = ({ counts, generator }: Figures): number => counts.lost + generator.leftOut;

/**
 * Whether so many updates never came that a percentile of all that were due, or their maximum, is one of those. Judged by
 * what came alone, an engine would look the faster the more it loses.
 */
function isEndless(path: string, stat: Stat, figures: Figures): boolean {
  const absent = neverCame(figures);
  if (path !== 'end-to-end' || absent === 0) return false;
  if (stat === 'max') return true;
  const share = Object.entries(PERCENTILES).find(([name]) => name === stat)?.[1];
  return share !== undefined && absent * 1e5 > (figures.counts.sent + figures.generator.leftOut) * (1e5 - share);
}

function whyAbsent(summary: StageSummary | null): string {
  if (summary === null) return notKnown();
  if (summary.count === 0) return 'it was never measured';
  return `${summary.count} samples: fewer than ${SAMPLES_BEYOND_MIN} lie beyond it`;
}

/** `end-to-end.p99.9` is the distribution `end-to-end` and its `p99.9`: the longest distribution that fits. */
function split(path: string): readonly [string, string] {
  const known = [...REPORT_STAGES, 'generator.lateness', 'process.eventLoopDelay'];
  const owner = known.find((name) => path.startsWith(`${name}.`));
  return owner === undefined ? [path, ''] : [owner, path.slice(owner.length + 1)];
}

/** The metric of a path, or what was expected in its place. */
export function metricOf(path: string): Metric | string {
  const known = PLAIN[path];
  if (Object.hasOwn(PLAIN, path) && known !== undefined) return { name: path, ...known };
  const [owner, statText] = split(path);
  const distribution = distributionOf(owner);
  if (distribution === null) {
    return `one of ${REPORT_STAGES.join(', ')}, generator.lateness or process.eventLoopDelay with .STAT (${STATS_TOLD}), or one of ${Object.keys(PLAIN).join(', ')}`;
  }
  const stat = STATS.find((name) => name === (STAT_ALIASES[statText] ?? statText));
  if (stat === undefined) return `${owner} with one of ${STATS_TOLD}`;
  return {
    name: path,
    unit: stat === 'count' ? '' : 'ns',
    read: (figures) => (isEndless(owner, stat, figures) ? null : (distribution(figures)?.[stat] ?? null)),
    whole: null,
    whyAbsent: (figures) =>
      isEndless(owner, stat, figures)
        ? `${neverCame(figures)} updates never came, and have no latency`
        : whyAbsent(distribution(figures)),
  };
}
