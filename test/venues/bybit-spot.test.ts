// bybit-spot through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('bybit-spot', { faults: { ...COMMON_FAULTS, channels: ['book'] }, hasBackfill: true });
