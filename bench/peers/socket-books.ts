// How fast do depth frames become books with their best bid and offer, from the socket on, beside other pipelines?
//
//   generator thread ──TCP──► ingress thread ──ring──► shard thread ──► book, best bid and offer     (engine)
//   generator thread ──TCP──► ws + JSON.parse + tardis-dev's mapper and book, best read              (tardis-dev)
//   generator thread ──TCP──► ws + JSON.parse + a Map a side, no best read                           (naive)
//   generator thread ──TCP──► uWebSockets.js handler that counts                                     (sink: the ceiling)
//
// They run in turn, several times; ratios are taken run by run. At the end of each run the engine and tardis-dev must
// have the same best prices.

import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type Engine, startEngine } from '../../engine/main.ts';
import { LatestReader } from '../../engine/memory/latest-values.ts';
import { createLog } from '../../engine/observe/log.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import type { GeneratorPlan } from '../support/generator.ts';
import { Baseline, Generator, until } from '../support/lanes.ts';

const MARKETS = 8;
const REPEATS = 5;
const LEVELS = 16;
const TARDIS_AIM = '≥ 10';
const SUM_TOLERANCE = 1e-9;

/** Frames a second, and the sum of best prices at the end; 0 where a lane has none. */
type Run = { readonly rate: number; readonly best: number };
type Lane = {
  readonly port: number;
  readonly path: string;
  readonly changes: () => number;
  readonly best: () => number;
};

/** Sends the snapshots, then the frames, of which the time is taken until the lane has had them all. */
async function measure(what: string, lane: Lane, generator: Generator, frames: number): Promise<Run> {
  const { port, path, changes, best } = lane;
  await generator.send({ port, path, part: 'before' });
  await until(changes, MARKETS, `${what}, snapshots`);
  const start = performance.now();
  await generator.send({ port, path, part: 'frames' });
  await until(changes, MARKETS + frames, what);
  const seconds = (performance.now() - start) / 1000;
  check(changes() === MARKETS + frames, `${what}: expected ${frames} frames, was ${changes() - MARKETS}`);
  return { rate: frames / seconds, best: best() };
}

function laneOf(engine: Engine): Lane {
  const counters = new Float64Array(engine.memory.marketCounters);
  const latest = new LatestReader(engine.memory);
  const sum = (each: (market: number) => number): number =>
    Array.from({ length: MARKETS }, (_, market) => each(market)).reduce((total, value) => total + value, 0);
  return {
    port: engine.ingestPort,
    path: '/ingest/binance',
    changes: () => sum((market) => counters[market * MARKET_COUNTER_COLUMNS + marketCounter.bookChanges]),
    best: () =>
      sum((market) => {
        const { bid, ask } = latest.read(market);
        return Number(bid?.price) + Number(ask?.price);
      }),
  };
}

async function throughEngine(generator: Generator, frames: number): Promise<Run> {
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
  const lane = laneOf(engine);
  const { rate } = await measure('engine', lane, generator, frames);
  // What it shows last is shown with the end of its last batch.
  check((await engine.stop()).forced === false, 'engine: expected an unforced stop');
  return { rate, best: lane.best() };
}

async function throughBaseline(
  module: './sink.ts' | './naive.ts' | './tardis-pipeline.ts',
  generator: Generator,
  frames: number,
): Promise<Run> {
  const baseline = await Baseline.start(module);
  const lane = { port: baseline.port, path: '/', changes: () => baseline.frames, best: () => baseline.answer };
  const run = await measure(module, lane, generator, frames);
  await baseline.close();
  return run;
}

export async function socketBooks(results: Results, size: Size): Promise<void> {
  const frames = size === 'full' ? 200_000 : 800;
  const plan: GeneratorPlan = { kind: 'depth', frames, markets: MARKETS, connections: 4 };
  const generator = await Generator.prepare(plan);
  const rates: { sink: number[]; engine: number[]; tardis: number[]; naive: number[] } = {
    sink: [],
    engine: [],
    tardis: [],
    naive: [],
  };
  for (let repeat = 0; repeat < (size === 'full' ? REPEATS : 1); repeat++) {
    rates.sink.push((await throughBaseline('./sink.ts', generator, frames)).rate);
    const engine = await throughEngine(generator, frames);
    const tardis = await throughBaseline('./tardis-pipeline.ts', generator, frames);
    const isSame = Math.abs(engine.best - tardis.best) <= SUM_TOLERANCE * tardis.best;
    check(isSame && tardis.best > 0, `best prices: expected a sum of ${tardis.best} (tardis-dev), was ${engine.best}`);
    rates.engine.push(engine.rate);
    rates.tardis.push(tardis.rate);
    rates.naive.push((await throughBaseline('./naive.ts', generator, frames)).rate);
  }
  await generator.close();
  const name = `${LEVELS}-level depth frames, socket to book`;
  results.add(`${name}: bare sink`, 'frames/s', rates.sink);
  results.add(`${name}: engine`, 'frames/s', rates.engine);
  results.add(`${name}: ws + JSON.parse + tardis-dev`, 'frames/s', rates.tardis);
  results.add(`${name}: ws + JSON.parse + Map`, 'frames/s', rates.naive);
  results.ratio(`${name}: engine / tardis-dev`, rates.engine, rates.tardis, 'ws + JSON.parse + tardis-dev', TARDIS_AIM);
  results.ratio(`${name}: engine / naive`, rates.engine, rates.naive, 'ws + JSON.parse + Map');
  results.ratio(`${name}: engine / bare sink`, rates.engine, rates.sink, 'bare sink');
}
