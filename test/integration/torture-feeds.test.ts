// Torture of feeds: gaps, repeats, disorder, snapshots, cuts, silence, backoff, clocks.

import { TORTURE_GROUPS, tortureTests } from '../support/torture-test.ts';

tortureTests(TORTURE_GROUPS.feeds);
