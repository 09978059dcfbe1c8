// The invented venue itself: sockets and REST in memory, on the test's clock, which counts what breaks its limits.

import type { Pace, VenueLimits } from '../../../engine/connect/protocol.ts';
import {
  type Failure,
  type FailureKind,
  type FeedSocket,
  type RestAnswer,
  type RestCall,
  type SocketEvents,
  type SocketOptions,
  type Transport,
  TransportError,
} from '../../../engine/connect/transport.ts';
import type { VirtualTimers } from '../../support/virtual-timers.ts';

/** Counts by hand: every event is kept, every window of the pace is looked at. */
class Watch {
  violations = 0;
  private readonly pace: Pace | null;
  private events: Array<{ atMs: number; weight: number }> = [];

  constructor(pace: Pace | null) {
    this.pace = pace;
  }

  note(atMs: number, weight = 1): void {
    const { pace } = this;
    if (pace === null) return;
    this.events.push({ atMs, weight });
    this.events = this.events.filter((event) => event.atMs > atMs - pace.windowMs);
    if (this.events.reduce((sum, event) => sum + event.weight, 0) > pace.count) this.violations++;
  }
}

export class MemorySocket implements FeedSocket {
  readonly openedMs: number;
  readonly path: string;
  /** What is subscribed, as the venue sees it. */
  readonly subscribed = new Set<string>();
  readonly texts: string[] = [];
  isUp = false;
  isGone = false;
  isMuted = false;
  private readonly venue: MemoryVenue;
  private readonly events: SocketEvents;
  private readonly messages: Watch;
  private readonly requests: Watch;

  constructor(venue: MemoryVenue, options: SocketOptions, events: SocketEvents) {
    this.venue = venue;
    this.events = events;
    this.path = options.url;
    this.openedMs = venue.timers.nowMs();
    this.messages = new Watch(venue.limits.messages);
    this.requests = new Watch(venue.limits.requests);
  }

  private get isHeard(): boolean {
    return !this.isGone && !this.isMuted && this.venue.isAlive;
  }

  get violations(): number {
    return this.messages.violations + this.requests.violations;
  }

  send(text: string): void {
    const { venue } = this;
    if (!this.isUp || this.isGone) return;
    this.messages.note(venue.timers.nowMs());
    this.texts.push(text);
    venue.later(() => !this.isGone && this.heard(text));
  }

  ping(): void {
    this.venue.later(() => this.isHeard && this.events.pong());
  }

  close(code: number, reason: string): void {
    if (this.venue.answersClose) this.venue.later(() => this.gone(code, reason, null));
  }

  terminate(): void {
    this.venue.later(() => this.gone(1006, '', null));
  }

  up(): void {
    if (this.isGone) return;
    this.isUp = true;
    this.events.opened();
    const named = this.path.split('?of=')[1];
    if (named !== undefined) for (const word of named.split('/')) this.begin(word);
  }

  /** A frame on its way, unless the venue keeps silent. */
  tell(frame: object): void {
    const bytes = Buffer.from(JSON.stringify(frame));
    this.venue.later(() => this.isHeard && this.events.message(bytes, false));
  }

  cut(failure: Failure | null = { kind: 'reset', message: 'cut', status: null }): void {
    this.gone(1006, '', failure);
  }

  private heard(text: string): void {
    const { venue } = this;
    const { op, args = [] } = JSON.parse(text) as { op: string; args?: string[] };
    if (op === 'ping') this.tell({ pong: true });
    if (op !== 'subscribe' && op !== 'unsubscribe') return;
    this.requests.note(venue.timers.nowMs());
    for (const word of args) {
      if (venue.refuses.has(word)) this.tell({ refused: word });
      else if (op === 'subscribe') this.begin(word);
      else {
        this.subscribed.delete(word);
        if (venue.acknowledges) this.tell({ ack: word, on: false });
      }
    }
  }

  private begin(word: string): void {
    const { venue } = this;
    this.subscribed.add(word);
    if (venue.acknowledges && !this.path.includes('?of=')) this.tell({ ack: word, on: true });
    const [channel, symbol] = word.split(':');
    if (channel === 'book' && venue.hasStreamSnapshots && !venue.silent.has(word)) {
      this.tell({ book: symbol, sequence: venue.sequenceOf(symbol), isSnapshot: true });
    }
  }

  private gone(code: number, reason: string, failure: Failure | null): void {
    if (this.isGone) return;
    this.isGone = true;
    this.isUp = false;
    this.venue.socketsOpen--;
    this.events.closed(code, reason, failure);
  }
}

