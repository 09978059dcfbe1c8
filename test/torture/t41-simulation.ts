// T41: the whole core under a virtual clock, faults drawn by seed, first safety and then liveness (npm run simulate:faults).

import { runSeeds, savedSeeds, seedsFrom } from '../simulation/runs.ts';
import { atLeast, type Scenario, told, zeroOf } from './scenario.ts';

const SEEDS = { tiny: 10, small: 100, full: 1_000 } as const;
/** Ends early rather than late. */
const SECONDS_MAX = { tiny: 20, small: 60, full: 90 } as const;
const SEEDS_APART = 1_000_000;
const MS_PER_HOUR = 3.6e6;

export const scenario: Scenario = {
  id: 'T41',
  title: 'Simulation by seed',
  async run(size, seed, log) {
    const endMs = performance.now() + SECONDS_MAX[size] * 1_000;
    const saved = size === 'tiny' ? [] : savedSeeds();
    const seeds = [...saved, ...seedsFrom(1 + seed * SEEDS_APART, SEEDS[size])];
    const report = runSeeds(seeds, {}, ({ failures }) => failures.length < 5 && performance.now() < endMs);
    for (const failure of report.failures) log(failure.report);
    const faults = [...report.faults].sort(([a], [b]) => (a < b ? -1 : 1));
    const injected = faults.reduce((sum, [, count]) => sum + count, 0);
    const done = report.seeds + report.failures.length;
    log(`${done} of ${seeds.length} seeds`);
    return {
      injected,
      detected: null,
      falseAlarms: null,
      figures: [
        zeroOf('seeds that failed', report.failures.length, done),
        atLeast('seeds run twice with equal events', report.repeated, 1, ''),
        told('virtual time', report.virtualMs / MS_PER_HOUR, 'h'),
        told('frames', report.frames, ''),
        told('messages checked', report.messages, ''),
      ],
      accounting: null,
      knownHoles: report.failures.slice(0, 3).map(({ message }) => message),
      notes: [`Faults: ${faults.map(([name, count]) => `${name} ${count}`).join(', ')}.`],
    };
  },
};
