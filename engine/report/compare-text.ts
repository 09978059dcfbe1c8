// A comparison as text: the verdict, then every figure with its change and its noise band.

import type { ComparedRow, Comparison } from './compare.ts';
import { percentText, quantityText } from './quantity.ts';
import { tableLines, wrapped } from './table.ts';

const WIDTH = 120;

const METHOD =
  'Figures are medians of the runs of a side. The noise band is the spread of the runs of the noisier side, at least 5 % (10 % where a side has one run). A change counts when it is larger than the band and the runs bear it out: with 4 runs a side or more an exact Mann-Whitney test at 0.05, with fewer every run of one side beyond every run of the other.';

function outcomeText({ outcome, unit }: ComparedRow): string {
  if (outcome === 'same') return 'no difference beyond the noise';
  if (outcome === 'unknown') return 'not known on both sides';
  const isTime = unit === 'ns';
  if (outcome === 'worse') return isTime ? 'SLOWER' : 'WORSE';
  return isTime ? 'faster' : 'better';
}

function changeText({ change, isAbsolute, unit }: ComparedRow): string {
  if (change === null) return '–';
  const text = isAbsolute ? quantityText(change, unit) : percentText(change * 100);
  return change > 0 ? `+${text}` : text;
}

function bandText({ band, isAbsolute, unit }: ComparedRow): string {
  if (band === null) return '–';
  return `±${isAbsolute ? quantityText(band, unit) : percentText(band * 100)}`;
}

function rowCells(row: ComparedRow): string[] {
  const chance = row.p === null ? '' : row.p.toFixed(3);
  const values = [row.before, row.after].map((value) => quantityText(value, row.unit));
  return [row.name, ...values, changeText(row), bandText(row), chance, outcomeText(row)];
}

/** `REGRESSION: …`, `IMPROVEMENT: …` or `NO DIFFERENCE …`. */
function verdictText({ verdict, rows }: Comparison): string {
  const names = (outcome: string): string[] => rows.filter((row) => row.outcome === outcome).map(({ name }) => name);
  const [worse, better] = [names('worse'), names('better')];
  const also = better.length === 0 ? '' : `; better: ${better.join(', ')}`;
  if (verdict === 'worse') return `REGRESSION: worse beyond the noise: ${worse.join(', ')}${also}`;
  if (verdict === 'better') return `IMPROVEMENT: better beyond the noise, and nothing worse: ${better.join(', ')}`;
  return 'NO DIFFERENCE beyond the noise';
}

function sideText(name: string, folders: readonly string[]): string[] {
  const runs = folders.length === 1 ? '1 run' : `${folders.length} runs`;
  return wrapped(`${name} ${runs}: ${folders.join(', ')}`, WIDTH, '', '    ');
}

/** Ends with a newline. */
export function comparisonText(comparison: Comparison): string {
  const head = ['', 'before', 'after', 'change', 'noise', 'p', ''];
  const hasChance = comparison.rows.some(({ p }) => p !== null);
  const rows = [head, ...comparison.rows.map(rowCells)].map((row) => (hasChance ? row : row.toSpliced(5, 1)));
  const lines = [
    ...wrapped(verdictText(comparison), WIDTH, '', '    '),
    '',
    ...sideText('before', comparison.before),
    ...sideText('after', comparison.after),
    '',
    ...tableLines(rows, [0, rows[0].length - 1]),
    '',
    ...comparison.notes.flatMap((note) => wrapped(`Note: ${note}.`, WIDTH, '', '    ')),
    ...wrapped(METHOD, WIDTH, ''),
  ];
  return `${lines.join('\n')}\n`;
}
