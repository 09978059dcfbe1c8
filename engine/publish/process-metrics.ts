// Metrics of the engine's process: memory, processor time, pauses for garbage collection, the main loop's delay.

import type { Registry } from 'prom-client';
import type { ProcessFacts } from './process-facts.ts';
import { ReadCounter, ReadGauge, ReadHistogram, readOnce } from './read-metrics.ts';

const US_PER_S = 1e6;
/** Upper bounds of the buckets, in seconds: from what no one notices to what a reader of the stream would. */
const BOUNDS_S = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Adds the metrics of the process to `registry`. */
export function addProcessMetrics(registry: Registry, facts: ProcessFacts): void {
  const naming = (name: string, help: string, labelNames: string[] = []) => ({
    ...{ name: `millrace_${name}`, help, labelNames },
    registers: [registry],
  });
  const memory = readOnce(() => process.memoryUsage());
  const gauge = (name: string, help: string, read: () => number): void =>
    void new ReadGauge(naming(name, help), () => [{ labels: {}, value: read() }]);
  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => memory().rss);
  gauge('process_heap_used_bytes', "Held by the main thread's heap.", () => memory().heapUsed);
  const external = "Held outside the heap by the main thread's objects.";
  gauge('process_external_memory_bytes', external, () => memory().external);
  new ReadCounter(naming('process_cpu_seconds_total', 'Processor time of all threads of the process.'), () => {
    const { user, system } = process.cpuUsage();
    return [{ labels: {}, value: (user + system) / US_PER_S }];
  });
  const pauses = 'Pauses for garbage collection, by thread.';
  new ReadHistogram(naming('gc_pause_seconds', pauses, ['thread']), BOUNDS_S, () =>
    facts.gcPauses().map(({ thread, counts }) => ({ labels: { thread }, counts })),
  );
  const delay = 'How late the main event loop came to moments 20 ms apart; an idle one shows up to about 0.0015.';
  new ReadHistogram(naming('event_loop_delay_seconds', delay), BOUNDS_S, () => [
    { labels: {}, counts: facts.eventLoopDelay() },
  ]);
}
