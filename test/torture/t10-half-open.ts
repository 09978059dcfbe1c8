// T10: a venue whose process is stopped, so that its sockets stay open and say nothing; and one book that falls silent while
// all else goes on: noticed by the data's age, told before anything else, healed, and no other market is disturbed.

import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type SimulatorOptions, startSimulator } from '../../engine/simulate/simulator.ts';
import { RATE_WARM_GAPS } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { type Client, eventually, LiveEngine } from '../support/live-engine.ts';
import { feedPlan, VenueRun } from '../support/venue-run.ts';
import { type Figure, percentileOf, type Scenario, type Size, timedAtMost, told, zeroOf } from './scenario.ts';

const STOPS = { tiny: 1, small: 2, full: 4 } as const;
/** Longer than Kraken may be silent (10 s), where there is the time. */
const STOPPED_MS = { tiny: 8_000, small: 13_000, full: 13_000 } as const;
const SILENT_BOOKS = { tiny: 1, small: 3, full: 6 } as const;
/** Above twice the longest pause of each market: else it would be the market's own rate that counts. */
const STALE_AFTER_MS = 5_000;
/** One check period: stale is noticed by clock records, told by the drain. */
const DELAY_MS_MAX = 1_000;
const MARKETS = 10;
const RATE = 800;
const LOOK_MS = 100;
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
const VENUE_CHILD = new URL('venue-child.ts', import.meta.url);
const PLANS = marketPlansOf({ usual: { bars: ['1s'], staleAfterMs: STALE_AFTER_MS } });

type Told = { readonly market: string; readonly state: string; readonly atMs: number };

/** What a subscriber is told of the states of all markets, with the time it came. */
class States {
  readonly told: Told[] = [];
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
    client.socket.on('message', (data: Buffer) => {
      const { type, exchange, symbol, state } = JSON.parse(data.toString()) as Record<string, string>;
      if (type === 'status') this.told.push({ market: `${exchange}:${symbol}`, state, atMs: performance.now() });
    });
  }

  /** When each market of a venue was first told not to be live after a moment. */
  lostAfter(venue: string, atMs: number): Map<string, number> {
    const lost = new Map<string, number>();
    for (const one of this.told) {
      if (one.atMs < atMs || one.state === 'live' || !one.market.startsWith(`${venue}:`) || lost.has(one.market))
        continue;
      lost.set(one.market, one.atMs);
    }
    return lost;
  }

  subscribe(): void {
    this.client.send({ op: 'subscribe', id: 1, args: ['status.*'] });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

type Venue = { readonly child: ChildProcess; readonly url: string; readonly symbols: readonly string[] };

async function startVenue(options: SimulatorOptions): Promise<Venue> {
  const child = fork(VENUE_CHILD, [JSON.stringify(options)], {
    execArgv: ['--import', LOADER],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { url, symbols } = await new Promise<{ url: string; symbols: string[] }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url: string; symbols: string[] }));
    child.once('exit', (code) => reject(new Error(`venue: expected it to run, ended with ${code}`)));
  });
  return { child, url, symbols };
}

type MarketInfo = { readonly market: string; readonly state: string };

/** Markets of a venue that the engine calls live. */
async function liveOf(engine: LiveEngine, venue: string): Promise<number> {
  const markets = await engine.get<MarketInfo[]>('/v1/markets');
  return markets.filter(({ market, state }) => market.startsWith(`${venue}:`) && state === 'live').length;
}

async function allLive(engine: LiveEngine, venue: string): Promise<void> {
  await eventually(`all of ${venue} live`, async () => {
    if ((await liveOf(engine, venue)) === MARKETS) return true;
    await sleep(LOOK_MS);
    return false;
  });
}

/** A silence is too long only where it is known how often the book changes. */
async function ratesKnown(engine: LiveEngine, markets: number): Promise<void> {
  const counters = new Float64Array(engine.engine.memory.marketCounters);
  await eventually('rates known', () =>
    Array.from({ length: markets }, (_, id) => counters[id * MARKET_COUNTER_COLUMNS + marketCounter.bookChanges]).every(
      (changes) => changes > 2 * RATE_WARM_GAPS,
    ),
  );
}

type Stopped = {
  delays: number[];
  unnoticed: number;
  liveWhileStopped: number;
  looks: number;
  disturbed: number;
  backMs: number[];
};

/** One engine on two venues: the process of the first is stopped, the second must not notice. A new one each time: a long
 * silence teaches an engine that the market may be silent for so long. */
