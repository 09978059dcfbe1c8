// The synthetic feed's thread entry: starts the feed, says so, stops when told.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { startFeed } from './feed.ts';
import type { FeedPlan } from './feed-thread.ts';

const port = parentPort;
assert(port !== null, 'feed thread: expected to be a worker thread');
const feed = startFeed(workerData as FeedPlan);
port.postMessage('started');
port.once('message', () => {
  feed.stop().finally(() => port.close());
});
