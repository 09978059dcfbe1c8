// Processor time of the thread that asks, in microseconds.

import { readFileSync } from 'node:fs';

/** Nanoseconds on a processor are the first of its numbers (Linux, Documentation/scheduler/sched-stats.rst). */
const SCHEDSTAT = '/proc/thread-self/schedstat';

type WithThreadUsage = { readonly threadCpuUsage?: () => { readonly user: number; readonly system: number } };

/** On Node before 23.9 and without /proc there is only the whole process's. */
export function threadCpuUs(): number {
  const { threadCpuUsage } = process as WithThreadUsage;
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return user + system;
  }
  try {
    return Math.round(Number(readFileSync(SCHEDSTAT, 'latin1').split(' ')[0]) / 1000);
  } catch {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
}
