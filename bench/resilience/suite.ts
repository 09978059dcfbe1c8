// The `resilience` suite: what staying whole costs: telling repeats, cleaning up, metrics, breakers.

import type { Suite } from '../harness.ts';
import { breakerCheck } from './breaker.ts';
import { cleanUpOfConnections } from './clean-up.ts';
import { dedup } from './dedup.ts';
import { metricsOverhead } from './metrics.ts';

export const resilienceSuite: Suite = [
  { name: 'telling repeats', run: dedup },
  { name: 'clean-up of connections', run: cleanUpOfConnections },
  { name: 'metrics overhead', run: metricsOverhead },
  { name: 'breaker check', run: breakerCheck },
];
