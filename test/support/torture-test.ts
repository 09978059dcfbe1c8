// The tests of the torture scenarios: each runs at its smallest size, in a process of its own, and must hold its bounds.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf } from '../torture/report.ts';
import { runScenario } from '../torture/runner.ts';
import { SCENARIOS } from '../torture/scenarios.ts';
import { SEED } from './seed.ts';

/** Scenarios by what they are about; each group is a test file of its own. */
export const TORTURE_GROUPS = {
  feeds: ['T01', 'T02', 'T03', 'T06', 'T09', 'T10', 'T11', 'T12', 'T34'],
  input: ['T26', 'T27', 'T28', 'T29', 'T30', 'T31'],
  workers: ['T15', 'T16', 'T17', 'T18', 'T19', 'T20', 'T41'],
  clients: ['T21', 'T22', 'T23', 'T24', 'T25', 'T32', 'T40'],
  storage: ['T35', 'T36', 'T37', 'T38', 'T39'],
} as const;

export function tortureTests(ids: readonly string[]): void {
  describe('torture', () => {
    for (const entry of SCENARIOS.filter(({ id }) => ids.includes(id))) {
      test(`${entry.id} ${entry.title}: every bound holds at the smallest size`, async (t) => {
        const result = await runScenario(entry, { size: 'tiny', seed: SEED % 1e9, log: () => undefined });
        assert.ok(result.pass, textOf(result));
        t.diagnostic(textOf(result));
      });
    }
  });
}
