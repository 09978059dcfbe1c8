// The raw results of a reference run: a folder with the rows of each suite, a report of each load test and the run's facts.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Aim, meets } from '../../bench/aims.ts';
import { median, type Report, type Row } from '../../bench/harness.ts';
import { UsageError } from '../../engine/base/errors.ts';
import type { LoadReport } from '../../engine/report/load-report.ts';
import { REPORT_FILE, readReport } from '../../engine/report/reader.ts';
import { LOAD_TESTS, type LoadTest } from './plan.ts';

export const FACTS_FILE = 'run.json';
export const SUITES_FOLDER = 'suites';
export const LOADS_FOLDER = 'loads';

/** Where and how the results came about. */
export type Facts = {
  readonly commit: string | null;
  /** ISO 8601, the day. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Sizes that measure nothing. */
  readonly isQuick: boolean;
  readonly commands: readonly string[];
  /** Commands that did not end well, with what they said last. */
  readonly failures: readonly string[];
};

/** One row over all runs of its suite. */
export type MergedRow = {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** NaN where no run had a figure. */
  readonly median: number;
  readonly against: string | null;
  readonly aim: Aim | null;
  /** Null without an aim, and in a quick run. */
  readonly isMet: boolean | null;
};

export type Reference = {
  readonly facts: Facts;
  readonly rows: readonly MergedRow[];
  readonly loads: readonly { readonly test: LoadTest; readonly report: LoadReport }[];
};

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** Rows of the same suite and name as one, in the order in which they came first. */
export function mergeRows(rows: readonly Row[], isQuick: boolean): MergedRow[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.suite}\n${row.name}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const { suite, name, unit, against, aim } = group[0];
    // JSON has null where a ratio had nothing to divide by.
    const values = group.flatMap((row) => row.values.filter(Number.isFinite));
    const middle = values.length === 0 ? Number.NaN : median(values);
    const isMet = aim === null || isQuick || values.length === 0 ? null : meets(aim, middle);
    return { suite, name, unit, values, median: middle, against, aim, isMet };
  });
}

export function readReference(folder: string): Reference {
  const factsFile = join(folder, FACTS_FILE);
  if (!existsSync(factsFile)) throw new UsageError(`--from: expected a folder with ${FACTS_FILE}, was ${folder}`);
  const facts = readJson(factsFile) as Facts;
  const suites = join(folder, SUITES_FOLDER);
  const files = existsSync(suites) ? readdirSync(suites).sort() : [];
  const rows = files.flatMap((name) => (readJson(join(suites, name)) as Report).rows);
  const loads = LOAD_TESTS.flatMap((test) => {
    const dir = join(folder, LOADS_FOLDER, test.key);
    return existsSync(join(dir, REPORT_FILE)) ? [{ test, report: readReport(dir) }] : [];
  });
  return { facts, rows: mergeRows(rows, facts.isQuick), loads };
}
