// Owns the live synthetic feed: seeded markets sent as normalised JSON to an ingest port, one update a frame.

import { type ClientOptions, WebSocket } from 'ws';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { EngineClock, takeAnchor } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { trustOf } from '../base/own-trust.ts';
import { encodeJson } from './encode-json.ts';
import { SyntheticMarket } from './market.ts';
import { OpenLoopSchedule } from './open-loop.ts';
import { type Random, seededRandom } from './random.ts';
import { marketSpecs } from './specs.ts';

export type FeedOptions = {
  /** `ws://HOST:PORT/ingest/json`, with a query or not. */
  readonly url: string;
  readonly markets?: number;
  /** Updates a second over all markets; an update is one trade or one book delta. */
  readonly rate?: number;
  readonly seed?: number;
  /** Sent as `Authorization: Bearer …` where the engine asks for one. */
  readonly token?: string | null;
  /** PEM of the one server that is trusted, by whatever name; null trusts as Node does. */
  readonly certificate?: string | null;
};

export type FeedStats = {
  /** Trades and deltas. */
  readonly sent: number;
  readonly trades: number;
  readonly deltas: number;
  readonly snapshots: number;
  /** Updates that were due but never made, for want of a connection or of room in it. Books stay whole. */
  readonly leftOut: number;
  readonly connects: number;
  readonly disconnects: number;
  /** Frames the engine says it rejected. */
  readonly rejected: number;
  readonly lastError: string | null;
  readonly isConnected: boolean;
  readonly bufferedBytes: number;
};

export type Feed = { stop(): Promise<void>; stats(): FeedStats };

/** Timers cannot do better than 1 ms; at 1000 updates/s this sends two at a time. */
const TIMER_MS = 2;
/** Bytes waiting in the socket above which nothing is sent: a second of the default feed is about 0.4 MB. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** Waiting time before the first and any later try to connect again, and how long a connection must hold to count as good. */
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 5_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** How long a closing handshake may take in `stop` before the socket is cut. */
const CLOSE_TIMEOUT_MS = 500;

class SyntheticFeed implements Feed {
  private readonly url: string;
  private readonly protocols: string[];
  private readonly trust: ClientOptions;
  private readonly ratePerS: number;
  private readonly random: Random;
  private readonly markets: readonly SyntheticMarket[];
  private readonly clock = new EngineClock(takeAnchor());
  private readonly counts = { trades: 0, deltas: 0, snapshots: 0, connects: 0, disconnects: 0, rejected: 0 };
  private readonly ticker: NodeJS.Timeout;
  private retryTimer: NodeJS.Timeout | null = null;
  private retryMs = RECONNECT_MS_MIN;
  /** Begins when the first connection opens. */
  private schedule: OpenLoopSchedule | null = null;
  /** Markets whose snapshot this connection still has to get. */
  private snapshotsLeft: SyntheticMarket[] = [];
  private socket: WebSocket;
  private isStopped = false;
  private lastError: string | null = null;

  constructor({ url, markets, rate, seed, token, certificate }: Required<FeedOptions>) {
    this.url = url;
    this.trust = trustOf(certificate);
    // As a subprotocol, because a header cannot carry every character a token may have.
    this.protocols = token === null ? [] : ['millrace', `bearer.${Buffer.from(token).toString('base64url')}`];
    this.ratePerS = rate;
    this.random = seededRandom(seed, 'feed');
    // An engine that remembers takes a known id for a repeat, so each feed begins above any before it: microseconds since 1970
    // are, at up to a million trades a second.
    const before = Math.floor(this.nowUs());
    this.markets = marketSpecs('json', markets).map((spec) => new SyntheticMarket(spec, seed, undefined, before));
    this.socket = this.connect();
    this.ticker = setInterval(() => this.tick(), TIMER_MS);
  }

