// Starts and ends the processes that replay an engine's journal, and knows what each has said.

import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { JournalNumber } from '../schemas/journal.ts';
import { entryUrl } from './base/entry.ts';
import type { MarketPlans } from './base/market-plans.ts';
import type { EngineMemory } from './memory/engine-memory.ts';
import type { ReplayRequest } from './publish/replay-request.ts';
import type { RunningReplay } from './publish/replay-route.ts';

export type ReplayOrder = {
  readonly folder: string;
  readonly request: ReplayRequest;
  readonly plans: MarketPlans;
  readonly marketsMax: number;
};

export type FromReplay =
  | { readonly op: 'begun'; readonly firstUs: number | null }
  | { readonly op: 'ended'; readonly lines: number; readonly damages: readonly string[] }
  | { readonly op: 'failed'; readonly reason: string; readonly isUsage: boolean };

/** What the engine has taken is waited for this long until it is in the journal's file: it is written within milliseconds. */
const WRITTEN_MS = 1_000;
const POLL_MS = 2;

/** A process of its own; `onDamages` gets sentences about what the journal lacks. */
export function startReplayProcess(order: ReplayOrder, onDamages: (damages: readonly string[]) => void): RunningReplay {
  const child = fork(fileURLToPath(entryUrl('./replay-child.ts', import.meta.url)), {
    serialization: 'advanced',
    // Ctrl-C of a terminal reaches the engine alone, which ends it.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('replay: expected a pipe from its process');
  let problem: string | null = 'it ended early';
  let settle: { readonly begin: (firstUs: number | null) => void; readonly fail: (error: Error) => void };
  const begun = new Promise<number | null>((resolve, reject) => (settle = { begin: resolve, fail: reject }));
  begun.catch(() => undefined);
  child.on('message', (message) => {
    const told = message as FromReplay;
    if (told.op === 'begun') settle.begin(told.firstUs);
    else if (told.op === 'failed') problem = told.reason;
    else {
      problem = null;
      if (told.damages.length > 0) onDamages(told.damages);
    }
  });
  child.on('error', (error) => {
    problem = error.message;
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once('close', () => {
      settle.fail(new Error(problem ?? 'it ended early'));
      resolve(problem);
    });
  });
  child.send(order);
  return { begun, output: stdout, ended, kill: () => void child.kill('SIGKILL') };
}

/** Resolves when what the engine has taken by now is in the files of its journal, or has not come there in time. */
export async function journalWritten({ journal }: EngineMemory): Promise<void> {
  if (journal === null) return;
  const numbers = new Float64Array(journal.numbers);
  const taken = numbers[JournalNumber.taken];
  const deadlineMs = performance.now() + WRITTEN_MS;
  while (numbers[JournalNumber.written] < taken && performance.now() < deadlineMs) await sleep(POLL_MS);
}
