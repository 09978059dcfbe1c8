// The `memory` suite: what markets, levels and bars take, and whether an engine grows over a long run.

import type { Suite } from '../harness.ts';
import { growth } from './growth.ts';
import { memoryOfState } from './held.ts';

export const memorySuite: Suite = [
  { name: 'bytes of markets, levels and bars', run: memoryOfState },
  { name: 'growth over a long run', run: growth },
];
