// coinbase through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('coinbase', { faults: { ...COMMON_FAULTS }, hasBackfill: true });
