// Torture: slow subscribers, floods, slow attacks, overload, who may what, a soak.

import { before } from 'node:test';
import { ensureBuilt } from '../support/live-engine-process.ts';
import { TORTURE_GROUPS, tortureTests } from '../support/torture-test.ts';

before(ensureBuilt);
tortureTests(TORTURE_GROUPS.clients);
