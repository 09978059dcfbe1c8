// Starts a simulated venue: joins its markets, truth, faults, limits and port, and says what happened.

import { readFileSync } from 'node:fs';
import type { Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import { Admin } from './admin.ts';
import type { SimConnection } from './connection.ts';
import { type FaultEntry, type FaultKind, FaultLog } from './fault-log.ts';
import type { FaultPlan } from './fault-plan.ts';
import { type FaultOrder, Faults } from './faults.ts';
import { type Violation, Violations } from './limits.ts';
import { LEVELS_DEFAULT, type SimEvent } from './market.ts';
import { Playback } from './playback.ts';
import type { SimChange, SimMarket, SimTrade, SimulatedVenue } from './protocol.ts';
import type { Recording } from './recording.ts';
import { SimServer } from './server.ts';
import { SIMULATORS } from './simulators.ts';
import { TruthLog } from './truth.ts';
import { TruthFile } from './truth-file.ts';
import { VenueMarkets } from './venue-markets.ts';

export type SimulatorOptions = {
  readonly venue: Dialect;
  /** The venue's own part; the one that the project has where none is given. */
  readonly simulated?: SimulatedVenue;
  readonly host?: string;
  /** 0, the default, takes any free one. */
  readonly port?: number;
  readonly markets?: number;
  /** Trades and book changes a second, over all markets; 0 for a venue at rest. */
  readonly rate?: number;
  readonly seed?: number;
  /** Levels a side of each book, about. */
  readonly levels?: number;
  readonly faults?: FaultPlan | null;
  /** Windows of the venue's limits are shorter by this factor, with the same counts. */
  readonly limitsScale?: number;
  /** PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string } | null;
  /** The truth is written to this file as well. */
  readonly truthFile?: string | null;
  /** Frames come from a recording instead of the synthetic markets. */
  readonly recording?: Recording | null;
  /** Of a recording: 1 is as recorded. */
  readonly speed?: number;
};

export type SimulatorStats = {
  readonly venue: Dialect;
  readonly markets: number;
  readonly paused: boolean;
  /** Of all markets since the venue opened. */
  readonly changes: number;
  readonly trades: number;
  readonly sockets: {
    readonly open: number;
    readonly halfOpen: number;
    readonly opened: number;
    readonly closed: number;
    readonly refused: number;
    readonly flapped: number;
  };
  readonly frames: {
    readonly data: number;
    readonly answers: number;
    readonly messages: number;
    readonly bytes: number;
    readonly silenced: number;
    /** Kept back by delays and reorderings now. */
    readonly pending: number;
  };
  /** REST answers by status. */
  readonly requests: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
  /** The first of them. */
  readonly violationLog: readonly Violation[];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly faultsTotal: number;
  /** Clients let go of because they read too slowly. */
  readonly slowClients: number;
  /** Errors of the venue's own code: always a bug. */
  readonly errors: number;
};

export interface Simulator {
  /** `ws://HOST:PORT`, for sockets; REST and /sim/ are on the same port. */
  readonly url: string;
  readonly port: number;
  readonly truth: TruthLog;
  readonly symbols: readonly string[];
  stats(): SimulatorStats;
  faultLog(): readonly FaultEntry[];
  /** Data frames by subscription (`book:SYMBOL`, `trades:SYMBOL`) over all connections, before faults: whom the venue serves. */
  lanes(): ReadonlyMap<string, number>;
  /** Markets come to rest: changes have shown all trades, and reordered frames are sent. */
  pause(): void;
  resume(): void;
  startFaults(plan: FaultPlan): void;
  stopFaults(): void;
  /** One fault, for the next frame or request that suits it. */
  inject(order: FaultOrder): void;
  /** Tells clients that their connections end soon, where the venue has a message for it, and ends them after `closeAfterMs`. */
  end(closeAfterMs?: number | null): { readonly announced: number; readonly connections: number };
  stop(): Promise<void>;
}

const VIOLATIONS_SHOWN = 100;

class RunningSimulator implements Simulator {
  port = 0;
  url = '';
  readonly truth: TruthLog;
  private readonly options: SimulatorOptions;
  private readonly log: FaultLog;
  private readonly faults: Faults;
  private readonly violations = new Violations();
  private readonly markets: VenueMarkets;
  private readonly truthFile: TruthFile | null;
  private readonly playback: Playback | null;
  private readonly server: SimServer;
  private readonly endTimers = new Set<NodeJS.Timeout>();
  private readonly counts = { changes: 0, trades: 0 };

  constructor(options: SimulatorOptions, simulated: SimulatedVenue) {
    const { markets = 50, rate = 100, seed = 1, levels = LEVELS_DEFAULT, recording = null, speed = 1 } = options;
    this.options = options;
    const venue = recording === null ? simulated : recording.venue(simulated);
    const size = recording === null ? { markets, rate } : { markets: recording.symbols.length, rate: 0 };
    this.markets = new VenueMarkets(venue, { ...size, seed, levels }, (market, event) => this.tell(market, event));
    this.truthFile = options.truthFile == null ? null : new TruthFile(options.truthFile);
    this.truth = new TruthLog(recording === null ? this.markets.markets : [], this.truthFile);
    this.log = new FaultLog((entry) => this.truthFile?.fault(entry));
    this.faults = new Faults(this.log, () => this.markets.nowMs());
    this.playback = recording === null ? null : new Playback(recording, this.markets.markets, speed);
    this.server = this.makeServer(venue);
    if (options.faults != null) this.faults.start(options.faults);
  }

  get symbols(): readonly string[] {
    return this.markets.markets.map(({ symbol }) => symbol);
  }

  async open(): Promise<void> {
    const { host = '127.0.0.1', port = 0, tls = null } = this.options;
    this.port = await this.server.listen(host, port);
    this.url = `${tls === null ? 'ws' : 'wss'}://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
    this.markets.resume();
  }

  stats(): SimulatorStats {
    const { connections, sockets, counts, requests } = this.server;
    const all = [...connections];
    const halfOpen = all.filter(({ isHalfOpen }) => isHalfOpen).length;
    const { data, answers, messages, bytes, silenced } = counts;
    return {
      venue: this.options.venue,
      markets: this.markets.markets.length,
      paused: this.markets.isPaused,
      ...this.counts,
      sockets: { open: all.length - halfOpen, halfOpen, ...sockets },
      frames: { data, answers, messages, bytes, silenced, pending: sumPending(all) },
      requests: Object.fromEntries(requests),
      violations: this.violations.counts(),
      violationLog: this.violations.entries.slice(0, VIOLATIONS_SHOWN),
      faults: this.log.counts(),
      faultsTotal: this.log.total,
      slowClients: counts.slow,
      errors: counts.errors + (this.truthFile?.error == null ? 0 : 1),
    };
  }

  faultLog(): readonly FaultEntry[] {
    return this.log.entries;
  }

  lanes(): ReadonlyMap<string, number> {
    return this.server.counts.byLane;
  }

  pause(): void {
    this.markets.pause();
    for (const connection of this.server.connections) connection.release();
  }

  resume(): void {
    this.markets.resume();
  }

  startFaults(plan: FaultPlan): void {
    this.faults.start(plan);
  }

  stopFaults(): void {
    this.faults.stop();
  }

  inject(order: FaultOrder): void {
    this.faults.order(order);
  }

  end(closeAfterMs: number | null = null): { announced: number; connections: number } {
    const connections = [...this.server.connections];
    let announced = 0;
    for (const connection of connections) {
      connection.run((session) => {
        if (session.announceEnd()) announced++;
      });
    }
    if (closeAfterMs !== null) this.closeLater(connections, closeAfterMs);
    return { announced, connections: connections.length };
  }

  async stop(): Promise<void> {
    this.markets.pause();
    this.playback?.stop();
    for (const timer of this.endTimers) clearTimeout(timer);
    await this.server.stop();
    await this.truthFile?.close();
  }

  private makeServer(venue: SimulatedVenue): SimServer {
    const { markets, faults, violations, playback } = this;
    const { limitsScale = 1, tls = null } = this.options;
    const admin = new Admin({
      stats: () => this.stats(),
      lanes: () => this.lanes(),
      truth: this.truth,
      faultLog: this.log,
      pause: () => this.pause(),
      resume: () => this.resume(),
      end: (closeAfterMs) => this.end(closeAfterMs),
      faults,
    });
    return new SimServer({
      simulated: venue,
      state: markets,
      asItWas: (symbol) => markets.market(symbol)?.asItWas() ?? null,
      intercept: (request) => admin.answer(request),
      onData: playback === null ? null : (connection, symbol, channel) => playback.note(connection, symbol, channel),
      onTick: () => this.probe(),
      ...{ faults, violations, limitsScale, tls },
    });
  }

  /** Of a recording: finds out who is subscribed to what. */
  private probe(): void {
    const { markets, playback, server } = this;
    playback?.probe(server.connections, (market) => markets.step(market, markets.nowMs()));
  }

  private tell(market: SimMarket, event: SimEvent): void {
    const isTrue = this.playback === null;
    if (event.kind === 'trade') {
      if (isTrue) this.noteTrade(market, event.trade);
      for (const connection of this.server.connections) connection.run((session) => session.trade(market, event.trade));
    } else {
      if (isTrue) this.noteChange(market, event.change);
      for (const connection of this.server.connections)
        connection.run((session) => session.change(market, event.change));
    }
  }

  private noteTrade(market: SimMarket, trade: SimTrade): void {
    this.counts.trades++;
    this.truth.noteTrade(market.symbol, trade);
  }

  private noteChange(market: SimMarket, change: SimChange): void {
    this.counts.changes++;
    this.truth.noteChange(market.symbol, change);
  }

  private closeLater(connections: readonly SimConnection[], afterMs: number): void {
    const timer = setTimeout(() => {
      this.endTimers.delete(timer);
      for (const connection of connections) connection.close(1001, 'end of life');
    }, afterMs);
    this.endTimers.add(timer);
  }
}

function sumPending(connections: readonly SimConnection[]): number {
  return connections.reduce((sum, connection) => sum + connection.pendingFrames, 0);
}

/** Reads a key and its certificate. Throws a UsageError where there are none. */
export function readTls(keyPath: string, certPath: string): { readonly key: string; readonly cert: string } {
  const read = (flag: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${flag} ${path}: expected a readable PEM file, was: ${reason}`);
    }
  };
  return { key: read('--tls-key', keyPath), cert: read('--tls-cert', certPath) };
}

/** Resolves once the port is open. Rejects with a UsageError for a venue without a simulator, or a port that is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const simulated = options.simulated ?? SIMULATORS[options.venue]?.();
  if (simulated === undefined) {
    const known = Object.keys(SIMULATORS).join(', ');
    throw new UsageError(
      `simulate: expected a venue that can be simulated (${known}), was ${JSON.stringify(options.venue)}`,
    );
  }
  const simulator = new RunningSimulator(options, simulated);
  try {
    await simulator.open();
  } catch (error) {
    await simulator.stop();
    throw error;
  }
  return simulator;
}
