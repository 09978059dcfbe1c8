// The Piscina entry of a shard: checks the layouts, claims the shard, runs until the stop word.

import { assert } from '../engine/base/assert.ts';
import { EngineClock } from '../engine/base/clock.ts';
import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { GcCount } from '../engine/observe/gc.ts';
import type { RingMemory } from '../engine/ring/spsc-ring.ts';
import { fingerprint } from '../schemas/fingerprint.ts';
import type { ShardResult, ShardTask } from '../schemas/shard-task.ts';
import { shardWords } from '../schemas/shared-state.ts';
import { Dispatch } from './dispatch.ts';
import { DutyCycle } from './duty-cycle.ts';
import { dumpMarkets } from './report.ts';

/** True for the one task that runs the shard in this epoch; a twin that comes late gets false. */
function claim(words: Int32Array, epoch: number): boolean {
  const held = Atomics.load(words, shardWords.at.claimedEpoch);
  return held < epoch && Atomics.compareExchange(words, shardWords.at.claimedEpoch, held, epoch) === held;
}

export default function run(task: ShardTask<EngineMemory>): ShardResult<RingMemory> {
  const { memory, shard, epoch } = task;
  assert(memory.fingerprint === fingerprint(), `shard ${shard}: expected the layouts of the main thread`);
  const words = new Int32Array(memory.shards[shard].words);
  if (!claim(words, epoch)) return { shard, hasRun: false, markets: [], gc: null };
  const clock = new EngineClock(memory.anchor);
  const dispatch = new Dispatch(memory, shard, task.barIntervals, task.isReplay);
  const gc = task.isGcMeasured ? new GcCount() : null;
  const cycle = new DutyCycle(memory, shard, clock, dispatch);
  Atomics.store(words, shardWords.at.running, 1);
  try {
    cycle.run();
  } finally {
    Atomics.store(words, shardWords.at.running, 0);
  }
  const counted = gc?.stop() ?? null;
  return { shard, hasRun: true, markets: task.isReplay ? dumpMarkets(dispatch) : [], gc: counted };
}
