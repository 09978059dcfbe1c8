// T34: the wall clock of the engine's process jumps by hours and drifts, while the venue's runs on: nothing times out, nothing
// reconnects, and bars are the venue's own.

import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../engine/simulate/simulator.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { eventually } from '../support/live-engine.ts';
import { atLeast, type Figure, type Log, type Scenario, told, zeroOf } from './scenario.ts';

const RUN_MS = { tiny: 8_000, small: 25_000, full: 90_000 } as const;
const VENUES: readonly Dialect[] = ['binance', 'okx'];
const MARKETS = 6;
const RATE = 300;
const LIMITS_SCALE = 10;
const SECOND_MS = 1_000;
/** Venue clocks of the simulators are the machine's. Trades of the last seconds may not be in bars yet. */
const UNSETTLED_MS = 3_000;
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
const JUMPING = new URL('jumping-clock.mjs', import.meta.url).href;
const ENGINE_CHILD = new URL('engine-child.ts', import.meta.url);

type Market = { readonly market: string; readonly state: string };
type Bar = {
  readonly startTimestamp: string;
  readonly trades: number;
  readonly completeness: string;
  readonly isFinal: boolean;
};
type Feed = {
  readonly venue: string;
  readonly counts: { reconnects: number; resyncs: number; stale: number };
  readonly errors: Record<string, number>;
};

/** An engine in a process whose wall clock is not to be trusted. */
class JumpingEngine {
  private readonly child: ChildProcess;
  private readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(simulators: readonly Simulator[]): Promise<JumpingEngine> {
    const plans = simulators.map(({ url, symbols }, index) => ({
      venue: VENUES[index],
      url,
      symbols,
      limitsScale: LIMITS_SCALE,
    }));
    const child = fork(ENGINE_CHILD, [JSON.stringify(plans)], {
      execArgv: ['--import', JUMPING, '--import', LOADER],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) => reject(new Error(`engine: expected it to run, ended with ${code}`)));
    });
    return new JumpingEngine(child, port);
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`);
    return (await answer.json()) as T;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.send('stop');
    await ended;
  }
}

async function notLive(engine: JumpingEngine): Promise<number> {
  const markets = await engine.get<Market[]>('/v1/markets');
  return VENUES.length * MARKETS - markets.filter(({ state }) => state === 'live').length;
}

type Bars = { whole: number; differing: number };

/** Whole seconds of each market, held against the venue's trades. */
async function compareBars(
  engine: JumpingEngine,
  simulator: Simulator,
  venue: Dialect,
  untilMs: number,
): Promise<Bars> {
  const result: Bars = { whole: 0, differing: 0 };
  for (const symbol of simulator.symbols) {
    const bars = await engine.get<Bar[]>(`/v1/bars/${encodeURIComponent(`${venue}:${symbol}`)}?kind=1s&limit=500`);
    const trades = new Map<number, number>();
    for (const { timeMs } of simulator.truth.trades(symbol)) {
      const second = Math.floor(timeMs / SECOND_MS) * SECOND_MS;
      trades.set(second, (trades.get(second) ?? 0) + 1);
    }
    for (const { startTimestamp, trades: counted, completeness } of bars) {
      const at = Date.parse(startTimestamp);
      if (completeness !== 'complete' || at + SECOND_MS > untilMs) continue;
      result.whole++;
      if ((trades.get(at) ?? 0) !== counted) result.differing++;
    }
  }
  return result;
}

type Run = {
  looks: number;
  disturbed: number;
  reconnects: number;
  resyncs: number;
  stale: number;
  errors: number;
  bars: Bars;
};

async function runJumping(runMs: number, seed: number, log: Log): Promise<Run> {
  const simulators = await Promise.all(
    VENUES.map((venue) =>
      startSimulator({ venue, markets: MARKETS, rate: RATE, levels: 20, seed, limitsScale: LIMITS_SCALE }),
    ),
  );
  const engine = await JumpingEngine.start(simulators);
  await eventually('all live', async () => (await notLive(engine)) === 0);
  const run: Run = {
    looks: 0,
    disturbed: 0,
    reconnects: 0,
    resyncs: 0,
    stale: 0,
    errors: 0,
    bars: { whole: 0, differing: 0 },
  };
  const before = await feedsOf(engine);
  for (const until = performance.now() + runMs; performance.now() < until; ) {
    await sleep(200);
    run.looks += VENUES.length * MARKETS;
    run.disturbed += await notLive(engine);
  }
  const untilMs = Date.now() - UNSETTLED_MS;
  for (const [index, venue] of VENUES.entries()) {
    const { whole, differing } = await compareBars(engine, simulators[index], venue, untilMs);
    run.bars.whole += whole;
    run.bars.differing += differing;
  }
  const after = await feedsOf(engine);
  for (const name of ['reconnects', 'resyncs', 'stale', 'errors'] as const) run[name] = after[name] - before[name];
  log(JSON.stringify(run));
  await engine.stop();
  for (const simulator of simulators) await simulator.stop();
  return run;
}

async function feedsOf(
  engine: JumpingEngine,
): Promise<{ reconnects: number; resyncs: number; stale: number; errors: number }> {
  const { feeds } = await engine.get<{ feeds: Feed[] }>('/v1/stats');
  const sum = { reconnects: 0, resyncs: 0, stale: 0, errors: 0 };
  for (const { counts, errors } of feeds) {
    sum.reconnects += counts.reconnects;
    sum.resyncs += counts.resyncs;
    sum.stale += counts.stale;
    sum.errors += Object.values(errors).reduce((total, count) => total + count, 0);
  }
  return sum;
}

export const scenario: Scenario = {
  id: 'T34',
  title: 'Clock skew and jumps',
  async run(size, seed, log) {
    const run = await runJumping(RUN_MS[size], seed, log);
    const jumps = Math.floor(RUN_MS[size] / SECOND_MS);
    const figures: Figure[] = [
      zeroOf('markets that were not live at a look', run.disturbed, run.looks),
      zeroOf(
        'reconnects, resyncs, stale books and errors of connections',
        run.reconnects + run.resyncs + run.stale + run.errors,
        jumps,
      ),
      zeroOf('complete bars whose trades are not the venue’s', run.bars.differing, run.bars.whole),
      atLeast('complete bars compared', run.bars.whole, VENUES.length * MARKETS, ''),
      told('jumps of the clock', jumps, ''),
    ];
    return {
      injected: jumps,
      detected: null,
      falseAlarms: run.disturbed,
      figures,
      accounting: null,
      knownHoles: [
        'What is shown as `localTimestamp` and as skew comes from the wall clock of the start and the monotonic clock since: a wall clock that was wrong at the start stays so.',
      ],
      notes: [
        `${RUN_MS[size] / SECOND_MS} s with ${VENUES.join(' and ')}, ${MARKETS} markets each; the wall clock as every thread of the engine reads it is an hour ahead, an hour behind or right in turn, each for a second, and drifts by 500 ppm.`,
      ],
    };
  },
};
