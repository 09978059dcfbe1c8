// `/stream`: the WebSocket side of the public port. Requests and replies are JSON text; data goes out through topics.

import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t } from 'uWebSockets.js';
import { CLOSE_RATE, SUBSCRIBERS_LISTED_MAX } from '../../schemas/config.ts';
import { REQUEST_NESTING_MAX } from '../../schemas/stream-limits.ts';
import type { Gate } from '../base/access.ts';
import { factsOf } from '../uws/facts.ts';
import { refusesHandshake } from '../uws/handshake.ts';
import { loadUws } from '../uws/load.ts';
import { PortGuard } from '../uws/port-guard.ts';
import type { Headers } from '../uws/security-headers.ts';
import type { Conflation } from './conflation.ts';
import { compressionOf, encodingOf } from './encodings.ts';
import { endRefused, endWithError } from './http.ts';
import { RequestLimit } from './request-limit.ts';
import { SlowSubscribers } from './slow-subscribers.ts';
import { type LimitCounts, noLimitCounts, type StreamLimits, type StreamTimes } from './stream-limits.ts';
import { type SocketData, type StreamSocket, Subscriber } from './subscriber.ts';
import { sharedOptions } from './subscription-options.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Requests are lists of channels: a thousand of the longest fit. uWebSockets.js closes the socket above it. */
const REQUEST_BYTES_MAX = 64 * 1024;
/** uWebSockets.js pings well before it; a subscriber that is gone or never reads is cut after it. */
const IDLE_TIMEOUT_S = 60;
/**
 * Hard limit of uWebSockets.js, above which it leaves messages out. Our own bounds lie far below and do not count big
 * snapshots; the room between holds the largest of them (262,144 levels are under 24 MiB) and lets the close frame,
 * with its code, through to a subscriber that was cut.
 */
const HARD_BUFFER_BYTES_MAX = 64 * 1024 * 1024;
const GOING_AWAY = 1001;

export type StreamOptions = {
  readonly subscriptions: Subscriptions;
  readonly gate: Gate;
  readonly headers: Headers;
  /** Changes with each start of the engine; a resume from before another start is refused. */
  readonly engineId: string;
  readonly isStopping: () => boolean;
  readonly conflation: Conflation;
  readonly limits: StreamLimits;
  readonly times: StreamTimes;
  readonly nowMs: () => number;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
};

type Request = { readonly [field: string]: unknown };

const decoder = new TextDecoder('utf-8', { fatal: true });

/** True where lists and objects lie deeper in one another: JSON.parse reads them, but no reply could say them again. */
function isNested(value: unknown, deeperThan: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return deeperThan === 0 || Object.values(value).some((each) => isNested(each, deeperThan - 1));
}

/** The request's object, or null where it is none that could be answered. */
function parseRequest(message: ArrayBuffer): Request | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(message));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return isNested(value, REQUEST_NESTING_MAX) ? null : (value as Request);
  } catch {
    return null;
  }
}

/** The request's `id` as a reply carries it. */
function idOf(request: Request | null): { readonly id?: unknown } {
  return request === null || request['id'] === undefined ? {} : { id: request['id'] };
}

export class StreamServer {
  readonly slow: SlowSubscribers;
  /** Refused and closed at the limits. */
  readonly limited: LimitCounts = noLimitCounts();
  /** Messages left out at the hard limit; their subscribers are closed. */
  droppedMessages = 0;
  connectionsOpened = 0;
  readonly subscribers = new Set<Subscriber>();
  private readonly options: StreamOptions;
  private readonly guard: PortGuard<SocketData>;

  constructor(options: StreamOptions) {
    this.options = options;
    const { limits, times, nowMs, conflation, log } = options;
    this.slow = new SlowSubscribers({ subscribers: this.subscribers, conflation, log, ...times });
    this.guard = new PortGuard({
      limits,
      nowMs,
      isQueueWatched: true,
      count: (act) => {
        this.limited[act]++;
      },
      ...times,
    });
  }

  route(app: TemplatedApp): void {
    this.guard.attach(app);
    app.ws<SocketData>('/stream', {
      maxPayloadLength: REQUEST_BYTES_MAX,
      maxBackpressure: HARD_BUFFER_BYTES_MAX,
      idleTimeout: IDLE_TIMEOUT_S,
      // One for all sockets: no memory each, and half the time that a window of each socket's own takes, for fewer bytes.
      compression: loadUws().SHARED_COMPRESSOR,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.upgrade(res, req, context),
      open: (socket) => this.opened(socket),
      message: (socket, message) => this.received(socket.getUserData().subscriber, message),
      dropped: (socket) => {
        this.droppedMessages++;
        socket.getUserData().subscriber.droppedMessages++;
      },
      ping: (socket) => this.guard.control(socket, true),
      pong: (socket) => this.guard.control(socket, false),
      close: (socket) => this.closed(socket),
    });
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const { gate, headers } = this.options;
    const facts = factsOf(req);
    const refusal = gate.refusal(facts, 'read');
    if (refusal !== null) {
      endRefused(res, refusal, headers);
      return;
    }
    if (refusesHandshake(res, req, headers)) return;
    if (this.options.isStopping()) {
      endWithError(res, 503, 'stopping', 'expected a running engine, it is stopping', headers);
      return;
    }
    const query = new URLSearchParams(req.getQuery());
    const extensions = req.getHeader('sec-websocket-extensions');
    const encoding = encodingOf(query);
    const compression = compressionOf(query, extensions);
    if (encoding === null || compression === null) {
      const expected = 'expected encoding=json or flatbuffers, numbers=text or float, compress=0 or 1';
      endWithError(res, 400, 'range', expected, headers);
      return;
    }
    const full = this.guard.refusal(res);
    if (full !== null) {
      endWithError(res, 503, full.name, full.message, headers);
      return;
    }
    const isNamed = facts.protocols.split(',').some((protocol) => protocol.trim() === 'millrace');
    const data: SocketData = { subscriber: new Subscriber(encoding, compression) };
    const key = req.getHeader('sec-websocket-key');
    res.upgrade(data, key, isNamed ? 'millrace' : '', compression === 'none' ? '' : extensions, context);
  }

