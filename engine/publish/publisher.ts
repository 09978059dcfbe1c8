// Joins the parts of publishing on the main thread and opens the public port.

import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { QUEUE_LOOK_BYTES, RESUME_WINDOW_MS } from '../../schemas/config.ts';
import { type AccessPlan, Gate } from '../base/access.ts';
import type { EngineClock } from '../base/clock.ts';
import type { MarketPlans } from '../base/market-plans.ts';
import type { FeedReport } from '../connect/report.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LatestReader } from '../memory/latest-values.ts';
import { MarketNames } from '../memory/market-names.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../observe/latency.ts';
import { createApp } from '../uws/app.ts';
import { listenFailure } from '../uws/listen-failure.ts';
import { LISTEN_EXCLUSIVE, loadUws } from '../uws/load.ts';
import { headersOf } from '../uws/security-headers.ts';
import { Api, type Health } from './api.ts';
import { Conflation } from './conflation.ts';
import { CurrentValues } from './current-values.ts';
import { DepthTimers } from './depth.ts';
import { Drain } from './drain.ts';
import { FanOut } from './fan-out.ts';
import { HistoryBudget } from './history.ts';
import { InterestCounts } from './interest.ts';
import { JournalRoute, type JournalRouteParts } from './journal-route.ts';
import { LatencyReport } from './latency-report.ts';
import { LocalOutlet } from './local-outlet.ts';
import { LocalStream } from './local-stream.ts';
import { MarketOffers } from './market-offers.ts';
import type { CounterTree } from './messages.ts';
import { Metrics } from './metrics.ts';
import { readPage } from './page.ts';
import { Periodic } from './periodic.ts';
import { ProcessFacts } from './process-facts.ts';
import type { RecoveryFaults } from './recovery-metrics.ts';
import { ReplayRoute, type ReplayRouteParts } from './replay-route.ts';
import { Requests } from './requests.ts';
import { Stats } from './stats.ts';
import { StreamServer } from './stream.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits, type StreamTimes } from './stream-limits.ts';
import { Subscriptions } from './subscriptions.ts';
import { SystemReport } from './system-report.ts';
import { TopicRegistry } from './topic-registry.ts';
import type { TopicShared } from './topics.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type PublisherOptions = {
  readonly memory: EngineMemory;
  readonly clock: EngineClock;
  readonly host: string;
  readonly port: number;
  readonly access: AccessPlan;
  readonly plans: MarketPlans;
  readonly health: () => Health;
  readonly ready: () => boolean;
  /** Users' signals switched off, with the reason, and shards begun anew: for `/v1/stats` and metrics. */
  readonly faults: () => Faults;
  /** Ingest connections, for `/v1/stats`. */
  readonly connections: () => unknown[];
  /** What the connectors to venues say, for `/v1/stats` and metrics. */
  readonly feeds?: () => readonly FeedReport[];
  readonly log: (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;
  /** What one client may do; the defaults of schemas/config.ts where not given. */
  readonly limits?: Partial<StreamLimits>;
  /** Shorter in tests. */
  readonly resumeWindowMs?: number;
  /** In place of a port of its own: the simulation's has no sockets. */
  readonly app?: TemplatedApp;
  readonly times?: StreamTimes;
  /** Numbers that main counts begin above this one: an engine before this one may have used all below. */
  readonly seqFloor?: number;
  /** Starts a replay of the journal; nothing in an engine without one. */
  readonly replay?: ReplayRouteParts['start'];
  /** Starts a stream of the journal; nothing in an engine without one. */
  readonly journal?: JournalRouteParts['start'];
  /** Of the package, for metrics. */
  readonly version?: string;
};

export type Faults = {
  readonly signalsOff: readonly { readonly name: string; readonly reason: string }[];
  readonly shardRestarts: number;
  /** Checksums of venues that books did not have: the last of each market. */
  readonly checksumMismatches: readonly object[];
} & RecoveryFaults;

