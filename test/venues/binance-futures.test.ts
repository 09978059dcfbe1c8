// binance-futures through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('binance-futures', { faults: { ...COMMON_FAULTS }, hasBackfill: true });
