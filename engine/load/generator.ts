// Owns one generator: connects, sends the books, then every update of its connections when it is due, whatever comes back.
// Hot path: turn() runs each fraction of a millisecond.
//
//   ┌────────────── turn ──────────────┐        nothing due: rest until the next update (pace.ts)
//   │ due updates → buffers → sockets  │──────► behind:      turn again
//   └──────────────────────────────────┘        every STRETCH_NS the event loop: answers, drained sockets, orders

import { EngineClock } from '../base/clock.ts';
import { LATENCY_BYTES, LatencyRecorder } from '../observe/latency.ts';
import { BatchFrames } from './batch-frames.ts';
import { UpdateDraws } from './draws.ts';
import { openFrameSocket } from './frame-socket.ts';
import { JsonFrames } from './json-frames.ts';
import { type ConnectionParts, LoadConnection, Totals } from './load-connection.ts';
import { NativeFrames } from './native-frames.ts';
import { Pace } from './pace.ts';
import type { GeneratorCounts, GeneratorPlan } from './protocol.ts';
import { LoadSchedule } from './schedule.ts';
import { type FrameSource, marketsOf, type SourceParts } from './sources.ts';
import { threadCpuUs } from './thread-cpu.ts';

/** The event loop turns at least this often. */
const STRETCH_NS = 1_000_000;
/** Frames between two writes: what is due after a stall goes out in pieces. */
const PIECE_FRAMES = 2_048;
/** At high rates writes are this far apart: fewer and larger, since each costs this thread some 10 µs of the network's work. */
const TURN_NS_MIN = 200_000;
/** Connections opened side by side. */
const OPENED_AT_ONCE = 16;

export function frameSource(parts: SourceParts): FrameSource {
  switch (parts.plan.format) {
    case 'native':
      return new NativeFrames(parts);
    case 'json':
      return new JsonFrames(parts);
    case 'flatbuffers':
      return new BatchFrames(parts);
  }
}

export class Generator {
  private readonly plan: GeneratorPlan;
  private readonly schedule: LoadSchedule;
  private readonly draws: UpdateDraws;
  private readonly source: FrameSource;
  private readonly clock: EngineClock;
  private readonly pace: Pace;
  private readonly lateness = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  private readonly totals = new Totals();
  /** By connection; null are those of other generators. */
  private readonly connections: (LoadConnection | null)[];
  private readonly own: readonly LoadConnection[];
  private startNs = 0;
  private next = 0;
  /** When updates were sent last. */
  private turnNs = 0;
  private cpuAtStartUs = 0;
  private framesAtStart = 0;
  private isStopped = false;

  constructor(plan: GeneratorPlan) {
    this.plan = plan;
    this.schedule = new LoadSchedule(plan);
    this.draws = new UpdateDraws(plan);
    this.source = frameSource({ plan, draws: this.draws });
    this.clock = new EngineClock(plan.anchor);
    this.pace = new Pace(() => this.clock.nowNs());
    const parts: ConnectionParts = {
      source: this.source,
      batch: plan.batch,
      nowNs: () => this.clock.nowNs() - this.startNs,
      wallUs: (ns) => this.clock.wallUs(this.startNs + ns),
      lateness: this.lateness,
      totals: this.totals,
    };
    this.connections = Array.from({ length: plan.connections }, (_, index) =>
      index % plan.count === plan.index ? new LoadConnection(parts) : null,
    );
    this.own = this.connections.filter((connection) => connection !== null);
  }

  get markets(): readonly string[] {
    return this.source.markets;
  }

  /** Opens its connections and sends what comes before the first update. Rejects where one cannot be had. */
  async connect(): Promise<void> {
    const indexes = this.connections.flatMap((connection, index) => (connection === null ? [] : [index]));
    for (let from = 0; from < indexes.length; from += OPENED_AT_ONCE) {
      await Promise.all(indexes.slice(from, from + OPENED_AT_ONCE).map((index) => this.open(index)));
    }
  }

