// Whole runs of an engine with the traffic of recovery tests: undisturbed, and with shards killed on the way.

import { setTimeout as sleep } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import type { EngineOptions } from '../../engine/main.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { JOURNAL_AGE_MS_MAX, JOURNAL_BYTES_MAX, JOURNAL_SYNC_MS } from '../../schemas/config.ts';
import { eventually, type Json, LiveEngine } from './live-engine.ts';
import {
  EngineProcess,
  killShard,
  Listener,
  NamedProducer,
  stateOf,
  type Traffic,
  withoutTimes,
} from './recovery-rig.ts';

/** Bars of venue time that no clock closes while a test runs, and of counts. */
export const BARS = ['1m', '50t'];

export const journalIn = (folder: string, checkpointMs = 300): NonNullable<EngineOptions['journal']> => ({
  ...{ folder, syncPolicy: 'interval', syncMs: JOURNAL_SYNC_MS, checkpointMs },
  ...{ bytesMax: JOURNAL_BYTES_MAX, ageMsMax: JOURNAL_AGE_MS_MAX },
});

export type RunResult = {
  readonly state: unknown;
  /** By channel, all messages without times of receipt. */
  readonly told: ReadonlyMap<string, readonly unknown[]>;
};

const channelsOf = (markets: readonly string[]): string[] =>
  markets.flatMap((market) => [`trade.${market}`, `book.${market}`, `bbo.${market}`, `bar.50t.${market}`]);

/** All messages of a listener; the current values that came first are whatever they were when it asked. */
function toldTo(listener: Listener): Map<string, unknown[]> {
  return new Map(
    [...listener.told].map(([channel, messages]) => [channel, messages.map((each) => withoutTimes(each))]),
  );
}

