// How fast do frames become bars and books, end to end, beside a bare sink and beside `ws` + JSON.parse + Map?
//
//   generator thread ──TCP──► ingress thread ──ring──► shard thread ──► bars / book      (engine)
//   generator thread ──TCP──► uWebSockets.js handler that counts                        (sink)
//   generator thread ──TCP──► ws + JSON.parse + Map on one thread                       (naive)
//
// The three run in turn, several times; ratios are taken run by run. Each run checks what it counted.

import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type Engine, startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import type { GeneratorPlan } from '../support/generator.ts';
import { Baseline, Generator, until } from '../support/lanes.ts';
import { BATCH_UPDATES } from '../workloads-batch.ts';

type Case = {
  readonly name: string;
  readonly plan: GeneratorPlan;
  readonly path: string;
  readonly updatesPerFrame: number;
  readonly counter: 'trades' | 'bookChanges';
  /** What the counter counts per frame. */
  readonly countPerFrame: number;
  readonly hasNaive: boolean;
  readonly sinkAim: string | null;
};

const CONNECTIONS = 4;

function cases(size: Size): Case[] {
  const scale = size === 'full' ? 1 : 0.004;
  const frames = (full: number): number => Math.max(64, Math.round(full * scale));
  return [
    {
      name: 'one-update trade frames',
      plan: { kind: 'trades', frames: frames(1_500_000), markets: 8, connections: CONNECTIONS },
      path: '/ingest/binance',
      updatesPerFrame: 1,
      counter: 'trades',
      countPerFrame: 1,
      hasNaive: true,
      sinkAim: '≥ 0.60',
    },
    {
      name: '16-level depth frames',
      plan: { kind: 'depth', frames: frames(300_000), markets: 8, connections: CONNECTIONS },
      path: '/ingest/binance',
      updatesPerFrame: 16,
      counter: 'bookChanges',
      countPerFrame: 1,
      hasNaive: true,
      sinkAim: null,
    },
    {
      name: `FlatBuffers batches of ${BATCH_UPDATES}`,
      plan: { kind: 'batches', frames: frames(30_000), markets: 8, connections: CONNECTIONS },
      path: '/ingest/flatbuffers',
      updatesPerFrame: BATCH_UPDATES,
      counter: 'trades',
      countPerFrame: BATCH_UPDATES,
      hasNaive: false,
      sinkAim: null,
    },
  ];
}

function sum(engine: Engine, column: number): number {
  const counters = new Float64Array(engine.memory.marketCounters);
  let total = 0;
  for (let row = 0; row < 64; row++) total += counters[row * MARKET_COUNTER_COLUMNS + column];
  return total;
}

async function measureEngine(generator: Generator, test: Case): Promise<number> {
  const engine = await startEngine({
    host: '127.0.0.1',
    port: 0,
    ingestPort: 0,
    workers: 1,
    marketsMax: MARKETS_MAX,
    token: null,
    plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
    shutdownTimeoutMs: 10_000,
    log: createLog('silent'),
  });
  const column = marketCounter[test.counter];
  const wanted = test.plan.frames * test.countPerFrame;
  await generator.send({ port: engine.ingestPort, path: test.path, part: 'before' });
  const before = test.plan.kind === 'depth' ? test.plan.markets : 0;
  await until(() => sum(engine, column), before, `${test.name}, before`);
  const start = performance.now();
  await generator.send({ port: engine.ingestPort, path: test.path, part: 'frames' });
  await until(() => sum(engine, column), before + wanted, test.name);
  const seconds = (performance.now() - start) / 1000;
  check(
    sum(engine, column) === before + wanted,
    `${test.name}: expected ${wanted}, was ${sum(engine, column) - before}`,
  );
  check(sum(engine, marketCounter.gaps) === 0, `${test.name}: expected no gaps`);
  check((await engine.stop()).forced === false, `${test.name}: expected an unforced stop`);
  return test.plan.frames / seconds;
}

async function measureBaseline(module: './sink.ts' | './naive.ts', generator: Generator, test: Case): Promise<number> {
  const baseline = await Baseline.start(module);
  const before = test.plan.kind === 'depth' ? test.plan.markets : 0;
  await generator.send({ port: baseline.port, path: '/', part: 'before' });
  await until(() => baseline.frames, before, `${module}, before`);
  const start = performance.now();
  await generator.send({ port: baseline.port, path: '/', part: 'frames' });
  await until(() => baseline.frames, before + test.plan.frames, module);
  const seconds = (performance.now() - start) / 1000;
  check(baseline.frames === before + test.plan.frames, `${module}: expected ${test.plan.frames} frames`);
  await baseline.close();
  return test.plan.frames / seconds;
}

export async function socketToState(results: Results, size: Size): Promise<void> {
  const repeats = size === 'full' ? 5 : 1;
  for (const test of cases(size)) {
    const generator = await Generator.prepare(test.plan);
    const engine: number[] = [];
    const sink: number[] = [];
    const naive: number[] = [];
    for (let i = 0; i < repeats; i++) {
      sink.push(await measureBaseline('./sink.ts', generator, test));
      engine.push(await measureEngine(generator, test));
      if (test.hasNaive) naive.push(await measureBaseline('./naive.ts', generator, test));
    }
    await generator.close();
    results.add(`${test.name}: bare sink`, 'frames/s', sink);
    results.add(`${test.name}: engine, socket to state`, 'frames/s', engine);
    if (test.updatesPerFrame > 1) {
      results.add(
        `${test.name}: engine`,
        'updates/s',
        engine.map((rate) => rate * test.updatesPerFrame),
      );
    }
    results.ratio(`${test.name}: engine / sink`, engine, sink, 'bare sink', test.sinkAim);
    if (test.hasNaive) {
      results.add(`${test.name}: ws + JSON.parse + Map`, 'frames/s', naive);
      results.ratio(`${test.name}: engine / naive`, engine, naive, 'ws + JSON.parse + Map');
    }
  }
}
