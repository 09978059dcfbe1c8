// The ingress thread of a simulated run: its server on a port without sockets, its writer, its timers.

import { EngineClock } from '../../engine/base/clock.ts';
import { Connections } from '../../engine/ingress/connections.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter, type FullPolicy } from '../../engine/ingress/frame-writer.ts';
import { makeIngressImage } from '../../engine/ingress/ingress-image.ts';
import type { IngressPast, Recovered } from '../../engine/ingress/messages.ts';
import { applyPast } from '../../engine/ingress/past.ts';
import { IngressServer } from '../../engine/ingress/server.ts';
import type { Session } from '../../engine/ingress/session.ts';
import type { SessionParts } from '../../engine/ingress/session-maker.ts';
import type { IngressImage } from '../../engine/journal/checkpoint.ts';
import type { JournalFolder } from '../../engine/journal/files.ts';
import { RingJournalLog } from '../../engine/journal/ring-log.ts';
import type { EngineMemory, JournalMemory } from '../../engine/memory/engine-memory.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { CLOCK_STEP_US, ERROR_ANSWER_INTERVAL_MS } from '../../schemas/config.ts';
import { MemoryApp, type MemorySocket } from './memory-sockets.ts';

/** Called with each frame's result, in the order in which a connection's frames came, and the journal's last entry then. */
export type OnTaken = (result: number, entry: number) => void;

export class IngressCore {
  readonly writer: FrameWriter;
  private readonly app = new MemoryApp();
  private readonly memory: EngineMemory;
  private readonly clock: EngineClock;
  private readonly parts: SessionParts;
  private readonly watched = new Map<Session, OnTaken>();
  private server: IngressServer | null = null;

  constructor(memory: EngineMemory, policy: FullPolicy) {
    const { marketsMax } = memory;
    this.memory = memory;
    this.clock = new EngineClock(memory.anchor);
    this.writer = new FrameWriter(memory, this.clock, policy);
    const connections = new Connections(this.writer, marketsMax);
    const markets = new MarketDirectory(memory);
    this.parts = { writer: this.writer, markets, marketsMax, connections, decoders: DECODERS };
  }

  /** Applies what a journal has, and from here on writes everything down in it. */
  recover(past: IngressPast, folder: JournalFolder, journal: JournalMemory): Recovered {
    const recovered = applyPast(past, this.clock, this.parts, () => undefined, folder);
    this.writer.journal = new RingJournalLog(journal, past.sequence);
    this.writer.journal.start(Buffer.from(JSON.stringify(past.started)), recovered.startedNs);
    this.writer.commit();
    return recovered;
  }

  /** Opens the port. */
  listen(): void {
    const { marketsMax, connections, markets } = this.parts;
    const options = {
      host: 'localhost',
      port: 0,
      access: { host: 'localhost', isLocal: true, tokens: [], origins: [], tls: null },
      marketsMax,
      decoders: DECODERS,
      connections,
      app: this.app.asApp,
    };
    const server = new IngressServer(options, this.writer, markets);
    this.server = server;
    setInterval(() => this.tick(), CLOCK_STEP_US / 1000);
    setInterval(() => server.eachSecond(), ERROR_ANSWER_INTERVAL_MS);
  }

  private tick(): void {
    this.writer.tick(this.clock.nowNs());
    this.writer.commit();
  }

  /** Null where a ring has no room for it now. */
  checkpoint(number: number): IngressImage | null {
    this.server?.decodeWaiting();
    const sequence = this.writer.checkpoint(number);
    return sequence === 0 ? null : makeIngressImage(sequence, this.memory, this.parts);
  }

  /** A producer connects; its session says what becomes of each frame. */
  connect(dialect: string, query: string, onTaken: OnTaken): MemorySocket {
    const socket = this.app.connect('/ingest/:dialect', dialect, query);
    if (socket === null) throw new Error(`simulation: expected ${dialect} to be taken`);
    const { session } = socket as unknown as { session: Session };
    if (!this.watched.has(session)) this.watch(session);
    this.watched.set(session, onTaken);
    return socket;
  }

  /** A producer with a name has one session for all its connections. */
  private watch(session: Session): void {
    const take = session.take.bind(session);
    session.take = (...given: Parameters<Session['take']>) => {
      const result = take(...given);
      this.watched.get(session)?.(result, this.writer.journal?.sequence ?? 0);
      return result;
    };
  }

  get openSockets(): number {
    return this.app.sockets.size;
  }
}
