// The named producers: who is connected, how far each has come, and what it has been told of that.

import {
  ACKNOWLEDGE_MS,
  ACKNOWLEDGE_MS_MAX,
  CLOSE_REPLACED,
  CLOSE_RESUME,
  PRODUCER_BYTES_MAX,
  PRODUCERS_MAX,
} from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { Connections } from './connections.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ProducerSession, type ProducerSocket } from './producer-session.ts';

export type ProducerRefusal = {
  readonly status: '400 Bad Request' | '409 Conflict' | '503 Service Unavailable';
  readonly category: string;
  readonly message: string;
};

/** Messages up to this number are in the entries of the journal up to this one. */
type Mark = { sequence: number; entry: number };

/** Marks kept while the journal makes them wait; then the newest is moved on instead. */
const MARKS_MAX = 64;

class Producer {
  readonly session: ProducerSession;
  readonly marks: Mark[] = [];
  /** Number up to which all has been acknowledged. */
  acknowledged: number;

  constructor(session: ProducerSession) {
    this.session = session;
    this.acknowledged = session.lastSequence;
  }

  /** What was taken since the last mark. */
  mark(): void {
    const { lastSequence: sequence, lastEntry: entry } = this.session;
    const newest = this.marks.at(-1);
    if (sequence <= (newest?.sequence ?? this.acknowledged)) return;
    if (newest !== undefined && this.marks.length >= MARKS_MAX) Object.assign(newest, { sequence, entry });
    else this.marks.push({ sequence, entry });
  }

  /** Tells what is safe; true where something was. */
  tell(safeEntry: number): boolean {
    const before = this.acknowledged;
    while (this.marks.length > 0 && this.marks[0].entry <= safeEntry)
      this.acknowledged = this.marks.shift()?.sequence ?? before;
    if (this.acknowledged > before) this.sayAcknowledged();
    return this.acknowledged > before;
  }

  sayAcknowledged(): void {
    this.session.socket?.send(JSON.stringify({ op: 'ack', seq: this.acknowledged }));
  }

  get isSettled(): boolean {
    return this.acknowledged === this.session.lastSequence;
  }
}

export type ProducersParts = {
  readonly writer: FrameWriter;
  readonly markets: MarketDirectory;
  readonly marketsMax: number;
  readonly connections: Connections;
  readonly decoders: Readonly<Partial<Record<string, DecoderFactory>>>;
  /** Frames that wait are decoded and shown. */
  readonly flush: () => void;
  /** By default PRODUCERS_MAX. */
  readonly producersMax?: number;
};

/**
 * A producer is one connection of the journal for as long as it is known, however many sockets it has had: its decoder
 * stays, and goes on where the last socket ended. Thread: ingress.
 */
export class Producers {
  private readonly parts: ProducersParts;
  private readonly max: number;
  /** In the order in which they were last connected. */
  private readonly known = new Map<string, Producer>();
  /** Those with messages that are not acknowledged. */
  private readonly waiting = new Set<Producer>();
  private timer: NodeJS.Timeout | null = null;
  private waitMs = ACKNOWLEDGE_MS;

  /** Those that a journal told of are known. */
  constructor(parts: ProducersParts) {
    this.parts = parts;
    this.max = parts.producersMax ?? PRODUCERS_MAX;
    for (const { session } of parts.connections.open.values())
      if (session instanceof ProducerSession) this.add(session);
  }

  private add(session: ProducerSession): Producer {
    const producer = new Producer(session);
    session.onTaken = () => this.wait(producer);
    session.onCut = () => this.cut(producer);
    this.known.set(session.producer, producer);
    return producer;
  }

  /** Why a connection with this name cannot be had, or null. */
  refusal(name: string, dialect: string): ProducerRefusal | null {
    if (!isName(name))
      return {
        status: '400 Bad Request',
        category: 'shape',
        message: `producer: expected 1 to ${PRODUCER_BYTES_MAX} bytes without control characters, was ${JSON.stringify(name.slice(0, PRODUCER_BYTES_MAX))}`,
      };
    const known = this.known.get(name);
    if (known !== undefined && known.session.dialect !== dialect)
      return {
        status: '409 Conflict',
        category: 'shape',
        message: `producer: expected the dialect it began with, ${known.session.dialect}, was ${dialect}`,
      };
    if (known === undefined && this.known.size >= this.max && this.oldest() === null)
      return {
        status: '503 Service Unavailable',
        category: 'range',
        message: `producers: expected at most ${this.max}, was one more, and all are connected or not acknowledged`,
      };
    return null;
  }

