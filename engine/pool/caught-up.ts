// Waits until shards have applied what lies in their rings.

import { setTimeout as delay } from 'node:timers/promises';
import { CATCH_UP_IDLE_MS } from '../../schemas/config.ts';
import { ringControl } from '../../schemas/ring.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import { IdleWatch } from '../base/idle-watch.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';

const POLL_MS = 2;

/**
 * Resolves once what lies in the input rings now has been applied, also where a shard dies of it and another takes its
 * place. A shard that is given up is not waited for. Rejects where no shard takes a record for `idleMs`. Thread: main.
 */
export async function caughtUp(
  { shards }: EngineMemory,
  isGivenUp: (shard: number) => boolean,
  idleMs = CATCH_UP_IDLE_MS,
): Promise<void> {
  const ends = shards.map(({ input, words }, shard) => {
    const control = new Int32Array(input.memory, 0, ringControl.head + 1);
    return { shard, control, tail: Atomics.load(control, ringControl.tail), words: new Int32Array(words) };
  });
  const progress = (): string =>
    ends.map(({ control, words }) => [Atomics.load(control, ringControl.head), words[shardWords.at.recordAt]]).join();
  let isIdle = false;
  const watch = new IdleWatch(idleMs, progress, () => {
    isIdle = true;
  });
  try {
    for (const { shard, control, tail } of ends)
      while (((tail - Atomics.load(control, ringControl.head)) | 0) > 0 && !isGivenUp(shard)) {
        if (isIdle) throw new Error(`shard ${shard}: expected to apply the journal, took no record for ${idleMs} ms`);
        await delay(POLL_MS);
      }
  } finally {
    watch.stop();
  }
}
