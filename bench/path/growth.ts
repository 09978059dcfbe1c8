// What does an update cost as there are more markets, deeper books, more workers?
//
//   generator thread ──TCP──► ingress thread ──ring──► 1..N shard threads ──► bars / book
//
// One axis at a time from the same base, the points of an axis in turn. Cost is processor time of ingress and shard
// threads by frame, which hardly depends on how many cores there are and who else uses them.

import { cpus } from 'node:os';
import type { Results, Size } from '../harness.ts';
import { Generator } from '../support/lanes.ts';
import { addTimes, type Case, costOf, type EngineRun, runEngine } from './socket-run.ts';
import { BASE_MARKETS, depthCase, tradeCase } from './socket-to-state.ts';

const MARKETS = [1, BASE_MARKETS, 1_000, 10_000];
/** Enough markets that every shard has its share of them. */
const WORKER_MARKETS = 1_000;
const WORKERS_MAX = 4;
const FRAMES = 500_000;
const DEPTH_FRAMES = 100_000;
const UNIT = 'ns/frame';

type Point = { readonly test: Case; readonly workers: number };

/** Runs of each point, the points in turn. */
async function takeTurns(points: readonly Point[], size: Size): Promise<EngineRun[][]> {
  const generators: Generator[] = [];
  for (const { test } of points) generators.push(await Generator.prepare(test.plan));
  const runs: EngineRun[][] = points.map(() => []);
  for (let i = 0; i < (size === 'full' ? 3 : 1); i++) {
    for (const [index, { test, workers }] of points.entries())
      runs[index].push(await runEngine(generators[index], test, workers));
  }
  for (const generator of generators) await generator.close();
  return runs;
}

async function overMarkets(results: Results, size: Size): Promise<void> {
  const markets = size === 'full' ? MARKETS : [BASE_MARKETS, 100];
  const points = markets.map((count) => ({ test: tradeCase(size, count, FRAMES), workers: 1 }));
  const runs = await takeTurns(points, size);
  for (const [index, { test }] of points.entries()) {
    results.add(
      `${test.name}: engine`,
      'frames/s',
      runs[index].map(({ framesPerS }) => framesPerS),
    );
    addTimes(results, test.name, runs[index]);
    const cost = runs[index].map(costOf);
    results.add(`${test.name}: cost`, UNIT, cost);
  }
  const base = runs[markets.indexOf(BASE_MARKETS)].map(costOf);
  for (const [index, count] of markets.entries()) {
    if (count <= BASE_MARKETS) continue;
    const aim = count === MARKETS[MARKETS.length - 1] ? '≤ 1.5' : null;
    const name = `cost of an update: ${count} markets / ${BASE_MARKETS} markets`;
    results.ratio(name, runs[index].map(costOf), base, `${BASE_MARKETS} markets`, aim);
  }
}

async function overDepth(results: Results, size: Size): Promise<void> {
  const shapes = [20, 5_000].map((levels) => ({ levels, band: 12 }));
  const points = shapes.map((shape) => ({ test: depthCase(size, shape, DEPTH_FRAMES), workers: 1 }));
  const runs = await takeTurns(points, size);
  for (const [index, { test }] of points.entries()) {
    addTimes(results, test.name, runs[index]);
    results.add(`${test.name}: cost`, UNIT, runs[index].map(costOf));
  }
  const [shallow, deep] = runs.map((each) => each.map(costOf));
  results.ratio('cost of a change: 5,000 levels a side / 20', deep, shallow, '20 levels a side', '≤ 1.1');
}

async function overWorkers(results: Results, size: Size): Promise<void> {
  const counts = [1, 2, WORKERS_MAX].filter((count) => count === 1 || count <= cpus().length);
  const test = tradeCase(size, size === 'full' ? WORKER_MARKETS : BASE_MARKETS, FRAMES);
  const runs = await takeTurns(
    counts.map((workers) => ({ test, workers })),
    size,
  );
  const rates = runs.map((each) => each.map(({ framesPerS }) => framesPerS));
  for (const [index, count] of counts.entries()) {
    const name = `one-update trade frames, ${count} worker${count === 1 ? '' : 's'}`;
    results.add(`${name}: engine`, 'frames/s', rates[index]);
    addTimes(results, name, runs[index]);
    if (count > 1) results.ratio(`${name} / 1 worker`, rates[index], rates[0], '1 worker');
  }
}

export async function growth(results: Results, size: Size): Promise<void> {
  await overMarkets(results, size);
  await overDepth(results, size);
  await overWorkers(results, size);
}
