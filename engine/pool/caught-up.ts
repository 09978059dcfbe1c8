// Waits until shards have applied what lies in their rings.

import { setTimeout as delay } from 'node:timers/promises';
import { ringControl } from '../../schemas/ring.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';

const POLL_MS = 2;

/**
 * Resolves once what lies in the input rings now has been applied, also where a shard dies of it and another takes its
 * place. A shard that is given up is not waited for. Thread: main.
 */
export async function caughtUp({ shards }: EngineMemory, isGivenUp: (shard: number) => boolean): Promise<void> {
  const ends = shards.map(({ input }, shard) => {
    const control = new Int32Array(input.memory, 0, ringControl.head + 1);
    return { shard, control, tail: Atomics.load(control, ringControl.tail) };
  });
  for (const { shard, control, tail } of ends)
    while (((tail - Atomics.load(control, ringControl.head)) | 0) > 0 && !isGivenUp(shard)) await delay(POLL_MS);
}
