// How the engine's process collects its young garbage: each thread alone.

import { setFlagsFromString } from 'node:v8';

/**
 * V8 shares a young collection among helper threads and waits for all of them. The engine's threads hold next to nothing
 * that is young and alive, so that there is nothing to share: a collection takes 0.2 to 0.3 ms alone, while on two busy
 * cores it waited 10 ms and more for helpers to get their turn (`npm run bench -- memory --filter growth`). V8 looks at the
 * flag at each collection; it holds for all threads of the process.
 */
export function collectAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