async function applied(live: LiveEngine, port: number, traffic: Traffic): Promise<void> {
  await eventually('everything applied', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/stats`);
    const { total, rings } = (await response.json()) as {
      total: { bookChanges: number; tradeRecords: number };
      rings: { held: number }[];
    };
    return total.bookChanges + total.tradeRecords >= traffic.frames.length && rings.every(({ held }) => held === 0);
  });
  // What the rings gave up is with the sockets; the listener has it when the loop has turned.
  await sleep(200);
  void live;
}

export const options = (workers: number, bars = BARS): Partial<EngineOptions> & Pick<EngineOptions, 'plans'> => ({
  workers,
  plans: marketPlansOf({ usual: { bars, signals: ['imbalance', 'vwap'] } }),
});

/** All markets are named and listened to before the traffic begins: then what is told does not hang on when one asked. */
async function listened(live: LiveEngine, traffic: Traffic): Promise<Listener> {
  return Listener.open(live.engine.port, channelsOf(traffic.markets));
}

/** The first frames name the markets; they go ahead by a producer of their own. */
async function begun(live: LiveEngine, traffic: Traffic): Promise<Traffic> {
  const count = traffic.markets.length;
  await new NamedProducer('first', traffic.frames.slice(0, count), () => live.engine.ingestPort).run();
  for (const market of traffic.markets) await live.book(market, 1);
  return { ...traffic, frames: traffic.frames.slice(count) };
}

export async function undisturbedRun(traffic: Traffic, workers: number): Promise<RunResult> {
  const live = await LiveEngine.start(options(workers));
  const rest = await begun(live, traffic);
  const listener = await listened(live, traffic);
  await new NamedProducer('p', rest.frames, () => live.engine.ingestPort).run();
  await applied(live, live.engine.port, traffic);
  const result = { state: await stateOf(live.engine.port, traffic.markets, BARS), told: toldTo(listener) };
  listener.close();
  await live.stop();
  return result;
}

export type KilledRun = RunResult & { readonly kills: number; readonly deaths: Record<string, number> };

/** Kills shards at moments that follow from the seed, each once the one before is back. */
export async function killedRun(
  traffic: Traffic,
  { workers, kills, seed, folder }: { workers: number; kills: number; seed: number; folder: string },
): Promise<KilledRun> {
  const random = seededRandom(seed, 'kills');
  const live = await LiveEngine.start({
    ...options(workers),
    journal: journalIn(folder),
    restarts: { restartsMax: Number.MAX_SAFE_INTEGER, calmMs: 0 },
  });
  const rest = await begun(live, traffic);
  const listener = await listened(live, traffic);
  const producer = new NamedProducer('p', rest.frames, () => live.engine.ingestPort);
  const producing = producer.run();
  let killed = 0;
  for (; killed < kills; killed++) {
    await sleep(random.integer(200));
    killShard(live.engine, random.integer(workers));
    await eventually('the shard is back', async () => {
      const { recovery } = await live.get<{ recovery: { lastDeaths: Json[] } }>('/v1/stats?markets=0');
      const last = recovery.lastDeaths.at(-1);
      return recovery.lastDeaths.length === Math.min(20, killed + 1) && last?.['isRebuilt'] === true;
    });
  }
  await producing;
  await applied(live, live.engine.port, traffic);
  const { recovery } = await live.get<{ recovery: { deaths: Record<string, number> } }>('/v1/stats?markets=0');
  const deaths = Object.fromEntries(Object.entries(recovery.deaths).filter(([, count]) => count > 0));
  const state = await stateOf(live.engine.port, traffic.markets, BARS);
  const result = { state, told: toldTo(listener), kills: killed, deaths };
  listener.close();
  await live.stop();
  return result;
}

export type ProcessRun = {
  readonly state: unknown;
  readonly kills: number;
  /** Acknowledged by an engine, and not known to the one after it. */
  readonly forgotten: number;
  readonly totals: Readonly<Record<string, number>>;
  /** Lowest and highest number of a trade told by each engine, in order. */
  readonly tradeSeqs: readonly (readonly [number, number])[];
};

/** Kills the whole process (-9) at moments that follow from the seed; each engine after has the workers that come next. */
export async function killedProcessRun(
  traffic: Traffic,
  { workers, kills, seed, folder }: { workers: readonly number[]; kills: number; seed: number; folder: string },
): Promise<ProcessRun> {
  const random = seededRandom(seed, 'process kills');
  let engine: EngineProcess | null = null;
  let ingestPort: number | null = null;
  const producer = new NamedProducer('p', traffic.frames, () => ingestPort, 2);
  const producing = producer.run();
  const tradeSeqs: (readonly [number, number])[] = [];
  for (let killed = 0; ; killed++) {
    engine = new EngineProcess([
      ...['--journal', folder, '--checkpoint-interval', '300ms', '--workers', String(workers[killed % workers.length])],
      ...['--bars', BARS.join(','), '--signals', 'imbalance,vwap', '--markets-max', '64', '--log-level', 'warn'],
    ]);
    const ports = await engine.ports();
    const listener = await Listener.open(ports.port, ['trade.*']);
    ingestPort = ports.ingestPort;
    if (killed < kills) {
      await sleep(100 + random.integer(500));
      ingestPort = null;
      await engine.kill();
    } else await producing;
    const seqs = listener.of(`trade.${traffic.markets[0]}`).map(({ seq }) => seq as number);
    listener.assertWhole(`trade.${traffic.markets[0]}`);
    if (seqs.length > 0) tradeSeqs.push([seqs[0], seqs[seqs.length - 1]]);
    listener.close();
    if (killed < kills) continue;
    const { port } = ports;
    const stats = await eventually('everything applied', async () => {
      const { total, rings } = (await (await fetch(`http://127.0.0.1:${port}/v1/stats?markets=0`)).json()) as {
        total: Record<string, number>;
        rings: { held: number }[];
      };
      return rings.every(({ held }) => held === 0) ? total : null;
    });
    const state = await stateOf(port, traffic.markets, BARS);
    await engine.stop();
    const { forgotten } = producer;
    return { state, kills: killed, forgotten, totals: stats, tradeSeqs };
  }
}
