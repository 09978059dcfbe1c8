// okx through its simulator's faults.

import { COMMON_FAULTS, venueTest } from '../support/venue-test.ts';

venueTest('okx', { faults: { ...COMMON_FAULTS, 'counter-reset': 2 }, hasBackfill: true });
