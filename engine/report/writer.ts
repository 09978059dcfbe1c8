// Writes a report's folder: report.txt, report.json, report.html and one .hgrm for each stage.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type StageCounts, toHistogram } from '../observe/latency-counts.ts';
import { reportHtml } from './html.ts';
import type { LoadReport } from './load-report.ts';
import { type LoadRun, REPORT_STAGES } from './load-run.ts';
import { REPORT_FILE } from './reader.ts';
import { reportText } from './text.ts';

export const HTML_FILE = 'report.html';

/** One line for each field, and for each span: wide, but a diff and a pager can live with it. */
export function reportJson(report: LoadReport): string {
  const lines = Object.entries(report).map(([key, value]) => {
    const text =
      key === 'overTime' && Array.isArray(value) && value.length > 0
        ? `[\n    ${value.map((span) => JSON.stringify(span)).join(',\n    ')}\n  ]`
        : JSON.stringify(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * A percentile distribution as HdrHistogram writes it, in ns, as `/v1/latency/STAGE.hgrm` does. The last line is a comment,
 * which its plotter passes over (HdrHistogram, GoogleChartsExample/plotFiles.html: only lines of four numbers are drawn).
 */
export function hgrm(stage: string, counts: StageCounts): string {
  return `${toHistogram(counts).outputPercentileDistribution()}#[Unit    = ns, Stage = ${stage}]\n`;
}

/** Makes the folder where there is none; files of an earlier report are overwritten. */
export async function writeReport(report: LoadReport, run: LoadRun, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    [REPORT_FILE, reportJson(report)],
    ['report.txt', reportText(report)],
    [HTML_FILE, reportHtml(report)],
    ...REPORT_STAGES.map((stage): [string, string] => [`${stage}.hgrm`, hgrm(stage, run.stages[stage])]),
  ];
  for (const [name, text] of files) await writeFile(join(dir, name), text);
}
