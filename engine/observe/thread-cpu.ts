// Processor time of single threads of this process, as Linux counts it; elsewhere there is none.

import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

const NS_PER_US = 1e3;

/** The system's number of the thread that asks; 0 where it does not tell. Source: proc(5), /proc/thread-self. */
export function ownThreadNumber(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')));
  } catch {
    return 0;
  }
}

/**
 * Microseconds a thread has spent on a processor since it began; null where it has ended, or the system does not tell.
 * Source: Linux, Documentation/scheduler/sched-stats.rst: the first number of schedstat is in nanoseconds.
 */
export function threadCpuUs(thread: number): number | null {
  if (thread === 0) return null;
  try {
    const text = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1');
    return Math.round(Number(text.slice(0, text.indexOf(' '))) / NS_PER_US);
  } catch {
    return null;
  }
}
