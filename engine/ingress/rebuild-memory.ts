// The memory of a rebuild: its own counters, names and rings, so that nothing of the engine that runs on is touched.

import type { EngineMemory, ShardMemory } from '../memory/engine-memory.ts';
import { createRing, type RingMemory } from '../ring/spsc-ring.ts';

/** Of shards whose records nobody reads. */
const NO_RING = createRing(1);

function copyOf(memory: SharedArrayBuffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(memory.byteLength);
  new Uint8Array(copy).set(new Uint8Array(memory));
  return copy;
}

const emptyOf = (memory: SharedArrayBuffer): SharedArrayBuffer => new SharedArrayBuffer(memory.byteLength);

/**
 * As `memory`, for a FrameWriter with `onlyShard` and a directory of markets: their names are those of now, so that each has
 * its id, and `ring` takes the shard's records. The shard's doorbell is rung, and its heartbeat seen.
 */
export function rebuildMemory(memory: EngineMemory, shard: number, ring: RingMemory): EngineMemory {
  const shardOf = (own: ShardMemory, index: number): ShardMemory => ({
    ...own,
    input: index === shard ? ring : NO_RING,
  });
  return {
    ...memory,
    words: copyOf(memory.words),
    marketRows: copyOf(memory.marketRows),
    marketCounters: emptyOf(memory.marketCounters),
    ingressCounters: emptyOf(memory.ingressCounters),
    ingressLatency: emptyOf(memory.ingressLatency),
    journal: null,
    shards: memory.shards.map(shardOf),
  };
}
