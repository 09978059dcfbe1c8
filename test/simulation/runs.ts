// Runs many seeds, those that once failed first, and sums up what they met.

import { readFileSync } from 'node:fs';
import { Broken } from './broken.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import { Simulation } from './simulation.ts';

export type RunsReport = {
  seeds: number;
  events: number;
  virtualMs: number;
  frames: number;
  messages: number;
  readonly faults: Map<string, number>;
  /** Seeds run twice, and found the same. */
  repeated: number;
  readonly failures: Broken[];
};

/** Every so many seeds one is run again, and must come to the same events. */
const REPEAT_EVERY = 10;

/** Seeds that found a fault once: it stays mended. */
export function savedSeeds(): number[] {
  const saved = JSON.parse(readFileSync(new URL('./seeds.json', import.meta.url), 'utf8')) as { seed: number }[];
  return saved.map(({ seed }) => seed);
}

function add(report: RunsReport, result: RunResult): void {
  report.seeds++;
  report.events += result.events;
  report.virtualMs += result.virtualMs;
  report.frames += result.frames;
  report.messages += result.messages;
  for (const [fault, count] of result.faults) report.faults.set(fault, (report.faults.get(fault) ?? 0) + count);
}

function runOnce(report: RunsReport, seed: number, options: RunOptions): void {
  const result = Simulation.run(seed, options);
  add(report, result);
  if (report.seeds % REPEAT_EVERY !== 0) return;
  const again = Simulation.run(seed);
  if (again.hash !== result.hash) throw new Broken(seed, again.virtualMs, 'two runs of the seed were not the same', []);
  report.repeated++;
}

/** `onProgress` is called after each seed; false ends the runs. */
export function runSeeds(
  seeds: Iterable<number>,
  options: RunOptions = {},
  onProgress: (report: RunsReport) => boolean = () => true,
): RunsReport {
  const sums = { seeds: 0, events: 0, virtualMs: 0, frames: 0, messages: 0, repeated: 0 };
  const report: RunsReport = { ...sums, faults: new Map(), failures: [] };
  for (const seed of seeds) {
    try {
      runOnce(report, seed, options);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      report.failures.push(error);
    }
    if (!onProgress(report)) break;
  }
  return report;
}

/** Whole numbers from `first` on. */
export function* seedsFrom(first: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield first + i;
}
