// Does a frame cost garbage beyond what uWebSockets.js itself makes of it?
//
//   generator ──TCP──► bare sink                     collections and heap bytes per million frames
//   generator ──TCP──► engine: ingress and shard     the same, per thread
//
// uWebSockets.js makes one ArrayBuffer object per frame; reading its bytes takes one view on it. Both are counted.

import type { GcReport } from '../../schemas/shard-task.ts';
import { check, type Results, type Size } from '../harness.ts';
import { BenchEngine } from '../support/bench-engine.ts';
import type { GeneratorPlan } from '../support/generator.ts';
import { Baseline, Generator, until } from '../support/lanes.ts';
import { BATCH_UPDATES } from '../workloads-batch.ts';

const MARKETS = 8;

type Counted = { readonly ingress: GcReport; readonly shard: GcReport };

/** The shard's count is of its whole run; the ingress thread's begins with the frames. */
async function countEngine(plan: GeneratorPlan, path: string, updates: number): Promise<Counted> {
  const bench = await BenchEngine.start({ isGcMeasured: true });
  const { engine } = bench;
  const generator = await Generator.prepare(plan);
  await engine.countIngressGc();
  await generator.send({ port: engine.ingestPort, path, part: 'frames' });
  await until(() => bench.sum('trades', MARKETS), updates, 'allocation');
  const ingress = await engine.countIngressGc();
  await generator.close();
  await bench.close(MARKETS);
  const shard = engine.shardGc()[0];
  if (ingress === null || shard === null) throw new Error('allocation: expected two counts');
  const counted = bench.sum('trades', MARKETS);
  check(counted === updates, `allocation: expected ${updates} updates, was ${counted}`);
  return { ingress, shard };
}

async function countSink(plan: GeneratorPlan): Promise<GcReport> {
  const sink = await Baseline.start('./sink.ts');
  const generator = await Generator.prepare(plan);
  sink.startGc();
  await generator.send({ port: sink.port, path: '/', part: 'frames' });
  await until(() => sink.frames, plan.frames, 'sink');
  const report = await sink.stopGc();
  await generator.close();
  await sink.close();
  return report;
}

export async function allocation(results: Results, size: Size): Promise<void> {
  const frames = size === 'full' ? 1_000_000 : 4_000;
  const perMillion = 1e6 / frames;
  const plan: GeneratorPlan = { kind: 'trades', frames, markets: MARKETS, connections: 4 };
  const sink = await countSink(plan);
  const engine = await countEngine(plan, '/ingest/binance', frames);
  const millions = (value: number): number[] => [value * perMillion];
  results.add('scavenges per million frames: bare sink', 'count', millions(sink.scavenges));
  results.add('scavenges per million frames: ingress', 'count', millions(engine.ingress.scavenges));
  results.ratio(
    'scavenges: ingress / bare sink',
    [engine.ingress.scavenges],
    [Math.max(1, sink.scavenges)],
    'bare sink',
    '≤ 1.1',
  );
  results.add('scavenges per million frames: shard', 'count', millions(engine.shard.scavenges));
  results.add('heap bytes per frame: bare sink', 'bytes', [sink.allocatedBytes / frames]);
  results.add('heap bytes per frame: ingress', 'bytes', [engine.ingress.allocatedBytes / frames]);
  results.ratio(
    'heap bytes: ingress / bare sink',
    [engine.ingress.allocatedBytes],
    [Math.max(1, sink.allocatedBytes)],
    'bare sink',
    '≤ 1.1',
  );
  results.add('heap bytes per frame: shard', 'bytes', [engine.shard.allocatedBytes / frames]);
  const batches = size === 'full' ? 12_000 : 40;
  const batchPlan: GeneratorPlan = { kind: 'batches', frames: batches, markets: MARKETS, connections: 4 };
  const updates = batches * BATCH_UPDATES;
  const batched = await countEngine(batchPlan, '/ingest/flatbuffers', updates);
  const perMillionUpdates = (value: number): number[] => [(value * 1e6) / updates];
  results.add(
    'scavenges per million updates, batches: ingress',
    'count',
    perMillionUpdates(batched.ingress.scavenges),
    null,
    '≤ 1',
  );
  results.add(
    'scavenges per million updates, batches: shard',
    'count',
    perMillionUpdates(batched.shard.scavenges),
    null,
    '≤ 1',
  );
}
