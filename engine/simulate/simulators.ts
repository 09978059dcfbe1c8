// Joins each venue with its simulator.

import type { Dialect } from '../../schemas/ids.ts';
import type { SimulatedVenue } from './protocol.ts';

/** Venues that can be simulated. */
export const SIMULATORS: Readonly<Partial<Record<Dialect, () => SimulatedVenue>>> = {};
