// hyperliquid through its simulator's faults. The venue gives the last ten trades alone, and a lost trade shows in no number.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('hyperliquid', {
  faults: { ...COMMON_FAULTS, gap: 40, duplicate: 300, reorder: 100, channels: ['book'] },
  hasBackfill: false,
});
