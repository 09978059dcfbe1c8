// Starts threads and processes beside the runner and gives both one interface.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export type HelperKind = 'thread' | 'process';

export type Helper<Sent> = {
  post(message: Sent): void;
  /** Resolves when it has ended, with the reason where it ended by itself, or null. */
  readonly ended: Promise<string | null>;
  kill(): void;
};

function threadHelper<Plan, Sent, Received>(
  entry: URL,
  name: string,
  plan: Plan,
  onMessage: (message: Received) => void,
): Helper<Sent> {
  const worker = new Worker(entry, { workerData: plan, name });
  worker.on('message', onMessage);
  const ended = new Promise<string | null>((resolve) => {
    worker.once('error', (error: unknown) => resolve(error instanceof Error ? error.message : String(error)));
    worker.once('exit', (code) => resolve(code === 0 ? null : `ended with ${code}`));
  });
  return { post: (message) => worker.postMessage(message), ended, kill: () => void worker.terminate() };
}

/** Detached, so that Ctrl-C of a terminal reaches the runner alone; it ends when the channel to the runner does. */
function processHelper<Plan, Sent, Received>(
  entry: URL,
  plan: Plan,
  onMessage: (message: Received) => void,
): Helper<Sent> {
  const child = fork(fileURLToPath(entry), { serialization: 'advanced', detached: true });
  child.on('message', (message) => onMessage(message as Received));
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : `ended with ${code ?? signal}`));
  });
  child.send(plan as object);
  return {
    post: (message) => {
      if (child.connected) child.send(message as object);
    },
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The plan must be able to be cloned. Messages of the helper come in order. */
export function startHelper<Plan, Sent, Received>(
  kind: HelperKind,
  entry: URL,
  name: string,
  plan: Plan,
  onMessage: (message: Received) => void,
): Helper<Sent> {
  return kind === 'thread'
    ? threadHelper(entry, name, plan, onMessage)
    : processHelper<Plan, Sent, Received>(entry, plan, onMessage);
}
