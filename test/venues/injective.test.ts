// injective through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('injective', { faults: { ...COMMON_FAULTS }, hasBackfill: false });