  private async open(index: number): Promise<void> {
    const connection = this.connections[index];
    // A connection without markets, where there are more of them than markets, is open and silent.
    if (connection === null) return;
    const { protocol, hostname, port } = new URL(this.plan.ingestUrl);
    const isSecure = protocol === 'wss:';
    const { token } = this.plan;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const socket = await openFrameSocket(Number(port || (isSecure ? 443 : 80)), this.source.path, {
      isSecure,
      host,
      token,
      onData: connection.read,
    });
    connection.begin(socket);
    const frames = marketsOf(this.plan, index).length === 0 ? [] : this.source.before(index, this.wallNowUs());
    if (frames.length === 0) return;
    await new Promise<void>((resolve) => {
      socket.once('close', resolve);
      socket.write(Buffer.concat(frames), () => resolve());
    });
  }

  private wallNowUs(): number {
    return this.clock.wallUs(this.clock.nowNs());
  }

  /** Sends every update when it is due; resolves when all were sent or left out, or after stop(). */
  run(startNs: number): Promise<void> {
    this.startNs = startNs;
    this.cpuAtStartUs = threadCpuUs();
    this.framesAtStart = this.source.frames;
    return new Promise((resolve, reject) => {
      const stretch = (): void => {
        try {
          if (this.stretch(stretch)) resolve();
        } catch (error) {
          reject(error);
        }
      };
      stretch();
    });
  }

  /** Turns until the event loop must; true at the end, else `again` is to come. */
  private stretch(again: () => void): boolean {
    const endNs = this.clock.nowNs() + STRETCH_NS;
    for (;;) {
      // Nothing more is written to sockets that are closing: it would count as sent and be lost.
      if (this.isStopped) return true;
      const nowNs = this.clock.nowNs();
      const hadWaiting = this.hasWaiting;
      if (hadWaiting || this.leftNs() <= 0 || nowNs >= endNs) this.turn(nowNs);
      if (this.isStopped || (this.next >= this.schedule.total && !this.hasWaiting)) return true;
      const leftNs = this.leftNs();
      const timerMs = hadWaiting ? 0 : this.pace.timerMs(leftNs);
      if (timerMs > 0) {
        setTimeout(again, timerMs);
        return false;
      }
      if (nowNs < endNs) this.pace.rest(hadWaiting ? Math.min(leftNs, TURN_NS_MIN) : leftNs);
      // A socket that was full is told of room by the event loop alone.
      if (hadWaiting || nowNs >= endNs) {
        setImmediate(again);
        return false;
      }
    }
  }

  private get hasWaiting(): boolean {
    return this.own.some((connection) => connection.waitingCount > 0);
  }

  /** Until the next update is due, or, at high rates, several of them. Zero or less where one is. */
  private leftNs(): number {
    if (this.next >= this.schedule.total) return STRETCH_NS;
    const dueNs = this.startNs + this.schedule.dueNs(this.next);
    return Math.max(dueNs, this.turnNs + TURN_NS_MIN) - this.clock.nowNs();
  }

  /** Offers what is due, in pieces, and lets every connection send. */
  private turn(nowNs: number): void {
    const { batch } = this.plan;
    const due = this.schedule.countDueAt(nowNs - this.startNs);
    if (this.next < due) this.turnNs = nowNs;
    do {
      const pieceEnd = Math.min(due, this.next + PIECE_FRAMES * batch);
      while (this.next < pieceEnd) {
        const first = this.next;
        this.next += batch;
        this.connections[this.draws.connectionOf(first)]?.offer(first, this.schedule.dueNs(first));
      }
      for (const connection of this.own) connection.turn();
    } while (this.next < due);
  }

  counts(): GeneratorCounts {
    const { sent, bytes, leftOut, disconnects, rejected } = this.totals;
    return {
      ...{ sent, bytes, leftOut, disconnects, rejected: { ...rejected } },
      frames: this.source.frames - this.framesAtStart,
      lateness: this.lateness.snapshot(),
      cpuUs: this.cpuAtStartUs === 0 ? 0 : threadCpuUs() - this.cpuAtStartUs,
    };
  }

  /** Ends run() and closes every connection. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.own.map((connection) => connection.close()));
  }
}
