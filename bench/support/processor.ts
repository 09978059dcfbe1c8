// Processor time of this process, with what it takes while nothing is asked of it taken off.

/** Milliseconds so far, user and system, of all threads. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const IDLE_WINDOWS = 4;

/**
 * Processor milliseconds that pass in a second while the process is left alone for `windowMs`: the least of some windows,
 * since compiling and collecting for what was done before may fall into any of them.
 */
export async function idleMsPerS(windowMs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let window = 0; window < IDLE_WINDOWS; window++) {
    const [cpu, start] = [processorMs(), performance.now()];
    await pause(windowMs / IDLE_WINDOWS);
    least = Math.min(least, ((processorMs() - cpu) * 1000) / (performance.now() - start));
  }
  return least;
}

/** Processor milliseconds of `work`, less what would have passed without it. */
export async function processorOf(idlePerS: number, work: () => Promise<void>): Promise<number> {
  const [cpu, start] = [processorMs(), performance.now()];
  await work();
  return processorMs() - cpu - (idlePerS * (performance.now() - start)) / 1000;
}
