// bybit through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('bybit', { faults: { ...COMMON_FAULTS, channels: ['book'] }, hasBackfill: true });
