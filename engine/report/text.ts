// report.txt: the report for an engineer who has twenty seconds, verdict first.

import type { LoadReport } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { countText, durationText, rateText } from './quantity.ts';
import { tableLines, wrapped } from './table.ts';
import {
  accounting,
  collectionFacts,
  headline,
  honesty,
  processFacts,
  reasonsOfLoss,
  runFacts,
  thresholdsTold,
  thresholdValueText,
  verdictWord,
} from './words.ts';

const WIDTH = 120;

const paragraph = (sentences: readonly string[]): string[] =>
  sentences.flatMap((sentence) => wrapped(sentence, WIDTH, '  ', '    '));

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function thresholdLines(report: LoadReport): string[] {
  const rows = report.thresholds.map((result) => [
    result.pass ? 'pass' : 'FAIL',
    result.name,
    thresholdValueText(result),
  ]);
  return tableLines(rows, [0, 1, 2]);
}

function stageLines({ stages }: LoadReport): string[] {
  const head = ['', 'count', 'min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'p99.99', 'max'];
  const rows = REPORT_STAGES.map((stage) => {
    const { count, min, mean, p50, p90, p95, p99, p999, p9999, max } = stages[stage];
    return [stage, countText(count), ...[min, mean, p50, p90, p95, p99, p999, p9999, max].map(durationText)];
  });
  return tableLines([head, ...rows]);
}

function searchLines({ search }: LoadReport): string[] {
  const rows = (search ?? []).map(({ ratePerS, achievedRate, p99Ns, lost, isSustained, reason }) => [
    isSustained ? 'held' : 'not held',
    rateText(ratePerS),
    rateText(achievedRate),
    durationText(p99Ns),
    countText(lost),
    reason,
  ]);
  return rows.length === 0 ? [] : tableLines([['', 'offered', 'sent', 'p99', 'lost', ''], ...rows], [0, 5]);
}

/** The whole report; ends with a newline. No line is wider than 120 columns unless one word is. */
export function reportText(report: LoadReport): string {
  const reasons = reasonsOfLoss(report).map(([name, count]) => [name, countText(count)]);
  const lines = [
    ...wrapped(`${verdictWord(report)}: ${headline(report)}; ${thresholdsTold(report)}`, WIDTH, ''),
    ...section('Thresholds', thresholdLines(report)),
    ...section('Latency', stageLines(report)),
    ...section('Losses', [...paragraph(accounting(report)), ...tableLines(reasons)]),
    ...section('Generator', paragraph(honesty(report))),
    ...section('Process', tableLines([...processFacts(report), ...collectionFacts(report)], [0, 1])),
    ...section('Search for the highest rate', searchLines(report)),
    ...section('Notes', paragraph(report.notes)),
    ...section('Run', [...tableLines(runFacts(report), [0, 1]), ...wrapped(report.run.command, WIDTH, '  ', '      ')]),
  ];
  return `${lines.join('\n')}\n`;
}
