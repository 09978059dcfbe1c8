// kraken through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('kraken', { faults: { ...COMMON_FAULTS, corrupt: 10 }, hasBackfill: true });
