// Runs suites and load tests as child processes of the built commands, one after another, and keeps their raw results.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';
import { REPORT_FILE } from '../../engine/report/reader.ts';
import { LOAD_TESTS } from './plan.ts';
import { FACTS_FILE, type Facts, LOADS_FOLDER, SUITES_FOLDER } from './reference.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BENCH = 'dist/bench/cli.js';
const CLI = 'dist/engine/cli.js';

export type RunOptions = {
  readonly folder: string;
  readonly isQuick: boolean;
  /** Runs of each suite. */
  readonly runs: number;
  /** Suites and load tests by name; empty is all. */
  readonly only: readonly string[];
};

type Job = {
  readonly command: string;
  readonly parameters: readonly string[];
  /** File of a load test's report; null for suites. */
  readonly report: string | null;
};

function output(parameters: readonly string[]): string {
  return execFileSync(process.execPath, [...parameters], { cwd: ROOT, encoding: 'utf8' });
}

/** Names of the suites, as the command lists them. */
export function suiteNames(): string[] {
  const lines = output([BENCH, '--list']).trim().split('\n');
  return [...new Set(lines.map((line) => line.split(':')[0]))];
}

export function knownNames(): string[] {
  return [...suiteNames(), ...LOAD_TESTS.map(({ key }) => key)];
}

/** Every run of every suite that was asked for, then the load tests. */
function jobsOf({ folder, isQuick, runs, only }: RunOptions): Job[] {
  const isWanted = (name: string): boolean => only.length === 0 || only.includes(name);
  const jobs: Job[] = [];
  for (let run = 1; run <= runs; run++) {
    for (const suite of suiteNames().filter(isWanted)) {
      const file = join(folder, SUITES_FOLDER, `${suite}-${run}.json`);
      const parameters = [suite, '--json', file, ...(isQuick ? ['--smoke'] : [])];
      jobs.push({ command: BENCH, parameters, report: null });
    }
  }
  for (const { key, parameters, quick } of LOAD_TESTS.filter((test) => isWanted(test.key))) {
    const dir = join(folder, LOADS_FOLDER, key);
    const all = ['load', ...(isQuick ? quick : parameters), '--report', dir];
    jobs.push({ command: CLI, parameters: all, report: join(dir, REPORT_FILE) });
  }
  return jobs;
}

/** The command as one would type it, without the folder of this run. */
function typed({ parameters, report }: Job, folder: string): string {
  const isLoad = report !== null;
  const own = isLoad ? parameters.slice(1) : parameters;
  return `npm run ${isLoad ? 'load' : 'bench'} -- ${own.join(' ').replaceAll(folder, 'DIR')}`;
}

function execute({ command, parameters }: Job): Promise<{ code: number | null; lastLine: string }> {
  const child = spawn(process.execPath, [command, ...parameters], { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'] });
  let lastLine = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    lastLine =
      text
        .trim()
        .split(/[\r\n]/)
        .at(-1) ?? lastLine;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, lastLine }));
  });
}

function git(parameters: readonly string[]): string | null {
  try {
    return execFileSync('git', [...parameters], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** Short hash, with `-dirty` where files were changed; null outside a repository. */
function commitOf(): string | null {
  const hash = git(['rev-parse', '--short', 'HEAD']);
  if (hash === null) return null;
  return git(['status', '--porcelain', '--untracked-files=no']) === '' ? hash : `${hash}-dirty`;
}

function factsOf(isQuick: boolean): Omit<Facts, 'commands' | 'failures'> {
  return {
    commit: commitOf(),
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    isQuick,
  };
}

/** Of a load test that measured and broke a limit: its report is there and says so. */
const EXIT_BROKEN_LIMIT = 1;

/** Runs all; one that fails is noted and the others go on. The facts are written last. */
export async function runAll(options: RunOptions, print: (line: string) => void): Promise<Facts> {
  const facts = factsOf(options.isQuick);
  mkdirSync(join(options.folder, SUITES_FOLDER), { recursive: true });
  const commands: string[] = [];
  const failures: string[] = [];
  for (const job of jobsOf(options)) {
    const command = typed(job, options.folder);
    print(`\n${command}`);
    commands.push(command);
    // A report of an earlier run in the same folder must not pass for this one's.
    if (job.report !== null) rmSync(job.report, { force: true });
    const { code, lastLine } = await execute(job);
    const isTold = job.report !== null && code === EXIT_BROKEN_LIMIT && existsSync(job.report);
    if (code !== 0 && !isTold) failures.push(`${command}: exit ${code}, ${lastLine}`);
  }
  const all: Facts = { ...facts, commands: [...new Set(commands)], failures };
  writeFileSync(join(options.folder, FACTS_FILE), `${JSON.stringify(all, null, 2)}\n`);
  return all;
}
