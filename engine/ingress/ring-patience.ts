// How long is waited for room in the ring of a shard, and when that is over (DESIGN §5).

import { BLOCK_STEP_MS, BLOCK_TOTAL_MS, HEARTBEAT_STALE_MS } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import type { EngineClock } from '../base/clock.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { RingWriter } from '../ring/spsc-ring.ts';

export type FullPolicy = 'block' | 'block-without-limit' | 'drop';

/** Thread: the producer of the rings. */
export class RingPatience {
  private readonly clock: EngineClock;
  private readonly counters: Float64Array;
  private readonly shardWords: Int32Array[];
  /** Heartbeat at which a shard was given up, -1 for none (it counts from 0 up and wraps past it once in years). */
  private readonly givenUpBeats: Int32Array;

  constructor(memory: EngineMemory, clock: EngineClock, counters: Float64Array) {
    this.clock = clock;
    this.counters = counters;
    this.shardWords = memory.shards.map((shard) => new Int32Array(shard.words));
    this.givenUpBeats = new Int32Array(memory.shards.length).fill(-1);
  }

  /** Waits until a ring without room for so many slots has it; false where the policy says that is long enough. */
  wait(writer: RingWriter, shard: number, slots: number, policy: FullPolicy): boolean {
    if (writer.hasRoom(slots)) return true;
    if (policy === 'drop') return false;
    const words = this.shardWords[shard];
    const start = this.clock.nowNs();
    let heartbeat = Atomics.load(words, shardWords.at.heartbeat);
    // A shard given up on that has not beaten since is not waited for again, else each frame would cost a second.
    if (heartbeat === this.givenUpBeats[shard]) return false;
    let beatNs = start;
    for (;;) {
      writer.waitForRoom(BLOCK_STEP_MS);
      const now = this.clock.nowNs();
      const hasRoom = writer.hasRoom(slots);
      const beat = Atomics.load(words, shardWords.at.heartbeat);
      if (beat !== heartbeat) {
        heartbeat = beat;
        beatNs = now;
      }
      const isDown = now - beatNs > HEARTBEAT_STALE_MS * 1e6;
      const isOver = policy === 'block' && (isDown || now - start > BLOCK_TOTAL_MS * 1e6);
      if (!hasRoom && !isOver) continue;
      this.counters[ingressCounter.blockedNs] += now - start;
      if (!hasRoom && isDown) this.givenUpBeats[shard] = heartbeat;
      return hasRoom;
    }
  }
}