export class MemoryVenue implements Transport {
  readonly timers: VirtualTimers;
  readonly limits: VenueLimits;
  readonly sockets: MemorySocket[] = [];
  readonly requests: Array<{ atMs: number; path: string }> = [];
  /** Subscriptions that the venue takes and never serves; that it refuses. */
  readonly silent = new Set<string>();
  readonly refuses = new Set<string>();
  socketsOpen = 0;
  latencyMs = 10;
  isAlive = true;
  acknowledges = true;
  answersClose = true;
  hasStreamSnapshots = true;
  /** What becomes of a new socket. */
  door: 'open' | 'refuse' | 'hang' | 'slam' = 'open';
  /** How it is refused. */
  refusal: FailureKind = 'refused';
  /** The answer to a REST request; null for the venue's own. */
  answer: ((call: RestCall) => Partial<RestAnswer> | 'hang' | 'fail' | null) | null = null;
  listed: string[] = [];
  private readonly connects: Watch;
  private readonly weights: Watch;
  private readonly sequences = new Map<string, number>();
  private readonly trades = new Map<string, number>();

  constructor(timers: VirtualTimers, limits: VenueLimits) {
    this.timers = timers;
    this.limits = limits;
    this.connects = new Watch(limits.connects);
    this.weights = new Watch(limits.rest);
  }

  get violations(): number {
    const ofSockets = this.sockets.reduce((sum, socket) => sum + socket.violations, 0);
    return ofSockets + this.connects.violations + this.weights.violations;
  }

  get live(): MemorySocket[] {
    return this.sockets.filter(({ isUp }) => isUp);
  }

  later(run: () => unknown): void {
    this.timers.after(this.latencyMs, run);
  }

  sequenceOf(symbol: string): number {
    return this.sequences.get(symbol) ?? 100;
  }

  /** One change of a book; `skip` numbers before it are lost on the way. */
  change(symbol: string, skip = 0): void {
    const sequence = this.sequenceOf(symbol) + 1 + skip;
    this.sequences.set(symbol, sequence);
    this.toAll(`book:${symbol}`, { book: symbol, sequence, isSnapshot: false });
  }

  /** One trade; its id. */
  trade(symbol: string): number {
    const id = (this.trades.get(symbol) ?? 0) + 1;
    this.trades.set(symbol, id);
    this.toAll(`trades:${symbol}`, { trade: symbol, id });
    return id;
  }

  open(options: SocketOptions, events: SocketEvents): FeedSocket {
    const socket = new MemorySocket(this, options, events);
    this.sockets.push(socket);
    this.socketsOpen++;
    this.connects.note(this.timers.nowMs());
    const { door } = this;
    if (door === 'refuse') this.later(() => socket.cut({ kind: this.refusal, message: this.refusal, status: null }));
    else if (door !== 'hang') this.later(() => socket.up());
    if (door === 'slam') this.timers.after(this.latencyMs + 1, () => socket.cut());
    return socket;
  }

  request(call: RestCall): Promise<RestAnswer> {
    const path = call.url.slice('http://venue'.length);
    this.requests.push({ atMs: this.timers.nowMs(), path });
    this.weights.note(this.timers.nowMs(), path.startsWith('/book') ? 5 : path.startsWith('/trades') ? 2 : 1);
    return new Promise((resolve, reject) => {
      this.later(() => {
        const answer = this.answer?.(call) ?? null;
        if (answer === 'hang') return;
        if (answer === 'fail') reject(new TransportError({ kind: 'reset', message: 'cut', status: null }));
        else resolve({ status: 200, headers: {}, body: answer === null ? this.bodyOf(path) : '', ...answer });
      });
    });
  }

  close(): void {}

  private bodyOf(path: string): string {
    if (path === '/markets') return JSON.stringify(this.listed);
    const [, kind, rest] = path.split('/');
    if (kind === 'book') return JSON.stringify({ sequence: this.sequenceOf(rest) });
    const [symbol, query] = rest.split('?after=');
    const all = Array.from({ length: (this.trades.get(symbol) ?? 0) - Number(query) }, (_, i) => Number(query) + 1 + i);
    return JSON.stringify({ ids: all.slice(0, 3), more: all.length > 3 });
  }

  private toAll(word: string, frame: object): void {
    if (this.silent.has(word)) return;
    for (const socket of this.live) if (socket.subscribed.has(word)) socket.tell(frame);
  }
}
