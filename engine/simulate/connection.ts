// Owns one client's socket as the venue sees it: texts in order, faults on data frames, limits on what the client sends.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { type Channel, type Faults, type FrameFault, headerBytes } from './faults.ts';
import type { ConnectionLimits, Violations } from './limits.ts';
import type { SimSession, SimSocket } from './protocol.ts';

/** What all connections of a server count together. */
export type ConnectionCounts = {
  /** Data frames as the sessions sent them, before faults. */
  data: number;
  /** The same by subscription, `book:SYMBOL`: how often each was sent, over all connections. */
  readonly byLane: Map<string, number>;
  answers: number;
  /** Texts of clients. */
  messages: number;
  /** Text bytes handed to sockets. */
  bytes: number;
  /** Data frames of silent subscriptions. */
  silenced: number;
  /** Clients cut because they read too slowly. */
  slow: number;
  /** Errors thrown by the venue's session: always a bug. */
  errors: number;
};

export type ConnectionParts = {
  readonly number: number;
  readonly address: string;
  readonly socket: WebSocket;
  /** The TCP or TLS stream under the WebSocket. */
  readonly stream: Duplex;
  readonly faults: Faults;
  readonly limits: ConnectionLimits;
  readonly violations: Violations;
  readonly counts: ConnectionCounts;
  readonly nowMs: () => number;
  /** Where frames come from elsewhere, a session's data only tells that it is subscribed. */
  readonly onData: ((connection: SimConnection, symbol: string, channel: Channel) => void) | null;
};

type Held = { readonly text: string; positionsLeft: number };
/** What faults did to one subscription of one connection. */
type Lane = { readonly key: string; readonly symbol: string; isSilent: boolean; held: Held[] };

/** Unread bytes of a client above which venues let go of it. */
const BUFFERED_BYTES_MAX = 64 * 1024 * 1024;
/** Pings without a pong before the connection ends. */
const PINGS_UNANSWERED_MAX = 2;
const POLICY = 1008;
const INTERNAL = 1011;
const OPEN = 1;

/** The first bytes of an unmasked text frame (RFC 6455 §5.2). */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(headerBytes(payload.length));
  header[0] = 0x81;
  if (header.length === 2) header[1] = payload.length;
  else if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(payload.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([header, payload]);
}

