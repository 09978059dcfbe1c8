// A shard that is slow on purpose: beats all the time, and after a while releases what lies in its ring.

import { parentPort, workerData } from 'node:worker_threads';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { shardWords } from '../../schemas/shared-state.ts';

export type SlowReaderPlan = {
  readonly memory: EngineMemory;
  /** When it releases all that is there, once; null is never. */
  readonly releaseAfterMs: number | null;
};

const BEAT_MS = 20;
const plan = workerData as SlowReaderPlan;
const reader = new RingReader(plan.memory.shards[0].input);
const words = new Int32Array(plan.memory.shards[0].words);
const beat = setInterval(() => Atomics.add(words, shardWords.at.heartbeat, 1), BEAT_MS);
if (plan.releaseAfterMs !== null) setTimeout(() => reader.release(reader.available()), plan.releaseAfterMs);
parentPort?.once('message', () => clearInterval(beat));
parentPort?.postMessage('ready');
