// A shard that is slow on purpose: beats all the time, and releases what lies in its ring only a while after it came.

import { parentPort, workerData } from 'node:worker_threads';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { shardWords } from '../../schemas/shared-state.ts';

export type SlowReaderPlan = {
  readonly memory: EngineMemory;
  /** Beats between seeing records and releasing all of them, once; null is never. */
  readonly releaseAfterBeats: number | null;
};

const BEAT_MS = 20;
const plan = workerData as SlowReaderPlan;
const reader = new RingReader(plan.memory.shards[0].input);
const words = new Int32Array(plan.memory.shards[0].words);
let beatsLeft = plan.releaseAfterBeats ?? Number.POSITIVE_INFINITY;
const beat = setInterval(() => {
  Atomics.add(words, shardWords.at.heartbeat, 1);
  if (reader.available() > 0 && --beatsLeft === 0) reader.release(reader.available());
}, BEAT_MS);
parentPort?.once('message', () => clearInterval(beat));
parentPort?.postMessage('ready');
