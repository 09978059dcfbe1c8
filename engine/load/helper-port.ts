// The helper's side of a thread or process that the runner started: one interface for both.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';

export type HelperPort<Plan, Received, Sent> = {
  readonly plan: Plan;
  onMessage(listener: (message: Received) => void): void;
  post(message: Sent): void;
  /** Lets the thread or process end once nothing else keeps it. */
  close(): void;
};

/** In a process the plan is the first message; one whose runner has gone ends at once. */
async function processPort<Plan, Received, Sent>(): Promise<HelperPort<Plan, Received, Sent>> {
  process.on('disconnect', () => process.exit());
  const plan = await new Promise<Plan>((resolve) => process.once('message', (message) => resolve(message as Plan)));
  return {
    plan,
    onMessage: (listener) => process.on('message', (message) => listener(message as Received)),
    post: (message) => void process.send?.(message),
    close: () => process.disconnect?.(),
  };
}

export async function openHelperPort<Plan, Received, Sent>(): Promise<HelperPort<Plan, Received, Sent>> {
  const port = parentPort;
  if (port === null) {
    assert(process.send !== undefined, 'load helper: expected to be a thread or a process with a channel');
    return processPort();
  }
  return {
    plan: workerData as Plan,
    onMessage: (listener) => port.on('message', listener),
    post: (message) => port.postMessage(message),
    close: () => port.close(),
  };
}
