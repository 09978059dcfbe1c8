// How fast do frames become bars and books, end to end, beside a bare sink, and trades beside `ws` + JSON.parse + Map?
//
//   generator thread ──TCP──► ingress thread ──ring──► shard thread ──► bars / book      (engine)
//   generator thread ──TCP──► uWebSockets.js handler that counts                        (sink)
//   generator thread ──TCP──► ws + JSON.parse + Map on one thread                       (naive)
//
// They run in turn, several times; ratios are taken run by run. Each run checks what it counted. The sender and all
// threads share the machine's cores: processor time by thread says what a frame costs wherever it runs.

import type { Results, Size } from '../harness.ts';
import { Generator } from '../support/lanes.ts';
import { BATCH_UPDATES } from '../workloads-batch.ts';
import { addTimes, type BaselineRun, type Case, type EngineRun, runBaseline, runEngine, sized } from './socket-run.ts';

const CONNECTIONS = 4;
/** The plain pipeline is slow, and its ratio needs no five repeats. */
const NAIVE_REPEATS = 2;
/** What all cases have unless they ask how cost grows. */
export const BASE_MARKETS = 10;
const BATCHES = `FlatBuffers batches of ${BATCH_UPDATES}`;
const ONE_UPDATE = 'one-update trade frames';

type Compared = Case & { readonly hasNaive: boolean; readonly sinkAim: string | null };

/** Binance trade frames, one update each, over some markets. */
export function tradeCase(size: Size, markets: number, frames: number): Case {
  const warmup = Math.max(sized(150_000, size), 2 * markets);
  return {
    name: `one-update trade frames, ${markets} market${markets === 1 ? '' : 's'}`,
    plan: { kind: 'trades', frames: sized(frames, size), warmup, markets, connections: CONNECTIONS },
    path: '/ingest/binance',
    updatesPerFrame: 1,
    counter: 'trades',
    countPerFrame: 1,
  };
}

/** Binance depth frames of 16 levels over the base markets. */
export function depthCase(size: Size, depth: { levels: number; band: number }, frames: number): Case {
  const base = { markets: BASE_MARKETS, connections: CONNECTIONS };
  return {
    name: `16-level depth frames, ${depth.levels} levels a side`,
    plan: { kind: 'depth', frames: sized(frames, size), warmup: sized(20_000, size), ...base, depth },
    path: '/ingest/binance',
    updatesPerFrame: 16,
    counter: 'bookChanges',
    countPerFrame: 1,
  };
}

function cases(size: Size): Compared[] {
  const base = { markets: BASE_MARKETS, connections: CONNECTIONS };
  const trades = tradeCase(size, BASE_MARKETS, 1_000_000);
  const depth = depthCase(size, { levels: 500, band: 40 }, 200_000);
  const batches: Case = {
    name: BATCHES,
    plan: { kind: 'batches', frames: sized(30_000, size), warmup: sized(3_000, size), ...base },
    path: '/ingest/flatbuffers',
    updatesPerFrame: BATCH_UPDATES,
    counter: 'trades',
    countPerFrame: BATCH_UPDATES,
  };
  return [
    { ...trades, name: ONE_UPDATE, hasNaive: true, sinkAim: '≥ 0.65' },
    {
      ...trades,
      name: 'normalised JSON trade frames',
      plan: { ...trades.plan, kind: 'json', frames: sized(600_000, size) },
      path: '/ingest/json',
      hasNaive: false,
      sinkAim: null,
    },
    { ...depth, name: '16-level depth frames', hasNaive: false, sinkAim: null },
    { ...batches, hasNaive: false, sinkAim: null },
  ];
}

type Runs = { readonly engine: EngineRun[]; readonly sink: BaselineRun[]; readonly naive: BaselineRun[] };

async function compare(test: Compared, repeats: number): Promise<Runs> {
  const generator = await Generator.prepare(test.plan);
  const runs: Runs = { engine: [], sink: [], naive: [] };
  for (let i = 0; i < repeats; i++) {
    runs.sink.push(await runBaseline('./sink.ts', generator, test));
    runs.engine.push(await runEngine(generator, test));
    if (test.hasNaive && i < NAIVE_REPEATS) runs.naive.push(await runBaseline('./naive.ts', generator, test));
  }
  await generator.close();
  return runs;
}

const ratesOf = (runs: readonly { framesPerS: number }[]): number[] => runs.map(({ framesPerS }) => framesPerS);

function report(results: Results, test: Compared, runs: Runs): number[] {
  const { name } = test;
  const [engine, sink, naive] = [ratesOf(runs.engine), ratesOf(runs.sink), ratesOf(runs.naive)];
  results.add(`${name}: bare sink`, 'frames/s', sink);
  results.add(`${name}: engine, socket to state`, 'frames/s', engine, null, name === ONE_UPDATE ? '≥ 1 M' : null);
  const updates = engine.map((rate) => rate * test.updatesPerFrame);
  if (test.updatesPerFrame > 1)
    results.add(`${name}: engine`, 'updates/s', updates, null, name === BATCHES ? '≥ 10 M' : null);
  results.ratio(`${name}: engine / sink`, engine, sink, 'bare sink', test.sinkAim);
  if (test.hasNaive) {
    results.add(`${name}: ws + JSON.parse + Map`, 'frames/s', naive);
    results.ratio(`${name}: engine / naive`, engine.slice(0, naive.length), naive, 'ws + JSON.parse + Map');
  }
  addTimes(results, name, runs.engine);
  const sinkNs = runs.sink.flatMap(({ nsPerFrame }) => nsPerFrame ?? []);
  const ingressNs = runs.engine.flatMap(({ nsPerFrame }) => nsPerFrame?.ingress ?? []);
  if (sinkNs.length > 0) results.add(`${name}: processor time, bare sink`, 'ns/frame', sinkNs);
  // What engine / sink comes to where the ingress thread is the narrow place and has a core for itself.
  if (sinkNs.length === ingressNs.length && sinkNs.length > 0)
    results.ratio(`${name}: bare sink / ingress, processor time`, sinkNs, ingressNs, 'bare sink');
  return updates;
}

export async function socketToState(results: Results, size: Size): Promise<void> {
  const repeats = size === 'full' ? 5 : 1;
  const updates = new Map<string, number[]>();
  for (const test of cases(size)) updates.set(test.name, report(results, test, await compare(test, repeats)));
  const [batches, single] = [updates.get(BATCHES) ?? [], updates.get(ONE_UPDATE) ?? []];
  results.ratio(`${BATCHES} / one-update trade frames, in updates`, batches, single, ONE_UPDATE, '≥ 8');
}
