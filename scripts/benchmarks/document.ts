// docs/benchmarks.md from its prose and the raw results: every figure in it is put in here.

import { readFileSync } from 'node:fs';
import type { Aim } from '../../bench/aims.ts';
import { bytesText, countText, durationText, percentText, rateText } from '../../engine/report/quantity.ts';
import { highestRate } from './plan.ts';
import { PLOTS, plotPath } from './plots.ts';
import type { MergedRow, Reference } from './reference.ts';

const PROSE = new URL('./prose.md', import.meta.url);
const MARK =
  '<!-- Made by `npm run benchmarks` from scripts/benchmarks/prose.md and measured figures: change those, not this. -->';
const PLACE = /^\{\{([a-z-]+(?: [a-z-]+)?)\}\}$/gm;

/** Three digits, in thousands and millions from ten thousand on. */
function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(size >= 1e8 ? 0 : 2)} M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  if (size >= 99.95 || value === 0) return value.toFixed(0);
  return value.toFixed(size >= 9.995 ? 1 : size >= 0.0995 ? 2 : 4);
}

/** Aims are round: `≥ 10 M`, not `≥ 10.00 M`. */
const rounded = (text: string): string =>
  text.replace(/\.(\d*?)0+(?=\D|$)/, (_, kept: string) => (kept === '' ? '' : `.${kept}`));
const aimText = (aim: Aim | null): string => (aim === null ? '' : `${aim.op} ${rounded(figure(aim.value))}`);
const escaped = (text: string): string => text.replaceAll('|', '\\|');

function verdict(isMet: boolean | null): string {
  if (isMet === null) return 'not judged';
  return isMet ? 'reached' : '**missed**';
}

type Column = { readonly head: string; readonly isNumber: boolean };

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ head }) => head)),
    line(columns.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

const words = (head: string): Column => ({ head, isNumber: false });
const numbers = (head: string): Column => ({ head, isNumber: true });

const rangeOf = ({ values }: MergedRow): string =>
  values.length < 2 ? '' : `${figure(Math.min(...values))} – ${figure(Math.max(...values))}`;

function aims({ rows, loads, facts }: Reference): string {
  const benched = rows
    .filter(({ aim }) => aim !== null)
    .map((row) => [
      `${row.suite}: ${escaped(row.name)}`,
      aimText(row.aim),
      `${figure(row.median)} ${row.unit}`,
      rangeOf(row),
      verdict(row.isMet),
    ]);
  const loaded = loads.flatMap(({ test, report }) =>
    test.aims.map(({ work, most, read, tell }) => {
      const value = read(report);
      const isMet = facts.isQuick || value === null ? null : value <= most;
      return [`load: ${test.title}: ${work}`, `≤ ${tell(most)}`, tell(value), '', verdict(isMet)];
    }),
  );
  return table(
    [words('work'), numbers('aim'), numbers('median'), numbers('least – greatest'), words('')],
    [...benched, ...loaded],
  );
}

function rowsOf(reference: Reference, suite: string): string {
  const rows = reference.rows.filter((row) => row.suite === suite);
  if (rows.length === 0) return `No results of \`${suite}\` in this run.`;
  return table(
    [words('row'), numbers('median'), numbers('least – greatest'), words('unit'), words('against'), numbers('aim')],
    rows.map((row) => [
      escaped(row.name),
      figure(row.median),
      rangeOf(row),
      row.unit,
      escaped(row.against ?? ''),
      aimText(row.aim),
    ]),
  );
}

function loads({ loads }: Reference): string {
  if (loads.length === 0) return 'No load tests in this run.';
  const percentiles = ['p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const;
  const latency = table(
    [words('test'), numbers('sent'), ...percentiles.map((name) => numbers(name)), numbers('generator late, p99')],
    loads.map(({ test, report }) => [
      test.title,
      rateText(report.run.achievedRate),
      ...percentiles.map((name) => durationText(report.stages['end-to-end'][name])),
      durationText(report.generator.lateness.p99),
    ]),
  );
  const facts = table(
    [
      ...[words('test'), numbers('updates'), numbers('lost'), numbers('memory growth'), numbers('processor')],
      numbers('longest pause'),
    ],
    loads.map(({ test, report: { counts, process, run } }) => [
      test.title,
      countText(counts.sent),
      countText(counts.lost),
      bytesText(process.rssGrowth),
      process.cpuSeconds === null ? '–' : percentText((process.cpuSeconds / run.durationS) * 100),
      process.gcPauses.length === 0 ? '–' : durationText(Math.max(...process.gcPauses.map(({ maxMs }) => maxMs * 1e6))),
    ]),
  );
  const highest = loads.map(({ report }) => highestRate(report)).find((rate) => rate !== null);
  const found = highest === undefined ? '' : `\n\nThe highest rate that was sustained: **${rateText(highest)}**.`;
  return `${latency}\n\n${facts}${found}`;
}

function machine({ facts }: Reference): string {
  const about = [
    ['commit', facts.commit ?? 'not known'],
    ['date', facts.date],
    ['processor', `${facts.cpu}, ${facts.cores} cores`],
    ['memory', bytesText(facts.memoryBytes)],
    ['kernel', facts.kernel],
    ['Node', facts.node],
  ];
  const warning = facts.isQuick
    ? '**This is a quick run, which proves that everything runs: its figures measure nothing.**\n\n'
    : '';
  const failures = facts.failures.map((text) => `- failed: ${escaped(text)}`).join('\n');
  const commands = `\`\`\`\n${facts.commands.join('\n')}\n\`\`\``;
  return `${warning}${table([words('what'), words('value')], about)}\n\n${commands}${failures === '' ? '' : `\n\n${failures}`}`;
}

function plots(reference: Reference): string {
  return PLOTS.flatMap(({ key, title, draw }) =>
    draw(reference) === null ? [] : [`![${title}](${plotPath(key)})`],
  ).join('\n\n');
}

function part(reference: Reference, name: string): string {
  const [kind, argument] = name.split(' ');
  if (kind === 'rows' && argument !== undefined) return rowsOf(reference, argument);
  const known: Readonly<Record<string, (reference: Reference) => string>> = { machine, aims, loads, plots };
  const make = known[name];
  if (make === undefined) throw new Error(`prose.md: expected a part of ${Object.keys(known).join(', ')}, was ${name}`);
  return make(reference);
}

export const readProse = (): string => readFileSync(PROSE, 'utf8');

/** The whole document. Parts stand alone on a line of the prose: `{{machine}}`, `{{aims}}`, `{{rows SUITE}}` … */
export function renderDocument(reference: Reference, prose = readProse()): string {
  const suites = [...new Set(reference.rows.map(({ suite }) => suite))];
  const absent = suites.filter((suite) => !prose.includes(`{{rows ${suite}}}`));
  if (absent.length > 0) throw new Error(`prose.md: expected a part for the rows of ${absent.join(', ')}`);
  return `${MARK}\n\n${prose.replaceAll(PLACE, (_, name: string) => part(reference, name))}`;
}

/** Whether a document has this prose, in its order, whatever its figures. */
export function hasProse(document: string, prose = readProse()): boolean {
  let from = document.startsWith(MARK) ? MARK.length : -1;
  for (const text of prose.split(/^\{\{.*\}\}$/m)) {
    if (from < 0) return false;
    const at = document.indexOf(text.trim(), from);
    from = at < 0 ? -1 : at + text.trim().length;
  }
  return from >= 0;
}
