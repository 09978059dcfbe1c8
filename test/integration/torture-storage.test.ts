// Torture: shutdown, kills of the process, power loss, damage, disks that fail.

import { before } from 'node:test';
import { ensureBuilt } from '../support/live-engine-process.ts';
import { TORTURE_GROUPS, tortureTests } from '../support/torture-test.ts';

before(ensureBuilt);
tortureTests(TORTURE_GROUPS.storage);
