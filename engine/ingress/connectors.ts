// Joins each venue with its connector.

import type { Dialect } from '../../schemas/ids.ts';
import type { VenueConnector } from '../connect/protocol.ts';

/** Venues that can be named in `--feed`. */
export const CONNECTORS: Readonly<Partial<Record<Dialect, () => VenueConnector>>> = {};
