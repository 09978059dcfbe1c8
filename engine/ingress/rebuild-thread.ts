// The entry of a rebuild thread: makes the records of one shard again, and ends.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { NodeFolder } from '../journal/node-folder.ts';
import type { FromRebuild, RebuildStart } from './rebuild-messages.ts';
import { RebuildRecords } from './rebuild-records.ts';

const start = workerData as RebuildStart;
const port = parentPort;
assert(port !== null, 'rebuild thread: expected to be a worker thread');

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function tell(message: FromRebuild): void {
  port?.postMessage(message);
}

const clock = {
  nowMs: (): number => performance.now(),
  wait: (ms: number): void => void Atomics.wait(sleeper, 0, 0, ms),
};

try {
  new RebuildRecords(start, { folder: NodeFolder.existing(start.folder), clock, tell }).run();
  tell({ op: 'ended', problem: null });
} catch (error) {
  tell({ op: 'ended', problem: error instanceof Error ? error.message : String(error) });
}