export type Flushed = { readonly flushed: number; readonly dropped: number };

/** Slow subscribers, late requests and idle topics are looked for this often. */
const TICK_MS = 50;
const FLUSH_DEADLINE_MS = 5_000;
const FLUSH_POLL_MS = 5;

export class Publisher {
  /** Subscriptions of listeners inside the process. */
  readonly local: LocalStream;
  /** The port listened on; -1 before. */
  port = -1;
  /** Metrics forgotten by close(). */
  metricsCleaned = 0;
  private readonly options: PublisherOptions;
  private readonly app: TemplatedApp;
  private readonly gate: Gate;
  private readonly shared: TopicShared;
  private readonly topics: TopicRegistry;
  private readonly requests: Requests;
  private readonly current: CurrentValues;
  private readonly depth: DepthTimers;
  private readonly subscriptions: Subscriptions;
  private readonly stream: StreamServer;
  private readonly fanOut: FanOut;
  private readonly drain: Drain;
  private readonly stats: Stats;
  private readonly metrics: Metrics;
  private readonly facts: ProcessFacts;
  private readonly periodic: Periodic;
  private readonly api: Api;
  private readonly replays: ReplayRoute;
  private readonly journal: JournalRoute;
  private readonly ticker: NodeJS.Timeout;
  private readonly conflation: Conflation;
  private listenSocket: us_listen_socket | null = null;
  private isStopping = false;
  /** Bytes published at the last look at the subscribers' queues. */
  private lookedBytes = 0;

