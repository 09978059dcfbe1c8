// Wires the stages of a running engine; the only file that knows them all.

import type { GcReport } from '../schemas/shard-task.ts';
import { engineWords } from '../schemas/shared-state.ts';
import { EngineClock } from './base/clock.ts';
import { UsageError } from './base/errors.ts';
import { acceptsOf, type MarketPlans, planFor } from './base/market-plans.ts';
import type { FeedPlan } from './connect/feed-plan.ts';
import { Ingress } from './ingress/ingress.ts';
import { createEngineMemory, type EngineMemory } from './memory/engine-memory.ts';
import { collectAlone } from './observe/gc-mode.ts';
import type { Log } from './observe/log.ts';
import { ShardPool } from './pool/pool.ts';
import { type Publisher, startPublisher } from './publish/publisher.ts';
import { drainEngine, forcedSummary, type ShutdownSummary } from './shutdown.ts';

export type EngineOptions = {
  readonly host: string;
  readonly port: number;
  readonly ingestPort: number;
  readonly workers: number;
  readonly marketsMax: number;
  readonly token: string | null;
  readonly plans: MarketPlans;
  /** Venues to connect to. */
  readonly feeds?: readonly FeedPlan[];
  readonly shutdownTimeoutMs: number;
  readonly log: Log;
  /** Count garbage collections of the shards over the whole run, for benches. */
  readonly isGcMeasured?: boolean;
};

const CONNECTIONS_REFRESH_MS = 1000;

type IngressReports = Awaited<ReturnType<Ingress['connections']>>;

/** A running engine. */
export class Engine {
  readonly memory: EngineMemory;
  readonly port: number;
  readonly ingestPort: number;
  private readonly ingress: Ingress;
  private readonly pool: ShardPool;
  private readonly publisher: Publisher;
  private readonly options: EngineOptions;
  private readonly refresh: NodeJS.Timeout;
  private stopping: Promise<ShutdownSummary> | null = null;
  private stoppedAtMs = 0;

  constructor(
    options: EngineOptions,
    parts: { memory: EngineMemory; ingress: Ingress; pool: ShardPool; publisher: Publisher; ingestPort: number },
    connections: (reports: IngressReports) => void,
  ) {
    this.options = options;
    this.memory = parts.memory;
    this.ingress = parts.ingress;
    this.pool = parts.pool;
    this.publisher = parts.publisher;
    this.ingestPort = parts.ingestPort;
    this.port = parts.publisher.port;
    this.refresh = setInterval(() => {
      this.ingress.connections().then(connections, () => undefined);
    }, CONNECTIONS_REFRESH_MS);
    this.refresh.unref();
  }

  /** Drains in the data's order and closes; a second call gets the same summary. */
  stop(): Promise<ShutdownSummary> {
    this.noteStop();
    this.stopping ??= this.drain();
    return this.stopping;
  }

  /** The end has been asked for: durations count from the first time. */
  noteStop(): void {
    if (this.stoppedAtMs === 0) this.stoppedAtMs = performance.now();
  }

  /** What is known when the end does not wait for the drain. */
  forcedSummary(): ShutdownSummary {
    return forcedSummary(this.memory, this.stoppedAtMs);
  }

  private drain(): Promise<ShutdownSummary> {
    clearInterval(this.refresh);
    const { memory, ingress, pool, publisher } = this;
    return drainEngine({ memory, ingress, pool, publisher }, this.options.shutdownTimeoutMs);
  }

  /** Counts the ingress thread's garbage collections: the first call starts, the second resolves with the count. */
  countIngressGc(): Promise<GcReport | null> {
    return this.ingress.countGc();
  }

  /** Garbage collections of the shards over the whole run; only after stop(). */
  shardGc(): readonly (GcReport | null)[] {
    return this.pool.results.map((result) => result.gc);
  }

  /** For a forced end: true when the process may exit without uWebSockets.js aborting it. */
  releaseIngress(): Promise<boolean> {
    return this.ingress.closeInTime();
  }
}

