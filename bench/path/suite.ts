// The `path` suite: the whole way and its steps, each beside its baseline in the same run.

import type { Results, Size } from '../harness.ts';
import { allocation } from './allocation.ts';
import { decodeFrames } from './decode-frames.ts';
import { endToEnd } from './end-to-end.ts';
import { ringBatches } from './ring-batches.ts';
import { socketToState } from './socket-to-state.ts';

export async function pathSuite(results: Results, size: Size): Promise<void> {
  await decodeFrames(results, size);
  await ringBatches(results, size);
  await socketToState(results, size);
  await allocation(results, size);
  await endToEnd(results, size);
}