export class SimConnection implements SimSocket {
  readonly number: number;
  private readonly parts: ConnectionParts;
  private session: SimSession | null = null;
  private readonly lanes = new Map<string, Lane>();
  private outbox: string[] = [];
  private outboxTimer: NodeJS.Timeout | null = null;
  private pingsUnanswered = 0;
  private isEnding = false;
  /** While the session answers a message of the client. */
  isReading = false;
  isHalfOpen = false;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.number = parts.number;
    const { socket } = parts;
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.read(String(data));
    });
    socket.on('ping', (data) => this.readPing(data));
    socket.on('pong', () => {
      this.pingsUnanswered = 0;
    });
    socket.on('close', () => this.end());
    // A broken frame of the client or a reset: `close` follows.
    socket.on('error', () => undefined);
  }

  begin(open: () => SimSession): void {
    this.guard(() => {
      this.session = open();
    });
  }

  /** The session while there is one to be told of events. */
  get active(): SimSession | null {
    return this.isEnding ? null : this.session;
  }

  /** Frames kept back by delays and reorderings. */
  get pendingFrames(): number {
    let held = 0;
    for (const lane of this.lanes.values()) held += lane.held.length;
    return held + this.outbox.length;
  }

  answer(text: string): void {
    this.parts.counts.answers++;
    this.send(text);
  }

  data(symbol: string, channel: Channel, text: string): void {
    if (this.parts.onData === null) this.deliver(symbol, channel, text);
    else this.parts.onData(this, symbol, channel);
  }

  /** A data frame on its way through the faults. */
  deliver(symbol: string, channel: Channel, text: string): void {
    if (!this.isOpen) return;
    const { counts } = this.parts;
    const lane = this.laneOf(symbol, channel);
    counts.data++;
    counts.byLane.set(lane.key, (counts.byLane.get(lane.key) ?? 0) + 1);
    if (lane.isSilent) {
      counts.silenced++;
      return;
    }
    this.strike(lane, text, this.parts.faults.ofFrame(symbol, channel, text));
  }

  ping(): void {
    if (!this.isOpen) return;
    if (this.pingsUnanswered >= PINGS_UNANSWERED_MAX) {
      this.violation('pong');
      this.close(POLICY, 'no pong');
      return;
    }
    this.pingsUnanswered++;
    this.parts.socket.ping();
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.flush();
    this.parts.socket.close(code, reason);
    this.end();
  }

  violation(rule: string): void {
    const { violations, nowMs, address } = this.parts;
    violations.note(rule, nowMs(), `connection ${this.number} of ${address}`);
  }

  /** Without a closing handshake. */
  destroy(): void {
    this.end();
    this.parts.socket.terminate();
  }

  /** Sends what reorderings keep back. */
  release(): void {
    for (const lane of this.lanes.values()) this.releaseLane(lane);
  }

  /** Runs a piece of the session; what it throws is counted and ends the connection. */
  run(work: (session: SimSession) => void): void {
    const session = this.active;
    if (session !== null) this.guard(() => work(session));
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.parts.counts.errors++;
      process.stderr.write(`millrace simulate: session failed: ${error instanceof Error ? error.stack : error}\n`);
      this.close(INTERNAL, 'internal error');
    }
  }

  private get isOpen(): boolean {
    return !this.isEnding && !this.isHalfOpen && this.parts.socket.readyState === OPEN;
  }

  private read(text: string): void {
    if (!this.isOpen) return;
    this.parts.counts.messages++;
    const rule = this.parts.limits.ofMessage(text, this.parts.nowMs());
    if (rule !== null) {
      this.punish(rule);
      return;
    }
    this.wakeNamed(text);
    this.isReading = true;
    this.run((session) => session.message(text));
    this.isReading = false;
  }

  private readPing(data: Buffer): void {
    if (!this.isOpen) return;
    const rule = this.parts.limits.ofPing(this.parts.nowMs());
    if (rule === null) this.parts.socket.pong(data);
    else this.punish(rule);
  }

  private punish(rule: string): void {
    this.violation(rule);
    this.close(POLICY, `too many ${rule}`);
  }

  /** A client that names a market asks for it anew: nothing of before comes after the answer, and silence ends. */
  private wakeNamed(text: string): void {
    if (this.lanes.size === 0) return;
    const lower = text.toLowerCase();
    for (const lane of this.lanes.values()) {
      if (!lane.isSilent && lane.held.length === 0) continue;
      if (!lower.includes(lane.symbol.toLowerCase())) continue;
      lane.isSilent = false;
      this.releaseLane(lane);
    }
  }

  private laneOf(symbol: string, channel: Channel): Lane {
    const key = `${channel}:${symbol}`;
    let lane = this.lanes.get(key);
    if (lane === undefined) {
      lane = { key, symbol, isSilent: false, held: [] };
      this.lanes.set(key, lane);
    }
    return lane;
  }

  private strike(lane: Lane, text: string, fault: FrameFault | null): void {
    switch (fault?.kind) {
      case 'gap':
        break;
      case 'duplicate':
        for (let copy = 0; copy < fault.copies; copy++) this.pass(lane, text);
        break;
      case 'reorder':
        lane.held.push({ text, positionsLeft: fault.positions });
        break;
      case 'delay':
        this.hold(fault.delayMs);
        this.pass(lane, text);
        break;
      case 'corrupt':
        this.pass(lane, fault.text);
        break;
      case 'cut':
        this.cut(text, fault.bytes);
        break;
      case 'half-open':
        this.fallSilent();
        break;
      case 'silent':
        lane.isSilent = true;
        lane.held = [];
        break;
      case 'counter-reset':
        this.pass(lane, text);
        this.run((session) => session.resetCounter(lane.symbol));
        break;
      default:
        this.pass(lane, text);
    }
  }

  /** Sends a frame of the lane, and behind it those whose turn has come. */
  private pass(lane: Lane, text: string): void {
    this.send(text);
    if (lane.held.length === 0) return;
    for (const held of lane.held) held.positionsLeft--;
    const due = lane.held.filter(({ positionsLeft }) => positionsLeft <= 0);
    lane.held = lane.held.filter(({ positionsLeft }) => positionsLeft > 0);
    for (const held of due) this.send(held.text);
  }

  private releaseLane(lane: Lane): void {
    const { held } = lane;
    lane.held = [];
    for (const { text } of held) this.send(text);
  }

  private send(text: string): void {
    if (!this.isOpen) return;
    if (this.outboxTimer !== null) {
      this.outbox.push(text);
      return;
    }
    const { socket, counts } = this.parts;
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      counts.slow++;
      this.destroy();
      return;
    }
    counts.bytes += text.length;
    socket.send(text);
  }

  /** Everything of this socket waits: a slow way keeps the order. */
  private hold(delayMs: number): void {
    this.outboxTimer ??= setTimeout(() => this.flush(), delayMs);
  }

  private flush(): void {
    if (this.outboxTimer === null) return;
    clearTimeout(this.outboxTimer);
    this.outboxTimer = null;
    const { outbox } = this;
    this.outbox = [];
    for (const text of outbox) this.send(text);
  }

  /** Past the WebSocket: part of a frame on the wire, then the end. */
  private cut(text: string, bytes: number): void {
    this.flush();
    const { stream } = this.parts;
    this.end();
    stream.write(textFrame(text).subarray(0, bytes), () => stream.destroy());
  }

  /** The TCP connection stays, but nobody is at the other end: what comes is read and thrown away. */
  private fallSilent(): void {
    this.end();
    this.isHalfOpen = true;
    const { stream } = this.parts;
    stream.removeAllListeners('data');
    stream.on('data', () => undefined);
  }

  private end(): void {
    this.isEnding = true;
    if (this.outboxTimer !== null) clearTimeout(this.outboxTimer);
    this.outboxTimer = null;
    this.outbox = [];
    this.lanes.clear();
  }
}
