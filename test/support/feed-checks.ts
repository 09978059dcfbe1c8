// Judges a run on a simulated venue beside its books and trades: who was served since when, and whose status changed.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { type Client, eventually } from './live-engine.ts';
import type { VenueRun } from './venue-run.ts';

/** All markets are looked at in one answer, which is long: not more often than this. */
const LOOK_MS = 100;
const CHANNELS = ['book', 'trades'] as const;

type MarketCounts = { readonly bookChanges: number; readonly trades: number };

/** How far each subscription had come, at the venue and in the engine. */
export type Progress = { readonly lanes: ReadonlyMap<string, number>; readonly markets: readonly MarketCounts[] };

export const NO_PROGRESS: Progress = { lanes: new Map(), markets: [] };

/** The feed's markets are the first that the engine knows, in the order of its plan. */
export function progressOf({ engine, simulator }: VenueRun): Progress {
  const counters = new Float64Array(engine.engine.memory.marketCounters);
  const count = (market: number, column: number): number => counters[market * MARKET_COUNTER_COLUMNS + column];
  const markets = simulator.symbols.map((_, market) => ({
    bookChanges: count(market, marketCounter.bookChanges),
    trades: count(market, marketCounter.trades),
  }));
  return { lanes: new Map(simulator.lanes()), markets };
}

/** Subscriptions without data since `before`: `book:SYMBOL at the venue`, `trades:SYMBOL in the engine`. */
function unserved(run: VenueRun, before: Progress, now: Progress): string[] {
  return run.simulator.symbols.flatMap((symbol, market) => {
    const [was, is] = [before.markets.at(market), now.markets[market]];
    const atVenue = CHANNELS.filter((channel) => {
      const key = `${channel}:${symbol}`;
      return (now.lanes.get(key) ?? 0) <= (before.lanes.get(key) ?? 0);
    });
    const hasBook = is.bookChanges > (was?.bookChanges ?? 0);
    const hasTrades = is.trades > (was?.trades ?? 0);
    return [
      ...atVenue.map((channel) => `${channel}:${symbol} at the venue`),
      ...(hasBook ? [] : [`book:${symbol} in the engine`]),
      ...(hasTrades ? [] : [`trades:${symbol} in the engine`]),
    ];
  });
}

/** Coverage of 100 %: book and trades of every market have come since `before`, sent by the venue and taken by the engine. */
export async function allServed(run: VenueRun, before: Progress = NO_PROGRESS): Promise<void> {
  let left: string[] = [];
  try {
    await eventually('every subscription served', async () => {
      left = unserved(run, before, progressOf(run));
      if (left.length > 0) await sleep(LOOK_MS);
      return left.length === 0;
    });
  } catch (error) {
    const told = JSON.stringify({ feed: await run.feed(), simulator: run.simulator.stats() });
    assert.fail(`${error}: ${left.length} not served, such as ${left.slice(0, 10).join(', ')}; ${told}`);
  }
}

/** Listens to the status of every market of a venue. */
export class StatusWatch {
  private readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  /** Begins with the current status of each. */
  static async open(run: VenueRun): Promise<StatusWatch> {
    const client = await run.engine.subscriber();
    await client.subscribe(`status.${run.venue}:*`);
    return new StatusWatch(client);
  }

  /** States of a market in the order they were told, with their reason: `live`, `stale silent`. */
  statesOf(symbol: string): string[] {
    return this.client.received
      .filter((message) => message['type'] === 'status' && message['symbol'] === symbol)
      .map(({ state, reason }) => (reason === null ? `${state}` : `${state} ${reason}`));
  }

  /** Markets that were told to be anything but live. */
  get disturbed(): string[] {
    const others = this.client.received.filter(({ type, state }) => type === 'status' && state !== 'live');
    return [...new Set(others.map(({ symbol }) => String(symbol)))];
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** The feed's report once it fits; reports are renewed each second. */
export function feedWhere(
  run: VenueRun,
  what: string,
  fits: (feed: Awaited<ReturnType<VenueRun['feed']>>) => boolean,
): Promise<Awaited<ReturnType<VenueRun['feed']>>> {
  return eventually(what, async () => {
    const feed = await run.feed();
    if (feed !== undefined && fits(feed)) return feed;
    await sleep(LOOK_MS);
    return null;
  });
}

/** No limit of the venue was broken, and its own code did not fail. */
export function assertWithinLimits(run: VenueRun): void {
  const { violations, violationLog, errors, slowClients } = run.simulator.stats();
  assert.deepEqual([violations, errors, slowClients], [{}, 0, 0], JSON.stringify(violationLog));
}
