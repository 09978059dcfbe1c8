// Engines simulated in one thread with faults, by seed; and engines that are wrong on purpose, which must be found out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MUTATIONS } from '../simulation/mutations.ts';
import { runSeeds, savedSeeds, seedsFrom } from '../simulation/runs.ts';
import { SEED } from '../support/seed.ts';

const SEEDS = 15;
/** Seeds within which each mutation must be found. */
const MUTATION_SEEDS = 40;

test('simulated engines keep their promises under faults, and two runs of a seed are the same', (t) => {
  const seeds = [...savedSeeds(), ...seedsFrom(SEED, SEEDS)];
  const report = runSeeds(seeds);
  t.diagnostic(`${report.seeds} seeds, ${report.frames} frames, ${report.messages} messages checked, of ${SEED} on`);
  assert.equal(report.failures.map((failure) => failure.report).join('\n\n'), '');
  assert.ok(report.repeated > 0 && report.faults.size > 4, [...report.faults.keys()].join());
});

describe('a simulated engine is found out that is', () => {
  for (const { name, apply, seeds: known = seedsFrom(1, MUTATION_SEEDS) } of MUTATIONS) {
    test(name, (t) => {
      const restore = apply();
      try {
        const { failures, seeds } = runSeeds(known, {}, (report) => report.failures.length === 0);
        assert.ok(failures.length > 0, `expected a failure within ${MUTATION_SEEDS} seeds`);
        t.diagnostic(`after ${seeds} seeds: ${failures[0].message.slice(0, 200)}`);
      } finally {
        restore();
      }
    });
  }
});
