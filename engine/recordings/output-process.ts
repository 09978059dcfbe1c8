// Starts and ends processes that write an answer to one client, and knows what each has said.

import { fork } from 'node:child_process';
import type { RunningProcess } from '../publish/process-answers.ts';

/** What such a process says beside its output: that it begins, that all is written, or why not. */
export type FromProcess<Begun, Ended> =
  | { readonly op: 'begun'; readonly begun: Begun }
  | { readonly op: 'ended'; readonly ended: Ended }
  | { readonly op: 'failed'; readonly reason: string; readonly kind: string };

export type ProcessTold<Ended> = {
  readonly onEnded?: (ended: Ended) => void;
  /** The error of a failure before it has begun. */
  readonly errorOf?: (reason: string, kind: string) => Error;
};

/** Gives a process its order, as its only message. */
export function startOutputProcess<Begun, Ended>(
  entry: string,
  order: object,
  { onEnded, errorOf = (reason) => new Error(reason) }: ProcessTold<Ended> = {},
): RunningProcess<Begun> {
  const child = fork(entry, {
    serialization: 'advanced',
    // Ctrl-C of a terminal reaches the engine alone, which ends it.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error(`${entry}: expected a pipe from its process`);
  let problem: string | null = 'it ended early';
  let kind = '';
  let settle: { readonly begin: (begun: Begun) => void; readonly fail: (error: Error) => void };
  const begun = new Promise<Begun>((resolve, reject) => (settle = { begin: resolve, fail: reject }));
  begun.catch(() => undefined);
  child.on('message', (message) => {
    const told = message as FromProcess<Begun, Ended>;
    if (told.op === 'begun') settle.begin(told.begun);
    else if (told.op === 'failed') ({ reason: problem, kind } = told);
    else {
      problem = null;
      onEnded?.(told.ended);
    }
  });
  child.on('error', (error) => {
    problem = error.message;
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once('close', () => {
      settle.fail(errorOf(problem ?? 'it ended early', kind));
      resolve(problem);
    });
  });
  child.send(order);
  return { begun, output: stdout, ended, kill: () => void child.kill('SIGKILL') };
}
