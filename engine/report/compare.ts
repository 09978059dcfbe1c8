// Compares the runs of two sides, figure by figure, and refuses to compare runs of different work.

import { UsageError } from '../base/errors.ts';
import type { LoadReport } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { type Change, changeOf, type Rule } from './noise.ts';

export const COMPARISON_SCHEMA = 'millrace-load-comparison/1';

/** Runs of one side, and the folders they came from. */
export type Side = { readonly folders: readonly string[]; readonly reports: readonly LoadReport[] };

export type ComparedRow = Change & {
  readonly name: string;
  readonly unit: 'ns' | 'bytes' | '/s' | '';
  readonly isAbsolute: boolean;
};

export type Comparison = {
  readonly schema: typeof COMPARISON_SCHEMA;
  readonly verdict: 'worse' | 'better' | 'same';
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly rows: readonly ComparedRow[];
  readonly notes: readonly string[];
};

type Figure = Rule & {
  readonly name: string;
  readonly unit: ComparedRow['unit'];
  readonly read: (report: LoadReport) => number | null;
};

/** Two readings of the clock: less than this is not told apart. */
const LATENCY_LEAST_NS = 100;
/** Resident memory moves by this much with when the last collection was. */
const MEMORY_LEAST_BYTES = 10e6;

const ratio = { isLowerBetter: true, least: 0, isAbsolute: false } as const;
const difference = { isLowerBetter: true, least: 0, isAbsolute: true } as const;

const STATS = [
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
] as const;

const FIGURES: readonly Figure[] = [
  ...REPORT_STAGES.toReversed().flatMap((stage) =>
    STATS.map(([told, stat]): Figure => {
      const read = (report: LoadReport): number | null => report.stages[stage][stat];
      return { ...ratio, least: LATENCY_LEAST_NS, name: `${stage} ${told}`, unit: 'ns', read };
    }),
  ),
  { ...ratio, isLowerBetter: false, name: 'rate achieved', unit: '/s', read: ({ run }) => run.achievedRate },
  { ...difference, name: 'lost', unit: '', read: ({ counts }) => counts.lost },
  { ...difference, name: 'dropped', unit: '', read: ({ counts }) => counts.dropped },
  { ...difference, name: 'duplicates', unit: '', read: ({ counts }) => counts.duplicates },
  {
    ...ratio,
    name: 'processor time',
    unit: 'ns',
    read: ({ process: { cpuSeconds } }) => (cpuSeconds === null ? null : cpuSeconds * 1e9),
  },
  {
    ...difference,
    least: MEMORY_LEAST_BYTES,
    name: 'memory growth',
    unit: 'bytes',
    read: (report) => report.process.rssGrowth,
  },
  {
    ...ratio,
    least: MEMORY_LEAST_BYTES,
    name: 'memory at most',
    unit: 'bytes',
    read: (report) => report.process.rssMax,
  },
];

/** What must be the same for two runs to have done the same work. */
const WORK = [
  ...['offeredRate', 'durationS', 'warmupS', 'markets', 'format', 'dialect', 'updates', 'batch'],
  ...['connections', 'profile', 'subscribers', 'encoding', 'generator'],
] as const satisfies readonly (keyof LoadReport['run'])[];
/** What may differ on purpose and must then be known. */
const SURROUNDINGS = ['cpu', 'cores', 'node'] as const;

/** Rates and times that are measured are never equal to the last digit. */
const ALIKE = 0.01;
const MEASURED: readonly string[] = ['offeredRate', 'durationS'];

function areAlike(name: string, one: unknown, other: unknown): boolean {
  if (typeof one !== 'number' || typeof other !== 'number' || !MEASURED.includes(name)) return one === other;
  return Math.abs(one - other) <= ALIKE * Math.max(Math.abs(one), Math.abs(other));
}

/** `markets 50 and 200`, for each field that differs; in a search for the highest rate the rate is the result. */
function differences(reports: readonly LoadReport[], names: readonly (keyof LoadReport['run'])[]): string[] {
  const isSearch = reports.every(({ search }) => search !== null);
  return names.flatMap((name) => {
    if (name === 'offeredRate' && isSearch) return [];
    const values = reports.map(({ run }) => run[name]);
    const other = values.find((value) => !areAlike(name, value, values[0]));
    return other === undefined ? [] : [`${name} ${values[0]} and ${other}`];
  });
}

function notesOf(before: Side, after: Side, work: readonly string[]): string[] {
  const reports = [...before.reports, ...after.reports];
  const notes: string[] = [];
  if (work.length > 0) notes.push(`the runs did not do the same work: ${work.join(', ')}`);
  const around = differences(reports, SURROUNDINGS);
  if (around.length > 0) notes.push(`the runs were not made on the same ground: ${around.join(', ')}`);
  const failed = reports.filter(({ verdict }) => verdict === 'fail').length;
  if (failed > 0) notes.push(`${failed} of the ${reports.length} runs failed a threshold of its own`);
  if (Math.min(before.reports.length, after.reports.length) === 1) {
    notes.push(
      'a side has one run, so its noise cannot be known: a change of 10 % counts, and may well be noise; make at least 4 runs a side',
    );
  }
  return notes;
}

/** What one side could not measure is neither better nor worse; its reader must not take it for the same. */
function oneSidedNotes(rows: readonly ComparedRow[]): string[] {
  const names = rows.filter((row) => (row.before === null) !== (row.after === null)).map(({ name }) => name);
  return names.length === 0 ? [] : [`measured on one side alone, and so not judged: ${names.join(', ')}`];
}

function rowOf({ name, unit, read, ...rule }: Figure, before: Side, after: Side): ComparedRow {
  const [from, to] = [before, after].map(({ reports }) => reports.map(read).filter((value) => value !== null));
  return { name, unit, isAbsolute: rule.isAbsolute, ...changeOf(from, to, rule) };
}

/** Throws a UsageError that says what differs where the runs did not do the same work, unless that is wanted. */
export function compare(before: Side, after: Side, isForced: boolean): Comparison {
  const work = differences([...before.reports, ...after.reports], WORK);
  if (work.length > 0 && !isForced)
    throw new UsageError(
      `--compare: expected runs of the same work, was ${work.join(', ')}; --force compares them all the same`,
    );
  const rows = FIGURES.map((figure) => rowOf(figure, before, after));
  const has = (outcome: string): boolean => rows.some((row) => row.outcome === outcome);
  const verdict = has('worse') ? 'worse' : has('better') ? 'better' : 'same';
  const notes = [...notesOf(before, after, work), ...oneSidedNotes(rows)];
  return { schema: COMPARISON_SCHEMA, verdict, before: before.folders, after: after.folders, rows, notes };
}
