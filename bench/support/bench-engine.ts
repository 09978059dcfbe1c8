// An engine inside the process of a bench, with the processor time of its threads and sums of its counters.

import { setTimeout as delay } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { openFrameSocket } from '../../engine/load/frame-socket.ts';
import { type Engine, startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter, shardCounter } from '../../schemas/counters.ts';
import { check } from '../harness.ts';
import { until } from './lanes.ts';
import { mainThread, ThreadTimes, threadsBegunBy } from './thread-times.ts';
import { ANNOUNCED_ID, tradeWire } from './trade-wire.ts';

/** Wildcards take markets in within 50 ms. */
const EXPAND_MS = 200;

/** Nanoseconds of processor time by thread; shards together. */
export type EngineTimes = { readonly ingress: number; readonly shard: number; readonly main: number };
type MarketColumn = keyof typeof marketCounter;

export class BenchEngine {
  readonly engine: Engine;
  private readonly times: Readonly<Record<keyof EngineTimes, ThreadTimes>> | null;
  private readonly counters: Float64Array;

  private constructor(engine: Engine, threads: readonly number[]) {
    this.engine = engine;
    this.counters = new Float64Array(engine.memory.marketCounters);
    // The engine begins its shards first and the ingress thread last; were it otherwise, no times are told.
    const isKnown = threads.length === engine.memory.shards.length + 1;
    this.times = isKnown
      ? {
          ingress: new ThreadTimes(threads.slice(-1)),
          shard: new ThreadTimes(threads.slice(0, -1)),
          main: new ThreadTimes([mainThread()]),
        }
      : null;
  }

  /** Bars of 1s and 1m, the default signals, ports of the kernel's choice. */
  static async start(options: { workers?: number; isGcMeasured?: boolean } = {}): Promise<BenchEngine> {
    const { workers = 1, isGcMeasured = false } = options;
    const { value, threads } = await threadsBegunBy(() =>
      startEngine({
        ...{ host: '127.0.0.1', port: 0, ingestPort: 0, workers, marketsMax: MARKETS_MAX, token: null },
        plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
        shutdownTimeoutMs: 10_000,
        log: createLog('silent'),
        isGcMeasured,
      }),
    );
    return new BenchEngine(value, threads);
  }

  get ingestPort(): number {
    return this.engine.ingestPort;
  }

  get port(): number {
    return this.engine.port;
  }

  /** Sum of a counter over the first markets; markets get their rows as they appear. */
  sum(column: MarketColumn, markets: number): number {
    let total = 0;
    for (let row = 0; row < markets; row++)
      total += this.counters[row * MARKET_COUNTER_COLUMNS + marketCounter[column]];
    return total;
  }

  /**
   * Makes the markets of a wire of trades known: the first trade of each, and then the time in which the engine's main
   * thread takes markets into its wildcards.
   */
  async announce(markets: number): Promise<void> {
    const socket = await openFrameSocket(this.ingestPort, '/ingest/binance');
    socket.write(tradeWire(markets, markets, ANNOUNCED_ID, 0, 1).bytes);
    await until(() => this.sum('trades', markets), markets, 'announced');
    await delay(EXPAND_MS);
    socket.destroy();
  }

  markTimes(): void {
    for (const each of Object.values(this.times ?? {})) each.mark();
  }

  /** Since the last mark; null where the kernel does not tell. */
  timesSinceMark(): EngineTimes | null {
    if (this.times === null) return null;
    const { ingress, shard, main } = this.times;
    return { ingress: ingress.sinceMarkNs(), shard: shard.sinceMarkNs(), main: main.sinceMarkNs() };
  }

  /** Stops the engine. Fails the bench where updates were lost on the way or the stop was forced. */
  async close(markets: number): Promise<void> {
    const lost = this.engine.memory.shards.reduce(
      (sum, { counters }) => sum + new Float64Array(counters)[shardCounter.outputLost],
      0,
    );
    const { forced } = await this.engine.stop();
    check(!forced, 'engine: expected an unforced stop');
    check(lost === 0, `engine: expected no output lost, was ${lost} records`);
    for (const column of ['gaps', 'dropped', 'duplicates', 'lost'] as const) {
      check(this.sum(column, markets) === 0, `engine: expected no ${column}, was ${this.sum(column, markets)}`);
    }
  }
}
