// Processor time of single threads of this process, as the Linux kernel counts it; elsewhere there is none.
//
// Source: proc(5), /proc/PID/task/TID/schedstat: the first number is the time spent on a processor, in nanoseconds.
// It hardly depends on what else the machine does, so it tells more than a rate where cores are shared.

import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';

const TASKS = '/proc/self/task';

/** Ids of all threads, ascending; empty where the kernel does not tell them. */
function threadIds(): number[] {
  try {
    return readdirSync(TASKS)
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** Nanoseconds of one thread; 0 once it has ended. */
function threadNs(id: number): number {
  try {
    return Number(readFileSync(`${TASKS}/${id}/schedstat`, 'latin1').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** Threads that were begun while `begin` ran, in the order of their start. The pool of libuv is not among them. */
export async function threadsBegunBy<T>(begin: () => Promise<T>): Promise<{ value: T; threads: number[] }> {
  await stat('.');
  const before = new Set(threadIds());
  const value = await begin();
  return { value, threads: threadIds().filter((id) => !before.has(id)) };
}

export const mainThread = (): number => process.pid;

/** Time of some threads together since the last mark. */
export class ThreadTimes {
  private readonly threads: readonly number[];
  private markNs = 0;

  constructor(threads: readonly number[]) {
    this.threads = threads;
    this.mark();
  }

  private read(): number {
    return this.threads.reduce((sum, id) => sum + threadNs(id), 0);
  }

  mark(): void {
    this.markNs = this.read();
  }

  sinceMarkNs(): number {
    return this.read() - this.markNs;
  }
}
