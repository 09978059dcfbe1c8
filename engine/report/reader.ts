// Reads report.json again: what is no report, or a damaged one, is refused with one sentence.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { type LoadReport, REPORT_SCHEMA } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { PERCENTILE_NAMES } from './percentiles.ts';
import {
  fields,
  type Guard,
  isRecord,
  listOf,
  nullable,
  number,
  oneOf,
  optional,
  text,
  truth,
  tuple,
  valuesOf,
  wholeNumber,
} from './shape.ts';

export const REPORT_FILE = 'report.json';

const each = (names: readonly string[], guard: Guard): Record<string, Guard> =>
  Object.fromEntries(names.map((name) => [name, guard]));

const maybe = nullable(number);
const summary = fields({ count: wholeNumber, ...each(['min', 'mean', 'max', ...PERCENTILE_NAMES], maybe) });
const counts = fields({
  ...each(['count', 'overflow', 'negative'], wholeNumber),
  ...each(['sum', 'min', 'max'], number),
  buckets: listOf(tuple(wholeNumber, wholeNumber)),
});

const run = fields({
  ...{ commit: nullable(text), cores: wholeNumber },
  ...each(['node', 'cpu', 'format', 'dialect', 'updates', 'profile', 'encoding', 'generator'], text),
  ...each(['target', 'command', 'startedAt'], text),
  ...each(['seed', 'offeredRate', 'achievedRate', 'durationS', 'warmupS'], number),
  ...each(['markets', 'batch', 'connections', 'subscribers'], wholeNumber),
});

const span = fields({
  ...each(['atS', 'lengthS'], number),
  ...each(['sent', 'received', 'dropped'], number),
  rssBytes: maybe,
  stages: fields(
    each(
      REPORT_STAGES,
      optional(
        fields({
          count: wholeNumber,
          ...each(['p50', 'p99', 'max'], maybe),
          heat: listOf(tuple(wholeNumber, wholeNumber)),
        }),
      ),
    ),
  ),
});

const report = fields({
  verdict: oneOf('pass', 'fail'),
  thresholds: listOf(
    fields({ name: text, limit: number, value: maybe, pass: truth, operator: text, unit: text, reason: text }),
  ),
  run,
  counts: fields({
    ...each(['sent', 'processed', 'published', 'received', 'lost', 'dropped', 'duplicates'], number),
    droppedBy: optional(valuesOf(number)),
  }),
  stages: fields(each(REPORT_STAGES, summary)),
  overTime: listOf(span),
  generator: fields({
    ...{ lateness: summary, histogram: counts, rejected: valuesOf(number), cpuSeconds: number },
    ...each(['leftOut', 'disconnects'], wholeNumber),
  }),
  process: fields({
    ...each(['rssStart', 'rssEnd', 'rssMax', 'rssGrowth', 'cpuSeconds'], maybe),
    gcPauses: listOf(fields({ thread: text, count: wholeNumber, totalMs: number, maxMs: number })),
    eventLoopDelay: nullable(summary),
  }),
  search: nullable(
    listOf(
      fields({
        ...{ ratePerS: number, achievedRate: number, p99Ns: maybe },
        ...{ lost: number, isSustained: truth, reason: text },
      }),
    ),
  ),
  notes: listOf(text),
  histograms: fields(each(REPORT_STAGES, counts)),
});

/** Throws a UsageError that says where the text is no report. `path` is only told. */
export function parseReport(json: string, path: string): LoadReport {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new UsageError(`${path}: expected a load report, was no whole JSON text`);
  }
  const schema = isRecord(value) ? value['schema'] : undefined;
  if (schema !== REPORT_SCHEMA) {
    const was = schema === undefined ? 'without one' : JSON.stringify(schema);
    throw new UsageError(`${path}: expected a load report with schema ${JSON.stringify(REPORT_SCHEMA)}, was ${was}`);
  }
  const complaint = report(value, '');
  if (complaint !== null) throw new UsageError(`${path}: a damaged load report: ${complaint}`);
  return value as LoadReport;
}

/** The report of one folder. */
export function readReport(dir: string): LoadReport {
  const path = join(dir, REPORT_FILE);
  if (!existsSync(dir)) throw new UsageError(`expected a folder with ${REPORT_FILE}, was ${dir}, which does not exist`);
  if (!existsSync(path)) throw new UsageError(`expected a folder with ${REPORT_FILE}, was ${dir}, which has none`);
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path}: expected a file that can be read, was: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return parseReport(json, path);
}

/** Folders of the runs that a path stands for: the folder itself, or each folder in it that holds a report, by name. */
export function runFolders(path: string): string[] {
  if (existsSync(join(path, REPORT_FILE))) return [path];
  if (!existsSync(path))
    throw new UsageError(`expected a folder with ${REPORT_FILE}, was ${path}, which does not exist`);
  const inside = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, REPORT_FILE)))
    .map((entry) => join(path, entry.name))
    .sort();
  if (inside.length === 0)
    throw new UsageError(
      `expected a folder with ${REPORT_FILE}, or one with such folders, was ${path}, which has none`,
    );
  return inside;
}