async function stopVenue(size: Size, seed: number, result: Stopped): Promise<void> {
  const common = { markets: MARKETS, rate: RATE, levels: 20, seed, limitsScale: 10 };
  const venue = await startVenue({ venue: 'kraken', ...common });
  const other = await startSimulator({ venue: 'bybit', ...common });
  const feeds = [feedPlan('kraken', venue.symbols, venue.url), feedPlan('bybit', other.symbols, other.url)];
  const engine = await LiveEngine.start({ feeds, plans: PLANS });
  for (const one of ['kraken', 'bybit']) await allLive(engine, one);
  await ratesKnown(engine, 2 * MARKETS);
  const states = new States(await engine.subscriber());
  states.subscribe();
  const began = performance.now();
  await stopOnce(engine, venue.child, states, STOPPED_MS[size], result);
  result.disturbed += states.lostAfter('bybit', began).size;
  await states.close();
  await engine.stop();
  await other.stop();
  venue.child.send('stop');
}

async function stopOnce(
  engine: LiveEngine,
  child: ChildProcess,
  states: States,
  stoppedMs: number,
  result: Stopped,
): Promise<void> {
  const stopped = performance.now();
  child.kill('SIGSTOP');
  while (performance.now() - stopped < stoppedMs) {
    await sleep(LOOK_MS);
    if (performance.now() - stopped < STALE_AFTER_MS + DELAY_MS_MAX) continue;
    result.looks++;
    result.liveWhileStopped += await liveOf(engine, 'kraken');
  }
  const lost = states.lostAfter('kraken', stopped);
  result.unnoticed += MARKETS - lost.size;
  for (const atMs of lost.values()) result.delays.push(atMs - stopped - STALE_AFTER_MS);
  const resumed = performance.now();
  child.kill('SIGCONT');
  await allLive(engine, 'kraken');
  result.backMs.push(performance.now() - resumed);
}

type Silent = { books: number; others: number };

/** Books of one connection that fall silent while the rest goes on; each must be noticed and asked for anew. */
async function silenceBooks(size: Size, seed: number): Promise<Silent> {
  const run = await VenueRun.start(
    'okx',
    { markets: MARKETS, rate: RATE, levels: 20, seed },
    { engine: { plans: PLANS } },
  );
  await run.allLive();
  await ratesKnown(run.engine, MARKETS);
  const states = new States(await run.engine.subscriber());
  states.subscribe();
  const began = performance.now();
  const silenced = run.simulator.symbols.slice(0, SILENT_BOOKS[size]);
  for (const symbol of silenced) {
    run.simulator.inject({ kind: 'silent', symbol, channel: 'book' });
    await eventually(`${symbol} is noticed`, () => states.lostAfter('okx', began).has(`okx:${symbol}`));
    await run.allLive();
  }
  const lost = [...states.lostAfter('okx', began).keys()];
  await states.close();
  await run.stop();
  return {
    books: silenced.length,
    others: lost.filter((market) => !silenced.includes(market.slice('okx:'.length))).length,
  };
}

export const scenario: Scenario = {
  id: 'T10',
  title: 'Half-open and dead stream',
  async run(size, seed, log) {
    const stopped: Stopped = { delays: [], unnoticed: 0, liveWhileStopped: 0, looks: 0, disturbed: 0, backMs: [] };
    for (let i = 0; i < STOPS[size]; i++) await stopVenue(size, seed + i, stopped);
    log(JSON.stringify(stopped));
    const silent = await silenceBooks(size, seed);
    const books = STOPS[size] * MARKETS;
    const figures: Figure[] = [
      zeroOf('books of a stopped venue that were not told to be lost', stopped.unnoticed, books),
      timedAtMost(
        size,
        'time until told, beyond the limit of silence',
        Math.max(...stopped.delays),
        DELAY_MS_MAX,
        'ms',
      ),
      zeroOf('books called live after that, while the venue stood', stopped.liveWhileStopped, stopped.looks * MARKETS),
      zeroOf('books of the other venue that were disturbed', stopped.disturbed, books),
      told('time to live books once the venue goes on, p99', percentileOf(stopped.backMs, 0.99), 'ms'),
      zeroOf('neighbours of a silent book that were disturbed', silent.others, silent.books * (MARKETS - 1)),
    ];
    return {
      injected: books + silent.books,
      detected: books - stopped.unnoticed + silent.books,
      falseAlarms: stopped.disturbed + silent.others,
      figures,
      accounting: null,
      knownHoles: [
        'A market that is quiet by nature is called stale only after longer than its own rate allows: silence shorter than that is not noticed.',
      ],
      notes: [
        `SIGSTOP of a venue’s process ${STOPS[size]} times for ${STOPPED_MS[size] / 1_000} s, ${MARKETS} markets; limit of silence ${STALE_AFTER_MS} ms; ${silent.books} single books silenced in turn.`,
      ],
    };
  },
};
