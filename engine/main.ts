// Wires the stages of a running engine; the only file that knows them all.

import { INGRESS_CLOSE_MS } from '../schemas/config.ts';
import type { GcReport } from '../schemas/shard-task.ts';
import { engineWords } from '../schemas/shared-state.ts';
import { type AccessPlan, plainAccess } from './base/access.ts';
import { EngineClock } from './base/clock.ts';
import { UsageError } from './base/errors.ts';
import { acceptsOf, type MarketPlans, planFor } from './base/market-plans.ts';
import type { ShutdownSummary } from './base/shutdown-summary.ts';
import type { FeedPlan } from './connect/feed-plan.ts';
import { Durability, type Foundation, type JournalSettings, readFoundation } from './durability.ts';
import { Ingress } from './ingress/ingress.ts';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingress/limits.ts';
import { createEngineMemory, type EngineMemory, takeRingPages } from './memory/engine-memory.ts';
import { collectAlone } from './observe/gc-mode.ts';
import type { Log } from './observe/log.ts';
import { caughtUp } from './pool/caught-up.ts';
import { ShardPool } from './pool/pool.ts';
import type { RestartRules } from './pool/restarts.ts';
import type { Health } from './publish/api.ts';
import type { JournalRequest, RunningJournal } from './publish/journal-route.ts';
import type { LocalStream } from './publish/local-stream.ts';
import { type Publisher, startPublisher } from './publish/publisher.ts';
import type { ReplayRequest } from './publish/replay-request.ts';
import type { RunningReplay } from './publish/replay-route.ts';
import type { StreamLimits } from './publish/stream-limits.ts';
import { startJournalProcess } from './recordings/journal-process.ts';
import { journalWritten, startReplayProcess } from './recordings/replay-process.ts';
import { drainEngine, forcedSummary } from './shutdown.ts';
import { packageVersion } from './version.ts';

export type EngineOptions = {
  readonly host: string;
  readonly port: number;
  readonly ingestPort: number;
  readonly workers: number;
  readonly marketsMax: number;
  /** One token for everything; `access` says it more finely. */
  readonly token: string | null;
  /** Tokens with roles, origins, TLS; in place of `token`. */
  readonly access?: AccessPlan;
  /** What one client may do on each port; the defaults of schemas/config.ts where not given. */
  readonly ingestLimits?: Partial<IngestLimits>;
  readonly streamLimits?: Partial<StreamLimits>;
  readonly plans: MarketPlans;
  /** Venues to connect to. */
  readonly feeds?: readonly FeedPlan[];
  readonly shutdownTimeoutMs: number;
  readonly log: Log;
  /** Write all input down, and begin from what is there. */
  readonly journal?: JournalSettings | null;
  /** File for frames that could not be taken; null for none. */
  readonly deadLetter?: string | null;
  /** When shards that died begin again; by default as schemas/config.ts says. */
  readonly restarts?: Partial<RestartRules>;
  /** Told in a sentence: shards that end and are back, checksums that did not match, signals switched off. */
  readonly onEvent?: (sentence: string) => void;
  /** Take all memory of the rings at the start, so that the resident size does not grow with their first use. */
  readonly isMemoryTaken?: boolean;
  /** Aborted while the engine starts, the start undoes what it has done, and rejects with the signal's reason. */
  readonly ending?: AbortSignal;
  /** Count garbage collections of the shards over the whole run, for benches. */
  readonly isGcMeasured?: boolean;
};

const CONNECTIONS_REFRESH_MS = 1000;

type IngressReports = Awaited<ReturnType<Ingress['connections']>>;

type EngineParts = {
  readonly memory: EngineMemory;
  readonly ingress: Ingress;
  readonly pool: ShardPool;
  readonly publisher: Publisher;
  readonly durability: Durability;
};

/** A running engine. */
export class Engine {
  readonly memory: EngineMemory;
  readonly port: number;
  readonly ingestPort: number;
  private readonly ingress: Ingress;
  private readonly pool: ShardPool;
  private readonly publisher: Publisher;
  private readonly durability: Durability;
  private readonly options: EngineOptions;
  private readonly refresh: NodeJS.Timeout;
  private stopping: Promise<ShutdownSummary> | null = null;
  private stoppedAtMs = 0;

