// Waits for whoever reads a shard's output, where nothing of it may be left out: replays that are read as a stream. Hot path.

import type { RingWriter } from '../../engine/ring/spsc-ring.ts';
import { BLOCK_STEP_MS } from '../../schemas/config.ts';
import { shardWords } from '../../schemas/shared-state.ts';

export class OutputPatience {
  private readonly words: Int32Array;

  /** `words` are those of the shard: one that waits is alive. */
  constructor(words: Int32Array) {
    this.words = words;
  }

  /** A slot, once there is one. What has ended is shown first: only that can be read and given back. */
  claim(ring: RingWriter): number {
    ring.commit();
    let slot = ring.claim();
    while (slot < 0) {
      Atomics.add(this.words, shardWords.at.heartbeat, 1);
      ring.waitForRoom(BLOCK_STEP_MS);
      slot = ring.claim();
    }
    return slot;
  }
}