  constructor(options: PublisherOptions) {
    const { memory, clock, plans, log } = options;
    this.options = options;
    this.app = options.app ?? createApp(options.access.tls);
    this.gate = new Gate(options.access);
    const names = new MarketNames(memory);
    const windowMs = options.resumeWindowMs ?? RESUME_WINDOW_MS;
    const budget = new HistoryBudget();
    const totals = { publishedMessages: 0, publishedBytes: 0 };
    const outlet = new LocalOutlet(this.app);
    this.shared = { outlet, budget, windowMs, nowMs: clock.nowNs() / 1e6, ...totals };
    const nowMs = (): number => clock.nowNs() / 1e6;
    this.topics = new TopicRegistry(
      this.shared,
      names,
      new InterestCounts(memory.interest, memory.signalInterest),
      options.seqFloor,
    );
    this.requests = new Requests(memory, nowMs);
    this.current = new CurrentValues(this.requests, nowMs);
    this.depth = new DepthTimers(this.requests, nowMs, this.current, memory);
    const { topics, current, depth } = this;
    const offers = new MarketOffers(plans, names);
    const named = { bars: plans.barKinds.map(({ name }) => name), signals: plans.signals.map(({ name }) => name) };
    const limits = { ...DEFAULT_STREAM_LIMITS, ...options.limits };
    const { topicsMax } = limits;
    this.subscriptions = new Subscriptions({ topics, names, current, depth, named, offers, topicsMax });
    this.local = new LocalStream(this.subscriptions, outlet);
    this.conflation = new Conflation(current, depth);
    this.fanOut = new FanOut(topics, this.requests, current, () => this.meetMarkets());
    this.drain = new Drain(memory, clock, plans, this.fanOut, (nowNs) => this.turn(nowNs));
    this.stats = new Stats(memory, names);
    const counters = (): CounterTree => this.counters();
    this.facts = new ProcessFacts(memory, clock);
    const latency = this.latencyReport();
    this.metrics = new Metrics({
      ...{ stats: this.stats, latency, clock, publish: counters, facts: this.facts },
      ...{ health: options.health, ready: () => this.isReady() },
      feeds: () => options.feeds?.() ?? [],
      faults: () => options.faults(),
      ...(options.version === undefined ? {} : { version: options.version }),
    });
    const latest = new LatestReader(memory);
    const system = new SystemReport({
      stats: this.stats,
      clock,
      publish: counters,
      health: options.health,
      faults: options.faults,
      feeds: () => options.feeds?.() ?? [],
      process: this.facts,
    });
    this.periodic = new Periodic({ topics, stats: this.stats, latency, latest, names, clock, system });
    const { gate } = this;
    const headers = headersOf(options.access);
    this.stream = new StreamServer({
      subscriptions: this.subscriptions,
      gate,
      headers,
      engineId: Math.round(clock.wallUs(clock.nowNs())).toString(36),
      isStopping: () => this.isStopping,
      conflation: this.conflation,
      ...{ limits, nowMs, log },
      times: options.times ?? {},
    });
    this.stream.route(this.app);
    const fault = (error: unknown): void => log('error', 'a fault while answering', { error: String(error) });
    const ready = (): boolean => this.isReady();
    const { health } = options;
    this.replays = new ReplayRoute({
      ...{ named, log, start: options.replay ?? null },
      isMarket: (name) => names.idOf(name) >= 0,
    });
    this.journal = new JournalRoute({ log, start: options.journal ?? null });
    this.api = new Api({
      ...{ replays: this.replays, journal: this.journal },
      ...{ memory, names, latest, latency, nowMs, gate, headers, fault, health, ready },
      requests: this.requests,
      clock,
      counters: this.stats,
      metrics: this.metrics,
      offers,
      page: readPage(options.access),
      stats: (hasMarkets) => ({
        ...this.stats.report(options.connections(), this.counters(), hasMarkets),
        ...options.faults(),
        subscribers: this.stream.reports(),
        feeds: options.feeds?.() ?? [],
        process: this.facts.report(),
      }),
    });
    this.api.route(this.app);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  private latencyReport(): LatencyReport {
    const { memory } = this.options;
    const recorders = {
      decode: [new LatencyRecorder(memory.ingressLatency)],
      'ring-wait': memory.shards.map((shard) => new LatencyRecorder(shard.latency, 0)),
      apply: memory.shards.map((shard) => new LatencyRecorder(shard.latency, LATENCY_BYTES)),
      'output-wait': [this.drain.outputWait],
      publish: [this.drain.publish],
      engine: [this.drain.engine],
    };
    return new LatencyReport(recorders, () => this.facts.stops());
  }

  private counters(): CounterTree {
    const { stream, shared, topics, fanOut } = this;
    const { signalsOff, shardRestarts } = this.options.faults();
    return {
      subscribers: stream.subscribers.size,
      topics: topics.size,
      messages: shared.publishedMessages,
      bytes: shared.publishedBytes,
      bufferedBytes: stream.bufferedBytes,
      historyBytes: shared.budget.bytes,
      ...stream.slow.counts(),
      slowClosed: stream.slow.closedCount,
      slowClosedBy: { ...stream.slow.closed },
      neverAsked: stream.slow.neverAsked,
      bufferedBytesMost: stream.slow.bytesMost,
      connectionsMost: stream.connectionsMost,
      limited: { ...stream.limited, topics: this.subscriptions.refusedTopics, depth: this.depth.late },
      droppedMessages: stream.droppedMessages,
      holes: fanOut.holes,
      unknownRecords: fanOut.unknownRecords,
      pendingRequests: this.requests.pendingCount,
      signalsOff: signalsOff.length,
      shardRestarts,
      refused: { ...this.gate.refused },
    };
  }

  /** Joins whoever listens to markets that have begun. Cheap where none have. */
  private meetMarkets(): void {
    this.subscriptions.meet(() => this.local.expand());
  }

  /** Once per round of the drain loop. */
  private turn(nowNs: number): void {
    const nowMs = nowNs / 1e6;
    this.shared.nowMs = nowMs;
    this.meetMarkets();
    if (this.shared.publishedBytes - this.lookedBytes >= QUEUE_LOOK_BYTES) this.look(nowMs);
  }

  /** What the round before published has been handed to the sockets by now. */
  private look(nowMs: number): void {
    this.lookedBytes = this.shared.publishedBytes;
    const { slow } = this.stream;
    slow.look(nowMs);
    this.stats.queues.look(slow.bytes, slow.longestBytes);
  }

  private tick(): void {
    const nowMs = this.options.clock.nowNs() / 1e6;
    this.shared.nowMs = nowMs;
    this.meetMarkets();
    this.requests.tick(nowMs);
    this.current.tick();
    this.drain.guard();
    this.look(nowMs);
    this.topics.sweep();
    this.subscriptions.retry(nowMs);
  }

  /** Opens the port and starts the loop. Rejects with a UsageError where the port is taken. */
  listen(): Promise<void> {
    const { host, port, log } = this.options;
    return new Promise((resolve, reject) => {
      this.app.listen(host, port, LISTEN_EXCLUSIVE, (listening) => {
        if (listening === false) {
          this.close();
          void listenFailure('port', host, port, '--port').then(reject);
          return;
        }
        this.listenSocket = listening;
        this.port = loadUws().us_socket_local_port(listening);
        this.drain.start((error) => {
          log('error', 'the drain loop failed', { error: String(error) });
          // A broken invariant on main: nothing shown from here on could be trusted.
          setImmediate(() => {
            throw error;
          });
        });
        resolve();
      });
    });
  }

  /** Connections that are open may ask while the engine drains. */
  private isReady(): boolean {
    return !this.isStopping && this.options.ready();
  }

  /** No new connections; those that are open go on. */
  stopAccepting(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    if (this.listenSocket !== null) loadUws().us_listen_socket_close(this.listenSocket);
    this.listenSocket = null;
  }

  health(): Health {
    return this.options.health();
  }

  /** What a GET of this path and query would be answered, as its text; rejects with an HttpError. */
  async answer(path: string): Promise<string> {
    return (await this.api.answer(path)).body;
  }

  /** True when all that the shards wrote has been handed on. */
  drained(): boolean {
    return this.drain.isEmpty;
  }

  /** Messages in `bytes` of socket buffers: sockets only tell bytes, so the mean size of what was published divides. */
  private messagesIn(bytes: number): number {
    if (bytes === 0) return 0;
    const { publishedMessages, publishedBytes } = this.shared;
    return Math.max(1, Math.round(bytes / (publishedMessages === 0 ? bytes : publishedBytes / publishedMessages)));
  }

  /** Messages queued to subscribers, and those that conflated ones have still to be given. */
  private pending(): number {
    return this.messagesIn(this.stream.bufferedBytes) + this.stream.slow.pending() + this.conflation.dropped;
  }

  /** Waits until what is queued to subscribers is sent, or the time is over, and says how many messages each was. */
  async flush(timeoutMs = FLUSH_DEADLINE_MS): Promise<Flushed> {
    const deadline = performance.now() + timeoutMs;
    this.conflation.isEnding = true;
    const queued = this.pending();
    const isWaiting = (): boolean => this.stream.bufferedBytes > 0 || this.stream.slow.pending() > 0;
    while (isWaiting() && performance.now() < deadline) {
      this.look(this.options.clock.nowNs() / 1e6);
      await new Promise((resolve) => setTimeout(resolve, FLUSH_POLL_MS));
    }
    const dropped = Math.min(queued, this.pending());
    return { flushed: queued - dropped, dropped };
  }

  /** Ends the loop, the timers and every connection; returns the subscribers closed. */
  close(): number {
    this.stopAccepting();
    this.drain.stop();
    clearInterval(this.ticker);
    this.facts.close();
    this.periodic.close();
    this.depth.close();
    this.local.closeAll();
    this.replays.close();
    this.journal.close();
    const closed = this.stream.close();
    this.app.close();
    this.metricsCleaned += this.metrics.clear();
    return closed;
  }
}

/** Starts publishing. Rejects with a UsageError where the port is taken. */
export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const publisher = new Publisher(options);
  await publisher.listen();
  return publisher;
}
