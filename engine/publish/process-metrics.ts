// Metrics of the engine's process, by the names all Prometheus clients use, and of its threads: collections, the main loop.

import { readdirSync, readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { Registry } from 'prom-client';
import { PAUSE_BOUNDS_S } from '../../schemas/metrics.ts';
import type { ProcessFacts } from './process-facts.ts';
import { ReadCounter, ReadGauge, ReadHistogram, readOnce, type Sample } from './read-metrics.ts';

const US_PER_S = 1e6;
const MS_PER_S = 1e3;

const one = (value: number): Sample[] => [{ labels: {}, value }];

/** Adds the metrics of the process to `registry`. */
export function addProcessMetrics(registry: Registry, facts: ProcessFacts): void {
  const naming = (name: string, help: string, labelNames: string[] = []) => ({
    ...{ name, help, labelNames },
    registers: [registry],
  });
  const gauge = (name: string, help: string, read: () => Sample[]): void =>
    void new ReadGauge(naming(name, help), read);
  const cpu = (name: string, help: string, read: (usage: NodeJS.CpuUsage) => number): void =>
    void new ReadCounter(naming(name, help), () => one(read(process.cpuUsage()) / US_PER_S));
  cpu(
    'process_cpu_seconds_total',
    'Processor time of all threads of the process.',
    ({ user, system }) => user + system,
  );
  cpu('process_cpu_user_seconds_total', 'The part of it spent in the program.', ({ user }) => user);
  cpu('process_cpu_system_seconds_total', 'The part of it spent in the kernel.', ({ system }) => system);
  const start = (performance.timeOrigin + performance.now()) / MS_PER_S - process.uptime();
  gauge('process_start_time_seconds', 'Start of the process, in seconds since 1970.', () => one(start));
  addMemory(gauge);
  gauge('process_open_fds', 'Files and sockets open; absent where the system does not tell.', openFiles);
  const most = openFilesMost();
  if (most !== null) gauge('process_max_fds', 'Files and sockets that may be open.', () => one(most));
  const [major, minor, patch] = process.versions.node.split('.');
  new ReadGauge(naming('nodejs_version_info', 'Version of Node.', ['version', 'major', 'minor', 'patch']), () => [
    { labels: { version: process.version, major, minor, patch }, value: 1 },
  ]);
  const pauses = naming('millrace_gc_pause_seconds', 'Pauses for garbage collection, by thread.', ['thread']);
  new ReadHistogram(pauses, PAUSE_BOUNDS_S, () =>
    facts.gcPauses().map(({ thread, counts }) => ({ labels: { thread }, counts })),
  );
  const delay = 'How late the main event loop came to moments 20 ms apart; an idle one shows up to about 0.0015.';
  new ReadHistogram(naming('millrace_event_loop_delay_seconds', delay), PAUSE_BOUNDS_S, () => [
    { labels: {}, counts: facts.eventLoopDelay() },
  ]);
}

function addMemory(gauge: (name: string, help: string, read: () => Sample[]) => void): void {
  const memory = readOnce(() => process.memoryUsage());
  const heap = readOnce(() => getHeapStatistics());
  gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => one(memory().rss));
  gauge('nodejs_heap_size_used_bytes', "Held by the main thread's heap.", () => one(memory().heapUsed));
  gauge('nodejs_heap_size_total_bytes', "Reserved for the main thread's heap.", () => one(memory().heapTotal));
  const limit = "What the main thread's heap may grow to, after which the process ends.";
  gauge('nodejs_heap_size_limit_bytes', limit, () => one(heap().heap_size_limit));
  const external = "Held outside the heap by the main thread's objects: buffers.";
  gauge('nodejs_external_memory_bytes', external, () => one(memory().external));
}

function openFiles(): Sample[] {
  if (process.platform !== 'linux') return [];
  try {
    // The folder that is read is one of them.
    return one(readdirSync('/proc/self/fd').length - 1);
  } catch {
    return [];
  }
}

/** Null where there is no limit, or the system does not tell. */
function openFilesMost(): number | null {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const most = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
    return Number.isNaN(most) ? null : most;
  } catch {
    return null;
  }
}