/** Markets without a book in their plan are asked for without it. */
function withBooks(feed: FeedPlan, plans: MarketPlans): FeedPlan {
  const isWithout = (symbol: string): boolean => planFor(plans, `${feed.venue}:${symbol}`)?.hasBook === false;
  return { ...feed, withoutBook: feed.symbols.filter(isWithout) };
}

/** Connections, and REST, of venues that are tried but once a minute now. */
function givenUp(feeds: IngressReports['feeds']): string[] {
  return feeds.flatMap(({ venue, slots, rest }) => {
    const parts = [
      ...slots.map(({ slot, symbols, breaker }) => ({ name: `connection ${slot} (${symbols} markets)`, breaker })),
      { name: 'REST', breaker: rest.breaker },
    ];
    return parts
      .filter(({ breaker }) => breaker.state === 'given-up')
      .map(({ name, breaker }) => `feed ${venue}: ${name} is given up: ${breaker.lastReason}`);
  });
}

/** Starts shards, then the ingest port, then the public one. Rejects with a UsageError where a port is taken. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { host, port, ingestPort, token, log } = options;
  // uWebSockets.js does not notice a second app of its own process on a port (RELIABILITY §1).
  if (port === ingestPort && port !== 0) {
    throw new UsageError(`port ${port}: expected another than the ingest port, was the same (--port, --ingest-port)`);
  }
  collectAlone();
  const memory = createEngineMemory({ shards: options.workers, marketsMax: options.marketsMax });
  const pool = await ShardPool.start(memory, {
    plans: options.plans,
    isReplay: false,
    isGcMeasured: options.isGcMeasured ?? false,
    onEvent: (sentence) => log.warn(sentence),
  });
  const ingress = new Ingress({
    memory,
    listen: { host, port: ingestPort, token },
    replay: null,
    feeds: (options.feeds ?? []).map((feed) => withBooks(feed, options.plans)),
    accepts: acceptsOf(options.plans),
  });
  let reports: IngressReports = { connections: [], feeds: [] };
  let ingressFailure: string | null = null;
  try {
    ingress.onLog = (level, text, fields) => log[level](fields, text);
    const listening = await ingress.listening();
    const clock = new EngineClock(memory.anchor);
    const words = new Int32Array(memory.words);
    const publisher = await startPublisher({
      memory,
      clock,
      host,
      port,
      token,
      plans: options.plans,
      health: () => {
        const reasons = pool.health();
        if (ingressFailure !== null) reasons.push(ingressFailure);
        const off = pool.signals.list().map(({ name, reason }) => `signal ${name} is switched off: it ${reason}`);
        const worse = [...off, ...givenUp(reports.feeds)];
        if (reasons.length > 0) return { status: 'failed', reasons: [...reasons, ...worse] };
        return { status: worse.length === 0 ? 'ok' : 'degraded', reasons: worse };
      },
      ready: () =>
        Atomics.load(words, engineWords.at.ingressReady) === 1 && Atomics.load(words, engineWords.at.stop) === 0,
      faults: () => ({
        signalsOff: pool.signals.list(),
        shardRestarts: pool.restarts,
        checksumMismatches: pool.mismatches.list(),
      }),
      connections: () => reports.connections,
      feeds: () => reports.feeds,
      log: (level, message, fields) => log[level](fields ?? {}, message),
    });
    ingress.onFailure = (error) => {
      if (Atomics.load(words, engineWords.at.stop) === 1) return;
      ingressFailure = `ingress failed: ${error.message.split('\n')[0]}`;
      log.error({ err: error }, 'ingress thread failed');
    };
    return new Engine(options, { memory, ingress, pool, publisher, ingestPort: listening }, (latest) => {
      reports = latest;
    });
  } catch (error) {
    await ingress.close().catch(() => undefined);
    await pool.stop().catch(() => undefined);
    await pool.close();
    throw error;
  }
}
