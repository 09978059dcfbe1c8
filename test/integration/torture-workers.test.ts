// Torture: shards that are killed, die, hang, fill up and are poisoned; the ring; the simulation.

import { before } from 'node:test';
import { ensureBuilt } from '../support/live-engine-process.ts';
import { TORTURE_GROUPS, tortureTests } from '../support/torture-test.ts';

before(ensureBuilt);
tortureTests(TORTURE_GROUPS.workers);
