// The Piscina entry of a shard: checks the layouts, claims the shard, runs until the stop word.

import { parentPort } from 'node:worker_threads';
import { assert } from '../engine/base/assert.ts';
import { EngineClock } from '../engine/base/clock.ts';
import type { MarketPlans } from '../engine/base/market-plans.ts';
import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { GcCount } from '../engine/observe/gc.ts';
import { ownThreadNumber } from '../engine/observe/thread-cpu.ts';
import type { RingMemory } from '../engine/ring/spsc-ring.ts';
import { fingerprint } from '../schemas/fingerprint.ts';
import type { ShardResult, ShardTask } from '../schemas/shard-task.ts';
import { shardWords } from '../schemas/shared-state.ts';
import { Dispatch } from './dispatch.ts';
import { DutyCycle } from './duty-cycle.ts';
import { OutputPatience } from './output/patience.ts';
import { dumpMarkets } from './report.ts';
import { UserSignals } from './user-signals.ts';

/** True for the one task that runs the shard in this epoch; a twin that comes late gets false. */
function claim(words: Int32Array, epoch: number): boolean {
  const held = Atomics.load(words, shardWords.at.claimedEpoch);
  return held < epoch && Atomics.compareExchange(words, shardWords.at.claimedEpoch, held, epoch) === held;
}

export default function run(task: ShardTask<EngineMemory, MarketPlans>): ShardResult<RingMemory> {
  const { memory, shard, epoch } = task;
  assert(memory.fingerprint === fingerprint(), `shard ${shard}: expected the layouts of the main thread`);
  const words = new Int32Array(memory.shards[shard].words);
  if (!claim(words, epoch)) return { shard, hasRun: false, markets: [], gc: null };
  const clock = new EngineClock(memory.anchor);
  const tell = (message: object, transfer: readonly ArrayBuffer[] = []): void =>
    parentPort?.postMessage(message, transfer);
  const users = new UserSignals(task.plans.signalFiles, new Int32Array(memory.signalsOff), words, tell);
  const dispatch = new Dispatch(memory, shard, { plans: task.plans, users, keepAll: task.isReplay, tell });
  if (task.isStreamed) dispatch.output.patience = new OutputPatience(words);
  const gc = task.isGcMeasured ? new GcCount() : null;
  const cycle = new DutyCycle(memory, shard, clock, dispatch);
  if (task.recovery !== null) dispatch.restore(task.recovery, clock.nowNs());
  else if (task.isRestart) {
    cycle.skipCutShort();
    dispatch.beginAgain(clock.nowNs());
  }
  Atomics.store(words, shardWords.at.thread, ownThreadNumber());
  Atomics.store(words, shardWords.at.running, 1);
  try {
    if (task.recovery?.rebuild) cycle.takeOver(task.recovery.rebuild);
    cycle.run();
  } finally {
    Atomics.store(words, shardWords.at.running, 0);
  }
  const counted = gc?.stop() ?? null;
  return { shard, hasRun: true, markets: task.isReplay ? dumpMarkets(dispatch) : [], gc: counted };
}
