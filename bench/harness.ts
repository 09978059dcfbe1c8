// What all suites share: sizes, repeats, the table of results and the JSON file of a run.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Small for the test suite, full for figures. */
export type Size = 'smoke' | 'full';

export type Row = {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  /** One value per repeat. */
  readonly values: readonly number[];
  /** What the value is measured against in the same run, as a ratio's name; null for absolute rows. */
  readonly against: string | null;
  /** The aim of this ratio, where there is one. */
  readonly aim: string | null;
};

export type Report = {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly rows: readonly Row[];
};

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

  constructor(suite: string, print: (line: string) => void) {
    this.suite = suite;
    this.print = print;
  }

  add(
    name: string,
    unit: string,
    values: readonly number[],
    against: string | null = null,
    aim: string | null = null,
  ): void {
    this.rows.push({ suite: this.suite, name, unit, values, against, aim });
    const spread = values.length > 1 ? `  (${format(Math.min(...values))} – ${format(Math.max(...values))})` : '';
    const tail = `${against === null ? '' : `  against ${against}`}${aim === null ? '' : `  aim ${aim}`}`;
    this.print(`${name.padEnd(58)} ${format(median(values)).padStart(12)} ${unit}${spread}${tail}`);
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

export function reportOf(rows: readonly Row[]): Report {
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, rows };
}

export function writeReport(path: string, report: Report): void {
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** Fails the run: a bench that computes something else than the right answer measures nothing. */
export function check(isRight: boolean, message: string): void {
  if (!isRight) throw new Error(`wrong answer: ${message}`);
}
