// The `path` suite: the whole way and its steps, each beside its baseline in the same run.

import type { Suite } from '../harness.ts';
import { allocation } from './allocation.ts';
import { burstDecode } from './burst-decode.ts';
import { endToEnd } from './end-to-end.ts';
import { fanOut } from './fan-out.ts';
import { growth } from './growth.ts';
import { ringBatches } from './ring-batches.ts';
import { socketToState } from './socket-to-state.ts';

export const pathSuite: Suite = [
  { name: 'ring batches', run: ringBatches },
  { name: 'burst decode', run: burstDecode },
  { name: 'socket to state', run: socketToState },
  { name: 'growth', run: growth },
  { name: 'fan-out', run: fanOut },
  { name: 'end to end', run: endToEnd },
  { name: 'allocation', run: allocation },
];