  stats(): FeedStats {
    return {
      sent: this.counts.trades + this.counts.deltas,
      ...this.counts,
      leftOut: this.schedule?.leftOut ?? 0,
      lastError: this.lastError,
      isConnected: this.isConnected,
      bufferedBytes: this.socket.bufferedAmount,
    };
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.ticker);
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    const { socket } = this;
    if (socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(deadline);
        resolve();
      });
      socket.close(1000);
    });
  }

  private get isConnected(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  private nowUs(): number {
    return this.clock.wallUs(this.clock.nowNs());
  }

  private connect(): WebSocket {
    const socket = new WebSocket(this.url, this.protocols, {
      ...this.trust,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    let openedUs = Number.POSITIVE_INFINITY;
    socket.on('open', () => {
      openedUs = this.nowUs();
      this.begin(openedUs);
    });
    socket.on('message', (data) => this.readAnswer(String(data)));
    socket.on('error', (error) => {
      this.lastError = error.message;
    });
    socket.on('close', () => this.reconnect(this.nowUs() - openedUs));
    return socket;
  }

  /** A new connection knows nothing: every market begins with a snapshot. */
  private begin(nowUs: number): void {
    this.counts.connects++;
    this.schedule ??= new OpenLoopSchedule(nowUs, this.ratePerS);
    this.snapshotsLeft = [...this.markets].reverse();
  }

  /** `heldUs` is how long the connection was open, negative where it never was. */
  private reconnect(heldUs: number): void {
    if (heldUs >= 0) this.counts.disconnects++;
    if (this.isStopped) return;
    if (heldUs >= RECONNECT_MS_MAX * 1000) this.retryMs = RECONNECT_MS_MIN;
    const waitMs = this.retryMs * (0.5 + this.random.uniform() / 2);
    this.retryMs = Math.min(RECONNECT_MS_MAX, this.retryMs * 2);
    this.retryTimer = setTimeout(() => {
      this.socket = this.connect();
    }, waitMs);
  }

  /** Sends what is due; what finds no connection or no room is left out, and its market does not move. */
  private tick(): void {
    const { schedule } = this;
    if (schedule === null) return;
    const nowUs = this.nowUs();
    const due = schedule.due(nowUs);
    if (this.isConnected) this.sendSnapshots(schedule.nextUs, nowUs);
    const isReady = this.isConnected && this.snapshotsLeft.length === 0;
    let sent = 0;
    while (isReady && sent < due && this.hasRoom()) {
      this.sendUpdate(schedule.take(), nowUs);
      sent++;
    }
    schedule.leaveOut(due - sent);
  }

  private hasRoom(): boolean {
    return this.socket.bufferedAmount <= BUFFERED_BYTES_MAX;
  }

  private sendSnapshots(timeUs: number, nowUs: number): void {
    while (this.snapshotsLeft.length > 0 && this.hasRoom()) {
      const market = this.snapshotsLeft.pop();
      if (market === undefined) return;
      this.socket.send(encodeJson(market.snapshot(timeUs), nowUs));
      this.counts.snapshots++;
    }
  }

  /** The venue time is the intended one, so that lateness shows in `localTimestamp`. */
  private sendUpdate(dueUs: number, nowUs: number): void {
    const event = this.markets[this.random.zipf(this.markets.length)].next(dueUs);
    this.socket.send(encodeJson(event, nowUs));
    if (event.kind === 'trade') this.counts.trades++;
    else this.counts.deltas++;
  }

  /** Only errors matter: `{"op":"error","category":…,"message":…,"count":n}` (INTERFACES, Ingest). */
  private readAnswer(text: string): void {
    const answer = parseAnswer(text);
    if (answer?.op !== 'error') return;
    this.counts.rejected += typeof answer.count === 'number' ? answer.count : 1;
    this.lastError = `${answer.category}: ${answer.message}`;
  }
}

type Answer = { op?: unknown; category?: unknown; message?: unknown; count?: unknown };

function parseAnswer(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

/**
 * Begins to connect and to send; returns at once.
 * @throws UsageError for options that make no feed.
 */
export function startFeed({
  url,
  markets = 8,
  rate = 1000,
  seed = 1,
  token = null,
  certificate = null,
}: FeedOptions): Feed {
  if (!URL.canParse(url) || !/^wss?:/.test(url))
    throw new UsageError(`synthetic feed: expected a ws:// or wss:// address, was ${url}`);
  if (!Number.isInteger(markets) || markets < 1 || markets > MARKETS_MAX)
    throw new UsageError(`synthetic feed: expected 1 to ${MARKETS_MAX} markets, was ${markets}`);
  if (!(rate > 0) || !Number.isFinite(rate))
    throw new UsageError(`synthetic feed: expected a rate above 0 updates/s, was ${rate}`);
  return new SyntheticFeed({ url, markets, rate, seed, token, certificate });
}
