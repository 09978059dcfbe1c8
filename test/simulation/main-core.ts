// The main thread of a simulated run: the publisher itself, on a port without sockets and with the run's timers.

import { EngineClock } from '../../engine/base/clock.ts';
import type { MarketPlans } from '../../engine/base/market-plans.ts';
import type { EngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { Publisher } from '../../engine/publish/publisher.ts';
import type { Answer, Question, Requests } from '../../engine/publish/requests.ts';
import { MemoryApp, type MemorySocket } from './memory-sockets.ts';

/** Parts of a publisher that its own loop drives. */
type Inside = {
  readonly drain: { round(): number; readonly isEmpty: boolean };
  readonly requests: Requests;
};

export class MainCore {
  readonly names: MarketNames;
  private readonly app = new MemoryApp();
  private readonly clock: EngineClock;
  readonly publisher: Publisher;
  private readonly inside: Inside;

  constructor(memory: EngineMemory, plans: MarketPlans, seqFloor: number) {
    this.clock = new EngineClock(memory.anchor);
    this.names = new MarketNames(memory);
    this.publisher = new Publisher({
      memory,
      clock: this.clock,
      host: 'localhost',
      port: 0,
      access: { host: 'localhost', isLocal: true, tokens: [], origins: [], tls: null },
      plans,
      health: () => ({ status: 'ok', reasons: [] }),
      ready: () => true,
      faults: () => ({ signalsOff: [], shardRestarts: 0, checksumMismatches: [] }),
      connections: () => [],
      log: () => undefined,
      app: this.app.asApp,
      seqFloor,
    });
    this.inside = this.publisher as unknown as Inside;
  }

  /** A subscriber connects; null where it is refused. */
  connect(): MemorySocket | null {
    return this.app.connect('/stream', '', 'encoding=json');
  }

  /** One round over the output rings; returns the records taken. */
  round(): number {
    return this.inside.drain.round();
  }

  get isDrained(): boolean {
    return this.inside.drain.isEmpty;
  }

  /** As a question over HTTP. */
  ask(question: Question, done: (answer: Answer | null) => void): void {
    this.inside.requests.ask(question, this.clock.nowNs() / 1e6, done);
  }
}
