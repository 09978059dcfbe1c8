// injective through its simulator's faults. The venue has no past trades to ask for.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('injective', { faults: { ...COMMON_FAULTS, channels: ['book'] }, hasBackfill: false });
