// bybit through its simulator's faults. The venue gives the last 1,000 trades alone: a busy market's outage may be longer, and is told.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('bybit', { faults: { ...COMMON_FAULTS, 'counter-reset': 2, channels: ['book'] }, hasBackfill: false });
