// bybit through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('bybit', { faults: { ...COMMON_FAULTS, 'counter-reset': 2, channels: ['book'] }, hasBackfill: true });
