// What all suites share: sizes, repeats, the table of results with its aims, and the JSON file of a run.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Aim, aimOf, meets } from './aims.ts';

/** Small for the test suite, full for figures. */
export type Size = 'smoke' | 'full';

/** One question of a suite; `--filter` selects by its name. */
export type Bench = {
  readonly name: string;
  readonly run: (results: Results, size: Size) => void | Promise<void>;
};

export type Suite = readonly Bench[];

export type Row = {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  /** One value per repeat. */
  readonly values: readonly number[];
  /** What the value is measured against in the same run, as a ratio's name; null for absolute rows. */
  readonly against: string | null;
  /** What the median should come to, in the row's unit; null where nothing was promised. */
  readonly aim: Aim | null;
  /** Whether the median meets the aim; null without one, and in a small run, which measures nothing. */
  readonly isMet: boolean | null;
};

export type Report = {
  /** Short hash, with `-dirty` where files were changed; null outside a repository. */
  readonly commit: string | null;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly size: Size;
  readonly rows: readonly Row[];
  readonly aims: AimCounts;
};

/** Names of rows, by what became of their aims. */
export type AimCounts = { readonly met: readonly string[]; readonly missed: readonly string[] };

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Collects rows and prints them as they come. */
export class Results {
  readonly rows: Row[] = [];
  private readonly suite: string;
  private readonly print: (line: string) => void;
  private readonly size: Size;

  constructor(suite: string, print: (line: string) => void, size: Size = 'full') {
    this.suite = suite;
    this.print = print;
    this.size = size;
  }

  /** `aim` as aimOf() reads it, such as `≥ 10 M`. */
  add(
    name: string,
    unit: string,
    values: readonly number[],
    against: string | null = null,
    aim: string | null = null,
  ): void {
    const wanted = aim === null ? null : aimOf(aim);
    const isMet = wanted === null || this.size === 'smoke' ? null : meets(wanted, median(values));
    this.rows.push({ suite: this.suite, name, unit, values, against, aim: wanted, isMet });
    const spread = values.length > 1 ? `  (${format(Math.min(...values))} – ${format(Math.max(...values))})` : '';
    const verdict = isMet === null ? '' : isMet ? ', met' : ', MISSED';
    const tail = `${against === null ? '' : `  against ${against}`}${aim === null ? '' : `  aim ${aim}${verdict}`}`;
    this.print(`${name.padEnd(68)} ${format(median(values)).padStart(12)} ${unit}${spread}${tail}`);
  }

  /** Ratio a/b pair by pair: both were measured in turn, so the machine's drift cancels. */
  ratio(name: string, a: readonly number[], b: readonly number[], against: string, aim: string | null = null): void {
    this.add(
      name,
      '×',
      a.map((value, i) => value / b[i]),
      against,
      aim,
    );
  }

  note(text: string): void {
    this.print(text);
  }
}

function format(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value >= 100 ? value.toFixed(0) : value.toFixed(3);
}

export function countAims(rows: readonly Row[]): AimCounts {
  const named = (isMet: boolean): string[] =>
    rows.filter((row) => row.isMet === isMet).map((row) => `${row.suite}: ${row.name}`);
  return { met: named(true), missed: named(false) };
}

/** What the repository says, or null: a package that was installed has none. */
function git(parameters: readonly string[]): string | null {
  try {
    return execFileSync('git', parameters, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return null;
  }
}

function commitOf(): string | null {
  const hash = git(['rev-parse', '--short', 'HEAD']);
  if (hash === null) return null;
  return git(['status', '--porcelain', '--untracked-files=no']) === '' ? hash : `${hash}-dirty`;
}

export function reportOf(rows: readonly Row[], size: Size): Report {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  return { commit: commitOf(), node: process.version, ...machine, size, rows, aims: countAims(rows) };
}

/** The end of a run: aims met and missed, each missed one with its figure. */
export function printAims(rows: readonly Row[], print: (line: string) => void): void {
  const { met, missed } = countAims(rows);
  print(`aims: ${met.length} met, ${missed.length} missed`);
  for (const { suite, name, unit, values, aim } of rows.filter(({ isMet }) => isMet === false))
    print(`  missed  ${suite}: ${name}: ${format(median(values))} ${unit}, aim ${aim?.op} ${format(aim?.value ?? 0)}`);
}

export function writeReport(path: string, report: Report): void {
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Fails the run: a bench that computes something else than the right answer measures nothing. */
export function check(isRight: boolean, message: string): void {
  if (!isRight) throw new Error(`wrong answer: ${message}`);
}
