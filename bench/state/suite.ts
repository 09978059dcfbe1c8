// The `state` suite: what the state of markets costs, in memory, and in time per trade, change and bar.

import type { Results, Size } from '../harness.ts';
import { barCosts } from './bar-costs.ts';
import { memoryOfState } from './memory.ts';
import { signalCosts } from './signal-costs.ts';

export async function stateSuite(results: Results, size: Size): Promise<void> {
  memoryOfState(results, size);
  barCosts(results, size);
  signalCosts(results, size);
}