  private opened(socket: StreamSocket): void {
    const { subscriber } = socket.getUserData();
    const nowMs = this.options.nowMs();
    subscriber.opened(socket);
    subscriber.openedMs = nowMs;
    subscriber.limit = new RequestLimit(this.options.limits.requestsPerSecond, nowMs);
    this.guard.opened(socket, () => subscriber.requests);
    this.subscribers.add(subscriber);
    this.connectionsOpened++;
  }

  private closed(socket: StreamSocket): void {
    const { subscriber } = socket.getUserData();
    this.guard.closed(socket);
    subscriber.closed();
    this.slow.left(subscriber);
    this.subscribers.delete(subscriber);
    this.options.subscriptions.closed(subscriber);
  }

  /** True where the request is within the subscriber's budget; else it was answered, or was one too many. */
  private isWithinLimit(subscriber: Subscriber, request: ArrayBuffer): boolean {
    subscriber.requests++;
    const verdict = subscriber.limit?.judge(request.byteLength, this.options.nowMs()) ?? 'take';
    if (verdict === 'take') return true;
    this.limited.requestsRefused++;
    const message = `expected at most ${this.options.limits.requestsPerSecond} requests a second, or KiB of them`;
    if (verdict === 'refuse')
      subscriber.reply({ op: 'error', ...idOf(parseRequest(request)), category: 'range', message });
    else {
      this.limited.requestsClosed++;
      subscriber.end(CLOSE_RATE, 'too many requests');
    }
    return false;
  }

  private received(subscriber: Subscriber, bytes: ArrayBuffer): void {
    if (!this.isWithinLimit(subscriber, bytes)) return;
    const request = parseRequest(bytes);
    if (request === null) {
      const message = `expected a JSON object with op, nested at most ${REQUEST_NESTING_MAX} deep`;
      subscriber.reply({ op: 'error', category: 'syntax', message });
      return;
    }
    const id = idOf(request);
    const args = request['args'];
    const { op } = request;
    if (op === 'ping') subscriber.reply({ op: 'pong', ...id });
    else if (op !== 'subscribe' && op !== 'unsubscribe' && op !== 'resume') {
      const expected = 'expected op subscribe, unsubscribe, resume or ping';
      subscriber.reply({ op: 'error', ...id, category: 'shape', message: expected });
    } else if (!Array.isArray(args)) {
      subscriber.reply({ op: 'error', ...id, category: 'shape', message: 'expected args as a list' });
    } else this.run(subscriber, request, id, args);
  }

  private run(subscriber: Subscriber, request: Request, id: object, args: readonly unknown[]): void {
    const { subscriptions, engineId } = this.options;
    if (request['op'] === 'unsubscribe') {
      subscriber.reply({ op: 'unsubscribed', ...id, ...subscriptions.unsubscribe(subscriber, args) });
      return;
    }
    if (request['op'] === 'subscribe') {
      const { outcome, act } = subscriptions.subscribe(subscriber, args, sharedOptions(request));
      subscriber.reply({ op: 'subscribed', ...id, ...outcome, engine: engineId });
      act();
      return;
    }
    const isSameEngine = request['engine'] === undefined || request['engine'] === engineId;
    const { act, ...outcome } = subscriptions.resume(subscriber, args, isSameEngine);
    subscriber.reply({ op: 'resumed', ...id, ...outcome, engine: engineId });
    act();
  }

  /** The subscribers with the longest queues, for `/v1/stats`. */
  reports(): object[] {
    return this.slow
      .byQueue()
      .slice(0, SUBSCRIBERS_LISTED_MAX)
      .map((subscriber) => subscriber.report());
  }

  /** The most connections there were at once. */
  get connectionsMost(): number {
    return this.guard.counts.most;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const subscriber of this.subscribers) bytes += subscriber.bufferedBytes;
    return bytes;
  }

  close(): number {
    this.guard.close();
    const open = [...this.subscribers];
    for (const subscriber of open) subscriber.end(GOING_AWAY, 'the engine is stopping');
    return open.length;
  }
}
