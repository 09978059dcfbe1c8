// bybit-spot through its simulator's faults. The venue gives the last 60 trades alone: what an outage of a busy market lost stays lost, and is told.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('bybit-spot', { faults: { ...COMMON_FAULTS, channels: ['book'] }, hasBackfill: false });
