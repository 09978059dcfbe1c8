// binance through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('binance', { faults: { ...COMMON_FAULTS, flapping: 0.1, outageMsMax: 1_000 }, hasBackfill: true });