  /** A socket has opened, which refusal() had nothing against; null where there is now. Says welcome. */
  open(name: string, dialect: string, socket: ProducerSocket): ProducerSession | null {
    this.parts.flush();
    if (this.refusal(name, dialect) !== null) return null;
    const producer = this.known.get(name) ?? this.begin(name, dialect);
    const { session } = producer;
    if (session.socket !== null) {
      this.parts.writer.counters[ingressCounter.producersReplaced]++;
      session.socket.end(CLOSE_REPLACED, 'another connection of this producer has opened');
    }
    session.socket = socket;
    session.beginBehind(session.lastSequence);
    this.moveLast(producer);
    socket.send(JSON.stringify({ op: 'welcome', lastSeq: session.lastSequence }));
    if (producer.acknowledged > 0) producer.sayAcknowledged();
    return session;
  }

  /** A socket has closed; its frames have been decoded. */
  closed(name: string, socket: ProducerSocket): void {
    const producer = this.known.get(name);
    if (producer === undefined || producer.session.socket !== socket) return;
    producer.session.socket = null;
    producer.session.takeCounts();
    this.moveLast(producer);
  }

  private begin(name: string, dialect: string): Producer {
    if (this.known.size >= this.max) this.forget();
    const { connections, decoders, writer, markets, marketsMax } = this.parts;
    const factory = decoders[dialect];
    if (factory === undefined) throw new Error(`expected a decoder for ${dialect}`);
    const facts = { dialect, source: 'pushed', producer: name, address: null } as const;
    const make = (): ProducerSession => new ProducerSession(name, dialect, factory, writer, markets, marketsMax);
    return this.add(connections.begin(facts, make));
  }

  /** The producer that has been away longest and need not be told anything; null for none. */
  private oldest(): Producer | null {
    for (const producer of this.known.values())
      if (producer.session.socket === null && producer.isSettled) return producer;
    return null;
  }

  private forget(): void {
    const producer = this.oldest();
    if (producer === null) return;
    this.known.delete(producer.session.producer);
    this.parts.connections.end(producer.session.connection);
    this.parts.writer.counters[ingressCounter.producersForgotten]++;
  }

  private moveLast(producer: Producer): void {
    this.known.delete(producer.session.producer);
    this.known.set(producer.session.producer, producer);
  }

  private cut({ session }: Producer): void {
    session.socket?.end(CLOSE_RESUME, `a ring stayed full: go on behind ${session.lastSequence}`);
  }

  private wait(producer: Producer): void {
    this.waiting.add(producer);
    if (this.timer === null) this.timer = setTimeout(() => this.acknowledge(), this.waitMs);
  }

  /** Tells every producer what is in the journal for good, or in the rings where there is none. */
  acknowledge(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.parts.flush();
    const { journal } = this.parts.writer;
    const safeEntry = journal === null ? Number.POSITIVE_INFINITY : journal.safeSequence;
    let hasTold = false;
    for (const producer of this.waiting) {
      producer.mark();
      if (producer.tell(safeEntry)) hasTold = true;
      if (producer.isSettled) this.waiting.delete(producer);
    }
    this.waitMs = hasTold || this.waiting.size === 0 ? ACKNOWLEDGE_MS : Math.min(2 * this.waitMs, ACKNOWLEDGE_MS_MAX);
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.acknowledge(), this.waitMs);
  }

  /** Known producers, connected or not. */
  get count(): number {
    return this.known.size;
  }

  /** Acknowledges what can be, and ends the timer. */
  stop(): void {
    this.acknowledge();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

function isName(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  return bytes >= 1 && bytes <= PRODUCER_BYTES_MAX && !/\p{Cc}/u.test(name);
}
