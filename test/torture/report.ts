// Writes what a run of scenarios came to: torture.json for programs, torture.md for people, and a summary as text.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Result } from './runner.ts';
import type { Accounting, Figure, Outcome, Size } from './scenario.ts';

const GIBIBYTE = 2 ** 30;
const PROJECT = new URL('../..', import.meta.url).pathname;

export type Report = {
  readonly schema: 1;
  readonly verdict: 'passed' | 'failed';
  readonly run: {
    readonly commit: string;
    readonly date: string;
    readonly node: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly seed: number;
    readonly size: Size;
    readonly durationS: number;
  };
  readonly scenarios: readonly Result[];
};

function commitOf(): string {
  try {
    const git = (...words: string[]): string => execFileSync('git', words, { cwd: PROJECT, encoding: 'utf8' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}

export function reportOf(results: readonly Result[], { size, seed }: { size: Size; seed: number }): Report {
  return {
    schema: 1,
    verdict: results.every(({ pass }) => pass) ? 'passed' : 'failed',
    run: {
      commit: commitOf(),
      date: new Date().toISOString(),
      node: process.version,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / GIBIBYTE),
      seed,
      size,
      durationS: results.reduce((sum, { durationS }) => sum + durationS, 0),
    },
    scenarios: results,
  };
}

const whole = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

/** A zero of n trials says no more than that the rate lies below 3/n (RELIABILITY §3). */
function valueText({ value, unit, trials }: Figure): string {
  const text = unit === '' ? whole(value) : `${whole(value)} ${unit}`;
  if (trials === undefined) return text;
  if (value !== 0) return `${text} of ${whole(trials)}`;
  return `${text} of ${whole(trials)}: < ${(3 / trials).toPrecision(1)} at 95 %`;
}

function figureLine(figure: Figure): string {
  const verdict = figure.bound === null ? '' : figure.pass ? 'held' : '**missed**';
  return `| ${figure.name} | ${valueText(figure)} | ${figure.bound ?? '–'} | ${verdict} |`;
}

function accountText(account: Accounting): string {
  const { received, applied, duplicate, stale, invalid, shed, inFlight, difference } = account;
  const parts = `applied ${whole(applied)} + duplicate ${whole(duplicate)} + stale ${whole(stale)} + invalid ${whole(invalid)}`;
  return `received ${whole(received)} = ${parts} + shed ${whole(shed)} + in flight ${whole(inFlight)}; difference ${whole(difference)}`;
}

function injectedText({ injected, detected, falseAlarms }: Outcome): string {
  const noticed = detected === null ? '' : `, noticed ${whole(detected)}`;
  return `injected ${whole(injected)}${noticed}${falseAlarms === null ? '' : `; false alarms ${whole(falseAlarms)}`}`;
}

function outcomeLines(outcome: Outcome): string[] {
  const { figures, accounting, knownHoles, notes } = outcome;
  return [
    `${injectedText(outcome)}.`,
    ...(accounting === null ? [] : [`Account: ${accountText(accounting)}.`]),
    '',
    '| figure | value | bound | |',
    '| --- | --- | --- | --- |',
    ...figures.map(figureLine),
    '',
    ...notes.map((note) => `- ${note}`),
    ...knownHoles.map((hole) => `- Known hole: ${hole}`),
  ];
}

function scenarioLines(result: Result): string[] {
  const { id, title, pass, durationS, outcome, error } = result;
  const head = `## ${id} ${title}: ${pass ? 'passed' : 'FAILED'} (${durationS.toFixed(1)} s)`;
  const failure = error === null ? [] : ['```', error, '```', ''];
  return [head, '', ...failure, ...(outcome === null ? [] : outcomeLines(outcome)), ''];
}

/** The page for people. */
export function markdownOf({ verdict, run, scenarios }: Report): string {
  const { commit, date, node, cpu, cores, memoryGiB, seed, size, durationS } = run;
  const failed = scenarios.filter(({ pass }) => !pass).map(({ id }) => id);
  return [
    '# Torture report',
    '',
    `Verdict: ${verdict}${failed.length === 0 ? '' : ` (${failed.join(', ')})`}.`,
    '',
    `Commit ${commit}; seed ${seed}; size ${size}; Node ${node}; ${cores} × ${cpu}, ${memoryGiB} GiB; ${date}; ${durationS.toFixed(0)} s.`,
    '',
    ...scenarios.flatMap(scenarioLines),
  ].join('\n');
}

/** One line a scenario, and one for each bound that was missed. */
export function textOf(result: Result): string {
  const { id, title, pass, durationS, outcome, error } = result;
  const head = `${pass ? 'passed' : 'FAILED'}  ${id} ${title} (${durationS.toFixed(1)} s)`;
  const summary = outcome === null ? [] : [`        ${injectedText(outcome)}`];
  const missed = (outcome?.figures ?? []).filter((figure) => !figure.pass);
  const account = outcome?.accounting ?? null;
  const isOpen = account !== null && (account.difference !== 0 || account.inFlight !== 0);
  return [
    head,
    ...summary,
    ...missed.map((figure) => `        missed: ${figure.name}: ${valueText(figure)}, bound ${figure.bound}`),
    ...(isOpen ? [`        account does not close: ${accountText(account)}`] : []),
    ...(error === null ? [] : [`        ${error}`]),
  ].join('\n');
}

/** Between these lines a document holds the figures of the last full run. */
const FIGURES_BEGIN = '<!-- torture figures: begin -->';
const FIGURES_END = '<!-- torture figures: end -->';

function figuresRow({ id, title, outcome, pass }: Result): string {
  if (outcome === null) return `| ${id} | ${title} | – | – | – | **failed** |`;
  const bounded = outcome.figures.filter(({ bound }) => bound !== null);
  const held = bounded.filter((figure) => figure.pass).length;
  const noticed = outcome.detected === null ? '–' : whole(outcome.detected);
  const account = outcome.accounting === null ? '–' : whole(outcome.accounting.difference);
  const bounds = `${held} of ${bounded.length}`;
  return `| ${id} | ${title} | ${whole(outcome.injected)} | ${noticed} | ${account} | ${pass ? bounds : `**${bounds}**`} |`;
}

/** A document with its figures replaced by those of the report. Throws where it has no place for them. */
export function withFigures(document: string, { run, scenarios }: Report): string {
  const [from, to] = [document.indexOf(FIGURES_BEGIN), document.indexOf(FIGURES_END)];
  if (from < 0 || to < from) throw new Error(`expected lines ${FIGURES_BEGIN} and ${FIGURES_END}`);
  const { commit, node, cpu, cores, seed, size, durationS } = run;
  const table = [
    '| | scenario | injected | noticed | difference of the account | bounds held |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...scenarios.map(figuresRow),
  ];
  const head = `Size \`${size}\`, seed ${seed}, commit ${commit}, Node ${node}, ${cores} × ${cpu}, ${Math.round(durationS / 60)} minutes.`;
  return `${document.slice(0, from)}${FIGURES_BEGIN}\n${head}\n\n${table.join('\n')}\n${document.slice(to)}`;
}

/** Writes both files into the folder, which is made where it is not there. */
export function writeReport(folder: string, report: Report): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'torture.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, 'torture.md'), markdownOf(report));
}
