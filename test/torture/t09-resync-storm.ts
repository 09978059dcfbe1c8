// T09: every book of a venue has a gap at once, while the venue answers 429 to some: resyncs stay inside the venue's limits,
// which it counts itself, and all books are live again without a second storm.

import { setTimeout as sleep } from 'node:timers/promises';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { VenueRun } from '../support/venue-run.ts';
import { type Figure, type Log, type Scenario, type Size, told, zeroOf } from './scenario.ts';

const MARKETS = { tiny: 12, small: 60, full: 200 } as const;
const STORMS = { tiny: 1, small: 2, full: 3 } as const;
const VENUES: readonly Dialect[] = ['binance', 'okx'];
const RATE = 2_000;
/** Windows of the venue's limits pass faster, on both sides alike; much faster, and a busy machine would break them. */
const LIMITS_SCALE = 10;
/** Every frame is lost for so long: each busy book misses some. */
const LOSS_MS = 400;
const LOOK_MS = 100;

type Storm = { lost: number; requests: number; peakPerS: number; allLiveMs: number; limited: number };

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Messages and requests that the venue has had of its clients. */
const askedOf = ({ simulator }: VenueRun): number =>
  simulator.stats().frames.messages + total(simulator.stats().requests);

async function storm(run: VenueRun): Promise<Storm> {
  const before = askedOf(run);
  run.simulator.startFaults(faultPlanOf({ gap: 1_000, channels: 'book' }));
  await sleep(LOSS_MS);
  run.simulator.startFaults(faultPlanOf({ '429': 300 }));
  await sleep(LOOK_MS);
  const lost = (await run.notLive()).length;
  const began = performance.now();
  let [peak, last] = [0, askedOf(run)];
  let isOver = false;
  const watch = run.allLive().then(() => {
    isOver = true;
  });
  while (!isOver) {
    await sleep(LOOK_MS);
    const now = askedOf(run);
    peak = Math.max(peak, ((now - last) * 1_000) / LOOK_MS);
    last = now;
  }
  await watch;
  run.simulator.stopFaults();
  const limited = run.simulator.stats().requests['429'] ?? 0;
  return { lost, requests: askedOf(run) - before, peakPerS: peak, allLiveMs: performance.now() - began, limited };
}

async function stormVenue(
  venue: Dialect,
  size: Size,
  seed: number,
  log: Log,
): Promise<{ figures: Figure[]; lost: number }> {
  const markets = MARKETS[size];
  const options = { markets, rate: RATE, levels: 20, seed, limitsScale: LIMITS_SCALE };
  const run = await VenueRun.start(venue, options, { feed: () => ({ limitsScale: LIMITS_SCALE }) });
  await run.allLive();
  const storms: Storm[] = [];
  for (let i = 0; i < STORMS[size]; i++) storms.push(await storm(run));
  await run.settle();
  const { violations, sockets } = run.simulator.stats();
  log(`${venue} ${JSON.stringify({ storms, violations, sockets })}`);
  await run.stop();
  const lost = storms.reduce((sum, one) => sum + one.lost, 0);
  const asked = storms.reduce((sum, one) => sum + one.requests, 0);
  return {
    lost,
    figures: [
      zeroOf(`${venue}: limits of the venue broken, by its own count`, total(violations), asked),
      told(`${venue}: books that were lost at once, most`, Math.max(...storms.map((one) => one.lost)), `of ${markets}`),
      told(`${venue}: requests for each book that was lost`, asked / Math.max(1, lost), ''),
      told(`${venue}: peak of requests and messages`, Math.max(...storms.map((one) => one.peakPerS)), '/s'),
      told(`${venue}: time until all are live, longest`, Math.max(...storms.map((one) => one.allLiveMs)), 'ms'),
    ],
  };
}

export const scenario: Scenario = {
  id: 'T09',
  title: 'Resync storm',
  async run(size, seed, log) {
    const figures: Figure[] = [];
    let lost = 0;
    for (const venue of VENUES) {
      const one = await stormVenue(venue, size, seed, log);
      figures.push(...one.figures);
      lost += one.lost;
    }
    return {
      injected: lost,
      detected: lost,
      falseAlarms: null,
      figures,
      accounting: null,
      knownHoles: [],
      notes: [
        `${STORMS[size]} storms over ${MARKETS[size]} books of ${VENUES.join(' and ')}; three in ten REST requests are answered 429; windows of limits pass ${LIMITS_SCALE} times faster on both sides. A book that is not live again, or in the end is not the venue’s, ends the scenario as failed.`,
      ],
    };
  },
};
