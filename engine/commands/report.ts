// `millrace report DIR …`: prints a load report, writes its page again, or compares the runs of two sides.

import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { compare, type Side } from '../report/compare.ts';
import { comparisonText } from '../report/compare-text.ts';
import { reportHtml } from '../report/html.ts';
import { readReport, runFolders } from '../report/reader.ts';
import { reportText } from '../report/text.ts';
import { HTML_FILE, reportJson } from '../report/writer.ts';

export type ReportFlags = {
  /** True without a file: beside report.json. */
  readonly html?: string | boolean;
  readonly json?: boolean;
  readonly compare?: string[];
  readonly force?: boolean;
};

const EXIT_REGRESSION = 1;

/** A path that is there may hold commas; else they part paths. */
function paths(texts: readonly string[]): string[] {
  return texts.flatMap((text) => (existsSync(text) ? [text] : text.split(',').filter((part) => part !== '')));
}

function sideOf(texts: readonly string[]): Side {
  const folders = paths(texts).flatMap(runFolders);
  if (folders.length === 0) throw new UsageError('expected a folder with report.json, was none');
  const twice = folders.find((folder, at) => folders.indexOf(folder) !== at);
  if (twice !== undefined) throw new UsageError(`expected each run once, was ${twice} twice`);
  return { folders, reports: folders.map(readReport) };
}

function compareSides(dirs: readonly string[], others: readonly string[], flags: ReportFlags): number {
  if (flags.html !== undefined) throw new UsageError('--html: expected a single report, was a comparison');
  const comparison = compare(sideOf(dirs), sideOf(others), flags.force === true);
  process.stdout.write(flags.json === true ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonText(comparison));
  return comparison.verdict === 'worse' ? EXIT_REGRESSION : 0;
}

function writePages({ folders, reports }: Side, html: string | true): void {
  if (html !== true && folders.length > 1)
    throw new UsageError(`--html: expected no file for ${folders.length} reports, was ${html}`);
  for (const [at, folder] of folders.entries()) {
    const file = html === true ? join(folder, HTML_FILE) : html;
    if (!existsSync(dirname(file)))
      throw new UsageError(`--html: expected a file in a folder that exists, was ${file}`);
    writeFileSync(file, reportHtml(reports[at]));
    process.stderr.write(`wrote ${file}\n`);
  }
}

/** Returns the exit code: 1 for a regression beyond the noise, else 0. Wrong usage is thrown. */
export function report(dirs: readonly string[], flags: ReportFlags): number {
  if (flags.compare !== undefined) return compareSides(dirs, flags.compare, flags);
  if (flags.force === true) throw new UsageError('--force: expected --compare with it, was alone');
  const side = sideOf(dirs);
  if (flags.html !== undefined && flags.html !== false) writePages(side, flags.html === true ? true : flags.html);
  if (flags.json === true && side.reports.length > 1)
    throw new UsageError(`--json: expected one run, was ${side.reports.length}`);
  const text = flags.json === true ? reportJson : reportText;
  process.stdout.write(side.reports.map(text).join('\n'));
  return 0;
}
