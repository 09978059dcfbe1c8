// hyperliquid through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('hyperliquid', { faults: { ...COMMON_FAULTS, gap: 40, duplicate: 300, reorder: 100 }, hasBackfill: false });
