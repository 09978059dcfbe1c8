// Runs scenarios, each in a process of its own, one after the other: one that crashes or hangs fails itself alone.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasPassed, type Log, type Outcome, type ScenarioEntry, type Size } from './scenario.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
/** Kept of what a child says, for the report of one that failed. */
const SAID_BYTES_MAX = 8_192;
const MS_PER_S = 1_000;

export type Result = {
  readonly id: string;
  readonly title: string;
  readonly size: Size;
  readonly seed: number;
  readonly durationS: number;
  readonly pass: boolean;
  /** Null where the scenario did not come to its end; `error` then says why. */
  readonly outcome: Outcome | null;
  readonly error: string | null;
};

export type RunOptions = { readonly size: Size; readonly seed: number; readonly log: Log };

type Ending = { readonly code: number | null; readonly signal: string | null; readonly isTimeout: boolean };

function startChild(entry: ScenarioEntry, { size, seed }: RunOptions): ChildProcess {
  return fork(CHILD, [entry.id, size, String(seed)], {
    execArgv: ['--import', LOADER, ...(entry.nodeFlags ?? [])],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // One scenario counts coverage for itself, and none may be slowed down by another's count.
    env: { ...process.env, NODE_V8_COVERAGE: '' },
  });
}

/** Resolves when the child has ended, which it does by itself or at the end of its budget. */
function endOf(child: ChildProcess, budgetS: number): Promise<Ending> {
  let isTimeout = false;
  const timer = setTimeout(() => {
    isTimeout = true;
    child.kill('SIGKILL');
  }, budgetS * MS_PER_S);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, isTimeout });
    });
  });
}

function errorOf(ending: Ending, budgetS: number, said: string): string {
  if (ending.isTimeout) return `was not done after ${budgetS} s; last said: ${said.trim()}`;
  return `ended with ${ending.signal ?? `exit code ${ending.code}`} before it told its outcome: ${said.trim()}`;
}

export async function runScenario(entry: ScenarioEntry, options: RunOptions): Promise<Result> {
  const { size, seed, log } = options;
  const began = performance.now();
  const child = startChild(entry, options);
  let said = '';
  let outcome: Outcome | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-SAID_BYTES_MAX);
    log(text.trimEnd());
  });
  child.once('message', (message) => {
    ({ outcome } = message as { outcome: Outcome });
  });
  const ending = await endOf(child, entry.budgetS[size]);
  const told = outcome as Outcome | null;
  const isClean = told !== null && ending.code === 0;
  const error = isClean ? null : errorOf(ending, entry.budgetS[size], said);
  const durationS = (performance.now() - began) / MS_PER_S;
  const { id, title } = entry;
  return { id, title, size, seed, durationS, pass: isClean && hasPassed(told), outcome: told, error };
}
