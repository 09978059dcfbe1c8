// Preloaded into an engine that a load test started: once the test has gone, however it went, the engine drains and ends.

import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel !== undefined) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening alone must not keep an engine alive that wants to end.
  process.channel?.unref();
}
