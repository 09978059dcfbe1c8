// Torture by input: WebSocket conformity, broken frames, bombs, names, numbers, fuzzed structures.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TORTURE_GROUPS, tortureTests } from '../support/torture-test.ts';
import { SCENARIOS } from '../torture/scenarios.ts';

test('every scenario is in one group of tests', () => {
  const grouped: readonly string[] = Object.values(TORTURE_GROUPS).flat();
  assert.deepEqual(grouped.toSorted(), SCENARIOS.map(({ id }) => id).toSorted());
});

tortureTests(TORTURE_GROUPS.input);
