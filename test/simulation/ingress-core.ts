// The ingress thread of a simulated run: its server on a port without sockets, its writer, its timers.

import { EngineClock } from '../../engine/base/clock.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter, type FullPolicy } from '../../engine/ingress/frame-writer.ts';
import { IngressServer } from '../../engine/ingress/server.ts';
import type { Session } from '../../engine/ingress/session.ts';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { CLOCK_STEP_US, ERROR_ANSWER_INTERVAL_MS } from '../../schemas/config.ts';
import { MemoryApp, type MemorySocket } from './memory-sockets.ts';

/** Called with each frame's result, in the order in which a connection's frames came. */
export type OnTaken = (result: number) => void;

export class IngressCore {
  readonly writer: FrameWriter;
  private readonly app = new MemoryApp();
  private readonly server: IngressServer;
  private readonly clock: EngineClock;
  private readonly watched = new Map<Session, OnTaken>();
  private readonly timers: readonly NodeJS.Timeout[];

  constructor(memory: EngineMemory, policy: FullPolicy) {
    this.clock = new EngineClock(memory.anchor);
    this.writer = new FrameWriter(memory, this.clock, policy);
    const options = {
      host: 'localhost',
      port: 0,
      access: { host: 'localhost', isLocal: true, tokens: [], origins: [], tls: null },
      marketsMax: memory.marketsMax,
      decoders: DECODERS,
      app: this.app.asApp,
    };
    this.server = new IngressServer(options, this.writer, new MarketDirectory(memory));
    this.timers = [
      setInterval(() => this.tick(), CLOCK_STEP_US / 1000),
      setInterval(() => this.server.eachSecond(), ERROR_ANSWER_INTERVAL_MS),
    ];
  }

  private tick(): void {
    this.writer.tick(this.clock.nowNs());
    this.writer.commit();
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
      this.watched.get(session)?.(result);
      return result;
    };
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer);
  }
}
