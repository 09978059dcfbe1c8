// One run of frames over sockets, through the engine or a baseline, with what it must come to.
//
//   generator thread ──TCP──► ingress thread ──ring──► shard thread ──► bars / book      (engine)
//   generator thread ──TCP──► a thread that counts, or the plain pipeline                (baselines)
//
// A first part of the frames warms the code up and makes the markets known; it is not measured.

import { check, type Results, type Size } from '../harness.ts';
import { BenchEngine, type EngineTimes } from '../support/bench-engine.ts';
import type { GeneratorPlan } from '../support/generator.ts';
import { Baseline, type BaselineModule, type Generator, until } from '../support/lanes.ts';

export type Case = {
  readonly name: string;
  readonly plan: GeneratorPlan & { readonly warmup: number };
  readonly path: string;
  readonly updatesPerFrame: number;
  readonly counter: 'trades' | 'bookChanges';
  /** What the counter counts per frame. */
  readonly countPerFrame: number;
};

/** Processor time in nanoseconds by frame; null where the kernel does not tell. */
export type EngineRun = { readonly framesPerS: number; readonly nsPerFrame: EngineTimes | null };
export type BaselineRun = { readonly framesPerS: number; readonly nsPerFrame: number | null };

/** Counters of thousands of markets take long to add up: they are looked at less often. */
const POLL_MS = 1;
const POLL_MANY_MS = 10;
const MANY_MARKETS = 1000;

export const sized = (full: number, size: Size): number =>
  size === 'full' ? full : Math.max(64, Math.round(full * 0.004));

export async function runEngine(generator: Generator, test: Case, workers = 1): Promise<EngineRun> {
  const { plan, name, path } = test;
  const bench = await BenchEngine.start({ workers });
  const counted = (): number => bench.sum(test.counter, plan.markets);
  const pollMs = plan.markets > MANY_MARKETS ? POLL_MANY_MS : POLL_MS;
  const snapshots = plan.kind === 'depth' ? plan.markets : 0;
  const before = snapshots + plan.warmup * test.countPerFrame;
  await generator.send({ port: bench.ingestPort, path, part: 'before' });
  await until(counted, before, `${name}, before`, pollMs);
  bench.markTimes();
  const start = performance.now();
  await generator.send({ port: bench.ingestPort, path, part: 'frames' });
  const wanted = before + plan.frames * test.countPerFrame;
  await until(counted, wanted, name, pollMs);
  const seconds = (performance.now() - start) / 1000;
  const times = bench.timesSinceMark();
  check(counted() === wanted, `${name}: expected ${wanted}, was ${counted()}`);
  await bench.close(plan.markets);
  const per = (ns: number): number => ns / plan.frames;
  const nsPerFrame =
    times === null ? null : { ingress: per(times.ingress), shard: per(times.shard), main: per(times.main) };
  return { framesPerS: plan.frames / seconds, nsPerFrame };
}

export async function runBaseline(module: BaselineModule, generator: Generator, { plan }: Case): Promise<BaselineRun> {
  const baseline = await Baseline.start(module);
  const before = (plan.kind === 'depth' ? plan.markets : 0) + plan.warmup;
  await generator.send({ port: baseline.port, path: '/', part: 'before' });
  await until(() => baseline.frames, before, `${module}, before`);
  baseline.markTimes();
  const start = performance.now();
  await generator.send({ port: baseline.port, path: '/', part: 'frames' });
  await until(() => baseline.frames, before + plan.frames, module);
  const seconds = (performance.now() - start) / 1000;
  const ns = baseline.timeSinceMark();
  check(baseline.frames === before + plan.frames, `${module}: expected ${plan.frames} frames`);
  await baseline.close();
  return { framesPerS: plan.frames / seconds, nsPerFrame: ns === null ? null : ns / plan.frames };
}

/** Rows of processor time by thread; none where the kernel does not tell it. */
export function addTimes(results: Results, name: string, runs: readonly EngineRun[]): void {
  for (const thread of ['ingress', 'shard', 'main'] as const) {
    const values = runs.flatMap(({ nsPerFrame }) => (nsPerFrame === null ? [] : [nsPerFrame[thread]]));
    if (values.length > 0) results.add(`${name}: processor time, ${thread}`, 'ns/frame', values);
  }
}

/** Nanoseconds of ingress and shard threads by frame; of the clock where the kernel does not tell. */
export function costOf({ nsPerFrame, framesPerS }: EngineRun): number {
  return nsPerFrame === null ? 1e9 / framesPerS : nsPerFrame.ingress + nsPerFrame.shard;
}
