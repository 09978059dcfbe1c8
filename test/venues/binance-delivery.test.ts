// binance-delivery through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('binance-delivery', { faults: { ...COMMON_FAULTS }, hasBackfill: true });