  constructor(
    options: EngineOptions,
    parts: EngineParts & { ingestPort: number },
    connections: (reports: IngressReports) => void,
  ) {
    this.options = options;
    this.memory = parts.memory;
    this.ingress = parts.ingress;
    this.pool = parts.pool;
    this.publisher = parts.publisher;
    this.durability = parts.durability;
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

  /** Subscriptions of listeners inside the process. */
  get local(): LocalStream {
    return this.publisher.local;
  }

  /** What a GET of this path and query would be answered; rejects with an HttpError. */
  answer(path: string): Promise<string> {
    return this.publisher.answer(path);
  }

  health(): Health {
    return this.publisher.health();
  }

  /** The end has been asked for: durations count from the first time. */
  noteStop(): void {
    if (this.stoppedAtMs === 0) this.stoppedAtMs = performance.now();
  }

  /** What is known when the end does not wait for the drain. */
  forcedSummary(): ShutdownSummary {
    return forcedSummary(this.memory, this.durability, this.stoppedAtMs);
  }

  private drain(): Promise<ShutdownSummary> {
    clearInterval(this.refresh);
    const { memory, ingress, pool, publisher, durability } = this;
    return drainEngine({ memory, ingress, pool, publisher, durability }, this.options.shutdownTimeoutMs);
  }

  /** Counts the ingress thread's garbage collections: the first call starts, the second resolves with the count. */
  countIngressGc(): Promise<GcReport | null> {
    return this.ingress.countGc();
  }

  /** Garbage collections of the shards over the whole run; only after stop(). */
  shardGc(): readonly (GcReport | null)[] {
    return this.pool.results.map((result) => result.gc);
  }

  /** For a forced end: a disk that hangs would keep the process from its exit. */
  get isWaitingForDisk(): boolean {
    return this.durability.isWaitingForDisk;
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

/** Starts a process that replays the journal, with all in it that the engine has taken by then. */
function replayStarter(folder: string, memory: EngineMemory, { plans, marketsMax, log }: EngineOptions) {
  return async (request: ReplayRequest): Promise<RunningReplay> => {
    await journalWritten(memory);
    return startReplayProcess({ folder, request, plans, marketsMax }, (damages) =>
      log.warn({ damages }, 'the journal that was replayed lacks entries'),
    );
  };
}

/** Starts a process that writes the journal out, with all in it that the engine has taken by then. */
function journalStarter(folder: string, memory: EngineMemory) {
  return async ({ isFollowed, ...place }: JournalRequest): Promise<RunningJournal> => {
    const written = await journalWritten(memory);
    return startJournalProcess({ folder, place, untilSequence: isFollowed ? null : written });
  };
}

function memoryOn({ anchor, journalRingBytes, lock }: Foundation, shards: number, marketsMax: number): EngineMemory {
  try {
    return createEngineMemory({ shards, marketsMax, journalRingBytes }, anchor);
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** An end that is asked for while the journal is applied does not wait for all of it. */
function endWith(memory: EngineMemory, ending: AbortSignal | undefined): void {
  const end = (): unknown => Atomics.store(new Int32Array(memory.words), engineWords.at.stop, 1);
  if (ending?.aborted === true) end();
  else ending?.addEventListener('abort', end, { once: true });
}

/** Starts shards, then the ingest port, then the public one. Rejects with a UsageError where a port is taken. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { host, port, ingestPort, log, ending } = options;
  const access = options.access ?? plainAccess(host, options.token);
  // uWebSockets.js does not notice a second app of its own process on a port (RELIABILITY §1).
  if (port === ingestPort && port !== 0) {
    throw new UsageError(`port ${port}: expected another than the ingest port, was the same (--port, --ingest-port)`);
  }
  collectAlone();
  const accepts = acceptsOf(options.plans);
  const { workers: shards, marketsMax, journal = null, deadLetter = null } = options;
  const durable = { journal, deadLetter, shards, marketsMax, accepts, log };
  const foundation = readFoundation(durable);
  const memory = memoryOn(foundation, shards, marketsMax);
  if (options.isMemoryTaken ?? false) takeRingPages(memory);
  endWith(memory, ending);
  const durability = await Durability.open(durable, memory, foundation);
  const { recoveries, ingressPast } = durability;
  const pool = await ShardPool.start(memory, {
    plans: options.plans,
    isReplay: false,
    isGcMeasured: options.isGcMeasured ?? false,
    onEvent: (sentence) => {
      log.warn(sentence);
      options.onEvent?.(sentence);
    },
    onMessage: (message) => durability.take(message),
    recoverer: durability,
    ...(recoveries === undefined ? {} : { recoveries }),
    ...(options.restarts === undefined ? {} : { rules: options.restarts }),
  }).catch(async (error: unknown) => {
    await durability.close(INGRESS_CLOSE_MS);
    throw error;
  });
  const ingress = new Ingress({
    memory,
    listen: { host, port: ingestPort, access, limits: { ...DEFAULT_INGEST_LIMITS, ...options.ingestLimits } },
    replay: null,
    feeds: (options.feeds ?? []).map((feed) => withBooks(feed, options.plans)),
    accepts,
    past: ingressPast,
    keepsRejected: deadLetter !== null,
  });
  let reports: IngressReports = { connections: [], feeds: [] };
  let ingressFailure: string | null = null;
  const isEnding = (): boolean => ending?.aborted === true;
  try {
    ingress.onLog = (level, text, fields) => log[level](fields, text);
    ingress.onRejected = (frames, leftOut) => durability.reject(frames, leftOut);
    ingress.onProgress = (sequence) => log.info({ sequence }, 'applying the journal');
    const isListening = ingress.listening();
    if (ingressPast !== null)
      ingress.recovered().then(
        (recovered) => durability.noteRecovered(recovered),
        () => undefined,
      );
    const listening = await isListening;
    // Until then books would say that they are live which the end of their connections has yet to reach.
    if (ingressPast !== null) await caughtUp(memory, (shard) => isEnding() || pool.givenUp.includes(shard));
    ending?.throwIfAborted();
    const clock = new EngineClock(memory.anchor);
    const words = new Int32Array(memory.words);
    const publisher = await startPublisher({
      memory,
      version: packageVersion(),
      clock,
      host,
      port,
      access,
      ...(options.streamLimits === undefined ? {} : { limits: options.streamLimits }),
      plans: options.plans,
      health: () => {
        const reasons = pool.health();
        if (ingressFailure !== null) reasons.push(ingressFailure);
        const off = pool.signals.list().map(({ name, reason }) => `signal ${name} is switched off: it ${reason}`);
        const worse = [...off, ...givenUp(reports.feeds), ...durability.health()];
        if (reasons.length > 0) return { status: 'failed', reasons: [...reasons, ...worse] };
        return { status: worse.length === 0 ? 'ok' : 'degraded', reasons: worse };
      },
      ready: () =>
        Atomics.load(words, engineWords.at.ingressReady) === 1 && Atomics.load(words, engineWords.at.stop) === 0,
      faults: () => ({
        signalsOff: pool.signals.list(),
        shardRestarts: pool.restarts,
        checksumMismatches: pool.mismatches.list(),
        recovery: durability.recoveryReport(pool),
        journal: durability.journalReport(),
      }),
      seqFloor: durability.seqFloor,
      ...(journal === null ? {} : { replay: replayStarter(journal.folder, memory, options) }),
      ...(journal === null ? {} : { journal: journalStarter(journal.folder, memory) }),
      connections: () => reports.connections,
      feeds: () => reports.feeds,
      log: (level, message, fields) => log[level](fields ?? {}, message),
    });
    ingress.onFailure = (error) => {
      if (Atomics.load(words, engineWords.at.stop) === 1) return;
      ingressFailure = `ingress failed: ${error.message.split('\n')[0]}`;
      log.error({ err: error }, 'ingress thread failed');
    };
    durability.keepCheckpoints(ingress, pool);
    return new Engine(options, { memory, ingress, pool, publisher, durability, ingestPort: listening }, (latest) => {
      reports = latest;
    });
  } catch (error) {
    await ingress.close().catch(() => undefined);
    await pool.stop().catch(() => undefined);
    await pool.close();
    await durability.close(INGRESS_CLOSE_MS);
    // What fails because of the end is the end.
    ending?.throwIfAborted();
    throw error;
  }
}
