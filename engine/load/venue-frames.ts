// Joins a venue's simulator with its connector, so that native frames are what the venue itself would send.

import type { Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import type { VenueConnector } from '../connect/protocol.ts';
import { CONNECTORS } from '../ingress/connectors.ts';
import type { SimulatedVenue } from '../simulate/protocol.ts';
import { SIMULATORS } from '../simulate/simulators.ts';
import { HyperliquidSimulator } from '../venues/hyperliquid/simulate.ts';

export type VenueParts = { readonly simulated: SimulatedVenue; readonly connector: VenueConnector };

/** Dialects that native frames can be made of. */
export const NATIVE_DIALECTS = Object.keys(SIMULATORS) as Dialect[];

/** Throws a UsageError for a venue that has no native frames. */
export function venueParts(dialect: string): VenueParts {
  const connector = CONNECTORS[dialect as Dialect]?.();
  // Without its cadence: each change makes a frame.
  const simulated = dialect === 'hyperliquid' ? new HyperliquidSimulator(0) : SIMULATORS[dialect as Dialect]?.();
  if (connector === undefined || simulated === undefined) {
    const known = NATIVE_DIALECTS.join(', ');
    throw new UsageError(`--dialect: expected a venue of native frames (${known}), was ${JSON.stringify(dialect)}`);
  }
  return { connector, simulated };
}
